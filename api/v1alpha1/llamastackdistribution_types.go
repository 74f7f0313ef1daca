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
// +kubebuilder:validation:XValidation:rule="!has(self.server.autoscaling) || !has(self.replicas) || self.server.autoscaling.maxReplicas >= self.replicas",message="server.autoscaling.maxReplicas must be at least replicas; raise maxReplicas or lower replicas",fieldPath=".server.autoscaling.maxReplicas"
type LlamaStackDistributionSpec struct {
	// Replicas is the number of server Pods. Default 1; 0 stops the server and keeps everything else. With autoscaling
	// it is a lower limit, and the autoscaler sets the number.
	// +kubebuilder:default:=1
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="replicas must be 0 or more; 0 stops the server"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=2,displayName="Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:podCount"}
	Replicas *int32 `json:"replicas,omitempty"`
	// Suspend stops the server and keeps its data, Service, URL and number of replicas. While the server is suspended,
	// its autoscaler is removed.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Suspend",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:booleanSwitch"}
	Suspend bool `json:"suspend,omitempty"`
	// Server describes the server and its Pods.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Server"
	Server ServerSpec `json:"server"`
	// Network configures access to the server. Default: a Service, and no Ingress.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Network"
	Network *NetworkSpec `json:"network,omitempty"`
	// Metadata is added to every object that the operator creates for the server, except to Pods: use
	// server.podOverrides for those. Changes of metadata do not restart Pods.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Metadata",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Metadata *ChildMetadata `json:"metadata,omitempty"`
}

// ChildMetadata is the labels and annotations that policies or tools of the cluster require on every object.
type ChildMetadata struct {
	// Labels are added to every object, at most 32. Objects also inherit the labels of the LlamaStackDistribution that
	// have no prefix, such as team.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k in ['app', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/part-of', 'app.kubernetes.io/instance', 'app.kubernetes.io/component'] || k.startsWith('llamastack.io/'))",message="the operator manages the labels app, app.kubernetes.io/managed-by, part-of, instance and component, and llamastack.io/...; remove them"
	// +optional
	Labels map[string]LabelValue `json:"labels,omitempty"`
	// Annotations are added to every object, at most 32. The annotations of an Ingress, an HTTPRoute or a Route take
	// precedence.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, ['llamastack.io/', 'secret.version/', 'kubectl.kubernetes.io/', 'deployment.kubernetes.io/', 'pv.kubernetes.io/'].exists(p, k.startsWith(p)))",message="the operator and Kubernetes manage the annotations llamastack.io/..., secret.version/..., and those of kubectl, Deployments and volumes; remove them"
	// +optional
	Annotations map[string]ShortAnnotation `json:"annotations,omitempty"`
}

// ShortAnnotation is the value of an annotation that many objects have, at most 1024 characters.
// +kubebuilder:validation:MaxLength=1024
type ShortAnnotation string

