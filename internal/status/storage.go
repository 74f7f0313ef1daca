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

package status

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// storage returns nil without a PVC.
func (f *facts) storage() *finding {
	var found finding
	switch {
	case f.PVCWanted:
		found = f.storageReady()
	case f.ExistingClaim != "":
		found = f.existingStorage()
	default:
		return nil
	}
	return &found
}

// existingStorage is for a PVC that the operator does not manage and does not watch: an available Pod proves that it
// works.
func (f *facts) existingStorage() finding {
	problem, fate := f.about(User, v1alpha1.ConditionStorageReady), kept
	if f.Existing != nil {
		fate = f.fate(f.Existing)
	}
	switch {
	case problem != "":
		return failedStorage(problem)
	case f.Deployment != nil && f.Deployment.Status.AvailableReplicas > 0:
		used := fmt.Sprintf("The server uses PersistentVolumeClaim %s, which the operator does not manage", f.ExistingClaim)
		return finding{metav1.ConditionTrue, v1alpha1.ReasonStorageReady, join(used, fate)}
	default:
		return pendingStorage(join(fmt.Sprintf("No Pod that uses PersistentVolumeClaim %s is available", f.ExistingClaim), fate))
	}
}

// storageReady reports the state of the PVC. A PVC that is not bound is pending: most StorageClasses bind a PVC when
// its first Pod is scheduled. Only problems that do not end by themselves are failures.
func (f *facts) storageReady() finding {
	problem := f.about(User, v1alpha1.ConditionStorageReady)
	switch {
	case problem != "":
		return failedStorage(join(problem, f.fate(f.PVC)))
	case f.PVC == nil:
		return pendingStorage(join(f.absent("PersistentVolumeClaim is being created", "PersistentVolumeClaim is deleted"), f.pending(v1alpha1.ConditionStorageReady)))
	case !f.PVC.DeletionTimestamp.IsZero():
		return failedStorage(fmt.Sprintf("PersistentVolumeClaim %s is being deleted, and is removed after the last Pod that uses it", f.PVC.Name))
	case f.PVC.Status.Phase == corev1.ClaimLost:
		return failedStorage(fmt.Sprintf("PersistentVolumeClaim %s has lost its volume and the data on it", f.PVC.Name))
	case f.PVC.Status.Phase != corev1.ClaimBound:
		return pendingStorage(join(fmt.Sprintf("PVC is not bound: %s", unbound(f.PVC)), f.PVCReason, f.fate(f.PVC), f.pending(v1alpha1.ConditionStorageReady)))
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonStorageReady, join("Storage is ready", f.fate(f.PVC), resizing(f.PVC), f.pending(v1alpha1.ConditionStorageReady))}
	}
}

// What happens to the PVC when its server is deleted. docs/storage.md quotes these texts, and scripts can match them.
const (
	kept    = "the PVC is kept when this is deleted"
	deleted = "when this is deleted, the PVC is deleted with it"
)

// fate returns what happens to a PVC according to its owner references, which count instead of the spec. It returns an
// empty string without a PVC.
func (f *facts) fate(pvc *corev1.PersistentVolumeClaim) string {
	switch {
	case pvc == nil || !pvc.DeletionTimestamp.IsZero():
		return ""
	case len(pvc.OwnerReferences) == 0:
		return kept
	case slices.ContainsFunc(pvc.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == f.Instance.UID }):
		return deleted
	default:
		return fmt.Sprintf("the PVC is deleted with %s %s", pvc.OwnerReferences[0].Kind, pvc.OwnerReferences[0].Name)
	}
}

func failedStorage(message string) finding {
	return finding{metav1.ConditionFalse, v1alpha1.ReasonStorageFailed, message}
}

func pendingStorage(message string) finding {
	return finding{metav1.ConditionFalse, v1alpha1.ReasonStoragePending, message}
}

// unbound returns the phase of a PVC; a new PVC without a phase counts as Pending.
func unbound(pvc *corev1.PersistentVolumeClaim) corev1.PersistentVolumeClaimPhase {
	if pvc.Status.Phase == "" {
		return corev1.ClaimPending
	}
	return pvc.Status.Phase
}

// resizing reports that the PVC is being resized, and the types of its problems. The messages of the driver differ
// between retries, so they are omitted.
func resizing(pvc *corev1.PersistentVolumeClaim) string {
	wanted, has := pvc.Spec.Resources.Requests.Storage(), pvc.Status.Capacity.Storage()
	if has.IsZero() || wanted.Cmp(*has) <= 0 {
		return ""
	}
	var trouble []string
	for _, condition := range pvc.Status.Conditions {
		if condition.Status == corev1.ConditionTrue && condition.Type != corev1.PersistentVolumeClaimResizing {
			trouble = append(trouble, string(condition.Type))
		}
	}
	text := fmt.Sprintf("it is growing from %s to %s", has, wanted)
	if len(trouble) > 0 {
		text += " (" + strings.Join(trouble, ", ") + ")"
	}
	return text
}
