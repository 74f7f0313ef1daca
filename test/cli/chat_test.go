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
	"os"
	"path/filepath"

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

	It("reads the token before it connects", func(ctx context.Context) {
		file := filepath.Join(GinkgoT().TempDir(), "token")
		Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())

		found := asEditor(ctx, "any", "chat", "demo", "--token-file", file)

		Expect(found).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("must have one line with the token")), HaveField("Requests", BeEmpty())))
	})
})
