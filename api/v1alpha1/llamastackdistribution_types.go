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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// LlamaStackDistributionSpec is the desired state of a Llama Stack server.
// +kubebuilder:validation:XValidation:rule="!has(self.server.autoscaling) || !has(self.replicas) || self.server.autoscaling.maxReplicas >= self.replicas",message="server.autoscaling.maxReplicas must be at least replicas; raise the one or lower the other",fieldPath=".server.autoscaling.maxReplicas"
type LlamaStackDistributionSpec struct {
	// Replicas is the number of server Pods. Default 1; 0 stops the server and keeps everything else.
	// With autoscaling it is a lower bound, and the autoscaler decides the number.
	// +kubebuilder:default:=1
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="replicas must be 0 or more; 0 stops the server"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=2,displayName="Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:podCount"}
	Replicas *int32 `json:"replicas,omitempty"`
	// Server is what runs, and how.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Server",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:server"}
	Server ServerSpec `json:"server"`
	// Network is who may reach the server from where. Without it: the Service, and no Ingress.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Network",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:network"}
	Network *NetworkSpec `json:"network,omitempty"`
}

// ServerSpec describes the server's Pods.
type ServerSpec struct {
	// Distribution is the server's image, by name or by reference.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Distribution",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:distribution"}
	Distribution DistributionType `json:"distribution"`
	// ContainerSpec is the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec"}
	ContainerSpec ContainerSpec `json:"containerSpec,omitempty,omitzero"`
	// Workers is the number of server processes in each Pod. Default 1. Where it is set, missing CPU and memory
	// limits are made equal to the requests, and the CPU request defaults to one core for each worker.
	// +kubebuilder:validation:Minimum=1
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Workers",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number"}
	Workers *int32 `json:"workers,omitempty"`
	// PodOverrides changes the Pod around the container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Pod",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:com.tectonic.ui:advanced"}
	PodOverrides *PodOverrides `json:"podOverrides,omitempty"`
	// PodDisruptionBudget limits how many Pods a drain may take away at once. Without it: maxUnavailable 1
	// where more than one replica is wanted, and no budget otherwise.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Disruption Budget",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podDisruptionBudget","urn:alm:descriptor:com.tectonic.ui:advanced"}
	PodDisruptionBudget *PodDisruptionBudgetSpec `json:"podDisruptionBudget,omitempty"`
	// TopologySpreadConstraints spread the Pods, as in a Pod's spec. Without any, more than one replica is spread
	// over regions, zones and nodes as far as the scheduler can (ScheduleAnyway).
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Topology Spread Constraints",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:advanced"}
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// Autoscaling hands the number of replicas to a HorizontalPodAutoscaler.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Autoscaling",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:autoscaling"}
	Autoscaling *AutoscalingSpec `json:"autoscaling,omitempty"`
	// Storage keeps the server's data in a PersistentVolumeClaim. Without it the data is lost with the Pod.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Storage",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage"}
	Storage *StorageSpec `json:"storage,omitempty"`
	// UserConfig is the server's configuration, from a ConfigMap. Without it the image's own applies.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Configuration",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:userConfig"}
	UserConfig *UserConfigSpec `json:"userConfig,omitempty"`
	// TLSConfig is what the server trusts.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Trust",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:tlsConfig"}
	TLSConfig *TLSConfig `json:"tlsConfig,omitempty"`
	// Launch says how the container starts when userConfig is set and command is not.
	// Detect (the default): a launcher finds the image's entrypoint script, or else the installed server, and
	// starts it with the configuration. Image: the image's own entrypoint is kept, and finds the
	// configuration by RUN_CONFIG_PATH.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Launch",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:Detect","urn:alm:descriptor:com.tectonic.ui:select:Image","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Launch LaunchMode `json:"launch,omitempty"`
}

// LaunchMode is how a container with a user configuration starts.
// +kubebuilder:validation:Enum=Image;Detect
type LaunchMode string