// ServerSpec describes the server's Pods.
// +kubebuilder:validation:XValidation:rule="!(has(self.telemetry) && has(self.telemetry.metrics) && self.telemetry.metrics.enabled) || !has(self.workers) || self.workers <= 1",message="a server with several workers stops, because each of them opens the port of the metrics; set workers to 1 and use replicas, or disable metrics",fieldPath=".telemetry.metrics"
// +kubebuilder:validation:XValidation:rule="!(has(self.telemetry) && has(self.telemetry.metrics) && self.telemetry.metrics.enabled) || (has(self.telemetry.metrics.port) ? self.telemetry.metrics.port : 9464) != (has(self.containerSpec) && has(self.containerSpec.port) && self.containerSpec.port != 0 ? self.containerSpec.port : 8321)",message="the metrics need a port other than the server's; change port, or containerSpec.port",fieldPath=".telemetry.metrics"
// +kubebuilder:validation:XValidation:rule="!has(self.tlsConfig) || !has(self.tlsConfig.serving) || has(self.userConfig) || has(self.config) || has(self.containerSpec) && has(self.containerSpec.command) && size(self.containerSpec.command) > 0",message="the operator cannot add the certificate to the configuration in the image; set userConfig or config, or set a command that starts the server with the files in /etc/llama-stack-tls",fieldPath=".tlsConfig.serving"
// +kubebuilder:validation:XValidation:rule="!has(self.config) || !has(self.config.base) || (self.config.base == 'UserConfig') == has(self.userConfig)",message="base UserConfig requires userConfig, and other bases exclude it; change base, or set or remove userConfig",fieldPath=".config.base"
type ServerSpec struct {
	// Distribution is the server's image, by name or by reference.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Distribution"
	Distribution DistributionType `json:"distribution"`
	// ContainerSpec configures the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container"
	ContainerSpec ContainerSpec `json:"containerSpec,omitempty,omitzero"`
	// Workers is the number of server processes in each Pod. Default 1. If it is set, CPU and memory limits default to
	// the requests, and the CPU request defaults to one core per worker.
	// +kubebuilder:validation:Minimum=1
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Workers",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number"}
	Workers *int32 `json:"workers,omitempty"`
	// PodOverrides configures the Pod, except for the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Pod"
	PodOverrides *PodOverrides `json:"podOverrides,omitempty"`
	// PodDisruptionBudget limits how many Pods a drain can evict at once. Default: maxUnavailable 1 with more than one
	// replica, otherwise no budget.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Disruption Budget",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	PodDisruptionBudget *PodDisruptionBudgetSpec `json:"podDisruptionBudget,omitempty"`
	// TopologySpreadConstraints of the Pods. Default: with more than one replica, the Pods are spread over regions,
	// zones and nodes where possible (ScheduleAnyway).
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Topology Spread Constraints",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// Autoscaling creates a HorizontalPodAutoscaler, which sets the number of replicas.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Autoscaling"
	Autoscaling *AutoscalingSpec `json:"autoscaling,omitempty"`
	// Rollout configures how new Pods replace old Pods.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Rollout"
	Rollout *RolloutSpec `json:"rollout,omitempty"`
	// Storage keeps the server's data in a PersistentVolumeClaim (PVC). Without it, the data is lost when the Pod is
	// deleted.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Storage"
	Storage *StorageSpec `json:"storage,omitempty"`
	// UserConfig refers to a ConfigMap with the server's configuration. Default: the configuration in the image.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Configuration"
	UserConfig *UserConfigSpec `json:"userConfig,omitempty"`
	// Config declares the server's configuration: providers, models, stores and authentication, merged into userConfig
	// or into the configuration in the image.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Declared Configuration"
	Config *ServerConfig `json:"config,omitempty"`
	// TLSConfig configures the certificate authorities that the server trusts, and the server's own certificate.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="TLS"
	TLSConfig *TLSConfig `json:"tlsConfig,omitempty"`
	// Telemetry configures the server's metrics and traces. Default: none.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Telemetry"
	Telemetry *TelemetrySpec `json:"telemetry,omitempty"`
	// Launch is how the container starts with userConfig or config and without command. Detect (default): a launcher
	// finds the server. Image: the image's entrypoint reads RUN_CONFIG_PATH.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Launch",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Launch LaunchMode `json:"launch,omitempty"`
}

// LaunchMode is how a container with a user configuration starts.
// +kubebuilder:validation:Enum=Image;Detect
type LaunchMode string

const (
	// LaunchImage keeps the image's entrypoint and command.
	LaunchImage LaunchMode = "Image"
	// LaunchDetect runs a launcher, which finds the server in the image and starts it with the configuration.
	LaunchDetect LaunchMode = "Detect"
)

