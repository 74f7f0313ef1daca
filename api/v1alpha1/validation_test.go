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

package v1alpha1_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// admission is what an API server does with an object before it stores it: prune, default, validate.
type admission struct {
	structural *schema.Structural
	validator  validation.SchemaCreateValidator
	rules      *cel.Validator
}

func newAdmission() *admission {
	GinkgoHelper()
	props := schemaOf(internalCRD())
	structural, err := schema.NewStructural(props)
	Expect(err).NotTo(HaveOccurred())
	validator, _, err := validation.NewSchemaValidator(props)
	Expect(err).NotTo(HaveOccurred())
	return &admission{structural, validator, cel.NewValidator(structural, true, celconfig.PerCallLimit)}
}

// admit returns the object as it would be stored, and the errors. Rules are asked where the schema has no objection,
// as the API server does.
func (a *admission) admit(object *unstructured.Unstructured) (map[string]any, field.ErrorList) {
	content := object.DeepCopy().Object
	pruning.Prune(content, a.structural, true)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, a.structural)
	defaulting.Default(content, a.structural)
	errs := validation.ValidateCustomResource(nil, content, a.validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, a.structural, content)...)
	if len(errs) == 0 {
		found, _ := a.rules.Validate(GinkgoT().Context(), nil, a.structural, content, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, found...)
	}
	return content, errs
}

var _ = Describe("The schema", func() {
	// Building it takes longer than all that is asked of it, and asking changes nothing about it.
	var api *admission

	BeforeEach(func() {
		if api == nil {
			api = newAdmission()
		}
	})

	for _, c := range llsdtest.Refused() {
		It("refuses "+c.Name, func() {
			_, errs := api.admit(c.Object("apps", "a"))
			Expect(errs).To(HaveLen(1), "want the one rule, got %v", errs)
			Expect(errs[0].Field).To(Equal(c.Field))
			Expect(errs[0].Error()).To(ContainSubstring(c.Message))
		})
	}

	for _, c := range llsdtest.Accepted() {
		It("accepts "+c.Name, func() {
			_, errs := api.admit(c.Object("apps", "a"))
			Expect(errs).To(BeEmpty())
		})
	}

	for _, older := range llsdtest.FromOlder() {
		It("accepts what 0.9.0 left of "+older.Name+", and changes nothing about it", func() {
			object := older.Object("apps")
			stored, errs := api.admit(object)
			Expect(errs).To(BeEmpty())
			Expect(stored).To(Equal(object.Object))
		})
	}

	It("fills in the defaults of 0.9.0 and no others", func() {
		stored, errs := api.admit(llsdtest.Case{Spec: `{network: {}, server: {
			distribution: {name: starter}, containerSpec: {}, storage: {}, autoscaling: {maxReplicas: 1}, podDisruptionBudget: {}, podOverrides: {}}}`}.Object("apps", "a"))
		Expect(errs).To(BeEmpty())
		want := llsdtest.Case{Spec: `{network: {exposeRoute: false}, replicas: 1, server: {
			distribution: {name: starter}, containerSpec: {name: llama-stack}, storage: {}, autoscaling: {maxReplicas: 1}, podDisruptionBudget: {}, podOverrides: {}}}`}.Object("apps", "a")
		Expect(stored).To(Equal(want.Object))
	})

	It("takes a status without what 0.9.0 made providers have", func() {
		object := llsdtest.Case{Spec: "server: {distribution: {name: starter}}"}.Object("apps", "a")
		Expect(unstructured.SetNestedField(object.Object, map[string]any{"providers": []any{
			map[string]any{"api": "inference", "provider_id": "vllm", "provider_type": "remote::vllm", "health": map[string]any{"status": "OK"}},
		}}, "status", "distributionConfig")).To(Succeed())
		_, errs := api.admit(object)
		Expect(errs).To(BeEmpty())
	})

	It("takes what Go types of a status with nothing in it are written as", func() {
		object := unstructuredOf(llsdtest.Make("a").Obj())
		Expect(object).NotTo(HaveKey("status"))
		Expect(object["spec"]).To(Equal(map[string]any{"server": map[string]any{"distribution": map[string]any{"name": "starter"}}}))
		_, errs := api.admit(&unstructured.Unstructured{Object: object})
		Expect(errs).To(BeEmpty())
	})
})
