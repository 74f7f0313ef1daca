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

package render

import (
	"path"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// storageVolume is the name of the volume with the server's data, as 0.9.0 has it.
const storageVolume = "lls-storage"

// setStorage mounts the server's data: a PVC, or an empty directory that goes with the Pod.
type setStorage struct{ *server }

// Transform implements resmap.Transformer.
func (t setStorage) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	switch storage := t.Spec.Server.Storage; {
	case !storage.UsesPVC():
		e.set(podSpecPath+"/volumes/0", "persistentVolumeClaim", nil)
		e.set(podSpecPath+"/volumes/0", "emptyDir", emptyDir(storage))
	case storage.ExistingClaim != "":
		e.set(podSpecPath+"/volumes/0/persistentVolumeClaim", "claimName", storage.ExistingClaim)
	}
	e.set(containerPath, "volumeMounts", t.storageMounts(e.list(containerPath, "volumeMounts")))
	return e.err
}

// emptyDir is a directory that goes with the Pod, of no more than the size that the CR allows.
func emptyDir(storage *v1alpha1.StorageSpec) map[string]any {
	if storage == nil || storage.Ephemeral.Size == nil {
		return map[string]any{}
	}
	return map[string]any{"sizeLimit": storage.Ephemeral.Size.String()}
}

// accessModes of the PVC, those of the base where the CR names none.
func accessModes(s *server) any {
	modes := s.storage().AccessModes
	if len(modes) == 0 {
		return []any{string(corev1.ReadWriteOnce)}
	}
	list := make([]any, 0, len(modes))
	for _, mode := range modes {
		list = append(list, string(mode))
	}
	return list
}

// storageClass of the PVC. The empty name counts as set: the PVC then has no class.
func storageClass(s *server) any {
	if class := s.storage().StorageClassName; class != nil {
		return *class
	}
	return nil
}

// sharesPVC says that Pods on several nodes can mount the PVC. The modes of a live PVC decide, otherwise the spec.
func (s *server) sharesPVC() bool {
	if len(s.PVCModes) > 0 {
		return slices.Contains(s.PVCModes, corev1.ReadWriteMany)
	}
	return s.storage().DeclaredShared()
}

// pvcInstance is the label of the PVC with the name of its server. A PVC that outlives its server has no such label: where Argo CD
// tracks by this label, it prunes an object that carries the name of an Application, has no owner and is not in Git.
func pvcInstance(s *server) any {
	if s.storage().Retains() {
		return nil
	}
	return s.Name
}

// syncOptions keep Argo CD, whatever it tracks by, from pruning a PVC that outlives its server.
func syncOptions(s *server) any {
	if s.storage().Retains() {
		return v1alpha1.SyncOptionsKeep
	}
	return nil
}

// storage is what the CR says about it, which may be nothing.
func (s *server) storage() *v1alpha1.StorageSpec {
	if storage := s.Spec.Server.Storage; storage != nil {
		return storage
	}
	return &v1alpha1.StorageSpec{}
}

// storageMounts adds the CR's mountPath to the base's mounts, which are where servers of either era keep their data
// when their home is /. All show the same volume, and a path comes once however it is spelled.
func (t setStorage) storageMounts(base []any) []any {
	mounts := []any{mountOf(storageVolume, t.mountPath, false)}
	for _, mount := range base {
		if path.Clean(mountPathOf(mount)) != path.Clean(t.mountPath) {
			mounts = append(mounts, mount)
		}
	}
	return mounts
}

// mountOf is a VolumeMount.
func mountOf(volume, at string, readOnly bool) map[string]any {
	mount := map[string]any{nameKey: volume, "mountPath": at}
	if readOnly {
		mount["readOnly"] = true
	}
	return mount
}

// mountPathOf is the mountPath of a VolumeMount.
func mountPathOf(mount any) string {
	fields, _ := mount.(map[string]any)
	at, _ := fields["mountPath"].(string)
	return at
}