// DistributionType selects the server's image: the name of a distribution, or an image reference. An empty string
// counts as unset.
// +kubebuilder:validation:XValidation:rule="!(has(self.name) && size(self.name) > 0 && has(self.image) && size(self.image) > 0)",message="Only one of name or image can be specified"
// +kubebuilder:validation:XValidation:rule="has(self.name) && size(self.name) > 0 || has(self.image) && size(self.image) > 0",message="set name to a distribution that the operator knows, such as starter, or image to a container image"
type DistributionType struct {
	// Name of a distribution. status.distributionConfig.availableDistributions lists them. The operator's version and
	// configuration determine the image.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Distribution Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Name string `json:"name,omitempty"`
	// Image is a container image reference, used as it is.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,order=1,displayName="Image",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Image string `json:"image,omitempty"`
}

// ContainerSpec configures the server's container.
type ContainerSpec struct {
	// Name of the container.
	// +kubebuilder:default:="llama-stack"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Name string `json:"name,omitempty"`
	// Port that the server listens on, from 1 to 65535. Default (0) is 8321.
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 65535",message="port must be from 1 to 65535, or 0 for the default, 8321"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Port",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Port int32 `json:"port,omitempty"`
	// Resources of the container. Requests default to one CPU per worker and 1Gi of memory.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Resources",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:resourceRequirements"}
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`
	// Env is added to the environment variables that the operator sets, and takes precedence over them.
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
	// Command replaces the image's entrypoint.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Command",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Command []string `json:"command,omitempty"`
	// Args replaces the image's command.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Arguments",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Args []string `json:"args,omitempty"`
	// SecurityContext overrides the operator's defaults, field by field: no privilege escalation, no capabilities.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Container Security Context",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
	// ImagePullPolicy is Always, IfNotPresent or Never. Default: Always for an image with the tag latest or without a
	// tag, otherwise IfNotPresent.
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Image Pull Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// EnvFrom adds environment variables from ConfigMaps and Secrets, at most 32. env and the operator's variables take
	// precedence. New content restarts Pods only with rollout.onReferenceChange Roll.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Environment From",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`
	// Lifecycle configures hooks that run after the container starts and before it stops.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Lifecycle",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Lifecycle *Lifecycle `json:"lifecycle,omitempty"`
	// StartupProbe overrides the startup probe, field by field. Default: GET /v1/health after 15 s, every 10 s, 30 s
	// timeout, 30 failures: the server has 5 minutes to start.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Startup Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	StartupProbe *StartupProbe `json:"startupProbe,omitempty"`
	// ReadinessProbe removes a Pod from the Service while the server does not answer. Default: none. {} means GET
	// /v1/health every 10 s, 30 s timeout, 6 failures.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Readiness Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// LivenessProbe restarts a server that does not answer. Default: none. {} means GET /v1/health every 30 s, 30 s
	// timeout, 10 failures.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Liveness Probe",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
}

