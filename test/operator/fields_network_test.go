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

import . "github.com/onsi/gomega"

const (
	inIngress   = "Ingress -ingress"
	inHTTPRoute = "HTTPRoute -httproute"
	inRoute     = "Route -route"
)

// addedNetworkFields are the fields of a network that 0.9.0 did not have.
func addedNetworkFields() []fieldCase {
	ingress := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "network.ingress." + name, value: value, with: "network: {ingress: {host: other}}", in: inIngress, at: at, shows: shows}
	}
	host := ingress("host", "a.b", "{.spec.rules[0].host}", "a.b")
	host.without = "other"
	secret := ingress("tls.secretName", "mine", "{.spec.tls[*].secretName}", "mine")
	secret.with = "network: {ingress: {host: other, tls: {}}}"
	httpRoute := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "network.httpRoute." + name, value: value, with: "network: {httpRoute: {parentRefs: [{name: a}]}}", in: inHTTPRoute, at: at, shows: shows}
	}
	parents := httpRoute("parentRefs", "[{name: b, namespace: c, sectionName: d, port: 443}]", "{.spec.parentRefs[*]['name','namespace','sectionName','port']}", "b c d 443")
	parents.without = "[{name: a}]"
	route := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "network.route." + name, value: value, with: "network: {route: {tls: {}}}", in: inRoute, at: at, shows: shows}
	}
	return []fieldCase{
		parents,
		httpRoute("hostnames", "['*.a.b']", "{.spec.hostnames[*]}", "*.a.b"),
		httpRoute("annotations", "{a: b}", "{.metadata.annotations.a}", "b"),
		httpRoute("timeouts.request", "10m", "{.spec.rules[0].timeouts.request}", "10m"),
		httpRoute("timeouts.backendRequest", "1m", "{.spec.rules[0].timeouts.backendRequest}", "1m"),
		route("host", "a.b", "{.spec.host}", "a.b"),
		route("annotations", "{a: b}", "{.metadata.annotations.a}", "b"),
		route("tls.termination", "Reencrypt", "{.spec.tls.termination}", "reencrypt"),
		route("tls.insecureEdgeTerminationPolicy", "Redirect", "{.spec.tls.insecureEdgeTerminationPolicy}", "Redirect"),
		route("tls.destinationCACertificate", "pem", "{.spec.tls.termination}{.spec.tls.destinationCACertificate}", "reencryptpem"),
		host,
		ingress("className", "nginx", "{.spec.ingressClassName}", "nginx"),
		ingress("annotations", "{a: b}", "{.metadata.annotations.a}", "b"),
		secret,
		{path: "network.policy.enabled", value: "false", with: "network: {policy: {}}", in: inPolicy, at: "{.metadata.name}", shows: "none"},
		{
			path: "network.policy.from", value: "[{cidr: 10.0.0.0/8}]", with: "network: {policy: {}}",
			in: inPolicy, at: "{.spec.ingress[0].from[*].ipBlock.cidr}", shows: "10.0.0.0/8",
		},
		{
			path: "network.policy.egress.to", value: "[{cidr: 10.0.0.0/8, ports: [443]}]", with: "network: {policy: {egress: {}}}",
			in: inPolicy, at: "{.spec.egress[*].to[*].ipBlock.cidr}{.spec.egress[*].ports[*].port}", shows: And(HavePrefix("10.0.0.0/8"), HaveSuffix("443")),
		},
	}
}
