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
	// Suspend stops the server and keeps everything else: its data, its Service, its URL, and the number of replicas
	// that it comes back with. An autoscaler is removed for the time.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Suspend",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:booleanSwitch"}
	Suspend bool `json:"suspend,omitempty"`
	// Server is what runs, and how.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Server",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:server"}
	Server ServerSpec `json:"server"`
	// Network is who may reach the server from where. Without it: the Service, and no Ingress.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Network",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:network"}
	Network *NetworkSpec `json:"network,omitempty"`
}

// ServerSpec describes the server's Pods.
// +kubebuilder:validation:XValidation:rule="!has(self.tlsConfig) || !has(self.tlsConfig.serving) || has(self.userConfig) || has(self.containerSpec) && has(self.containerSpec.command) && size(self.containerSpec.command) > 0",message="a configuration names the certificate to the server, and the image's own cannot be edited: set userConfig, or a command that starts the server with the files in /etc/llama-stack-tls",fieldPath=".tlsConfig.serving"
type ServerSpec struct {
	// Distribution is the server's image, by name or by reference.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Distribution",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:distribution"}
	Distribution DistributionType `json:"distribution"`
	// ContainerSpec is the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec"}
	ContainerSpec ContainerSpec `json:"containerSpec,omitempty,omitzero"`
	// Workers is the number of server processes in each Pod. Default 1. Where it is set, missing CPU and memory
	// limits equal the requests, and the CPU request defaults to one core for each worker.
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
	// Rollout is how new Pods take the place of old ones.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Rollout",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:rollout","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Rollout *RolloutSpec `json:"rollout,omitempty"`
	// Storage keeps the server's data in a PersistentVolumeClaim. Without it the data is lost with the Pod.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Storage",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage"}
	Storage *StorageSpec `json:"storage,omitempty"`
	// UserConfig is the server's configuration, from a ConfigMap. Without it the image's own applies.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Configuration",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:userConfig"}
	UserConfig *UserConfigSpec `json:"userConfig,omitempty"`
	// TLSConfig is what the server trusts, and the certificate that it shows.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:tlsConfig"}
	TLSConfig *TLSConfig `json:"tlsConfig,omitempty"`
	// Launch is how the container starts with userConfig and without command. Detect, the default: a launcher finds
	// the server in the image. Image: the image's entrypoint, told by RUN_CONFIG_PATH.
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
	// The image behind a name can change with the operator's version and configuration.
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
	// ImagePullPolicy is Always, IfNotPresent or Never. Default: Always for an image with the tag latest or none,
	// else IfNotPresent.
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Image Pull Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:select:Always","urn:alm:descriptor:com.tectonic.ui:select:IfNotPresent","urn:alm:descriptor:com.tectonic.ui:select:Never","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// EnvFrom takes environment variables from ConfigMaps and Secrets, at most 32. The operator's own variables and
	// env win over them. Pods do not roll when the content changes.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Environment From",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:containerSpec","urn:alm:descriptor:com.tectonic.ui:advanced"}
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`
	// Lifecycle is what is done when the container has started, and before it is stopped.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Lifecycle",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:lifecycle","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Lifecycle *Lifecycle `json:"lifecycle,omitempty"`
	// StartupProbe replaces, field by field, the numbers of the startup probe. Default: GET /v1/health after 15 s,
	// every 10 s, 30 s timeout, 30 failures, which gives a server 5 minutes to start.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Startup Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:startupProbe","urn:alm:descriptor:com.tectonic.ui:advanced"}
	StartupProbe *StartupProbe `json:"startupProbe,omitempty"`
	// ReadinessProbe takes a Pod out of the Service while it does not answer. Default: none. Of {}: GET /v1/health
	// every 10 s, 30 s timeout, 6 failures.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Readiness Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:readinessProbe","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// LivenessProbe restarts a server that does not answer. Default: none. Of {}: GET /v1/health every 30 s, 30 s
	// timeout, 10 failures.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Liveness Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:livenessProbe","urn:alm:descriptor:com.tectonic.ui:advanced"}
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
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

// TLSConfig is what the server trusts, and the certificate that it shows.
type TLSConfig struct {
	// CABundle is a set of certificate authorities that the server trusts instead of the image's.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle"}
	CABundle *CABundleConfig `json:"caBundle,omitempty"`
	// Serving makes the server answer over HTTPS. It needs userConfig, or a command of one's own.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Serving Certificate",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:serving"}
	Serving *ServingTLS `json:"serving,omitempty"`
}

// ServingTLS is the certificate that the server shows. A new one is served without an edit.
type ServingTLS struct {
	// SecretName of the Secret, with tls.crt and tls.key, which cert-manager can make.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Serving Secret",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:serving","urn:alm:descriptor:io.kubernetes:Secret"}
	SecretName string `json:"secretName"`
	// OnRenewal is how a new certificate comes to be served. Restart, the default: the launcher starts the server again.
	// Roll: the Pods are replaced; the operator must be allowed to watch the Secret.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="On Renewal",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:serving","urn:alm:descriptor:com.tectonic.ui:select:Restart","urn:alm:descriptor:com.tectonic.ui:select:Roll","urn:alm:descriptor:com.tectonic.ui:advanced"}
	OnRenewal RenewalMode `json:"onRenewal,omitempty"`
}

// RenewalMode is how a new certificate comes to be served.
// +kubebuilder:validation:Enum=Restart;Roll
type RenewalMode string

const (
	// RenewalRestart lets the launcher, which looks at the files, start the server again in its Pod.
	RenewalRestart RenewalMode = "Restart"
	// RenewalRoll replaces the Pods when the Secret changes.
	RenewalRoll RenewalMode = "Roll"
)

// ServingSecret is the name of the Secret with the certificate that the server shows; empty: none.
func (s *ServerSpec) ServingSecret() string {
	if s.TLSConfig == nil || s.TLSConfig.Serving == nil {
		return ""
	}
	return s.TLSConfig.Serving.SecretName
}

// RollsOnRenewal says that the Pods are replaced when the Secret ServingSecret changes.
func (s *ServerSpec) RollsOnRenewal() bool {
	return s.ServingSecret() != "" && s.TLSConfig.Serving.OnRenewal == RenewalRoll
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
	// IncludeSystemRoots adds the public authorities, as the operator's release knows them. Default: false. Newer ones
	// do not restart servers.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Include System Roots",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:caBundle","urn:alm:descriptor:com.tectonic.ui:booleanSwitch","urn:alm:descriptor:com.tectonic.ui:advanced"}
	IncludeSystemRoots bool `json:"includeSystemRoots,omitempty"`
}

// LlamaStackDistribution declares a Llama Stack server, which the operator runs.
// +operator-sdk:csv:customresourcedefinitions:displayName="Llama Stack Distribution",resources={{Deployment,v1},{Pod,v1},{ReplicaSet,v1},{Service,v1},{ServiceAccount,v1},{PersistentVolumeClaim,v1},{ConfigMap,v1},{HorizontalPodAutoscaler,v2},{PodDisruptionBudget,v1},{NetworkPolicy,v1},{Ingress,v1},{HTTPRoute,v1},{Route,v1},{Event,v1}}
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=llsd
// +kubebuilder:metadata:annotations="helm.sh/resource-policy=keep"
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
