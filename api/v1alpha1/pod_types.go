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
)

// PodOverrides changes the Pod around the server's container.
type PodOverrides struct {
	// ServiceAccountName replaces the ServiceAccount that the operator creates.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Service Account",xDescriptors={"urn:alm:descriptor:io.kubernetes:ServiceAccount"}
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// AutomountServiceAccountToken mounts a token of the Kubernetes API. Default: false, unless configuration, command,
	// args or env contain its path; with serviceAccountName, as in that ServiceAccount.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Automount Service Account Token",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`
	// TerminationGracePeriodSeconds is how long a Pod can take to stop. Default 30.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Termination Grace Period (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
	// Volumes are added to the Pod.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Volumes",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// VolumeMounts are added to the server's container.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Volume Mounts",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// SecurityContext overrides the operator's defaults, field by field: user, group and fsGroup 1001 (on OpenShift,
	// chosen by the platform), runAsNonRoot, seccomp profile RuntimeDefault.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Pod Security Context",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// Labels are added to the Pods, at most 32. The labels in the selector of the Service cannot be changed.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!('app' in self) && !('app.kubernetes.io/instance' in self)",message="the Service selects the Pods by the labels app and app.kubernetes.io/instance; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Labels",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Labels map[string]LabelValue `json:"labels,omitempty"`
	// Annotations are added to the Pods, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, k.startsWith('configmap.hash/'))",message="the operator manages the annotations configmap.hash/...; remove them"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Annotations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
	// NodeSelector selects the nodes that have all of these labels, at most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Node Selector",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	NodeSelector map[string]LabelValue `json:"nodeSelector,omitempty"`
	// Tolerations for taints of nodes, at most 32.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Tolerations",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Affinity to nodes and Pods. Each of its three fields overrides the operator's default: more than one replica
	// prefer different nodes (podAntiAffinity).
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Affinity",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// ImagePullSecrets are Secrets with registry credentials, at most 16.
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=name
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Image Pull Secrets"
	ImagePullSecrets []LocalReference `json:"imagePullSecrets,omitempty"`
	// PriorityClassName of the Pods.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Priority Class Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// RuntimeClassName of the Pods.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Runtime Class Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
	// InitContainers run in order before the server starts, at most 16.
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=name
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Init Containers",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	InitContainers []InitContainer `json:"initContainers,omitempty"`
	// ResourceClaims are devices for containerSpec.resources.claims, at most 16.
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=name
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Resource Claims",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ResourceClaims []PodResourceClaim `json:"resourceClaims,omitempty"`
}

// LabelValue is the value of a label: at most 63 letters, digits, dashes, underscores and dots.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
type LabelValue string

// AnnotationValue is the value of an annotation, at most 8192 characters.
// +kubebuilder:validation:MaxLength=8192
type AnnotationValue string

// Argument is one word of a command, at most 32768 characters.
// +kubebuilder:validation:MaxLength=32768
type Argument string

// LocalReference names an object in the LlamaStackDistribution's namespace.
type LocalReference struct {
	// Name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Name",xDescriptors={"urn:alm:descriptor:io.kubernetes:Secret"}
	Name string `json:"name"`
}

// InitContainer runs to completion before the server starts or, with restartPolicy Always, runs next to the server. It
// has the security context of the server's container.
type InitContainer struct {
	// Name of the container, different from the name of the server's container.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
	// Image of the container. Default: the server's.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Image string `json:"image,omitempty"`
	// Command replaces the image's entrypoint.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Command []Argument `json:"command,omitempty"`
	// Args replaces the image's command.
	// +kubebuilder:validation:MaxItems=256
	// +listType=atomic
	// +optional
	Args []Argument `json:"args,omitempty"`
	// Env of the container. The operator adds no variables.
	// +kubebuilder:validation:MaxItems=256
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
	// VolumeMounts of the volumes in podOverrides.volumes and of the operator's volumes; lls-storage is the server's
	// data.
	// +kubebuilder:validation:MaxItems=64
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// Resources of the container. Default: no requests and no limits.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`
	// RestartPolicy Always makes the container a sidecar: it starts before the server and stops after it.
	// +kubebuilder:validation:Enum=Always
	// +optional
	RestartPolicy corev1.ContainerRestartPolicy `json:"restartPolicy,omitempty"`
}

// PodResourceClaim requests devices by dynamic resource allocation, which the cluster must support.
// +kubebuilder:validation:XValidation:rule="has(self.resourceClaimName) != has(self.resourceClaimTemplateName)",message="set either resourceClaimName or resourceClaimTemplateName"
type PodResourceClaim struct {
	// Name that containerSpec.resources.claims refers to.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
	// ResourceClaimName is the name of a ResourceClaim that all Pods share.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ResourceClaimName *string `json:"resourceClaimName,omitempty"`
	// ResourceClaimTemplateName is the name of a ResourceClaimTemplate; each Pod gets its own ResourceClaim.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ResourceClaimTemplateName *string `json:"resourceClaimTemplateName,omitempty"`
}

// Lifecycle configures hooks that run after the container starts and before it stops.
type Lifecycle struct {
	// PostStart runs after the container starts. If it fails, the container is restarted.
	// +optional
	PostStart *LifecycleHook `json:"postStart,omitempty"`
	// PreStop runs before the server is stopped, within terminationGracePeriodSeconds. A sleep gives load balancers
	// time to stop sending requests.
	// +optional
	PreStop *LifecycleHook `json:"preStop,omitempty"`
}

// LifecycleHook runs a command or waits. Set one field.
// +kubebuilder:validation:XValidation:rule="has(self.exec) != has(self.sleep)",message="set either exec or sleep"
type LifecycleHook struct {
	// Exec runs a command in the container.
	// +optional
	Exec *ExecAction `json:"exec,omitempty"`
	// Sleep waits.
	// +optional
	Sleep *SleepAction `json:"sleep,omitempty"`
}

// ExecAction runs a command in the server's container, without a shell.
type ExecAction struct {
	// Command and its arguments, 1 to 64.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	Command []Argument `json:"command"`
}

// SleepAction waits.
type SleepAction struct {
	// Seconds to wait, 1 to 3600.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	Seconds int64 `json:"seconds"`
}
