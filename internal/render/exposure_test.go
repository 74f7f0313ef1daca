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

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("The TLS of a Route ends",
	func(tls *v1alpha1.RouteTLS, speaksTLS bool, want v1alpha1.RouteTermination) {
		Expect(render.RouteTermination(&v1alpha1.RouteSpec{TLS: tls}, speaksTLS)).To(Equal(want))
	},
	Entry("nowhere, where there is none", nil, false, v1alpha1.RouteTermination("")),
	Entry("at a server that speaks HTTPS", nil, true, v1alpha1.RoutePassthrough),
	Entry("at the router, where it is asked for alone", &v1alpha1.RouteTLS{}, false, v1alpha1.RouteEdge),
	Entry("at a server that speaks HTTPS, where it is asked for alone", &v1alpha1.RouteTLS{}, true, v1alpha1.RoutePassthrough),
	Entry("at both, where the router has a certificate authority to trust", &v1alpha1.RouteTLS{DestinationCACertificate: "pem"}, true, v1alpha1.RouteReencrypt),
	Entry("where the CR says, whatever the server speaks", &v1alpha1.RouteTLS{Termination: v1alpha1.RouteEdge}, true, v1alpha1.RouteEdge),
)

var _ = Describe("A NetworkPolicy of a server behind Gateways", func() {
	It("lets each of their namespaces in, once", func() {
		in := networked(v1alpha1.NetworkSpec{HTTPRoute: &v1alpha1.HTTPRouteSpec{ParentRefs: []v1alpha1.ParentRef{
			{Name: "a", Namespace: "gateways"}, {Name: "b", Namespace: "gateways"}, {Name: "c"}, {Name: "d", Namespace: "others"},
		}}})
		in.NetworkPolicy = true
		var namespaces []string
		for _, peer := range object[networkingv1.NetworkPolicy](rendered(in), "NetworkPolicy").Spec.Ingress[0].From {
			if name := nameOf(peer.NamespaceSelector); name != "" && name != in.OperatorNamespace {
				namespaces = append(namespaces, name)
			}
		}
		Expect(namespaces).To(Equal([]string{"gateways", "others"}))
	})
})

// nameOf is the one namespace that a selector finds by its name.
func nameOf(selector *metav1.LabelSelector) string {
	if selector == nil {
		return ""
	}
	return selector.MatchLabels[corev1.LabelMetadataName]
}
