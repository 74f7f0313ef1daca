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

package llsdtest_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Cases", func() {
	It("have names of their own, and refused ones say what for", func() {
		names := map[string]bool{}
		for _, c := range llsdtest.Refused() {
			Expect(names).NotTo(HaveKey(c.Name))
			names[c.Name] = true
			Expect(c.Field).To(HavePrefix("spec."), c.Name)
			Expect(c.Message).NotTo(BeEmpty(), c.Name)
		}
		for _, c := range llsdtest.Accepted() {
			Expect(names).NotTo(HaveKey(c.Name))
			names[c.Name] = true
			Expect(c.Field+c.Message).To(BeEmpty(), c.Name)
		}
	})

	It("are objects as an API server reads them", func() {
		object := llsdtest.Case{Spec: "replicas: 2"}.Object("apps", "a")
		Expect(object.GetAPIVersion()).To(Equal("llamastack.io/v1alpha1"))
		Expect(object.GetKind()).To(Equal("LlamaStackDistribution"))
		Expect(object.GetNamespace() + "/" + object.GetName()).To(Equal("apps/a"))
		replicas, found, err := unstructured.NestedInt64(object.Object, "spec", "replicas")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(replicas).To(Equal(int64(2)))
	})

	It("panic on what is not YAML", func() {
		Expect(func() { llsdtest.Case{Spec: "a: ["}.Object("apps", "a") }).To(PanicWith(MatchError(ContainSubstring("failed to read test data"))))
		Expect(func() { llsdtest.Case{Spec: "a: 1\na: 2"}.Object("apps", "a") }).To(Panic())
	})
})

var _ = Describe("FromOlder", func() {
	It("has the nine objects, with their statuses", func() {
		var names []string
		for _, o := range llsdtest.FromOlder() {
			names = append(names, o.Name)
			object := o.Object("apps")
			Expect(object.GetName()).To(Equal(o.Name))
			Expect(object.Object).To(HaveKeyWithValue("spec", HaveKey("server")))
			Expect(object.Object).To(HaveKeyWithValue("status", HaveKey("phase")))
		}
		Expect(names).To(ConsistOf("configured", "edited", "everything", "exposed", "minimal", "ported", "scaled", "stored", "trusted"))
	})

	It("hands out copies", func() {
		o := llsdtest.FromOlder()[0]
		Expect(unstructured.SetNestedField(o.Object("apps").Object, int64(9), "spec", "replicas")).To(Succeed())
		Expect(o.Spec["replicas"]).To(Equal(int64(1)))
	})
})
