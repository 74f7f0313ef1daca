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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A NetworkPolicy of a single server", func() {
	It("is created when the spec has it, and deleted with the field", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{Policy: &v1alpha1.PolicySpec{Enabled: new(true), Egress: &v1alpha1.EgressSpec{}}}
		}).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		policy := get(ctx, namespace, "a-network-policy", &networkingv1.NetworkPolicy{})
		Expect(policy.Spec.PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network.Policy.Enabled = new(false) })
		Eventually(exists(ctx, namespace, "a-network-policy", policy)).Should(BeFalse())
	})
})

var _ = Describe("An Ingress", func() {
	It("keeps what others write on it, and is followed by the status", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{Ingress: &v1alpha1.IngressSpec{Host: "a.example.com", Annotations: map[string]v1alpha1.AnnotationValue{"mine": "a"}}}
		}).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(statusOf(ctx, instance)).Should(HaveField("RouteURL", HaveValue(Equal("http://a.example.com"))))

		edit(ctx, get(ctx, namespace, "a-ingress", &networkingv1.Ingress{}), func(i *networkingv1.Ingress) { metav1.SetMetaDataAnnotation(&i.ObjectMeta, "theirs", "b") })
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network.Ingress = &v1alpha1.IngressSpec{Host: "b.example.com", TLS: &v1alpha1.IngressTLS{}}
		})
		Eventually(statusOf(ctx, instance)).Should(HaveField("RouteURL", HaveValue(Equal("https://b.example.com"))))
		after := get(ctx, namespace, "a-ingress", &networkingv1.Ingress{})
		Expect(after.Annotations).To(And(HaveKeyWithValue("theirs", "b"), Not(HaveKey("mine"))))
	})
})
