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

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DistributionPhase summarizes the conditions in one word. To wait for a server, use the condition Ready.
// +kubebuilder:validation:Enum=Pending;Initializing;Ready;Failed;Terminating
type DistributionPhase string

const (
	// PhasePending means that no Pod runs yet, or that the desired number of replicas is 0.
	PhasePending DistributionPhase = "Pending"
	// PhaseInitializing means that the server is being created or rolled out.
	PhaseInitializing DistributionPhase = "Initializing"
	// PhaseReady means that all desired replicas are up to date and available.
	PhaseReady DistributionPhase = "Ready"
	// PhaseFailed means that there is a problem; the condition Ready describes it.
	PhaseFailed DistributionPhase = "Failed"
	// PhaseTerminating means that the LlamaStackDistribution is being deleted.
	PhaseTerminating DistributionPhase = "Terminating"
)

// LlamaStackDistributionStatus is the observed state of a Llama Stack server.
type LlamaStackDistributionStatus struct {
	// ObservedGeneration is the metadata.generation that this status describes.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Phase summarizes the conditions in one word.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Phase",xDescriptors={"urn:alm:descriptor:io.kubernetes.phase"}
	Phase DistributionPhase `json:"phase,omitempty"`
	// Version of the operator and of the server.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Version"
	Version VersionInfo `json:"version,omitempty,omitzero"`
	// DistributionConfig is the active distribution, the available distributions and the server's providers.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Distribution"
	DistributionConfig DistributionConfig `json:"distributionConfig,omitempty,omitzero"`
	// Models that the server lists. Absent until the server is asked.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Models"
	Models *ModelsStatus `json:"models,omitempty"`
	// Image is the desired image of the server's Pods.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Image",xDescriptors={"urn:alm:descriptor:text"}
	Image string `json:"image,omitempty"`
	// Conditions of the server. Wait for Ready, which summarizes DeploymentReady, HealthCheck, StorageReady and
	// ServiceReady.
	// +listType=map
	// +listMapKey=type
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Conditions",xDescriptors={"urn:alm:descriptor:io.kubernetes.conditions"}
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Replicas is the number of Pods that exist.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// AvailableReplicas is the number of available Pods.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Available Replicas",xDescriptors={"urn:alm:descriptor:text"}
	AvailableReplicas int32 `json:"availableReplicas,omitempty"`
	// Selector is the label selector of the server's Pods, as a string.
	// +optional
	Selector string `json:"selector,omitempty"`
	// ServiceURL is the URL of the server inside the cluster.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Service URL",xDescriptors={"urn:alm:descriptor:text"}
	ServiceURL string `json:"serviceURL,omitempty"`
	// RouteURL is the URL of the server outside of the cluster, if network exposes the server. It is empty until it is
	// known.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="External URL",xDescriptors={"urn:alm:descriptor:org.w3:link"}
	RouteURL *string `json:"routeURL,omitempty"`
	// AnsweredCheck is the value of the annotation llamastack.io/check that ConfigValid answered last.
	// +optional
	AnsweredCheck string `json:"answeredCheck,omitempty"`
}

// VersionInfo is the versions of the operator and of the server.
type VersionInfo struct {
	// OperatorVersion is the version of the operator that wrote this status.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Operator Version",xDescriptors={"urn:alm:descriptor:text"}
	OperatorVersion string `json:"operatorVersion,omitempty"`
	// LlamaStackServerVersion is the version that the server reports, in the format of PEP 440.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Server Version",xDescriptors={"urn:alm:descriptor:text"}
	LlamaStackServerVersion string `json:"llamaStackServerVersion,omitempty"`
	// LastUpdated is when one of the versions last changed.
	// +optional
	LastUpdated metav1.Time `json:"lastUpdated,omitempty,omitzero"`
}

// DistributionConfig is the active distribution, the available distributions and the server's providers.
type DistributionConfig struct {
	// ActiveDistribution is the distribution's name, or "custom" if distribution.image is set.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Active Distribution",xDescriptors={"urn:alm:descriptor:text"}
	ActiveDistribution string `json:"activeDistribution,omitempty"`
	// Providers that the server reports.
	// +optional
	Providers []ProviderInfo `json:"providers,omitempty"`
	// AvailableDistributions maps the distributions that the operator knows to their images.
	// +optional
	AvailableDistributions map[string]string `json:"availableDistributions,omitempty"`
}

// ProviderInfo is one provider of the server, identified by api and provider_id together.
type ProviderInfo struct {
	// API that the provider implements.
	API string `json:"api"`
	// ProviderID in the server's configuration.
	ProviderID string `json:"provider_id"`
	// ProviderType, such as remote::vllm.
	ProviderType string `json:"provider_type"`
	// Config is always empty, because it can contain secrets. 0.9.0 requires the field.
	// +optional
	Config *apiextensionsv1.JSON `json:"config,omitempty"`
	// Health as the server reports it.
	Health ProviderHealthStatus `json:"health"`
}

// ProviderHealthStatus is the health of a provider, as the server reports it.
type ProviderHealthStatus struct {
	// Status is OK, Error or Not Implemented (unknown). It is empty for servers before 0.2.3.
	Status string `json:"status"`
	// Message explains an Error.
	// +optional
	Message string `json:"message"`
}

// ModelsStatus is the models that the server lists for a client without credentials.
type ModelsStatus struct {
	// Total is the number of models. Absent if it is unknown.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=status,displayName="Number of Models",xDescriptors={"urn:alm:descriptor:text"}
	Total *int32 `json:"total,omitempty"`
	// Items are up to 50 of the models, those of spec.server.config first, sorted by id.
	// +listType=atomic
	// +optional
	Items []ModelInfo `json:"items,omitempty"`
	// Message is why the models are unknown.
	// +optional
	Message string `json:"message,omitempty"`
}

// ModelInfo is one model of the server.
type ModelInfo struct {
	// ID that clients use.
	ID string `json:"id"`
	// Provider of the model.
	// +optional
	Provider string `json:"provider,omitempty"`
	// Type of the model, such as llm or embedding.
	// +optional
	Type string `json:"type,omitempty"`
}