// PodDisruptionBudgetSpec configures the PodDisruptionBudget. Set at most one field. Default: maxUnavailable 1.
// +kubebuilder:validation:XValidation:rule="!(has(self.minAvailable) && has(self.maxUnavailable))",message="set minAvailable or maxUnavailable, not both"
type PodDisruptionBudgetSpec struct {
	// MinAvailable is the number or percentage of Pods that must stay available.
	// +optional
	MinAvailable *intstr.IntOrString `json:"minAvailable,omitempty"`
	// MaxUnavailable is the number or percentage of Pods that can be unavailable.
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// UserConfigSpec refers to a ConfigMap that has the server's configuration under the key config.yaml.
type UserConfigSpec struct {
	// ConfigMapName is the name of the ConfigMap.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Config Map",xDescriptors={"urn:alm:descriptor:io.kubernetes:ConfigMap"}
	ConfigMapName string `json:"configMapName"`
	// ConfigMapNamespace is empty or the namespace of the LlamaStackDistribution: a Pod cannot mount a ConfigMap of
	// another namespace.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Config Map Namespace",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
}

// TLSConfig configures the certificate authorities that the server trusts, and the server's own certificate.
type TLSConfig struct {
	// CABundle is the certificate authorities that the server trusts instead of those in the image.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle"
	CABundle *CABundleConfig `json:"caBundle,omitempty"`
	// Serving makes the server use HTTPS. It requires userConfig, config or containerSpec.command.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Serving Certificate"
	Serving *ServingTLS `json:"serving,omitempty"`
}

// ServingTLS is the server's certificate. A renewed certificate takes effect without a change of the spec.
type ServingTLS struct {
	// SecretName is the name of a Secret with tls.crt and tls.key, such as one that cert-manager creates.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Serving Secret",xDescriptors={"urn:alm:descriptor:io.kubernetes:Secret"}
	SecretName string `json:"secretName"`
	// OnRenewal is how a renewed certificate takes effect. Restart (default): the launcher restarts the server. Roll:
	// the Pods are replaced; the operator needs permission to watch the Secret.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="On Renewal",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	OnRenewal RenewalMode `json:"onRenewal,omitempty"`
}

// RenewalMode is how a renewed certificate takes effect.
// +kubebuilder:validation:Enum=Restart;Roll
type RenewalMode string

const (
	// RenewalRestart makes the launcher, which checks the files, restart the server in its Pod.
	RenewalRestart RenewalMode = "Restart"
	// RenewalRoll replaces the Pods when the Secret changes.
	RenewalRoll RenewalMode = "Roll"
)

// ServingSecret returns the name of the Secret with the server's certificate, or an empty string.
func (s *ServerSpec) ServingSecret() string {
	if s.TLSConfig == nil || s.TLSConfig.Serving == nil {
		return ""
	}
	return s.TLSConfig.Serving.SecretName
}

// RollsOnRenewal reports whether the Pods are replaced when the Secret ServingSecret changes.
func (s *ServerSpec) RollsOnRenewal() bool {
	return s.ServingSecret() != "" && s.TLSConfig.Serving.OnRenewal == RenewalRoll
}

// CABundle returns the reference to certificates, or nil.
func (s *ServerSpec) CABundle() *CABundleConfig {
	if s.TLSConfig == nil {
		return nil
	}
	return s.TLSConfig.CABundle
}

// CABundleConfig refers to certificates in a ConfigMap.
//
// As in AllowedFromSpec, the rule for the characters of a key checks only the first entries. A ConfigMap cannot have an
// invalid key, so the condition Ready reports such a key as not found.
type CABundleConfig struct {
	// ConfigMapName is the name of the ConfigMap.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle Config Map",xDescriptors={"urn:alm:descriptor:io.kubernetes:ConfigMap"}
	ConfigMapName string `json:"configMapName"`
	// ConfigMapNamespace defaults to the namespace of the LlamaStackDistribution. To use another namespace, list it
	// under ca-bundle-namespaces in the operator's ConfigMap.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="CA Bundle Config Map Namespace",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ConfigMapNamespace string `json:"configMapNamespace,omitempty"`
	// ConfigMapKeys are the keys with PEM certificates, at most 50. Default: ca-bundle.crt.
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="[0, 1, 2, 3, 4, 5].all(i, i >= size(self) || self[i].matches(r'^[\\w-]+(\\.[\\w-]+)*$'))",message="a key consists of letters, digits, dashes, underscores and single dots, such as ca-bundle.crt"
	// +kubebuilder:validation:items:XValidation:rule="size(self) >= 1 && size(self) <= 253",message="a key has 1 to 253 characters, such as ca-bundle.crt"
	// +kubebuilder:validation:items:XValidation:rule="!self.startsWith('-') && !self.startsWith('_') && !self.endsWith('-') && !self.endsWith('_')",message="a key starts and ends with a letter or a digit, such as ca-bundle.crt"
	// +optional
	ConfigMapKeys []string `json:"configMapKeys,omitempty"`
	// IncludeSystemRoots adds the public certificate authorities that the operator's release contains. Default: false.
	// A release with other authorities does not restart servers.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Include System Roots",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
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
// +kubebuilder:printcolumn:name="Models",type="integer",priority=1,JSONPath=".status.models.total"
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
