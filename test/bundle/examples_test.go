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

package bundle_test

import (
	"encoding/json"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// examples are those that a console offers.
func examples() []*v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	var all []*v1alpha1.LlamaStackDistribution
	for _, text := range parse[[]json.RawMessage](annotation("alm-examples")) {
		all = append(all, strictly[*v1alpha1.LlamaStackDistribution](text))
	}
	return all
}

// That the API server accepts them is tested in test/apiserver, and that their servers become Ready by the scorecard.
var _ = Describe("the examples", func() {
	It("are of the kind that the operator owns, under names of their own", func() {
		names := map[string]bool{}
		for _, example := range examples() {
			Expect(example.Kind).To(Equal(v1alpha1.Kind))
			Expect(example.APIVersion).To(Equal(v1alpha1.GroupVersion.String()))
			Expect(example.Namespace).To(BeEmpty())
			names[example.Name] = true
		}
		Expect(names).To(And(HaveLen(len(examples())), HaveKey("llamastackdistribution-sample"), HaveKey("llamastack-declared"), HaveKey("llamastack-exposed")))
	})

	It("run distributions that are known, and keep their data", func() {
		catalog, err := distribution.New(func(string) string { return "" })
		Expect(err).NotTo(HaveOccurred())
		for _, example := range examples() {
			Expect(catalog.Available(nil)).To(HaveKey(example.Spec.Server.Distribution.Name), example.Name)
			Expect(example.Spec.Server.Storage.RetentionPolicy).To(Equal(v1alpha1.RetentionRetain), example.Name)
		}
	})

	It("need nothing that a user would have to create first", func() {
		for _, example := range examples() {
			server := example.Spec.Server
			Expect(server.UserConfig).To(BeNil(), example.Name)
			Expect(server.TLSConfig).To(BeNil(), example.Name)
			Expect(server.PodOverrides).To(BeNil(), example.Name)
			Expect(server.ContainerSpec.Env).NotTo(ContainElement(HaveField("ValueFrom", Not(BeNil()))), example.Name)
			if config := server.Config; config != nil {
				Expect(config.Providers).To(HaveEach(HaveField("Secrets", BeEmpty())), example.Name)
				Expect(config.Storage).To(BeNil(), example.Name)
				Expect(config.Auth).To(BeNil(), example.Name)
			}
		}
	})

	It("start with the one that a console suggests", func() {
		first := strictly[*v1alpha1.LlamaStackDistribution]([]byte(annotation("operatorframework.io/initialization-resource")))
		Expect(first).To(Equal(examples()[0]))
		Expect(first.Name).To(Equal("llamastackdistribution-sample"))
	})
})
