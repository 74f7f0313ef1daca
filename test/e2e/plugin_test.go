//go:build e2e

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

package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/onsi/gomega/gexec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// buildPlugin builds the plugin once, until the suite ends.
var buildPlugin = sync.OnceValues(func() (string, error) {
	return gexec.Build("github.com/llamastack/llama-stack-k8s-operator/cmd/kubectl-llamastack", "-ldflags", "-s -w")
})

// plugin runs "kubectl llamastack" about a server, as a user does, and returns what it prints.
func plugin(ctx context.Context, server *v1alpha1.LlamaStackDistribution, args ...string) string {
	GinkgoHelper()
	program, err := buildPlugin()
	Expect(err).NotTo(HaveOccurred())
	command := exec.CommandContext(ctx, program, append(args, "--namespace", server.Namespace)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig())
	command.Stderr = GinkgoWriter
	output, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return string(output)
}

// talk checks that a person can talk to a model of a server in a terminal: through the API server, to the Pod.
func talk(ctx context.Context, server *v1alpha1.LlamaStackDistribution, model string) {
	GinkgoHelper()
	const question = "Is anybody in the terminal?"
	Expect(plugin(ctx, server, "chat", server.Name, model, "--prompt", question)).To(ContainSubstring(question))
}

// examine checks that a doctor finds no failure of a server that is well.
func examine(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Expect(plugin(ctx, server, "doctor", server.Name)).NotTo(BeEmpty())
}

// load is what "top" shows of the only server of a namespace.
func load(ctx context.Context, server *v1alpha1.LlamaStackDistribution) map[string]any {
	GinkgoHelper()
	var shown struct {
		Items []map[string]any `json:"items"`
	}
	Expect(json.Unmarshal([]byte(plugin(ctx, server, "top", server.Name, "--interval", "1s", "--output", "json")), &shown)).To(Succeed())
	Expect(shown.Items).To(HaveLen(1))
	return shown.Items[0]
}