const (
	// LaunchImage keeps the image's entrypoint and command.
	LaunchImage LaunchMode = "Image"
	// LaunchDetect finds out what the image has and starts it with the configuration.
	LaunchDetect LaunchMode = "Detect"
)

// DistributionType is a server image: a name that the operator maps to an image, or an image.
// An empty text is as good as none.
// +kubebuilder:validation:XValidation:rule="!(has(self.name) && size(self.name) > 0 && has(self.image) && size(self.image) > 0)",message="Only one of name or image can be specified"
// +kubebuilder:validation:XValidation:rule="has(self.name) && size(self.name) > 0 || has(self.image) && size(self.image) > 0",message="set name to a distribution that the operator knows, such as starter, or image to a container image"
type DistributionType struct {
	// Name of a distribution that the operator knows; status.distributionConfig.availableDistributions lists them.
	// The image behind a name can change when the operator is upgraded or its configuration changes.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Distribution Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:distribution","urn:alm:descriptor:com.tectonic.ui:text"}
	Name string `json:"name,omitempty"`
	// Image is a container image reference, used as it is.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Image",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:distribution","urn:alm:descriptor:com.tectonic.ui:text"}
	Image string `json:"image,omitempty"`
}

// ContainerSpec is the server's container.
type ContainerSpec struct {
	// Name of the container.
	// +kubebuilder:default:="llama-stack"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Name string `json:"name,omitempty"`
	// Port that the server listens on, from 1 to 65535. Default (0) is 8321.
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 65535",message="port must be from 1 to 65535, or 0 for the default, 8321"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Port",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:number"}
	Port int32 `json:"port,omitempty"`
	// Resources of the container. Missing requests default to one CPU for each worker and 1Gi of memory.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Resources",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:resourceRequirements"}
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`
	// Env is added to the operator's own environment variables, and wins over them.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Environment Variables",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Env []corev1.EnvVar `json:"env,omitempty"`
	// Command replaces the image's entrypoint.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Command",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Command []string `json:"command,omitempty"`
	// Args replaces the image's command.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Arguments",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Args []string `json:"args,omitempty"`
	// SecurityContext replaces, field by field, what the operator sets for the container:
	// no privilege escalation, no capabilities.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container Security Context",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:advanced"}
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
	// StartupProbe replaces, field by field, the numbers of the startup probe. Default: GET /v1/health after 15 s,
	// every 10 s, 30 s timeout, 30 failures, which gives a server 5 minutes to start.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Startup Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:advanced"}
	StartupProbe *StartupProbe `json:"startupProbe,omitempty"`
}

// StartupProbe is how long a server may take to start: initialDelaySeconds + failureThreshold * periodSeconds.
type StartupProbe struct {
	// InitialDelaySeconds before the first probe, 0 to 3600. Default 15.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Initial Delay (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:advanced"}
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds between probes, 1 to 300. Default 10.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Period (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:advanced"}
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`
	// TimeoutSeconds of one probe, 1 to 300. Default 30.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Timeout (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:advanced"}
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
	// FailureThreshold is how many probes may fail before the container is restarted, 3 to 10000. Default 30.
	// +kubebuilder:validation:Minimum=3
	// +kubebuilder:validation:Maximum=10000
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Failure Threshold",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:advanced"}
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
}

// PodOverrides changes the Pod around the server's container.
type PodOverrides struct {
	// ServiceAccountName replaces the ServiceAccount that the operator makes.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Service Account",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:io.kubernetes:ServiceAccount","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// TerminationGracePeriodSeconds is how long a Pod may take to stop. Default 30.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Termination Grace Period (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:advanced"}
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
	// Volumes are added to the Pod.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Volumes",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// VolumeMounts are added to the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Volume Mounts",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:com.tectonic.ui:advanced"}
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// SecurityContext replaces, field by field, what the operator sets for the Pod: user, group and fsGroup 1001
	// (left to the platform on OpenShift), not root, the runtime's default seccomp profile.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Pod Security Context",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podOverrides","urn:alm:descriptor:com.tectonic.ui:advanced"}
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
}

