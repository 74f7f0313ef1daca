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

// StartupProbe configures how long the server can take to start: initialDelaySeconds + failureThreshold *
// periodSeconds.
// +kubebuilder:validation:XValidation:rule="[has(self.httpGet), has(self.tcpSocket), has(self.exec)].filter(set, set).size() <= 1",message="set at most one of httpGet, tcpSocket and exec"
type StartupProbe struct {
	// InitialDelaySeconds before the first probe, 0 to 3600. Default 15.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	// +optional
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds between probes, 1 to 300. Default 10.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`
	// TimeoutSeconds of one probe, 1 to 300. Default 30.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
	// FailureThreshold is how many probes can fail before the container is restarted, 3 to 10000. Default 30.
	// +kubebuilder:validation:Minimum=3
	// +kubebuilder:validation:Maximum=10000
	// +optional
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
	// HTTPGet sends a request over HTTP, or HTTPS if the server uses TLS. It is the default, unless the configuration
	// requires client certificates or denies /v1/health: then tcpSocket is.
	// +optional
	HTTPGet *HTTPGetProbe `json:"httpGet,omitempty"`
	// TCPSocket connects to the server's port, which works with every kind of authentication.
	// +optional
	TCPSocket *TCPSocketProbe `json:"tcpSocket,omitempty"`
	// Exec runs a command in the container. Exit code 0 is success.
	// +optional
	Exec *ExecAction `json:"exec,omitempty"`
}

// Probe configures how the kubelet checks a server that has started.
// +kubebuilder:validation:XValidation:rule="[has(self.httpGet), has(self.tcpSocket), has(self.exec)].filter(set, set).size() <= 1",message="set at most one of httpGet, tcpSocket and exec"
type Probe struct {
	// InitialDelaySeconds before the first probe, 0 to 3600. Default 0.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	// +optional
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds between probes, 1 to 300. Default 10, for livenessProbe 30.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`
	// TimeoutSeconds of one probe, 1 to 300. Default 30.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
	// FailureThreshold is the number of failures in a row that count as a failure, 1 to 10000. Default 6, for
	// livenessProbe 10.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +optional
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
	// HTTPGet sends a request over HTTP, or HTTPS if the server uses TLS. It is the default, unless the configuration
	// requires client certificates or denies /v1/health: then tcpSocket is.
	// +optional
	HTTPGet *HTTPGetProbe `json:"httpGet,omitempty"`
	// TCPSocket connects to the server's port, which works with every kind of authentication.
	// +optional
	TCPSocket *TCPSocketProbe `json:"tcpSocket,omitempty"`
	// Exec runs a command in the container. Exit code 0 is success.
	// +optional
	Exec *ExecAction `json:"exec,omitempty"`
}

// HTTPGetProbe sends a GET request to the server's port. Status codes from 200 to 399 are success.
type HTTPGetProbe struct {
	// Path of the request. Default /v1/health.
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^(/.*)?$`
	// +optional
	Path string `json:"path,omitempty"`
}

// TCPSocketProbe connects to the server's port.
type TCPSocketProbe struct{}
