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
	"bytes"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// loosened are the scenarios whose user asks for more than the Pod Security Standard "restricted" allows, and what
// it then says.
var loosened = map[string]string{
	"openshift-own-security":     "runAsUser=0",
	"securitycontext-root":       "runAsUser=0",
	"securitycontext-privileged": "privileged",
}

// document is the YAML of objects as they are stored in objects.yaml.
func document(objects []*unstructured.Unstructured) []byte {
	GinkgoHelper()
	var text bytes.Buffer
	for _, object := range objects {
		one, err := yaml.Marshal(object.Object)
		Expect(err).NotTo(HaveOccurred())
		text.WriteString("---\n")
		text.Write(one)
	}
	return text.Bytes()
}

// untyped takes any fields: that an API has those of an HTTPRoute and a Route is for an API server to say, which the
// operator's own suite asks.
type untyped struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       map[string]any `json:"spec"`
}

// typedOf is an empty API object of a kind.
func typedOf(kind string) any {
	GinkgoHelper()
	types := map[string]any{
		"ServiceAccount":          &corev1.ServiceAccount{},
		"PersistentVolumeClaim":   &corev1.PersistentVolumeClaim{},
		"Service":                 &corev1.Service{},
		"NetworkPolicy":           &networkingv1.NetworkPolicy{},
		"PodDisruptionBudget":     &policyv1.PodDisruptionBudget{},
		"Deployment":              &appsv1.Deployment{},
		"HorizontalPodAutoscaler": &autoscalingv2.HorizontalPodAutoscaler{},
		"Ingress":                 &networkingv1.Ingress{},
		"HTTPRoute":               &untyped{},
		"Route":                   &untyped{},
	}
	Expect(types).To(HaveKey(kind))
	return types[kind]
}

var _ = Describe("The golden files", func() {
	It("are many", func() {
		Expect(len(scenarios())).To(BeNumerically(">=", 25))
	})

	for _, name := range scenarios() {
		Describe(name, func() {
			It("renders to objects.yaml", func() {
				golden := filepath.Join("testdata", name, "objects.yaml")

				text := document(rendered(scenario(name)))

				if *update {
					Expect(os.WriteFile(golden, text, 0o644)).To(Succeed())
				}
				want, err := os.ReadFile(golden)
				Expect(err).NotTo(HaveOccurred(), "write it with -update, then read it")
				Expect(string(text)).To(Equal(string(want)), "if this is meant, write it with -update and read the difference")
			})

			It("has only fields that the API has", func() {
				for _, object := range rendered(scenario(name)) {
					err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typedOf(object.GetKind()), true)
					Expect(err).NotTo(HaveOccurred(), object.GetKind())
				}
			})

			It("is judged by the Pod Security Standard restricted", func() {
				evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
				Expect(err).NotTo(HaveOccurred())
				template := podTemplate(scenario(name))

				result := policy.AggregateCheckResults(evaluator.EvaluatePod(
					api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec))

				if want, loose := loosened[name]; loose {
					Expect(result.ForbiddenReason() + result.ForbiddenDetail()).To(ContainSubstring(want))
					return
				}
				Expect(result.Allowed).To(BeTrue(), result.ForbiddenDetail())
			})
		})
	}

	It("has a scenario for every exception from restricted", func() {
		for name := range loosened {
			Expect(scenarios()).To(ContainElement(name))
		}
	})
})
