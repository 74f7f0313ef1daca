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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("create", func() {
	It("creates a server, once", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		options := []string{"create", "demo", "--distribution=starter", "--provider=openai", "--secret=openai/api-key", "--replicas=0", "--apply"}

		found := asEditor(ctx, namespace, options...)

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(Equal("llamastackdistribution.llamastack.io/demo created\n"))
		Expect(found.Err).To(ContainSubstring("kubectl llamastack status demo -n " + namespace))
		server := current(ctx, llsdtest.Make("demo").Namespace(namespace).Obj())
		Expect(server.Spec.Server.Distribution).To(Equal(v1alpha1.DistributionType{Name: "starter"}))
		Expect(server.Spec.Server.Config.Providers).To(HaveExactElements(HaveField("Type", "remote::openai")))
		Expect(asEditor(ctx, namespace, options...)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("already exists"))))
		other := asEditor(ctx, namespace, "create", "other", "--distribution=starter", "--replicas=0", "--apply", "-o", "json")
		object := map[string]any{}
		Expect(json.Unmarshal([]byte(other.Out), &object)).To(Succeed(), other.Err)
		Expect(object).To(And(HaveKeyWithValue("kind", v1alpha1.Kind), HaveKeyWithValue("metadata", And(HaveKeyWithValue("name", "other"), HaveKey("uid")))))
	})

	It("sends nothing without --apply", func(ctx context.Context) {
		namespace := newNamespace(ctx)

		found := asEditor(ctx, namespace, "create", "demo", "--distribution=starter")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(ContainSubstring(`namespace: "` + namespace + `"`))
		Expect(found.Requests).To(BeEmpty())
		for format, read := range map[string]func([]byte, any) error{"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) }} {
			object := map[string]any{}
			Expect(read([]byte(asEditor(ctx, namespace, "create", "demo", "--distribution=starter", "-o", format).Out), &object)).To(Succeed())
			Expect(object).To(And(HaveKeyWithValue("metadata", Equal(map[string]any{"name": "demo", "namespace": namespace})), Not(HaveKey("status"))), format)
		}
	})
})
