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

// HTTPRouteSpec is an HTTPRoute of the Gateway API for the server.
type HTTPRouteSpec struct {
	// ParentRefs are Gateways, at most 16.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Parents",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:httpRoute","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ParentRefs []ParentRef `json:"parentRefs"`
	// Hostnames of the server, at most 16; *.example.com is every host of a domain. Default: the Gateway's.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Hostnames",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:httpRoute","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Hostnames []Hostname `json:"hostnames,omitempty"`
	// Annotations of the HTTPRoute, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the annotations llamastack.io/... are the operator's; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:httpRoute","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
}

// ParentRef is a Gateway or a listener.
type ParentRef struct {
	// Name of the Gateway.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Gateway",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Name string `json:"name"`
	// Namespace of the Gateway. Default: the server's.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Namespace",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Namespace string `json:"namespace,omitempty"`
	// SectionName is a listener. Default: all.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Listener",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	SectionName string `json:"sectionName,omitempty"`
	// Port of a listener. Default: all.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Port",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Port int32 `json:"port,omitempty"`
}

// Hostname of a server, or of a domain's.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type Hostname string

// RouteSpec is an OpenShift Route for the server.
type RouteSpec struct {
	// Host of the server. Default: the cluster's choice.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Host",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Host string `json:"host,omitempty"`
	// Annotations of the Route, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the annotations llamastack.io/... are the operator's; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// TLS lets clients speak HTTPS. Default: Passthrough where the server speaks HTTPS, else plain HTTP.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:advanced"}
	TLS *RouteTLS `json:"tls,omitempty"`
}

// RouteTLS is the TLS of a Route.
// +kubebuilder:validation:XValidation:rule="!has(self.destinationCACertificate) || self.?termination.orValue('Reencrypt') == 'Reencrypt'",message="destinationCACertificate is for Reencrypt"
// +kubebuilder:validation:XValidation:rule="self.?termination.orValue('None') != 'Passthrough' || self.?insecureEdgeTerminationPolicy.orValue('None') != 'Allow'",message="Passthrough allows no plain HTTP"
type RouteTLS struct {
	// Termination of TLS. Default: Reencrypt with destinationCACertificate, else Passthrough where the server speaks
	// HTTPS, else Edge.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Termination",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Termination RouteTermination `json:"termination,omitempty"`
	// InsecureEdgeTerminationPolicy is for plain HTTP. Default: None.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Plain HTTP",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	InsecureEdgeTerminationPolicy RouteInsecurePolicy `json:"insecureEdgeTerminationPolicy,omitempty"`
	// DestinationCACertificate signs the server's certificate, as PEM. Default: the cluster's service CA.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65536
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Destination CA",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:route","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	DestinationCACertificate string `json:"destinationCACertificate,omitempty"`
}

// RouteTermination is where the TLS of a Route ends.
// +kubebuilder:validation:Enum=Edge;Reencrypt;Passthrough
type RouteTermination string

// Where the TLS of a Route can end.
const (
	// RouteEdge ends TLS at the router, which speaks HTTP to the server.
	RouteEdge RouteTermination = "Edge"
	// RouteReencrypt ends TLS at the router, which speaks HTTPS to the server.
	RouteReencrypt RouteTermination = "Reencrypt"
	// RoutePassthrough ends TLS at the server.
	RoutePassthrough RouteTermination = "Passthrough"
)

// RouteInsecurePolicy is what becomes of plain HTTP at a Route with TLS.
// +kubebuilder:validation:Enum=None;Allow;Redirect
type RouteInsecurePolicy string
