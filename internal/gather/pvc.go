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

package gather

import (
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// pvc ensures that the operator never requests that a PVC shrinks, and reports a spec that does. A PVC that somebody
// else has expanded satisfies the size of the spec.
func pvc(instance *v1alpha1.LlamaStackDistribution, f *Found) {
	pvc, storage := f.Children.PVC(), instance.Spec.Server.Storage
	if pvc == nil || !storage.WantsPVC() {
		return
	}
	if modes := pvc.Spec.AccessModes; slices.Contains(modes, corev1.ReadWriteMany) != storage.DeclaredShared() {
		f.Input.PVCModes = modes
	}
	asked, live := render.AskedSize(storage), pvc.Spec.Resources.Requests.Storage()
	if live.Cmp(asked) > 0 {
		f.Input.PVCSize = live
	}
	before := requestedBefore(pvc, instance)
	if before == nil || before.Cmp(asked) <= 0 {
		return
	}
	f.Input.RequestedSize = before
	f.Remarks = append(f.Remarks, status.Problem{
		Reason: v1alpha1.ReasonImmutableField, Kind: status.User,
		Message: fmt.Sprintf("spec.server.storage.size cannot be changed from %s to %s, because a PVC cannot shrink: set it to %s or more; PersistentVolumeClaim %s keeps %s",
			before, &asked, before, pvc.Name, live),
	})
}

// requestedBefore is the largest size that this LlamaStackDistribution has requested, nil if that is not known. A PVC
// that is older than it records what an earlier one, or a person, requested.
func requestedBefore(pvc *corev1.PersistentVolumeClaim, instance *v1alpha1.LlamaStackDistribution) *resource.Quantity {
	if pvc.CreationTimestamp.Before(&instance.CreationTimestamp) {
		return nil
	}
	size, err := resource.ParseQuantity(pvc.Annotations[render.RequestedSizeAnnotation])
	if err != nil {
		return nil
	}
	return &size
}
