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

package convert

import (
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// network takes how the server is reached.
func (c *conversion) network() {
	c.move([][2]string{
		{"spec.network.port", "spec.server.containerSpec.port"},
		{"spec.network.tls.secretName", "spec.server.tlsConfig.serving.secretName"},
		{"spec.caBundle.configMapName", "spec.server.tlsConfig.caBundle.configMapName"},
		{"spec.caBundle.configMapKeys", "spec.server.tlsConfig.caBundle.configMapKeys"},
		{"spec.network.policy.enabled", "spec.network.policy.enabled"},
	})
	c.access()
	c.peers("spec.network.policy.ingress", "from", "spec.network.policy.from")
	c.peers("spec.network.policy.egress", "to", "spec.network.policy.egress.to")
	c.policyTypes()
	c.keep("spec.network.policy", "a peer here has labels or a CIDR only, and a rule has peers; ports of destinations are numbers")
	c.keep("spec.tls.trust", "put the certificates into a ConfigMap, and set spec.server.tlsConfig.caBundle")
}

// access takes how the server is reached from outside. A host is that of an Ingress, which exposeRoute creates without one.
func (c *conversion) access() {
	const access = "spec.network.externalAccess"
	c.keep(access, "set spec.network.ingress to expose the server")
	c.keep(access+".tls", "set spec.network.ingress.tls")
	enabled, _ := c.source.get(access + ".enabled")
	exposed, ok := enabled.(bool)
	if ok {
		c.source.take(access + ".enabled") // no exposure is the default
	}
	if !exposed {
		return
	}
	host, ok := c.source.take(access + ".hostname")
	if !ok {
		c.target.set("spec.network.exposeRoute", true)
		return
	}
	c.target.set("spec.network.ingress.host", host)
	c.notef("the host is that of an Ingress; on OpenShift, set spec.network.route.host instead of spec.network.ingress")
}

// policyTypes takes the directions, where they are what this operator does.
func (c *conversion) policyTypes() {
	const path = "spec.network.policy.policyTypes"
	value, _ := c.source.get(path)
	types, _ := value.([]any)
	ingress, egress := slices.Contains(types, any("Ingress")), slices.Contains(types, any("Egress"))
	if !ingress || slices.ContainsFunc(types, func(direction any) bool { return direction != "Ingress" && direction != "Egress" }) {
		return
	}
	c.source.take(path)
	if egress && !c.target.has("spec.network.policy.egress") && !c.source.has("spec.network.policy.egress") {
		c.target.set("spec.network.policy.egress.to", []any{})
	}
}

// peers takes rules of a NetworkPolicy whose peers this operator can express. All of the rules are converted, or none: half of a
// policy is another one.
func (c *conversion) peers(path, direction, target string) {
	value, ok := c.source.get(path)
	rules, _ := value.([]any)
	if !ok || len(rules) == 0 {
		return
	}
	var converted []any
	for _, rule := range rules {
		peers, _ := asMap(rule)[direction].([]any)
		ports, known := c.ports(asMap(rule)["ports"], direction)
		if !known || len(peers) == 0 || !only(asMap(rule), direction, "ports") {
			return
		}
		for _, peer := range peers {
			entry := newTree(nil)
			if !selector(entry, asMap(peer)) {
				return
			}
			if len(ports) > 0 {
				entry.set("ports", ports)
			}
			converted = append(converted, any(entry.root))
		}
	}
	c.source.take(path)
	c.target.set(target, converted)
}

// ports are the numbers of TCP ports. Clients reach the server's own port only, so no other may be listed for them.
func (c *conversion) ports(value any, direction string) ([]any, bool) {
	items, isList := value.([]any)
	if value != nil && !isList {
		return nil, false
	}
	ports := make([]any, 0, len(items))
	own, ok := c.target.get("spec.server.containerSpec.port")
	if !ok {
		own = int64(v1alpha1.DefaultPort)
	}
	for _, item := range items {
		port := asMap(item)
		protocol, hasProtocol := port["protocol"]
		_, isNumber := port["port"].(int64)
		if !isNumber || hasProtocol && protocol != "TCP" || !only(port, "port", "protocol") {
			return nil, false
		}
		if direction == "from" && fmt.Sprint(port["port"]) != fmt.Sprint(own) {
			return nil, false
		}
		ports = append(ports, port["port"])
	}
	if direction == "from" {
		return nil, true
	}
	return ports, true
}

// selector takes one peer, and reports whether it can be expressed.
func selector(entry *tree, peer map[string]any) bool {
	for name, value := range peer {
		object := asMap(value)
		switch name {
		case "ipBlock":
			if object["cidr"] == nil || !only(object, "cidr") {
				return false
			}
			entry.set("cidr", object["cidr"])
		case "podSelector", "namespaceSelector":
			if object == nil || !only(object, "matchLabels") {
				return false
			}
			labels := object["matchLabels"]
			if labels == nil {
				labels = map[string]any{}
			}
			key := map[string]string{"podSelector": "podLabels", "namespaceSelector": "namespaceLabels"}[name]
			if key == "podLabels" && len(asMap(labels)) == 0 && len(peer) > 1 {
				continue
			}
			entry.set(key, labels)
		default:
			return false
		}
	}
	return len(entry.root) > 0
}

// only reports whether an object has no fields but these.
func only(object map[string]any, fields ...string) bool {
	for name := range object {
		if !slices.Contains(fields, name) {
			return false
		}
	}
	return true
}
