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

// TelemetrySpec configures how the server reports its metrics and traces.
// +kubebuilder:validation:MinProperties=1
type TelemetrySpec struct {
	// Metrics configures an endpoint that Prometheus scrapes.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Metrics"
	Metrics *TelemetryMetrics `json:"metrics,omitempty"`
	// OTLP sends traces and metrics to an OpenTelemetry collector.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="OpenTelemetry"
	OTLP *TelemetryOTLP `json:"otlp,omitempty"`
}

// TelemetryMetrics is the endpoint /metrics of each Pod, over HTTP and without authentication.
type TelemetryMetrics struct {
	// Enabled turns the endpoint on. It requires server version 1.2.0 or later, and one worker per Pod.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Enabled",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:booleanSwitch"}
	Enabled bool `json:"enabled"`
	// Port of the endpoint, which the Pods and the Service name metrics. Default: 9464.
	// +kubebuilder:validation:Minimum=1024
	// +kubebuilder:validation:Maximum=65535
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Port",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:fieldDependency:server.telemetry.metrics.enabled:true"}
	Port *int32 `json:"port,omitempty"`
}

// TelemetryOTLP is an OpenTelemetry collector, and what it gets.
type TelemetryOTLP struct {
	// Endpoint of the collector, such as http://collector.monitoring:4318.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[A-Za-z0-9.:_\[\]-]+(/[A-Za-z0-9._~/-]*)?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Endpoint",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Endpoint string `json:"endpoint"`
	// Protocol is http/protobuf (default) or grpc. grpc requires server version 0.4.0 or later and an image with
	// opentelemetry-instrument.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Protocol",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Protocol OTLPProtocol `json:"protocol,omitempty"`
	// HeadersFrom is a key with headers for the collector, as name=value, separated by commas.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Headers"
	HeadersFrom *SecretKey `json:"headersFrom,omitempty"`
	// ServiceName is the service.name of the traces. Default: the name of the LlamaStackDistribution.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9][A-Za-z0-9._/-]*$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Service Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ServiceName string `json:"serviceName,omitempty"`
	// SampleRatio is the part of the traces that the server sends, from "0" to "1", if their parent does not
	// decide. Default: all.
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:Pattern=`^(0(\.[0-9]+)?|1(\.0+)?)$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Sample Ratio",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	SampleRatio string `json:"sampleRatio,omitempty"`
	// ResourceAttributes are added to what the server sends, at most 32. Default: service.namespace, the namespace.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 128 && k.matches('^[A-Za-z][A-Za-z0-9._/-]*$') && k != 'service.name')",message="names are up to 128 letters, digits and the characters . _ / -, and start with a letter; use serviceName for service.name"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Resource Attributes",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ResourceAttributes map[string]ResourceAttribute `json:"resourceAttributes,omitempty"`
}

// OTLPProtocol is how a server sends telemetry.
// +kubebuilder:validation:Enum=http/protobuf;grpc
type OTLPProtocol string

// OTLPHTTP is the default protocol, which servers of all versions have.
const OTLPHTTP OTLPProtocol = "http/protobuf"

// ResourceAttribute is the value of a resource attribute.
// +kubebuilder:validation:MaxLength=256
type ResourceAttribute string

// MetricsPort returns the port of the metrics endpoint, or 0 if it is not enabled.
func (s *ServerSpec) MetricsPort() int32 {
	if s.Telemetry == nil || s.Telemetry.Metrics == nil || !s.Telemetry.Metrics.Enabled {
		return 0
	}
	if port := s.Telemetry.Metrics.Port; port != nil {
		return *port
	}
	return DefaultMetricsPort
}

// OTLP returns the collector of the server, or nil.
func (s *ServerSpec) OTLP() *TelemetryOTLP {
	if s.Telemetry == nil {
		return nil
	}
	return s.Telemetry.OTLP
}
