/*
Copyright 2026 The llama-stack-k8s-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package cli

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The output of the commands for people, as they see it.
var _ = Describe("The output", func() {
	It("of doctor has what to do below what is wrong", func() {
		golden("doctor", printed(func(out painter) {
			out.findings([]finding{
				{Check: "api-server", Verdict: verdictOK},
				{Check: "operator", Verdict: verdictWarning, Message: "Pod operator-a runs and is not ready", Fix: "kubectl logs operator-a"},
				{Check: "references", Server: "demo", Verdict: verdictFailure, Message: "ConfigMap missing does not exist", Fix: "create it"},
				{Check: "storage", Server: "demo", Verdict: verdictOK},
			})
		}))
	})

	It("of top has a dash for what is not known, and why below the table", func() {
		golden("top", printed(func(out painter) {
			out.top([]topRow{
				{Server: "demo", Pods: 2, load: load{Requests: new(12.34), Errors: new(0.0), Tokens: new(20.0)}, MemoryBytes: new(int64(1536 * mebibyte))},
				{Server: "demo-with-a-long-name", Pods: 0, Note: "no Pod runs; start it again"},
			}, "models")
		}))
	})

	It("of top in an empty namespace says so", func() {
		Expect(printed(func(out painter) { out.top(nil, "models") })).To(Equal("No LlamaStackDistributions in namespace models.\n"))
	})

	It("of events is a table in the order of time", func() {
		event := func(before time.Duration, kind, reason, message string) eventView {
			return eventOf(&corev1.Event{
				Type: kind, Reason: reason, Message: message, InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "demo-a"},
				LastTimestamp: ago(before),
			})
		}

		golden("events", printed(func(out painter) {
			out.events("", latest([]eventView{
				event(time.Minute, corev1.EventTypeWarning, "BackOff", "Back-off restarting\nthe container"),
				event(2*time.Hour, corev1.EventTypeNormal, "Scheduled", "Assigned to a node"),
			}), noon)
		}))
	})

	It("of migrate has the servers, and the commands to clean up", func() {
		golden("migrate", printed(func(out painter) {
			out.migration(&migration{
				Servers: []takeover{
					{Namespace: "models", Server: "done", Done: true},
					{Namespace: "models", Server: "held", Problems: []string{"spec.server.storage.size: it cannot shrink"}},
					{Namespace: "models", Server: "next", Changes: []string{"Deployment: the image"}, Advice: []string{"The PVC is deleted with the server"}},
				},
				Left:   []leftover{{Object: "RoleBinding demo-rb in namespace models", Why: "it allows the SCC anyuid", Command: "kubectl delete rolebinding demo-rb -n models"}},
				Unread: []string{"you cannot list rolebindings"},
			}, "models")
		}))
	})

	It("of config has the environment and the files", func() {
		golden("config", printed(func(out painter) {
			out.config(&configView{
				Namespace: "models", Server: "demo", From: "Pod demo-a", Image: "registry.example/starter:1", Args: []string{"--port", "8321"},
				Env: []variableView{{Name: "A", Value: "b"}, {Name: "LONG_NAME", Value: "<from Secret keys key vllm>"}},
				Files: []configFile{
					{What: "The configuration", ConfigMap: "demo-config", Key: "config.yaml", Content: map[string]any{"version": 2, "apis": []any{"inference"}}},
					{What: "What is declared", ConfigMap: "demo-declared", Key: "config.yaml", Problem: "it is no YAML"},
				},
				Notes: []string{"to check it, run: kubectl llamastack check demo -n models"},
			})
		}))
	})

	It("of models has a row for each, and a note below", func() {
		server := withStatus("ready")
		server.Status.Models = &v1alpha1.ModelsStatus{Total: new(int32(70)), Items: []v1alpha1.ModelInfo{
			{ID: "vllm/assistant", Provider: "vllm", Type: "llm"}, {ID: "all-minilm", Provider: "sentence-transformers", Type: "embedding"},
		}}
		listing := modelsListing()
		items, lines := listing.items(server)
		rows := [][]cell{cells(append([]string{"SERVER"}, listing.header...)...)}
		for _, line := range lines {
			rows = append(rows, append(cells(server.Name), line...))
		}

		golden("models", printed(func(out painter) {
			out.listed([]listed{{Server: server.Name, Note: listing.note(server), Items: items}}, rows, "models")
		}))
	})
})
