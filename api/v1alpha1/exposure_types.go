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

// HTTPRouteSpec configures an HTTPRoute of the Gateway API for the server.
type HTTPRouteSpec struct {
	// ParentRefs are the Gateways of the HTTPRoute, at most 16.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	ParentRefs []ParentRef `json:"parentRefs"`
	// Hostnames of the server, at most 16; *.example.com matches every host of a domain. Default: the host names of the
	// Gateway.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	Hostnames []Hostname `json:"hostnames,omitempty"`
	// Annotations of the HTTPRoute, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the operator manages the annotations llamastack.io/...; remove them"
	// +optional
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// Timeouts of the Gateway. Default: no limit for requests, because models stream their answers slowly.
	// +optional
	Timeouts *HTTPRouteTimeouts `json:"timeouts,omitempty"`
}

// HTTPRouteTimeouts are how long a Gateway waits, such as 10s or 1m30s; 0s means no limit.
// +kubebuilder:validation:XValidation:rule="!has(self.request) || !has(self.backendRequest) || duration(self.request) == duration('0s') || duration(self.backendRequest) <= duration(self.request)",message="backendRequest must not exceed request; lower backendRequest or raise request"
type HTTPRouteTimeouts struct {
	// Request is how long a request of a client can take until the response is complete. Default 0s: no limit.
	// +optional
	Request GatewayDuration `json:"request,omitempty"`
	// BackendRequest is how long one request of the Gateway to the server can take. Default: as the Gateway decides.
	// +optional
	BackendRequest GatewayDuration `json:"backendRequest,omitempty"`
}

// GatewayDuration is a duration in the format of the Gateway API.
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(h|m|s|ms)){1,4}$`
type GatewayDuration string

// ParentRef is a Gateway or one of its listeners.
type ParentRef struct {
	// Name of the Gateway.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name"`
	// Namespace of the Gateway. Default: the server's namespace.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// SectionName is the name of a listener. Default: all listeners.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	SectionName string `json:"sectionName,omitempty"`
	// Port of a listener. Default: all listeners.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port int32 `json:"port,omitempty"`
}

// Hostname is a host name, or a wildcard for the hosts of a domain.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type Hostname string

// RouteSpec configures an OpenShift Route for the server.
type RouteSpec struct {
	// Host is the host name of the server. Default: the cluster chooses one.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Host",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Host string `json:"host,omitempty"`
	// Annotations of the Route, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('llamastack.io/'))",message="the operator manages the annotations llamastack.io/...; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// TLS enables HTTPS for clients. Default: Passthrough if the server uses HTTPS, otherwise plain HTTP.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS"
	TLS *RouteTLS `json:"tls,omitempty"`
}

// RouteTLS configures the TLS of a Route.
// +kubebuilder:validation:XValidation:rule="!has(self.destinationCACertificate) || self.?termination.orValue('Reencrypt') == 'Reencrypt'",message="destinationCACertificate requires termination Reencrypt; set it, or remove destinationCACertificate"
// +kubebuilder:validation:XValidation:rule="self.?termination.orValue('None') != 'Passthrough' || self.?insecureEdgeTerminationPolicy.orValue('None') != 'Allow'",message="termination Passthrough supports no plain HTTP; set insecureEdgeTerminationPolicy to None or Redirect"
type RouteTLS struct {
	// Termination of TLS. Default: Reencrypt if destinationCACertificate is set, Passthrough if the server uses HTTPS,
	// otherwise Edge.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Termination",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:Edge","urn:alm:descriptor:com.tectonic.ui:select:Reencrypt","urn:alm:descriptor:com.tectonic.ui:select:Passthrough"}
	Termination RouteTermination `json:"termination,omitempty"`
	// InsecureEdgeTerminationPolicy is how the Route handles plain HTTP. Default: None.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Plain HTTP",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	InsecureEdgeTerminationPolicy RouteInsecurePolicy `json:"insecureEdgeTerminationPolicy,omitempty"`
	// DestinationCACertificate is the CA of the server's certificate, in PEM format. Default: the cluster's service CA.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65536
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Destination CA",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:fieldDependency:network.route.tls.termination:Reencrypt"}
	DestinationCACertificate string `json:"destinationCACertificate,omitempty"`
}

// RouteTermination is where a Route terminates TLS.
// +kubebuilder:validation:Enum=Edge;Reencrypt;Passthrough
type RouteTermination string

// The values of RouteTermination.
const (
	// RouteEdge terminates TLS at the router, which connects to the server over HTTP.
	RouteEdge RouteTermination = "Edge"
	// RouteReencrypt terminates TLS at the router, which connects to the server over HTTPS.
	RouteReencrypt RouteTermination = "Reencrypt"
	// RoutePassthrough terminates TLS at the server.
	RoutePassthrough RouteTermination = "Passthrough"
)

// RouteInsecurePolicy is how a Route with TLS handles plain HTTP.
// +kubebuilder:validation:Enum=None;Allow;Redirect
type RouteInsecurePolicy string
