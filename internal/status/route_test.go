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

package status_test

import (
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// exposure is a case of what became of an HTTPRoute or a Route. The specs of both are YAML.
type exposure struct {
	network, object       string
	unserved, unavailable bool
	speaksTLS             bool
	problem               *status.Problem

	condition metav1.ConditionStatus
	reason    v1alpha1.Reason
	message   string
	url       string
}

func (e exposure) compute() v1alpha1.LlamaStackDistributionStatus {
	GinkgoHelper()
	network := &v1alpha1.NetworkSpec{}
	Expect(yaml.UnmarshalStrict([]byte(e.network), network)).To(Succeed())
	f := newFixture().spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = network })
	f.in.Exposure = status.Exposure{Unserved: e.unserved, Unavailable: e.unavailable, SpeaksTLS: e.speaksTLS}
	if e.object != "" {
		text, err := yaml.YAMLToJSON([]byte(e.object))
		Expect(err).NotTo(HaveOccurred())
		f.in.Exposure.Object = &unstructured.Unstructured{}
		Expect(f.in.Exposure.Object.UnmarshalJSON(text)).To(Succeed())
	}
	if e.problem != nil {
		f.in.Problems = append(f.in.Problems, *e.problem)
	}
	return f.compute()
}

const (
	oneGateway  = "httpRoute: {parentRefs: [{name: a, namespace: gw}], hostnames: ['*.a.b', a.b]}"
	twoGateways = "httpRoute: {parentRefs: [{name: a}, {name: b, sectionName: https, port: 8443}]}"
	aRoute      = "route: {}"
	object      = "apiVersion: a/v1\nkind: K\nmetadata: {namespace: apps, generation: 2}\n"

	accepted  = "{type: Accepted, status: 'True', reason: Accepted, message: ok, observedGeneration: 2}"
	before    = "{type: Accepted, status: 'True', reason: Accepted, message: ok, observedGeneration: 1}"
	refused   = "{type: Accepted, status: 'False', reason: NoMatchingParent, message: no listener, observedGeneration: 2}"
	unsettled = "{type: ResolvedRefs, status: 'False', reason: RefNotPermitted, message: no grant}"
	resolved  = "{type: ResolvedRefs, status: 'True', reason: ResolvedRefs, message: ok}"
)

// parents is the status of an HTTPRoute: a reference, and the conditions, one after the other.
func parents(pairs ...string) string {
	var list []string
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, "{parentRef: {"+pair[0]+"}, conditions: ["+pair[1]+"]}")
	}
	return object + "status: {parents: [" + strings.Join(list, ", ") + "]}"
}

// ingress is a Route with a termination, and what a router says of it.
func ingress(termination, condition string) string {
	text := object
	if termination != "" {
		text += "spec: {tls: {termination: " + termination + "}}\n"
	}
	if condition != "" {
		text += "status: {ingress: [{host: a.b, routerName: default, conditions: [{type: Admitted, status: '" + condition + "', reason: HostAlreadyClaimed, message: taken}]}]}"
	}
	return text
}

