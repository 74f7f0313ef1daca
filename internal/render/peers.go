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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
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
	e := edit(m, children.NetworkPolicy)
	e.set("spec/ingress/0", "from", t.peers())
	return e.err
}

// OperatorPodLabels are those of the operator's Pods, however it was installed. The selector of its Deployment has them, so
// that they cannot change.
func OperatorPodLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "llama-stack-k8s-operator", "control-plane": "controller-manager"}
}

// operator is the peer that the prober's questions come from: its Pods, and nothing else that runs in its namespace.
func (t setPeers) operator() map[string]any {
	peer := namespaces(matchLabelsKey, map[string]any{corev1.LabelMetadataName: t.OperatorNamespace})
	peer["podSelector"] = map[string]any{matchLabelsKey: anyMap(OperatorPodLabels())}
	return peer
}

// peers are the server's namespace, the operator's Pods, those that the CR allows, and routers where the CR says anything
// about the network at all. The last one is 0.9.0's: who relies on it never asked for a route.
func (t setPeers) peers() []any {
	peers := []any{
		map[string]any{"podSelector": map[string]any{}},
		t.operator(),
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
			peers = append(peers, namespaces(matchLabelsKey, map[string]any{corev1.LabelMetadataName: name}))
		}
		for _, key := range allowed.Labels {
			peers = append(peers, namespaces("matchExpressions", []any{map[string]any{"key": key, "operator": "Exists"}}))
		}
	}
	for _, namespace := range gatewayNamespaces(network) {
		peers = append(peers, namespaces(matchLabelsKey, map[string]any{corev1.LabelMetadataName: namespace}))
	}
	if policy := network.Policy; policy != nil {
		for i := range policy.From {
			peers = append(peers, peerOf(&policy.From[i]))
		}
	}
	return append(peers, namespaces(matchLabelsKey, map[string]any{policyGroupLabel: policyGroupIngress}))
}

// gatewayNamespaces are the namespaces of the Gateways that route to the server, but for its own, each once. A Gateway's
// proxies run beside it, unless its controller keeps them elsewhere.
func gatewayNamespaces(network *v1alpha1.NetworkSpec) []string {
	var found []string
	for _, parent := range network.Gateways() {
		if parent.Namespace != "" && !slices.Contains(found, parent.Namespace) {
			found = append(found, parent.Namespace)
		}
	}
	return found
}

// peerOf is a peer as a NetworkPolicy has it.
func peerOf(declared *v1alpha1.PolicyPeer) map[string]any {
	if declared.CIDR != "" {
		return map[string]any{"ipBlock": map[string]any{"cidr": declared.CIDR}}
	}
	peer := map[string]any{}
	if declared.NamespaceLabels != nil {
		peer["namespaceSelector"] = labelSelector(declared.NamespaceLabels)
	}
	if len(declared.PodLabels) > 0 || declared.NamespaceLabels == nil {
		peer["podSelector"] = labelSelector(declared.PodLabels)
	}
	return peer
}

// labelSelector finds what has all of the labels; without any it finds everything.
func labelSelector(labels map[string]v1alpha1.LabelValue) map[string]any {
	if len(labels) == 0 {
		return map[string]any{}
	}
	return map[string]any{matchLabelsKey: anyMap(labels)}
}

// setEgress limits the peers that the server may connect to, where the CR sets any.
type setEgress struct{ *server }

// Transform implements resmap.Transformer.
func (t setEgress) Transform(m resmap.ResMap) error {
	network := t.Spec.Network
	if network == nil || network.Policy == nil || network.Policy.Egress == nil {
		return nil
	}
	e := edit(m, children.NetworkPolicy)
	rules := []any{map[string]any{portsKey: dnsPorts()}}
	for i := range network.Policy.Egress.To {
		rules = append(rules, egressRule(&network.Policy.Egress.To[i]))
	}
	e.set(specPath, "policyTypes", []any{"Ingress", "Egress"})
	e.set(specPath, "egress", rules)
	return e.err
}

func egressRule(declared *v1alpha1.EgressPeer) map[string]any {
	rule := map[string]any{"to": []any{peerOf(&declared.PolicyPeer)}}
	ports := make([]any, 0, len(declared.Ports))
	for _, port := range declared.Ports {
		ports = append(ports, policyPort(protocolTCP, port))
	}
	if len(ports) > 0 {
		rule[portsKey] = ports
	}
	return rule
}

// The ports of DNS: a policy is judged by that of the Pod behind the Service, which OpenShift has at 5353.
const (
	dnsPort    int32 = 53
	dnsPodPort int32 = 5353
)

func dnsPorts() []any {
	return []any{policyPort("UDP", dnsPort), policyPort(protocolTCP, dnsPort), policyPort("UDP", dnsPodPort), policyPort(protocolTCP, dnsPodPort)}
}

func policyPort(protocol string, port int32) map[string]any {
	return map[string]any{"protocol": protocol, portKey: port}
}

// namespaces is a peer: the namespaces that a selector finds.
func namespaces(field string, selector any) map[string]any {
	return map[string]any{"namespaceSelector": map[string]any{field: selector}}
}
