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

// StorageSpec is where the server's data is: in a PersistentVolumeClaim that the operator makes, unless existingClaim or
// ephemeral is set.
// +kubebuilder:validation:XValidation:rule="!has(self.ephemeral) || !(has(self.size) || has(self.storageClassName) || has(self.accessModes) || has(self.existingClaim) || has(self.retentionPolicy))",message="ephemeral storage has no claim: remove size, storageClassName, accessModes, existingClaim and retentionPolicy"
// +kubebuilder:validation:XValidation:rule="!has(self.existingClaim) || !(has(self.size) || has(self.storageClassName) || has(self.retentionPolicy))",message="the operator does not change an existing claim: remove size, storageClassName and retentionPolicy"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.storageClassName) || has(self.storageClassName) || has(self.existingClaim) || has(self.ephemeral)",message="a claim keeps its class: set storageClassName to that of the claim"
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
	// StorageClassName of the claim; "" binds it to a volume that was made by hand. Default: the cluster's class. It
	// cannot be changed once there is a claim.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Storage Class Name",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	StorageClassName *string `json:"storageClassName,omitempty"`
	// AccessModes of the claim, default ReadWriteOnce. They cannot be changed once there is a claim. With
	// ReadWriteMany, new Pods start before old ones are stopped. With existingClaim: those that it has.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +listType=set
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Access Modes",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:advanced"}
	AccessModes []AccessMode `json:"accessModes,omitempty"`
	// ExistingClaim is a PersistentVolumeClaim of the namespace that is used instead of one that the operator makes.
	// It is never changed or deleted.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Existing Claim",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	ExistingClaim string `json:"existingClaim,omitempty"`
	// Ephemeral keeps the data on the node, and loses it with the Pod, as without storage, up to a size.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Ephemeral",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Ephemeral *EphemeralStorage `json:"ephemeral,omitempty"`
}

// EphemeralStorage is a directory that is made with the Pod and goes with it.
type EphemeralStorage struct {
	// Size that the data may have, more than 0; a Pod with more is evicted. Default: no limit but the node's.
	// +kubebuilder:validation:XValidation:rule="isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",message="size must be more than 0, such as 10Gi"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Size",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:fieldGroup:storage","urn:alm:descriptor:com.tectonic.ui:text","urn:alm:descriptor:com.tectonic.ui:advanced"}
	Size *resource.Quantity `json:"size,omitempty"`
}

// AccessMode of a claim.
// +kubebuilder:validation:Enum=ReadWriteOnce;ReadOnlyMany;ReadWriteMany;ReadWriteOncePod
type AccessMode string

// AccessModeReadWriteMany lets Pods on several nodes write at once.
const AccessModeReadWriteMany AccessMode = "ReadWriteMany"

// WantsClaim says that the operator makes a claim for the server's data.
func (s *StorageSpec) WantsClaim() bool {
	return s != nil && s.ExistingClaim == "" && s.Ephemeral == nil
}

// DeclaredShared says that the claim is declared to be one that Pods on several nodes can mount at once.
func (s *StorageSpec) DeclaredShared() bool {
	return s != nil && slices.Contains(s.AccessModes, AccessModeReadWriteMany)
}

// OnClaim says that the server's data is in a claim, the operator's or another.
func (s *StorageSpec) OnClaim() bool {
	return s != nil && s.Ephemeral == nil
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
