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

package render_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// listOf is a list of one object.
func listOf(object *unstructured.Unstructured) []*unstructured.Unstructured {
	return []*unstructured.Unstructured{object}
}

// built is what "kustomize build base" prints.
func built() []*unstructured.Unstructured {
	GinkgoHelper()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	resources, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), "base")
	Expect(err).NotTo(HaveOccurred())
	objects := make([]*unstructured.Unstructured, 0, resources.Size())
	for _, res := range resources.Resources() {
		text, err := res.AsYAML()
		Expect(err).NotTo(HaveOccurred())
		object := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal(text, &object.Object)).To(Succeed())
		objects = append(objects, object)
	}
	return objects
}

var _ = Describe("The base manifests", func() {
	It("build as they are, to one valid object of each kind in the order of application", func() {
		objects := built()

		Expect(kinds(objects)).To(Equal([]string{
			"ServiceAccount", "PersistentVolumeClaim", "Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress",
			"HTTPRoute", "Route",
		}))
		for _, object := range objects {
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typedOf(object.GetKind()), true)).To(Succeed())
		}
	})

	It("pass the Pod Security Standard restricted", func() {
		evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
		Expect(err).NotTo(HaveOccurred())
		template := object[appsv1.Deployment](built(), "Deployment").Spec.Template

		result := policy.AggregateCheckResults(evaluator.EvaluatePod(
			api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec))

		Expect(result.Allowed).To(BeTrue(), result.ForbiddenDetail())
	})

	It("are what a server of their name renders to", func() {
		in := render.Input{
			Name:              "llama-stack",
			Image:             "docker.io/llamastack/distribution-starter:latest",
			NetworkPolicy:     true,
			OperatorNamespace: "llama-stack-k8s-operator-system",
			Spec: v1alpha1.LlamaStackDistributionSpec{
				Server: v1alpha1.ServerSpec{
					Storage:             &v1alpha1.StorageSpec{Size: new(resource.MustParse("10Gi"))},
					PodDisruptionBudget: &v1alpha1.PodDisruptionBudgetSpec{},
					Autoscaling:         &v1alpha1.AutoscalingSpec{MaxReplicas: 1},
				},
				Network: &v1alpha1.NetworkSpec{ExposeRoute: true},
			},
		}
		want := built()

		for i, object := range rendered(in) {
			object.SetNamespace("")
			switch object.GetKind() {
			case "NetworkPolicy":
				// An Ingress lets routers in, too.
				continue
			case "Deployment":
				// The number is the autoscaler's.
				Expect(unstructured.SetNestedField(object.Object, int64(1), "spec", "replicas")).To(Succeed())
			}
			Expect(string(document(listOf(object)))).To(Equal(string(document(listOf(want[i])))))
		}
	})
})
