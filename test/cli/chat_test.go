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
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("chat", func() {
	It("needs a Pod that serves, and a model", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("idle").Namespace(namespace).Replicas(0).Obj())

		Expect(asEditor(ctx, namespace, "chat")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("the status of idle lists no model that can talk"))))
		found := asEditor(ctx, namespace, "chat", "idle", "vllm/assistant", "--prompt", "Ready?")
		Expect(found).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("idle has no Pod that serves; "))))
	})

	It("writes the answer to a prompt as JSON", func(ctx context.Context) {
		namespace, model := talkingServer(ctx)
		go func() {
			defer GinkgoRecover()
			Eventually(model.parts).Should(BeSent("Hel"))
			Eventually(model.parts).Should(BeSent("lo"))
			Eventually(model.parts).Should(BeSent(""))
		}()

		found := run(ctx, nil, "chat", "demo", "a/b", "-n", namespace, "--prompt", "Ready?", "-o", "json")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(MatchJSON(`{"server": "demo", "model": "a/b", "answer": "Hello"}`))
		Expect(run(ctx, nil, "chat", "demo", "-o", "json")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("use --output with --prompt"))))
	})

	It("completes the models of the server that can talk", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())
		change := answering("/llamastackdistributions/demo", `{"apiVersion": "llamastack.io/v1alpha1", "kind": "LlamaStackDistribution", "metadata": {"name": "demo"},
			"status": {"models": {"items": [{"id": "e", "type": "embedding"}, {"id": "vllm/one", "type": "llm"}, {"id": "vllm/two", "type": "llm"}]}}}`)

		Expect(run(ctx, nil, "__complete", "chat", "-n", namespace, "").Out).To(HavePrefix("demo\n"))
		found := run(ctx, change, "__complete", "chat", "-n", namespace, "demo", "")
		Expect(found.Out).To(HavePrefix("vllm/one\nvllm/two\n:4\n"))
		Expect(found.Requests).To(HaveLen(1))
	})

	It("reads the token before it connects", func(ctx context.Context) {
		file := filepath.Join(GinkgoT().TempDir(), "token")
		Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())

		found := asEditor(ctx, "any", "chat", "demo", "--token-file", file)

		Expect(found).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("must have one line with the token")), HaveField("Requests", BeEmpty())))
	})
})

// answering answers requests for a path in the place of the API server.
func answering(suffix, body string) func(*http.Request) {
	GinkgoHelper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	DeferCleanup(server.Close)
	return func(request *http.Request) {
		if strings.HasSuffix(request.URL.Path, suffix) {
			request.URL.Scheme, request.URL.Host = "http", server.Listener.Addr().String()
		}
	}
}
