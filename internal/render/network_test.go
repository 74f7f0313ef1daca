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
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// networked is the minimal input with a network, and a NetworkPolicy.
func networked(network v1alpha1.NetworkSpec) render.Input {
	GinkgoHelper()
	return changed(func(in *render.Input) { in.Spec.Network, in.NetworkPolicy = &network, true })
}

var _ = Describe("The Ingress", func() {
	ingress := func(in render.Input) *networkingv1.Ingress {
		return object[networkingv1.Ingress](rendered(in), "Ingress")
	}

	It("is the one of exposeRoute where the CR says nothing else of it", func() {
		exposed := scenario("ingress-empty")
		exposed.Spec.Network = &v1alpha1.NetworkSpec{ExposeRoute: true}

		Expect(bytesOf(scenario("ingress-empty"))).To(Equal(bytesOf(exposed)))
	})

	It("answers for the host, over TLS, by the controller that the CR names", func() {
		one := ingress(scenario("ingress-host"))

		Expect(one.Spec.IngressClassName).To(HaveValue(Equal("nginx")))
		Expect(one.Spec.Rules).To(HaveExactElements(HaveField("Host", "llama.example.com")))
		Expect(one.Spec.TLS).To(Equal([]networkingv1.IngressTLS{{Hosts: []string{"llama.example.com"}, SecretName: "llama-tls"}}))
		Expect(one.Annotations).To(HaveKeyWithValue("cert-manager.io/cluster-issuer", "internal"))
		Expect(one.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name).To(Equal("example-service"))
	})

	It("leaves the certificate to its controller where the CR names none", func() {
		one := ingress(networked(v1alpha1.NetworkSpec{Ingress: &v1alpha1.IngressSpec{Host: "a.b", TLS: &v1alpha1.IngressTLS{}}}))

		Expect(one.Spec.TLS).To(Equal([]networkingv1.IngressTLS{{Hosts: []string{"a.b"}}}))
	})
})

var _ = Describe("The NetworkPolicy", func() {
	policy := func(declared v1alpha1.PolicySpec) networkingv1.NetworkPolicySpec {
		return object[networkingv1.NetworkPolicy](rendered(networked(v1alpha1.NetworkSpec{Policy: &declared})), "NetworkPolicy").Spec
	}
	labels := func(pairs ...string) map[string]v1alpha1.LabelValue {
		found := map[string]v1alpha1.LabelValue{}
		for i := 0; i < len(pairs); i += 2 {
			found[pairs[i]] = v1alpha1.LabelValue(pairs[i+1])
		}
		return found
	}
	selecting := func(pairs ...string) *metav1.LabelSelector {
		found := &metav1.LabelSelector{}
		for i := 0; i < len(pairs); i += 2 {
			metav1.AddLabelToSelector(found, pairs[i], pairs[i+1])
		}
		return found
	}

	DescribeTable("lets a peer in", func(peer v1alpha1.PolicyPeer, want networkingv1.NetworkPolicyPeer) {
		Expect(policy(v1alpha1.PolicySpec{From: []v1alpha1.PolicyPeer{peer}}).Ingress[0].From).To(ContainElement(want))
		to := v1alpha1.EgressPeer{PolicyPeer: peer}
		Expect(policy(v1alpha1.PolicySpec{Egress: &v1alpha1.EgressSpec{To: []v1alpha1.EgressPeer{to}}}).Egress[1]).
			To(Equal(networkingv1.NetworkPolicyEgressRule{To: []networkingv1.NetworkPolicyPeer{want}}))
	},
		Entry("all Pods of namespaces", v1alpha1.PolicyPeer{NamespaceLabels: labels("a", "b")}, networkingv1.NetworkPolicyPeer{NamespaceSelector: selecting("a", "b")}),
		Entry("all Pods of all namespaces", v1alpha1.PolicyPeer{NamespaceLabels: labels()}, networkingv1.NetworkPolicyPeer{NamespaceSelector: selecting()}),
		Entry("Pods of namespaces", v1alpha1.PolicyPeer{NamespaceLabels: labels("a", "b"), PodLabels: labels("c", "d")},
			networkingv1.NetworkPolicyPeer{NamespaceSelector: selecting("a", "b"), PodSelector: selecting("c", "d")}),
		Entry("Pods of all namespaces", v1alpha1.PolicyPeer{NamespaceLabels: labels(), PodLabels: labels("c", "d")},
			networkingv1.NetworkPolicyPeer{NamespaceSelector: selecting(), PodSelector: selecting("c", "d")}),
		Entry("Pods of the server's namespace", v1alpha1.PolicyPeer{PodLabels: labels("c", "d")}, networkingv1.NetworkPolicyPeer{PodSelector: selecting("c", "d")}),
		Entry("addresses", v1alpha1.PolicyPeer{CIDR: "10.0.0.0/8"}, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8"}}),
	)

	It("keeps the server's namespace and the operator's in", func() {
		before := policy(v1alpha1.PolicySpec{}).Ingress[0].From
		after := policy(v1alpha1.PolicySpec{From: []v1alpha1.PolicyPeer{{CIDR: "10.0.0.0/8"}}}).Ingress[0].From

		Expect(after).To(ContainElements(before))
		Expect(after).To(HaveLen(len(before) + 1))
	})

	It("lets everybody in where the CR says so, whatever else it says", func() {
		in := networked(v1alpha1.NetworkSpec{
			AllowedFrom: &v1alpha1.AllowedFromSpec{Namespaces: []string{"*"}}, Policy: &v1alpha1.PolicySpec{From: []v1alpha1.PolicyPeer{{CIDR: "10.0.0.0/8"}}},
		})

		Expect(object[networkingv1.NetworkPolicy](rendered(in), "NetworkPolicy").Spec.Ingress[0].From).
			To(Equal([]networkingv1.NetworkPolicyPeer{{NamespaceSelector: selecting()}}))
	})

	It("does not limit egress, unless the CR does", func() {
		spec := policy(v1alpha1.PolicySpec{})

		Expect(spec.PolicyTypes).To(Equal([]networkingv1.PolicyType{"Ingress"}))
		Expect(spec.Egress).To(BeNil())
	})

	It("always lets the server ask for names", func() {
		spec := policy(v1alpha1.PolicySpec{Egress: &v1alpha1.EgressSpec{}})

		Expect(spec.PolicyTypes).To(Equal([]networkingv1.PolicyType{"Ingress", "Egress"}))
		Expect(spec.Egress).To(HaveLen(1))
		Expect(spec.Egress[0].To).To(BeEmpty())
		for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
			Expect(spec.Egress[0].Ports).To(ContainElement(networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(53))}))
		}
	})

	It("lets the server connect to certain ports only, where the CR names them", func() {
		spec := policy(v1alpha1.PolicySpec{Egress: &v1alpha1.EgressSpec{To: []v1alpha1.EgressPeer{{
			PolicyPeer: v1alpha1.PolicyPeer{CIDR: "10.0.0.0/8"}, Ports: []int32{443, 8000},
		}}}})

		Expect(spec.Egress[1].Ports).To(Equal([]networkingv1.NetworkPolicyPort{
			{Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromInt32(443))}, {Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromInt32(8000))},
		}))
	})
})
