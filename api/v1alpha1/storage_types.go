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
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
)

// StorageSpec configures the volume of the server's data: a PVC that the operator creates, unless existingClaim or
// ephemeral is set.
// +kubebuilder:validation:XValidation:rule="!has(self.ephemeral) || !(has(self.size) || has(self.storageClassName) || has(self.accessModes) || has(self.existingClaim) || has(self.retentionPolicy))",message="ephemeral storage has no PVC; remove size, storageClassName, accessModes, existingClaim and retentionPolicy"
// +kubebuilder:validation:XValidation:rule="!has(self.existingClaim) || !(has(self.size) || has(self.storageClassName) || has(self.retentionPolicy))",message="the operator does not change an existing PVC; remove size, storageClassName and retentionPolicy"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.storageClassName) || has(self.storageClassName) || has(self.existingClaim) || has(self.ephemeral)",message="the StorageClass of a PVC cannot be changed; set storageClassName to the class of the PVC"
type StorageSpec struct {
	// Size of the PVC, more than 0. Default 10Gi. It can grow if the StorageClass allows it, and cannot shrink.
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="size must be more than 0, such as 10Gi"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Size",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Size *resource.Quantity `json:"size,omitempty"`
	// MountPath is the absolute path of the volume in the container. Default /.llama.
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.matches('^/+[^/:][^:]*$')",message="mountPath must be an absolute path other than / and without a colon, such as /.llama"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Mount Path",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	MountPath string `json:"mountPath,omitempty"`
	// RetentionPolicy is what happens to the PVC when the LlamaStackDistribution is deleted: Delete (the default) or
	// Retain.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Retention Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:Delete","urn:alm:descriptor:com.tectonic.ui:select:Retain"}
	RetentionPolicy RetentionPolicy `json:"retentionPolicy,omitempty"`
	// StorageClassName of the PVC; "" binds it to a volume that was created by hand. Default: the cluster's default
	// class. It cannot be changed after the PVC is created.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Storage Class Name",xDescriptors={"urn:alm:descriptor:io.kubernetes:StorageClass"}
	StorageClassName *string `json:"storageClassName,omitempty"`
	// AccessModes of the PVC. Default: ReadWriteOnce. They cannot be changed after the PVC is created. With
	// ReadWriteMany, new Pods start before old Pods stop. With existingClaim: its modes.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +listType=set
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Access Modes",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	AccessModes []AccessMode `json:"accessModes,omitempty"`
	// ExistingClaim is the name of a PVC in the namespace to use. The operator then creates no PVC, and never changes
	// or deletes this PVC.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Existing Claim",xDescriptors={"urn:alm:descriptor:io.kubernetes:PersistentVolumeClaim"}
	ExistingClaim string `json:"existingClaim,omitempty"`
	// Ephemeral keeps the data on the node, up to a size. As without storage, the data is lost when the Pod is deleted.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Ephemeral",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Ephemeral *EphemeralStorage `json:"ephemeral,omitempty"`
}

// EphemeralStorage is a directory that is created and deleted with the Pod.
type EphemeralStorage struct {
	// Size limit of the data, more than 0. A Pod that exceeds it is evicted. Default: no limit other than that of the
	// node.
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="size must be more than 0, such as 10Gi"
	// +optional
	Size *resource.Quantity `json:"size,omitempty"`
}

// AccessMode of a PVC.
// +kubebuilder:validation:Enum=ReadWriteOnce;ReadOnlyMany;ReadWriteMany;ReadWriteOncePod
type AccessMode string

// AccessModeReadWriteMany allows Pods on several nodes to write at the same time.
const AccessModeReadWriteMany AccessMode = "ReadWriteMany"

// WantsPVC reports whether the operator creates a PVC for the server's data.
func (s *StorageSpec) WantsPVC() bool {
	return s != nil && s.ExistingClaim == "" && s.Ephemeral == nil
}

// Retains reports whether the operator creates a PVC that outlives its LlamaStackDistribution.
func (s *StorageSpec) Retains() bool {
	return s.WantsPVC() && s.RetentionPolicy == RetentionRetain
}

// DeclaredShared reports whether the spec declares a PVC that Pods on several nodes can mount at the same time.
func (s *StorageSpec) DeclaredShared() bool {
	return s != nil && slices.Contains(s.AccessModes, AccessModeReadWriteMany)
}

// UsesPVC reports whether the server's data is on a PVC, of the operator or an existing one.
func (s *StorageSpec) UsesPVC() bool {
	return s != nil && s.Ephemeral == nil
}

// Existing returns the name of the PVC that the spec names and the operator does not create, or an empty string.
func (s *StorageSpec) Existing() string {
	if s == nil {
		return ""
	}
	return s.ExistingClaim
}

// RetentionPolicy of a PVC.
// +kubebuilder:validation:Enum=Delete;Retain
type RetentionPolicy string

const (
	// RetentionDelete deletes the PVC with its LlamaStackDistribution.
	RetentionDelete RetentionPolicy = "Delete"
	// RetentionRetain keeps the PVC; a LlamaStackDistribution of the same name uses it again.
	RetentionRetain RetentionPolicy = "Retain"
)
