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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// storage is nil without a claim.
func (f *facts) storage() *finding {
	var found finding
	switch {
	case f.ClaimWanted:
		found = f.storageReady()
	case f.ExistingClaim != "":
		found = f.existingStorage()
	default:
		return nil
	}
	return &found
}

// existingStorage is about a claim that is not the operator's, which is therefore not watched: a Pod that runs has it.
func (f *facts) existingStorage() finding {
	problem := f.about(User, AboutStorage)
	switch {
	case problem != "":
		return failedStorage(problem)
	case f.Deployment != nil && f.Deployment.Status.AvailableReplicas > 0:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonStorageReady, fmt.Sprintf("PersistentVolumeClaim %s is used, which is not the operator's", f.ExistingClaim)}
	default:
		return pendingStorage(fmt.Sprintf("No Pod that uses PersistentVolumeClaim %s is available", f.ExistingClaim))
	}
}

// storageReady is about the claim. One that is not bound is on its way: most StorageClasses bind a claim only when its
// first Pod is scheduled. Only what no waiting mends is a failure.
func (f *facts) storageReady() finding {
	problem := f.about(User, AboutStorage)
	switch {
	case problem != "":
		return failedStorage(problem)
	case f.Claim == nil:
		return pendingStorage(join("PersistentVolumeClaim is being created", f.pending(AboutStorage)))
	case !f.Claim.DeletionTimestamp.IsZero():
		return failedStorage(fmt.Sprintf("PersistentVolumeClaim %s is being deleted, and goes with the last Pod that uses it", f.Claim.Name))
	case f.Claim.Status.Phase == corev1.ClaimLost:
		return failedStorage(fmt.Sprintf("PersistentVolumeClaim %s has lost its volume, and the data with it", f.Claim.Name))
	case f.Claim.Status.Phase != corev1.ClaimBound:
		return pendingStorage(join(fmt.Sprintf("PVC is not bound: %s", unbound(f.Claim)), f.pending(AboutStorage)))
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonStorageReady, join("Storage is ready", resizing(f.Claim), f.pending(AboutStorage))}
	}
}

func failedStorage(message string) finding {
	return finding{metav1.ConditionFalse, v1alpha1.ReasonStorageFailed, message}
}

func pendingStorage(message string) finding {
	return finding{metav1.ConditionFalse, v1alpha1.ReasonStoragePending, message}
}

// unbound gives a claim that nobody has looked at yet the phase that it is about to get.
func unbound(claim *corev1.PersistentVolumeClaim) corev1.PersistentVolumeClaimPhase {
	if claim.Status.Phase == "" {
		return corev1.ClaimPending
	}
	return claim.Status.Phase
}

// resizing says that the claim is to have another size than it has, and how far that is. How the driver words its
// trouble differs from one attempt to the next; the kind of trouble does not.
func resizing(claim *corev1.PersistentVolumeClaim) string {
	wanted, has := claim.Spec.Resources.Requests.Storage(), claim.Status.Capacity.Storage()
	if has.IsZero() || wanted.Cmp(*has) <= 0 {
		return ""
	}
	var trouble []string
	for _, condition := range claim.Status.Conditions {
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
