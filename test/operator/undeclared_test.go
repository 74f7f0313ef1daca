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

package operator_test

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// definitionFrom is the definition of a release: the current one, changed.
func definitionFrom(change func(server *apiextensionsv1.JSONSchemaProps)) *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	text, err := os.ReadFile(currentCRD())
	Expect(err).NotTo(HaveOccurred())
	definition := &apiextensionsv1.CustomResourceDefinition{}
	Expect(yaml.UnmarshalStrict(text, definition)).To(Succeed())
	spec := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	server := spec.Properties["server"]
	change(&server)
	spec.Properties["server"] = server
	return definition
}

// undeclared takes spec.server.config out of a schema, with the rules that name it.
func undeclared(server *apiextensionsv1.JSONSchemaProps) {
	GinkgoHelper()
	Expect(server.Properties).To(HaveKey("config"))
	delete(server.Properties, "config")
	server.XValidations = slices.DeleteFunc(server.XValidations, func(rule apiextensionsv1.ValidationRule) bool {
		return strings.Contains(rule.Rule, "has(self.config)")
	})
}

// define replaces the definition, and waits until the API server knows spec.server.config, or does not.
func define(ctx context.Context, definition *apiextensionsv1.CustomResourceDefinition, knowsConfig bool) {
	GinkgoHelper()
	text, err := yaml.Marshal(definition)
	Expect(err).NotTo(HaveOccurred())
	wanted := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(text, &wanted.Object)).To(Succeed())
	Eventually(func() error {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
		if err := admin.Get(ctx, client.ObjectKey{Name: definition.Name}, live); err != nil {
			return err
		}
		live.Object["spec"] = wanted.Object["spec"]
		return admin.Update(ctx, live)
	}).Should(Succeed())
	probe := unstructuredInstance("default", "probe", map[string]any{"server": map[string]any{
		"distribution": map[string]any{"name": "starter"}, "config": map[string]any{"apis": []any{"inference"}},
	}})
	Eventually(func() error {
		return admin.Create(ctx, probe.DeepCopy(), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
	}).Should(WithTransform(func(err error) bool { return err == nil }, Equal(knowsConfig)))
}

var _ = Describe("Servers of a release without spec.server.config", func() {
	declare := func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{
			API: "inference", ID: "vllm", Type: "remote::vllm", Config: free(`{"base_url":"http://a"}`),
		}}}
	}

	It("stay as they are after an upgrade, and declare their configuration by an edit", func(ctx context.Context) {
		namespace := newCheckedNamespace(ctx)
		edited, kept := llsdtest.Make("edited").Namespace(namespace).Obj(), llsdtest.Make("kept").Namespace(namespace).Obj()
		current := func(server *v1alpha1.LlamaStackDistribution) *v1alpha1.LlamaStackDistribution {
			return get(ctx, namespace, server.Name, &v1alpha1.LlamaStackDistribution{})
		}
		template := func() corev1.PodTemplateSpec { return deploymentOf(ctx, edited).Spec.Template }
		whole := func(*apiextensionsv1.JSONSchemaProps) {}
		DeferCleanup(func(ctx context.Context) { define(ctx, definitionFrom(whole), true) })

		whileDown(func() { define(ctx, definitionFrom(undeclared), false) })
		create(ctx, edited, kept)
		becomeReady(ctx, edited)
		becomeReady(ctx, kept)
		early := current(edited)
		declare(early)
		Expect(admin.Update(ctx, early, client.FieldValidation(metav1.FieldValidationStrict))).
			To(MatchError(ContainSubstring(`unknown field "spec.server.config"`)))
		waitForQuiet()
		before, deployment, started := current(kept), deploymentOf(ctx, kept), template()

		whileDown(func() { define(ctx, definitionFrom(whole), true) })
		edit(ctx, edited, declare)
		job := startedJob(ctx, namespace)
		Expect(template()).To(Equal(started), "it is checked first")
		ends(ctx, job, 0, harness.ValidReport)
		Eventually(template).Should(HaveField("Spec.InitContainers", HaveExactElements(HaveField("Name", v1alpha1.ConfigureContainerName))))
		// Ready is also what it was during the check, so that it says nothing about the end of that.
		Eventually(conditionOf(ctx, edited, v1alpha1.ConditionConfigValid)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonValid))
		becomeReady(ctx, edited)

		waitForQuiet()
		Expect(current(kept)).To(Equal(before))
		Expect(deploymentOf(ctx, kept)).To(Equal(deployment))
	})
})
