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

package render

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// allNamespaces in allowedFrom.namespaces lets everybody in.
const allNamespaces = "*"

// The label of namespaces whose Pods route traffic into an OpenShift cluster.
const (
	policyGroupLabel   = "network.openshift.io/policy-group"
	policyGroupIngress = "ingress"
)

// setPeers decides who may reach the server where there is a NetworkPolicy.
type setPeers struct{ *server }

// Transform implements resmap.Transformer.
func (t setPeers) Transform(m resmap.ResMap) error {
	e := edit(m, kindNetworkPolicy)
	e.set("spec/ingress/0", "from", t.peers())
	return e.err
}

// peers are the server's namespace, the operator's, those that the CR allows, and routers where the CR says anything
// about the network at all. The last one is 0.9.0's: who relies on it never asked for a route.
func (t setPeers) peers() []any {
	peers := []any{
		map[string]any{"podSelector": map[string]any{}},
		namespaces("matchLabels", map[string]any{corev1.LabelMetadataName: t.OperatorNamespace}),
	}
	network := t.Spec.Network
	if network == nil {
		return peers
	}
	if allowed := network.AllowedFrom; allowed != nil {
		if slices.Contains(allowed.Namespaces, allNamespaces) {
			return []any{map[string]any{"namespaceSelector": map[string]any{}}}
		}
		for _, name := range allowed.Namespaces {
			peers = append(peers, namespaces("matchLabels", map[string]any{corev1.LabelMetadataName: name}))
		}
		for _, key := range allowed.Labels {
			peers = append(peers, namespaces("matchExpressions", []any{map[string]any{"key": key, "operator": "Exists"}}))
		}
	}
	return append(peers, namespaces("matchLabels", map[string]any{policyGroupLabel: policyGroupIngress}))
}

// namespaces is a peer: the namespaces that a selector finds.
func namespaces(field string, selector any) map[string]any {
	return map[string]any{"namespaceSelector": map[string]any{field: selector}}
}