// PodDisruptionBudgetSpec is at most one of its fields; neither is maxUnavailable 1.
// +kubebuilder:validation:XValidation:rule="!(has(self.minAvailable) && has(self.maxUnavailable))",message="set minAvailable or maxUnavailable, not both"
type PodDisruptionBudgetSpec struct {
	// MinAvailable is the number or percentage of Pods that must stay.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Minimum Available",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podDisruptionBudget","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	MinAvailable *intstr.IntOrString `json:"minAvailable,omitempty"`
	// MaxUnavailable is the number or percentage of Pods that may be away.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Maximum Unavailable",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:podDisruptionBudget","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// AutoscalingSpec is a HorizontalPodAutoscaler for the server.
// +kubebuilder:validation:XValidation:rule="self.maxReplicas >= 1",message="maxReplicas must be 1 or more; remove autoscaling to stop scaling",fieldPath=".maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || self.maxReplicas >= self.minReplicas",message="maxReplicas must be at least minReplicas; raise the one or lower the other",fieldPath=".maxReplicas"
type AutoscalingSpec struct {
	// MinReplicas is the lower bound; the greater of it, replicas and 1 applies.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Minimum Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:autoscaling","urn:alm:descriptor:com.tectonic.ui:number"}
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is the upper bound: at least 1, at least minReplicas and at least replicas.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Maximum Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:autoscaling","urn:alm:descriptor:com.tectonic.ui:number"}
	MaxReplicas int32 `json:"maxReplicas"`
	// TargetCPUUtilizationPercentage of the CPU request, at least 1. Default 80 where no target is set.
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="the target must be 1 or more, in percent of the CPU request, such as 80"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Target CPU Utilization (Percent)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:autoscaling","urn:alm:descriptor:com.tectonic.ui:number"}
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`
	// TargetMemoryUtilizationPercentage of the memory request, at least 1.
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="the target must be 1 or more, in percent of the memory request, such as 80"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Target Memory Utilization (Percent)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:autoscaling","urn:alm:descriptor:com.tectonic.ui:number"}
	TargetMemoryUtilizationPercentage *int32 `json:"targetMemoryUtilizationPercentage,omitempty"`
}

// StorageSpec is the server's PersistentVolumeClaim.
type StorageSpec struct {
	// Size of the claim, more than 0. Default 10Gi. It can grow where the StorageClass allows it, and never shrinks.
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="size must be more than 0, such as 10Gi"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Size",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:text"}
	Size *resource.Quantity `json:"size,omitempty"`
	// MountPath is the absolute path of the volume in the container. Default /.llama.
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.matches('^/+[^/:][^:]*$')",message="mountPath must be an absolute path other than / and without a colon, such as /.llama"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Mount Path",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	MountPath string `json:"mountPath,omitempty"`
	// RetentionPolicy is what happens to the claim when the LlamaStackDistribution is deleted:
	// Delete (the default) or Retain.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Retention Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:select:Delete","urn:alm:descriptor:com.tectonic.ui:select:Retain"}
	RetentionPolicy RetentionPolicy `json:"retentionPolicy,omitempty"`
}

// RetentionPolicy of a claim.
// +kubebuilder:validation:Enum=Delete;Retain
type RetentionPolicy string

const (
	// RetentionDelete deletes the claim with its LlamaStackDistribution.
	RetentionDelete RetentionPolicy = "Delete"
	// RetentionRetain keeps the claim; a LlamaStackDistribution of the same name uses it again.
	RetentionRetain RetentionPolicy = "Retain"
)

// UserConfigSpec names the ConfigMap with the server's configuration, under the key config.yaml.
type UserConfigSpec struct {
	// ConfigMapName of the ConfigMap.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Config Map",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:userConfig","urn:alm:descriptor:io.kubernetes:ConfigMap"}
	ConfigMapName string `json:"configMapName"`
	// ConfigMapNamespace is the LlamaStackDistribution's own namespace; no Pod can mount another's ConfigMap.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Config Map Namespace",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:userConfig","urn:alm:descriptor:io.kubernetes:Namespace","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
}

// TLSConfig is what the server trusts.
type TLSConfig struct {
	// CABundle is a set of certificate authorities that the server trusts instead of the image's.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle"}
	CABundle *CABundleConfig `json:"caBundle,omitempty"`
}

// CABundleConfig names certificates in a ConfigMap.
//
// As with AllowedFromSpec, the rule on the characters of a key looks at the first entries only. No ConfigMap has a key
// that it lets through, so the condition Ready says that the key was not found.
type CABundleConfig struct {
	// ConfigMapName of the ConfigMap.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle Config Map",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle","urn:alm:descriptor:io.kubernetes:ConfigMap"}
	ConfigMapName string `json:"configMapName"`
	// ConfigMapNamespace defaults to the LlamaStackDistribution's own; another must be listed under
	// ca-bundle-namespaces in the operator's ConfigMap.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle Config Map Namespace",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle","urn:alm:descriptor:io.kubernetes:Namespace","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
	// ConfigMapKeys hold PEM certificates, at most 50 keys. Default: ca-bundle.crt.
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4, 5].all(i, i >= size(self) || self[i].matches(r'^[\\w-]+(\\.[\\w-]+)*$'))",message="a key is named by letters, digits, dashes, underscores and single dots, such as ca-bundle.crt"
	// +kubebuilder:validation:items:XValidation:rule="size(self) >= 1 && size(self) <= 253",message="a key has 1 to 253 characters, such as ca-bundle.crt"
	// +kubebuilder:validation:items:XValidation:rule="!self.startsWith('-') && !self.startsWith('_') && !self.endsWith('-') && !self.endsWith('_')",message="a key starts and ends with a letter or a digit, such as ca-bundle.crt"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle Keys",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle","urn:alm:descriptor:com.tectonic.ui:text"}
	ConfigMapKeys []string `json:"configMapKeys,omitempty"`
}

// NetworkSpec is who may reach the server from where.
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

// LlamaStackDistribution declares a Llama Stack server, which the operator runs.
// +operator-sdk:csv:customresourcedefinitions:displayName="Llama Stack Distribution",resources={{Deployment,v1},{Pod,v1},{ReplicaSet,v1},{Service,v1},{ServiceAccount,v1},{PersistentVolumeClaim,v1},{ConfigMap,v1},{HorizontalPodAutoscaler,v2},{PodDisruptionBudget,v1},{NetworkPolicy,v1},{Ingress,v1},{Event,v1}}
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=llsd
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Operator Version",type="string",JSONPath=".status.version.operatorVersion"
// +kubebuilder:printcolumn:name="Server Version",type="string",JSONPath=".status.version.llamaStackServerVersion"
// +kubebuilder:printcolumn:name="Available",type="integer",JSONPath=".status.availableReplicas"
// +kubebuilder:printcolumn:name="URL",type="string",priority=1,JSONPath=".status.serviceURL"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:selectablefield:JSONPath=".spec.server.userConfig.configMapName"
// +kubebuilder:selectablefield:JSONPath=".spec.server.userConfig.configMapNamespace"
// +kubebuilder:selectablefield:JSONPath=".spec.server.tlsConfig.caBundle.configMapName"
// +kubebuilder:selectablefield:JSONPath=".spec.server.tlsConfig.caBundle.configMapNamespace"
type LlamaStackDistribution struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   LlamaStackDistributionSpec   `json:"spec"`
	Status LlamaStackDistributionStatus `json:"status,omitempty,omitzero"`
}

// LlamaStackDistributionList is a list of LlamaStackDistributions.
// +kubebuilder:object:root=true
type LlamaStackDistributionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LlamaStackDistribution `json:"items"`
}
