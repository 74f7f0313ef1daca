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

// What is said about an Ingress and a NetworkPolicy, and where.
const (
	fieldIngress = "spec.network.ingress"
	fieldPolicy  = "spec.network.policy"

	messageOneIngress   = "ingress and exposeRoute both create an Ingress; remove exposeRoute"
	messageHost         = "tls requires a host; set host"
	messageOperatorsOwn = "the operator manages the annotations llamastack.io/...; remove them"
	messagePeer         = "set either cidr, or namespaceLabels, podLabels or both"
	maxPeerLabels       = 16
	maxPorts            = 16
	serverOnly          = "server: {distribution: {name: starter}}"
)

// network is a spec with these lines in its network section; ingress and policy are those with lines further down.
func network(lines string) string { return "{" + serverOnly + ", network: {" + lines + "}}" }
func ingress(lines string) string { return network("ingress: {" + lines + "}") }
func policy(lines string) string  { return network("policy: {" + lines + "}") }

// refusedNetworks are about what 0.9.0 did not let one say about a network.
func refusedNetworks() []Case {
	long := func(n int) string { return strings.Repeat("a", n) }
	from := func(lines string) string { return policy("from: [{" + lines + "}]") }
	to := func(lines string) string { return policy("egress: {to: [{" + lines + "}]}") }
	const froms, tos = fieldPolicy + ".from", fieldPolicy + ".egress.to"
	return []Case{
		{"an Ingress in two ways", network("exposeRoute: true, ingress: {}"), "spec.network", messageOneIngress},
		{"an Ingress of a URL", ingress("host: 'https://a.b'"), fieldIngress + ".host", messagePattern},
		{"an Ingress of a host in capitals", ingress("host: A.b"), fieldIngress + ".host", messagePattern},
		{"an Ingress of no host", ingress(`host: ""`), fieldIngress + ".host", "should be at least 1 chars long"},
		{"an Ingress of a host that is too long", ingress("host: " + long(maxSubdomain+1)), fieldIngress + ".host", messageTooLong},
		{"an Ingress of a class in capitals", ingress("className: Nginx"), fieldIngress + ".className", messagePattern},
		{"an Ingress of a certificate for no host", ingress("tls: {secretName: a}"), fieldIngress, messageHost},
		{"an Ingress of a certificate in capitals", ingress("host: a, tls: {secretName: A}"), fieldIngress + ".tls.secretName", messagePattern},
		{"an annotation of the operator's", ingress("annotations: {llamastack.io/applied-hash: a}"), fieldIngress + ".annotations", messageOperatorsOwn},
		{"too many annotations of an Ingress", ingress("annotations: {" + items("a%d: b", maxMetadata+1) + "}"), fieldIngress + ".annotations", messageTooMany},
		{"a peer of no kind", policy("from: [{}]"), froms + "[0]", messagePeer},
		{"a peer of two kinds", from("cidr: 10.0.0.0/8, podLabels: {a: b}"), froms + "[0]", messagePeer},
		{"a peer of a single address", from("cidr: 10.0.0.1"), froms + "[0].cidr", messagePattern},
		{"a peer with a label that has a space", from(`podLabels: {a: "b c"}`), froms + "[0].podLabels.a", messagePattern},
		{"a peer with too many labels", from("namespaceLabels: {" + items("a%d: b", maxPeerLabels+1) + "}"), froms + "[0].namespaceLabels", messageTooMany},
		{"too many peers", policy("from: [" + items("{cidr: 10.%d.0.0/16}", maxMetadata+1) + "]"), froms, messageTooMany},
		{"nowhere to connect to", to("ports: [443]"), tos + "[0]", messagePeer},
		{"port 0 to connect to", to("cidr: 10.0.0.0/8, ports: [0]"), tos + "[0].ports[0]", messageAtLeast},
		{"a port to connect to above 65535", to("cidr: 10.0.0.0/8, ports: [65536]"), tos + "[0].ports[0]", messageAtMost},
		{"a port to connect to twice", to("cidr: 10.0.0.0/8, ports: [1, 1]"), tos + "[0].ports[1]", messageTwice},
		{"too many ports to connect to", to("cidr: 10.0.0.0/8, ports: [" + items("1%d", maxPorts+1) + "]"), tos + "[0].ports", messageTooMany},
		{"too many to connect to", policy("egress: {to: [" + items("{cidr: 10.%d.0.0/16}", maxMetadata+1) + "]}"), tos, messageTooMany},
	}
}

// acceptedNetworks are at the edges of the same fields.
func acceptedNetworks() []Case {
	return []Case{
		{Name: "an empty Ingress, not asked for otherwise", Spec: network("exposeRoute: false, ingress: {}")},
		{Name: "an Ingress of a whole domain", Spec: ingress(`host: "*.example.com", className: nginx, tls: {}`)},
		{Name: "an Ingress with everything", Spec: ingress("host: a.b, className: nginx, annotations: {a/b: c}, tls: {secretName: d}")},
		{Name: "no policy of its own", Spec: policy("")},
		{Name: "no policy at all", Spec: policy("enabled: false")},
		{Name: "peers of every kind", Spec: policy("enabled: true, from: [{namespaceLabels: {}}, {namespaceLabels: {a: b}, podLabels: {c: ''}}, " +
			"{podLabels: {e: f}}, {cidr: 'fd00::/8'}]")},
		{Name: "DNS alone", Spec: policy("egress: {}")},
		{Name: "ports to connect to", Spec: policy("egress: {to: [{namespaceLabels: {}, ports: [1, 65535]}, {cidr: 0.0.0.0/0}]}")},
	}
}
