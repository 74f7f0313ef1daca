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

// NetworkSpec configures access to the server.
// +kubebuilder:validation:XValidation:rule="!has(self.ingress) || !has(self.exposeRoute) || !self.exposeRoute",message="ingress and exposeRoute both create an Ingress; remove exposeRoute"
// +kubebuilder:validation:XValidation:rule="[has(self.ingress) || has(self.exposeRoute) && self.exposeRoute, has(self.httpRoute), has(self.route)].filter(x, x).size() <= 1",message="set only one of ingress (or exposeRoute), httpRoute and route"
type NetworkSpec struct {
	// ExposeRoute creates an Ingress for the server.
	// +kubebuilder:default:=false
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Expose",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:booleanSwitch"}
	ExposeRoute bool `json:"exposeRoute,omitempty"`
	// AllowedFrom lists namespaces that the NetworkPolicy allows to connect to the server, in addition to the server's
	// namespace and the operator's.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Allowed From",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	AllowedFrom *AllowedFromSpec `json:"allowedFrom,omitempty"`
	// Ingress creates an Ingress for the server and configures it. Use it instead of exposeRoute.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Ingress"
	Ingress *IngressSpec `json:"ingress,omitempty"`
	// HTTPRoute creates an HTTPRoute of the Gateway API for the server.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="HTTPRoute",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	HTTPRoute *HTTPRouteSpec `json:"httpRoute,omitempty"`
	// Route creates an OpenShift Route for the server.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Route"
	Route *RouteSpec `json:"route,omitempty"`
	// Policy configures the NetworkPolicy of the server. Default: the operator's configuration.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Policy *PolicySpec `json:"policy,omitempty"`
}

// Exposed reports whether the server has an Ingress.
func (n *NetworkSpec) Exposed() bool {
	return n != nil && (n.ExposeRoute || n.Ingress != nil)
}

// Gateways returns the parents of the server's HTTPRoute, if it has one.
func (n *NetworkSpec) Gateways() []ParentRef {
	if n == nil || n.HTTPRoute == nil {
		return nil
	}
	return n.HTTPRoute.ParentRefs
}

// IngressSpec configures the Ingress of the server.
// +kubebuilder:validation:XValidation:rule="!has(self.tls) || has(self.host)",message="tls requires a host; set host"
type IngressSpec struct {
	// Host is the host name of the server; *.example.com matches every host of a domain. Default: every host that no
	// other Ingress serves.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Host",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Host string `json:"host,omitempty"`
	// ClassName is the IngressClass. Default: the cluster's default class when the Ingress is created.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Class",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ClassName string `json:"className,omitempty"`
	// Annotations for the Ingress controller, at most 32. Annotations that others set stay.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the operator manages the annotations llamastack.io/...; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// TLS enables HTTPS at the Ingress.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS"
	TLS *IngressTLS `json:"tls,omitempty"`
}

// IngressTLS is the certificate of an Ingress.
type IngressTLS struct {
	// SecretName is the name of a Secret with the certificate, such as one that cert-manager creates. Default: the
	// certificate of the Ingress controller.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Secret Name",xDescriptors={"urn:alm:descriptor:io.kubernetes:Secret"}
	SecretName string `json:"secretName,omitempty"`
}

// PolicySpec configures the NetworkPolicy of the server.
type PolicySpec struct {
	// Enabled creates the NetworkPolicy if true. Default: featureFlags.enableNetworkPolicy in the operator's
	// configuration.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// From lists more peers that can connect to the server, in addition to allowedFrom, the server's namespace and the
	// operator's; at most 32.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	From []PolicyPeer `json:"from,omitempty"`
	// Egress limits the connections that the server can open. Default: no limit.
	// +optional
	Egress *EgressSpec `json:"egress,omitempty"`
}

// EgressSpec lists the destinations that the server can connect to. DNS is always allowed.
type EgressSpec struct {
	// To lists the destinations, at most 32. If it is empty, only DNS is allowed.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	To []EgressPeer `json:"to,omitempty"`
}

// PolicyPeer selects Pods by their labels, in the server's namespace or in namespaces with given labels, or a range of
// addresses.
// +kubebuilder:validation:XValidation:rule="has(self.cidr) != (has(self.namespaceLabels) || has(self.podLabels))",message="set either cidr, or namespaceLabels, podLabels or both"
type PolicyPeer struct {
	// NamespaceLabels select the namespaces that have all of these labels, at most 16; {} selects all namespaces.
	// Default: the server's namespace.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	NamespaceLabels map[string]LabelValue `json:"namespaceLabels,omitzero"`
	// PodLabels select the Pods that have all of these labels, at most 16. Default: all Pods.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	PodLabels map[string]LabelValue `json:"podLabels,omitempty"`
	// CIDR is a range of addresses, such as 10.0.0.0/8.
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F:.]+/[0-9]{1,3}$`
	// +optional
	CIDR string `json:"cidr,omitempty"`
}

// EgressPeer is a destination that the server can connect to: a PolicyPeer and its ports.
type EgressPeer struct {
	PolicyPeer `json:",inline"`

	// Ports are TCP ports, 1 to 65535, at most 16. Default: all ports of all protocols.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=65535
	// +listType=set
	// +optional
	Ports []int32 `json:"ports,omitempty"`
}

// AllowedFromSpec selects namespaces by name or by label.
//
// The rules for the characters of an entry check only the first ten entries. The API server limits the estimated cost
// of a rule, and the schema of 0.9.0 limits neither the length of the list nor the length of an entry. The API server
// rejects a NetworkPolicy with an invalid entry, and the condition Ready reports it.
type AllowedFromSpec struct {
	// Namespaces are names of namespaces; "*" selects all namespaces.
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(i, i >= size(self) || self[i] == '*' || self[i].matches('^[-a-z0-9]+$'))",message="the name of a namespace consists of lower-case letters, digits and dashes, such as frontend; \"*\" is all namespaces"
	// +kubebuilder:validation:items:XValidation:rule="size(self) >= 1 && size(self) <= 63",message="the name of a namespace has 1 to 63 characters, such as frontend"
	// +kubebuilder:validation:items:XValidation:rule="!self.startsWith('-') && !self.endsWith('-')",message="the name of a namespace starts and ends with a letter or a digit, such as frontend"
	// +optional
	Namespaces []string `json:"namespaces,omitempty"`
	// Labels are label keys. A namespace that has any of these keys is allowed, whatever the value.
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4].all(i, i >= size(self) || self[i].matches(r'^([a-z0-9.-]+/)?[\\w.-]+$'))",message="set the key of a label without its value, such as team/authorized: letters, digits, dashes, underscores and dots, with an optional prefix of a lower-case domain and a slash"
	// +kubebuilder:validation:XValidation:rule="[5, 6, 7, 8, 9].all(i, i >= size(self) || self[i].matches(r'^([a-z0-9.-]+/)?[\\w.-]+$'))",message="set the key of a label without its value, such as team/authorized: letters, digits, dashes, underscores and dots, with an optional prefix of a lower-case domain and a slash"
	// +kubebuilder:validation:items:XValidation:rule="size(self) <= 317 && self >= '0' && !self.startsWith('_')",message="a label key has at most 317 characters and starts with a letter or a digit, such as team/authorized"
	// +kubebuilder:validation:items:XValidation:rule="!self.endsWith('-') && !self.endsWith('_') && !self.endsWith('.')",message="a label key ends with a letter or a digit, such as team/authorized"
	// +optional
	Labels []string `json:"labels,omitempty"`
}
