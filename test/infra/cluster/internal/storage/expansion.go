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

package storage

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// watchExpansion grows every bound PVC that requests more than it has: a folder has no size, so only two numbers
// change.
func watchExpansion(ctx context.Context, client kubernetes.Interface, pvcs cache.SharedIndexInformer) error {
	handle := func(object any) {
		pvc, ok := object.(*corev1.PersistentVolumeClaim)
		if !ok || !wantsMore(pvc) {
			return
		}

		if err := expand(ctx, client, pvc); err != nil {
			klog.FromContext(ctx).Error(err, "failed to expand a volume", "claim", klog.KObj(pvc)) // retried at the next resync
		}
	}

	if _, err := pvcs.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, object any) { handle(object) },
	}); err != nil {
		return fmt.Errorf("failed to watch PVCs: %w", err)
	}

	return nil
}

// wantsMore reports whether a PVC of one of the classes is bound to less than it requests.
func wantsMore(pvc *corev1.PersistentVolumeClaim) bool {
	has, bound := pvc.Status.Capacity[corev1.ResourceStorage]
	wants := pvc.Spec.Resources.Requests[corev1.ResourceStorage]
	class := pvc.Spec.StorageClassName

	return bound && class != nil && (*class == ClassName || *class == SharedClassName) && wants.Cmp(has) > 0
}

// expand changes the volume first: a PVC must never show more than its volume has.
func expand(ctx context.Context, client kubernetes.Interface, pvc *corev1.PersistentVolumeClaim) error {
	size := pvc.Spec.Resources.Requests[corev1.ResourceStorage]

	if _, err := client.CoreV1().PersistentVolumes().Patch(ctx, pvc.Spec.VolumeName, types.MergePatchType,
		capacityPatch("spec", size), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("failed to patch the volume %s: %w", pvc.Spec.VolumeName, err)
	}

	if _, err := client.CoreV1().PersistentVolumeClaims(pvc.Namespace).Patch(ctx, pvc.Name, types.MergePatchType,
		capacityPatch("status", size), metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("failed to patch the PVC's status: %w", err)
	}

	return nil
}

func capacityPatch(field string, size resource.Quantity) []byte {
	//nolint:errchkjson // strings always encode
	patch, _ := json.Marshal(map[string]any{field: map[string]any{"capacity": map[string]string{"storage": size.String()}}})

	return patch
}
