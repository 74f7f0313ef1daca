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

package llsdtest

import "strings"

// What is said about an HTTPRoute and a Route, and where.
const (
	fieldHTTPRoute = "spec.network.httpRoute"
	fieldRoute     = "spec.network.route"

	messageOneExposure = "set only one of ingress (or exposeRoute), httpRoute and route"
	messageReencrypt   = "destinationCACertificate requires termination Reencrypt; set it, or remove destinationCACertificate"
	messagePassthrough = "termination Passthrough supports no plain HTTP; set insecureEdgeTerminationPolicy to None or Redirect"
	maxParents         = 16
	aGateway           = "parentRefs: [{name: a}]"
)

func httpRoute(lines string) string { return network("httpRoute: {" + lines + "}") }
func parent(lines string) string    { return httpRoute("parentRefs: [{" + lines + "}]") }
func route(lines string) string     { return network("route: {" + lines + "}") }
func routeTLS(lines string) string  { return route("tls: {" + lines + "}") }

// refusedExposures are about what exposes a server, beside an Ingress.
func refusedExposures() []Case {
	long := func(n int) string { return strings.Repeat("a", n) }
	const parents, hostnames, tls = fieldHTTPRoute + ".parentRefs", fieldHTTPRoute + ".hostnames", fieldRoute + ".tls"
	return []Case{
		{"an Ingress and a Route", network("ingress: {}, route: {}"), "spec.network", messageOneExposure},
		{"an Ingress, called a route, and a Route", network("exposeRoute: true, route: {}"), "spec.network", messageOneExposure},
		{"an HTTPRoute and a Route", network("httpRoute: {" + aGateway + "}, route: {}"), "spec.network", messageOneExposure},
		{"an Ingress and an HTTPRoute", network("httpRoute: {" + aGateway + "}, ingress: {}"), "spec.network", messageOneExposure},
		{"an HTTPRoute of no Gateway named", httpRoute(""), parents, "Required value"},
		{"an HTTPRoute of no Gateway", httpRoute("parentRefs: []"), parents, "should have at least 1 items"},
		{"an HTTPRoute of too many Gateways", httpRoute("parentRefs: [" + items("{name: a%d}", maxParents+1) + "]"), parents, messageTooMany},
		{"a Gateway without a name", parent("port: 1"), parents + "[0].name", "Required value"},
		{"a Gateway in capitals", parent("name: A"), parents + "[0].name", messagePattern},
		{"a Gateway with a long name", parent("name: " + long(maxSubdomain+1)), parents + "[0].name", messageTooLong},
		{"a Gateway of a namespace with a dot", parent("name: a, namespace: a.b"), parents + "[0].namespace", messagePattern},
		{"a listener in capitals", parent("name: a, sectionName: B"), parents + "[0].sectionName", messagePattern},
		{"a listener at port 0", parent("name: a, port: 0"), parents + "[0].port", messageAtLeast},
		{"a listener above port 65535", parent("name: a, port: 65536"), parents + "[0].port", messageAtMost},
		{"an HTTPRoute of a host in capitals", httpRoute(aGateway + ", hostnames: [A.b]"), hostnames + "[0]", messagePattern},
		{"an HTTPRoute of no host", httpRoute(aGateway + `, hostnames: [""]`), hostnames + "[0]", messagePattern},
		{"an HTTPRoute of a host with two dots", httpRoute(aGateway + ", hostnames: [a..b]"), hostnames + "[0]", messagePattern},
		{"an HTTPRoute of too many hosts", httpRoute(aGateway + ", hostnames: [" + items("a%d", maxParents+1) + "]"), hostnames, messageTooMany},
		{"an annotation of the operator's on an HTTPRoute", httpRoute(aGateway + ", annotations: {llamastack.io/a: b}"), fieldHTTPRoute + ".annotations", messageOperatorsOwn},
		{"an annotation of the operator's on a Route", route("annotations: {llamastack.io/a: b}"), fieldRoute + ".annotations", messageOperatorsOwn},
		{"a Route of a whole domain", route("host: '*.a.b'"), fieldRoute + ".host", messagePattern},
		{"a Route that ends TLS nowhere", routeTLS("termination: None"), tls + ".termination", "Unsupported value"},
		{"a Route that ends TLS in OpenShift's spelling", routeTLS("termination: edge"), tls + ".termination", "Unsupported value"},
		{"a Route with another policy for plain HTTP", routeTLS("insecureEdgeTerminationPolicy: Deny"), tls + ".insecureEdgeTerminationPolicy", "Unsupported value"},
		{"a Route with a CA at the router", routeTLS("termination: Edge, destinationCACertificate: a"), tls, messageReencrypt},
		{"a Route that passes plain HTTP through", routeTLS("termination: Passthrough, insecureEdgeTerminationPolicy: Allow"), tls, messagePassthrough},
	}
}

// acceptedExposures are at the edges of the same fields.
func acceptedExposures() []Case {
	return []Case{
		{Name: "an HTTPRoute, and no Ingress", Spec: network("exposeRoute: false, httpRoute: {" + aGateway + "}")},
		{Name: "an HTTPRoute with everything", Spec: httpRoute("parentRefs: [{name: a.b, namespace: c, sectionName: d.e, port: 65535}], " +
			"hostnames: ['*.a.b', a], annotations: {a/b: c}")},
		{Name: "a Route of nothing", Spec: route("")},
		{Name: "a Route with everything", Spec: route("host: a.b, annotations: {a: b}, tls: {termination: Reencrypt, " +
			"insecureEdgeTerminationPolicy: Allow, destinationCACertificate: pem}")},
		{Name: "a Route with a CA, and where TLS ends by that", Spec: routeTLS("destinationCACertificate: pem")},
		{Name: "a Route that passes TLS through", Spec: routeTLS("termination: Passthrough, insecureEdgeTerminationPolicy: Redirect")},
	}
}
