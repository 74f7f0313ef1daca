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

package v1alpha1

// NetworkSpec is who may reach the server from where.
// +kubebuilder:validation:XValidation:rule="!has(self.ingress) || !has(self.exposeRoute) || !self.exposeRoute",message="ingress makes an Ingress, as exposeRoute does: remove exposeRoute"
// +kubebuilder:validation:XValidation:rule="[has(self.ingress) || has(self.exposeRoute) && self.exposeRoute, has(self.httpRoute), has(self.route)].filter(x, x).size() <= 1",message="set one of ingress or exposeRoute, httpRoute, route"
type NetworkSpec struct {
	// ExposeRoute makes an Ingress for the server.
	// +kubebuilder:default:=false
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Expose",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:network","urn:alm:descriptor:com.tectonic.ui:booleanSwitch"}
	ExposeRoute bool `json:"exposeRoute,omitempty"`
	// AllowedFrom adds to who may reach the server where network policies are on: the server's own namespace
	// and the operator's.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Allowed From",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:allowedFrom"}
	AllowedFrom *AllowedFromSpec `json:"allowedFrom,omitempty"`
	// Ingress makes an Ingress for the server, as exposeRoute does, with what is said here.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Ingress",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Ingress *IngressSpec `json:"ingress,omitempty"`
	// HTTPRoute of the Gateway API for the server.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="HTTPRoute",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:httpRoute","urn:alm:descriptor:com.tectonic.ui:advanced"}
	HTTPRoute *HTTPRouteSpec `json:"httpRoute,omitempty"`
	// Route of OpenShift for the server.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Route",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Route *RouteSpec `json:"route,omitempty"`
	// Policy is a NetworkPolicy for the server. Without it, whether there is one is the operator's configuration.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:networkPolicy","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Policy *PolicySpec `json:"policy,omitempty"`
}

// Exposed says that the server is to be reached from outside through an Ingress.
func (n *NetworkSpec) Exposed() bool {
	return n != nil && (n.ExposeRoute || n.Ingress != nil)
}

// Gateways are what the server's HTTPRoute, if it has one, is attached to.
func (n *NetworkSpec) Gateways() []ParentRef {
	if n == nil || n.HTTPRoute == nil {
		return nil
	}
	return n.HTTPRoute.ParentRefs
}

// IngressSpec is an Ingress for the server.
// +kubebuilder:validation:XValidation:rule="!has(self.tls) || has(self.host)",message="a certificate is for a host: set host"
type IngressSpec struct {
	// Host by which the server is reached; *.example.com is every host of a domain. Without it: every host that
	// nothing else answers for.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Host",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Host string `json:"host,omitempty"`
	// ClassName of the Ingress. Default: the cluster's default class, as it was when the Ingress was made.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Class",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ClassName string `json:"className,omitempty"`
	// Annotations of the Ingress, which its controller reads, at most 32. Those that others set stay.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the annotations llamastack.io/... are the operator's; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// TLS lets clients speak HTTPS to the Ingress.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:advanced"}
	TLS *IngressTLS `json:"tls,omitempty"`
}

// IngressTLS is the certificate of an Ingress.
type IngressTLS struct {
	// SecretName of the Secret with the certificate, which cert-manager can make. Without it: the controller's own.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Secret Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:ingress","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	SecretName string `json:"secretName,omitempty"`
}

// PolicySpec is a NetworkPolicy for the server.
type PolicySpec struct {
	// Enabled makes the NetworkPolicy, or false leaves it out. Default: the operator's configuration,
	// featureFlags.enableNetworkPolicy.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Enabled",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:networkPolicy","urn:alm:descriptor:com.tectonic.ui:booleanSwitch","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Enabled *bool `json:"enabled,omitempty"`
	// From are more who may connect to the server, beside allowedFrom, the server's namespace and the operator's; at
	// most 32.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="From",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:networkPolicy","urn:alm:descriptor:com.tectonic.ui:advanced"}
	From []PolicyPeer `json:"from,omitempty"`
	// Egress limits whom the server may connect to. Without it: everybody.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Egress",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:networkPolicy","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Egress *EgressSpec `json:"egress,omitempty"`
}

