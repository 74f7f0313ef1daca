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

// Package incumbent declares LlamaStackDistribution with the schema that 0.9.0's CRD had: written down from what that
// release accepted, field by field, over the Kubernetes types of the same age. testdata/0.9.0.yaml, which the tests
// compare our CRD with, is what controller-gen makes of it:
//
//	"$(../../hack/tool.sh controller-gen)" crd:maxDescLen=0 paths=./incumbent output:stdout > testdata/0.9.0.yaml
//
// +groupName=llamastack.io
// +versionName=v1alpha1
package incumbent

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// LlamaStackDistribution as 0.9.0 declared it.
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=llsd
// +kubebuilder:subresource:status
type LlamaStackDistribution struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   Spec   `json:"spec"`
	Status Status `json:"status,omitempty"`
}

// Spec of a server.
type Spec struct {
	// +kubebuilder:default:=1
	Replicas int32        `json:"replicas,omitempty"`
	Server   ServerSpec   `json:"server"`
	Network  *NetworkSpec `json:"network,omitempty"`
}

// ServerSpec of a server's Pods.
type ServerSpec struct {
	Distribution  DistributionType `json:"distribution"`
	ContainerSpec ContainerSpec    `json:"containerSpec,omitempty"`
	// +kubebuilder:validation:Minimum=1
	Workers                   *int32                            `json:"workers,omitempty"`
	PodOverrides              *PodOverrides                     `json:"podOverrides,omitempty"`
	PodDisruptionBudget       *PodDisruptionBudgetSpec          `json:"podDisruptionBudget,omitempty"`
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	Autoscaling               *AutoscalingSpec                  `json:"autoscaling,omitempty"`
	Storage                   *StorageSpec                      `json:"storage,omitempty"`
	UserConfig                *UserConfigSpec                   `json:"userConfig,omitempty"`
	TLSConfig                 *TLSConfig                        `json:"tlsConfig,omitempty"`
}

// DistributionType is a name or an image.
// +kubebuilder:validation:XValidation:rule="!(has(self.name) && has(self.image))",message="Only one of name or image can be specified"
type DistributionType struct {
	Name  string `json:"name,omitempty"`
	Image string `json:"image,omitempty"`
}

// ContainerSpec of the server.
type ContainerSpec struct {
	// +kubebuilder:default:="llama-stack"
	Name      string                      `json:"name,omitempty"`
	Port      int32                       `json:"port,omitempty"`
	Resources corev1.ResourceRequirements `json:"resources,omitempty"`
	Env       []corev1.EnvVar             `json:"env,omitempty"`
	Command   []string                    `json:"command,omitempty"`
	Args      []string                    `json:"args,omitempty"`
}

// PodOverrides of the Pod.
type PodOverrides struct {
	ServiceAccountName            string               `json:"serviceAccountName,omitempty"`
	TerminationGracePeriodSeconds *int64               `json:"terminationGracePeriodSeconds,omitempty"`
	Volumes                       []corev1.Volume      `json:"volumes,omitempty"`
	VolumeMounts                  []corev1.VolumeMount `json:"volumeMounts,omitempty"`
}

// PodDisruptionBudgetSpec of the budget.
type PodDisruptionBudgetSpec struct {
	MinAvailable   *intstr.IntOrString `json:"minAvailable,omitempty"`
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// AutoscalingSpec of the autoscaler.
type AutoscalingSpec struct {
	MinReplicas                       *int32 `json:"minReplicas,omitempty"`
	MaxReplicas                       int32  `json:"maxReplicas"`
	TargetCPUUtilizationPercentage    *int32 `json:"targetCPUUtilizationPercentage,omitempty"`
	TargetMemoryUtilizationPercentage *int32 `json:"targetMemoryUtilizationPercentage,omitempty"`
}

// StorageSpec of the PVC.
type StorageSpec struct {
	Size      *resource.Quantity `json:"size,omitempty"`
	MountPath string             `json:"mountPath,omitempty"`
}

// UserConfigSpec names a ConfigMap.
type UserConfigSpec struct {
	ConfigMapName      string `json:"configMapName"`
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
}

// TLSConfig has the CA bundle.
type TLSConfig struct {
	CABundle *CABundleConfig `json:"caBundle,omitempty"`
}

// CABundleConfig names a ConfigMap and its keys.
type CABundleConfig struct {
	ConfigMapName      string `json:"configMapName"`
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern="^[a-zA-Z0-9]([a-zA-Z0-9\\-_.]*[a-zA-Z0-9])?$"
	// +kubebuilder:validation:items:MaxLength=253
	ConfigMapKeys []string `json:"configMapKeys,omitempty"`
}

// NetworkSpec has the Ingress and the policy.
type NetworkSpec struct {
	// +kubebuilder:default:=false
	ExposeRoute bool             `json:"exposeRoute,omitempty"`
	AllowedFrom *AllowedFromSpec `json:"allowedFrom,omitempty"`
}

// AllowedFromSpec lists namespaces.
type AllowedFromSpec struct {
	Namespaces []string `json:"namespaces,omitempty"`
	Labels     []string `json:"labels,omitempty"`
}

// Status of a server.
type Status struct {
	// +kubebuilder:validation:Enum=Pending;Initializing;Ready;Failed;Terminating
	Phase              string             `json:"phase,omitempty"`
	Version            VersionInfo        `json:"version,omitempty"`
	DistributionConfig DistributionConfig `json:"distributionConfig,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	AvailableReplicas  int32              `json:"availableReplicas,omitempty"`
	ServiceURL         string             `json:"serviceURL,omitempty"`
	RouteURL           *string            `json:"routeURL,omitempty"`
}

// VersionInfo of operator and server.
type VersionInfo struct {
	OperatorVersion         string      `json:"operatorVersion,omitempty"`
	LlamaStackServerVersion string      `json:"llamaStackServerVersion,omitempty"`
	LastUpdated             metav1.Time `json:"lastUpdated,omitempty"`
}

// DistributionConfig of the server.
type DistributionConfig struct {
	ActiveDistribution     string            `json:"activeDistribution,omitempty"`
	Providers              []ProviderInfo    `json:"providers,omitempty"`
	AvailableDistributions map[string]string `json:"availableDistributions,omitempty"`
}

// ProviderInfo of a provider.
type ProviderInfo struct {
	API          string               `json:"api"`
	ProviderID   string               `json:"provider_id"`
	ProviderType string               `json:"provider_type"`
	Config       apiextensionsv1.JSON `json:"config"`
	Health       ProviderHealthStatus `json:"health"`
}

// ProviderHealthStatus of a provider.
type ProviderHealthStatus struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}