var _ = DescribeTable("RouteReady",
	func(e exposure) {
		next := e.compute()
		found := meta.FindStatusCondition(next.Conditions, string(v1alpha1.ConditionRouteReady))
		Expect(found).NotTo(BeNil())
		Expect(found.Status).To(Equal(e.condition))
		Expect(v1alpha1.Reason(found.Reason)).To(Equal(e.reason))
		Expect(found.Message).To(ContainSubstring(e.message))
		Expect(next.RouteURL).To(HaveValue(Equal(e.url)))
		if e.problem == nil {
			ready := meta.FindStatusCondition(next.Conditions, string(v1alpha1.ConditionReady))
			Expect(ready.Status).To(Equal(metav1.ConditionTrue), "the server serves all the same")
		}
	},
	Entry("the Gateway API is missing", exposure{
		network: oneGateway, unserved: true, condition: metav1.ConditionFalse, reason: v1alpha1.ReasonGatewayAPIMissing, message: "gateway.networking.k8s.io/v1",
	}),
	Entry("Routes are missing", exposure{
		network: aRoute, unserved: true, condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteAPIMissing, message: "network.ingress",
	}),
	Entry("Routes do not answer", exposure{
		network: aRoute, unserved: true, unavailable: true, condition: metav1.ConditionUnknown, reason: v1alpha1.ReasonAPIUnavailable, message: "does not respond",
	}),
	Entry("it cannot be made", exposure{
		network: aRoute, problem: &status.Problem{Kind: status.User, Reason: v1alpha1.ReasonRejected, About: v1alpha1.ConditionRouteReady, Message: "rejects it"},
		condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteFailed, message: "rejects it",
	}),
	Entry("it is not there yet", exposure{network: aRoute, condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending, message: "Route is being created"}),
	Entry("the Gateway has not answered", exposure{
		network: oneGateway, object: object, condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending, message: "Gateway gw/a", url: "http://a.b",
	}),
	Entry("a Gateway of that name in another namespace has answered", exposure{
		network: oneGateway, object: parents("name: a", accepted), condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending, url: "http://a.b",
	}),
	Entry("the Gateway has answered for an earlier generation", exposure{
		network: oneGateway, object: parents("name: a, namespace: gw", before), condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending, url: "http://a.b",
	}),
	Entry("the Gateway accepts", exposure{
		network: oneGateway, object: parents("name: a, namespace: gw", accepted+","+resolved), condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady, url: "http://a.b",
	}),
	Entry("the Gateway accepts for a server of HTTPS", exposure{
		network: oneGateway, object: parents("name: a, namespace: gw", accepted), speaksTLS: true,
		condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady, message: "BackendTLSPolicy", url: "http://a.b",
	}),
	Entry("the Gateway refuses", exposure{
		network: oneGateway, object: parents("name: a, namespace: gw", refused),
		condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteRefused, message: "Gateway gw/a reports NoMatchingParent: no listener", url: "http://a.b",
	}),
	Entry("the Gateway accepts, and cannot reach the server", exposure{
		network: oneGateway, object: parents("name: a, namespace: gw", accepted+","+unsettled),
		condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteRefused, message: "RefNotPermitted", url: "http://a.b",
	}),
	Entry("one of two Gateways accepts", exposure{
		network: twoGateways, object: parents("name: a, namespace: apps", accepted),
		condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending, message: "not accepted yet by Gateway b (https)",
	}),
	Entry("both of two Gateways accept", exposure{
		network: twoGateways, object: parents("name: a", accepted, "name: b, sectionName: https, port: 8443", accepted),
		condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady,
	}),
	Entry("no router has answered", exposure{network: aRoute, object: ingress("", ""), condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRoutePending}),
	Entry("a router admits", exposure{network: aRoute, object: ingress("", "True"), condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady, url: "http://a.b"}),
	Entry("a router admits HTTPS", exposure{network: aRoute, object: ingress("edge", "True"), condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady, url: "https://a.b"}),
	Entry("a router refuses", exposure{
		network: aRoute, object: ingress("", "False"), condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteRefused,
		message: "router default does not admit the Route: HostAlreadyClaimed: taken",
	}),
	Entry("a router speaks HTTP to a server of HTTPS", exposure{
		network: aRoute, object: ingress("edge", "True"), speaksTLS: true,
		condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteTLSMismatch, message: "Reencrypt", url: "https://a.b",
	}),
	Entry("a router passes HTTPS to a server of HTTP", exposure{
		network: aRoute, object: ingress("passthrough", "True"), condition: metav1.ConditionFalse, reason: v1alpha1.ReasonRouteTLSMismatch, message: "Edge", url: "https://a.b",
	}),
	Entry("a router passes HTTPS to a server of HTTPS", exposure{
		network: aRoute, object: ingress("passthrough", "True"), speaksTLS: true, condition: metav1.ConditionTrue, reason: v1alpha1.ReasonRouteReady, url: "https://a.b",
	}),
)

var _ = DescribeTable("RouteURL of an HTTPRoute",
	func(network, want string) {
		Expect(exposure{network: "httpRoute: {" + network + "}", object: object}.compute().RouteURL).To(HaveValue(Equal(want)))
	},
	Entry("without a host", "parentRefs: [{name: a}]", ""),
	Entry("of a whole domain", "parentRefs: [{name: a}], hostnames: ['*.a.b']", ""),
	Entry("of a listener of HTTPS by its name", "parentRefs: [{name: a, sectionName: https-public}], hostnames: [a.b]", "https://a.b"),
	Entry("of a listener of HTTPS by its port", "parentRefs: [{name: a, port: 443}], hostnames: [a.b]", "https://a.b"),
	Entry("of a listener of HTTPS at another port", "parentRefs: [{name: a, sectionName: https, port: 8443}], hostnames: [a.b]", "https://a.b:8443"),
	Entry("of a listener at a port", "parentRefs: [{name: a, port: 8080}], hostnames: [a.b]", "http://a.b:8080"),
	Entry("of a listener at the usual port", "parentRefs: [{name: a, port: 80}], hostnames: [a.b]", "http://a.b"),
)

var _ = Describe("RouteReady of a server without either", func() {
	It("is absent", func() {
		Expect(meta.FindStatusCondition(newFixture().compute().Conditions, string(v1alpha1.ConditionRouteReady))).To(BeNil())
	})
})