// EgressSpec is whom the server may connect to. DNS is always allowed.
type EgressSpec struct {
	// To are those whom the server may connect to, at most 32; none is DNS alone.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="To",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:networkPolicy","urn:alm:descriptor:com.tectonic.ui:advanced"}
	To []EgressPeer `json:"to,omitempty"`
}

// PolicyPeer is Pods by their labels, in the server's namespace or in those with certain labels; or addresses.
// +kubebuilder:validation:XValidation:rule="has(self.cidr) != (has(self.namespaceLabels) || has(self.podLabels))",message="set cidr, or namespaceLabels and podLabels or one of them"
type PolicyPeer struct {
	// NamespaceLabels that a namespace must have, all of them, at most 16; {} is all namespaces. Without it: the
	// server's own.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Namespace Labels",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:advanced"}
	NamespaceLabels map[string]LabelValue `json:"namespaceLabels,omitzero"`
	// PodLabels that a Pod must have, all of them, at most 16. Without it: all Pods.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Pod Labels",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:advanced"}
	PodLabels map[string]LabelValue `json:"podLabels,omitempty"`
	// CIDR is a range of addresses, such as 10.0.0.0/8.
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F:.]+/[0-9]{1,3}$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CIDR",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	CIDR string `json:"cidr,omitempty"`
}

// EgressPeer is whom the server may connect to, as PolicyPeer says it, and at which ports.
type EgressPeer struct {
	PolicyPeer `json:",inline"`

	// Ports at which it may be connected to over TCP, 1 to 65535, at most 16. Without any: all, over any protocol.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=65535
	// +listType=set
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Ports",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:advanced"}
	Ports []int32 `json:"ports,omitempty"`
}

// AllowedFromSpec is a list of namespaces, by name or by label.
//
// The rules on the characters of an entry look at the first ten only: an API server allows a rule no more than a
// cost that it estimates for the longest list of the longest texts, and the schema of 0.9.0 bounds neither. What
// they let through is refused with the NetworkPolicy, and the condition Ready says so.
type AllowedFromSpec struct {
	// Namespaces by name; "*" is all of them.
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(i, i >= size(self) || self[i] == '*' || self[i].matches('^[-a-z0-9]+$'))",message="a namespace is named by lower-case letters, digits and dashes, such as frontend; \"*\" is all namespaces"
	// +kubebuilder:validation:items:XValidation:rule="size(self) >= 1 && size(self) <= 63",message="the name of a namespace has 1 to 63 characters, such as frontend"
	// +kubebuilder:validation:items:XValidation:rule="!self.startsWith('-') && !self.endsWith('-')",message="the name of a namespace starts and ends with a letter or a digit, such as frontend"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Namespaces",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:allowedFrom","urn:alm:descriptor:com.tectonic.ui:text"}
	Namespaces []string `json:"namespaces,omitempty"`
	// Labels are keys: a namespace that has any of them, whatever its value, is allowed.
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4].all(i, i >= size(self) || self[i].matches(r'^([a-z0-9.-]+/)?[\\w.-]+$'))",message="a label is named by its key alone, such as team/authorized: letters, digits, dashes, underscores and dots, after a domain in lower case and a slash if it has one; without a value"
	// +kubebuilder:validation:XValidation:rule="[5, 6, 7, 8, 9].all(i, i >= size(self) || self[i].matches(r'^([a-z0-9.-]+/)?[\\w.-]+$'))",message="a label is named by its key alone, such as team/authorized: letters, digits, dashes, underscores and dots, after a domain in lower case and a slash if it has one; without a value"
	// +kubebuilder:validation:items:XValidation:rule="size(self) <= 317 && self >= '0' && !self.startsWith('_')",message="a label key has at most 317 characters and starts with a letter or a digit, such as team/authorized"
	// +kubebuilder:validation:items:XValidation:rule="!self.endsWith('-') && !self.endsWith('_') && !self.endsWith('.')",message="a label key ends with a letter or a digit, such as team/authorized"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Namespace Label Keys",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:allowedFrom","urn:alm:descriptor:com.tectonic.ui:text"}
	Labels []string `json:"labels,omitempty"`
}
