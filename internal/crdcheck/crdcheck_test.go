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

package crdcheck_test

import (
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/crdcheck"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"k8s.io/apimachinery/pkg/util/validation/field"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCRDCheck(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "What an API server would say")
}

var _ = Describe("Check", Ordered, func() {
	var checker *crdcheck.Checker

	BeforeAll(func() {
		var err error
		checker, err = crdcheck.New()
		Expect(err).NotTo(HaveOccurred())
	})

	It("refuses what the API server refuses, with the field", func(ctx SpecContext) {
		for _, c := range llsdtest.Refused() {
			found := checker.Check(ctx, c.Object("apps", "a").Object)
			Expect(found).To(ContainElement(And(
				WithTransform(func(e *field.Error) string { return e.Field }, Equal(c.Field)),
				WithTransform(func(e *field.Error) string { return e.Error() }, ContainSubstring(c.Message)))), "%s: %v", c.Name, found)
		}
	})

	It("accepts what the API server accepts", func(ctx SpecContext) {
		for _, c := range llsdtest.Accepted() {
			Expect(checker.Check(ctx, c.Object("apps", "a").Object)).To(BeEmpty(), c.Name)
		}
	})

	It("fills in defaults, and names fields that do not exist", func(ctx SpecContext) {
		object := llsdtest.Case{Spec: "{replica: 2, server: {distribution: {name: starter}}}"}.Object("apps", "a").Object

		Expect(checker.Check(ctx, object)).To(ConsistOf(HaveField("Field", "spec.replica")))
		Expect(object["spec"]).To(And(HaveKeyWithValue("replicas", int64(1)), Not(HaveKey("replica"))))
	})
})
