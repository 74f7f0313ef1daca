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

package cli_test

import (
	"context"
	"encoding/json"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("models and providers", func() {
	It("are those that the operator read from the server", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)
		harness.Create(ctx, admin, llsdtest.Make("idle").Namespace(namespace).Replicas(0).Obj())

		Eventually(func() string { return asEditor(ctx, namespace, "models", "demo").Out }).Should(Equal(
			"SERVER  MODEL           PROVIDER  TYPE\ndemo    vllm/assistant  vllm      llm\n"))
		Expect(asEditor(ctx, namespace, "providers").Out).To(And(
			MatchRegexp(`demo +inference +vllm +remote::vllm +OK\n`), MatchRegexp(`idle: the operator has not read its providers yet; next: `)))
		var listed struct {
			Items []struct {
				Server string           `json:"server"`
				Items  []map[string]any `json:"items"`
			} `json:"items"`
		}
		Expect(json.Unmarshal([]byte(asEditor(ctx, namespace, "models", "demo", "-o", "json").Out), &listed)).To(Succeed())
		Expect(listed.Items).To(ConsistOf(And(HaveField("Server", "demo"), HaveField("Items", ConsistOf(HaveKeyWithValue("id", "vllm/assistant"))))))
	})

	It("are none in a namespace without servers, and an error for a server that does not exist", func(ctx context.Context) {
		namespace := newNamespace(ctx)

		Expect(asEditor(ctx, namespace, "models").Out).To(Equal("No LlamaStackDistributions in namespace " + namespace + ".\n"))
		Expect(asEditor(ctx, namespace, "providers", "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("demo does not exist"))))
	})
})
