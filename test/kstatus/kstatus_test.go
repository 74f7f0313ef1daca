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

package kstatus_test

import (
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// recorded are the statuses that the operator's own tests compute and keep.
const recorded = "../../internal/status/testdata"

// generation that they were computed for.
const generation = int64(3)

// judged is the kstatus of a LlamaStackDistribution with a recorded status.
func judged(name string, change func(*unstructured.Unstructured)) status.Status {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(recorded, name+".yaml"))
	Expect(err).NotTo(HaveOccurred())
	reported := map[string]any{}
	Expect(yaml.Unmarshal(content, &reported)).To(Succeed())
	reported["observedGeneration"] = generation // YAML has other types of numbers
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "llamastack.io/v1alpha1", "kind": "LlamaStackDistribution",
		"metadata": map[string]any{"name": "demo", "namespace": "apps", "generation": generation},
		"status":   reported,
	}}
	change(object)
	result, err := status.Compute(object)
	Expect(err).NotTo(HaveOccurred())
	return result.Status
}

func asItIs(*unstructured.Unstructured) {}

func edited(object *unstructured.Unstructured) { object.SetGeneration(generation + 1) }

func beingDeleted(object *unstructured.Unstructured) {
	Expect(unstructured.SetNestedField(object.Object, "2026-11-23T09:00:00Z", "metadata", "deletionTimestamp")).To(Succeed())
}

func withoutStatus(object *unstructured.Unstructured) { delete(object.Object, "status") }

// Tools that wait by kstatus: Flux, Helm from 4 on, kpt and Config Sync.
var _ = Describe("A tool that waits by kstatus", func() {
	DescribeTable("finds", func(name string, change func(*unstructured.Unstructured), expected status.Status) {
		Expect(judged(name, change)).To(Equal(expected))
	},
		// What has no status is current by its rules. A default of status.observedGeneration in the CRD would say otherwise,
		// and OLM v1 would refuse to upgrade to it: see test/crdify.
		Entry("a server that the operator has not seen yet current", "created", withoutStatus, status.CurrentStatus),
		Entry("a server that is being created in progress", "created", asItIs, status.InProgressStatus),
		Entry("a server that rolls in progress", "rolling", asItIs, status.InProgressStatus),
		Entry("a server that is ready current", "ready", asItIs, status.CurrentStatus),
		Entry("a server that the operator cannot probe current", "unreachable", asItIs, status.CurrentStatus),
		Entry("a server that was edited a moment ago in progress", "ready", edited, status.InProgressStatus),
		Entry("a server that is suspended current", "suspended", asItIs, status.CurrentStatus),
		Entry("a server of no replicas current", "scaled-to-zero", asItIs, status.CurrentStatus),
		Entry("a server that is being stopped in progress", "stopping", asItIs, status.InProgressStatus),
		Entry("a server with a mistake of its author's in progress, since it heals as soon as the mistake does", "user-error", asItIs, status.InProgressStatus),
		Entry("a rollout that failed in progress, for the same reason", "rollout-failed", asItIs, status.InProgressStatus),
		Entry("a server that is being deleted terminating", "deleted", beingDeleted, status.TerminatingStatus),
	)
})
