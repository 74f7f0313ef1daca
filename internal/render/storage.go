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

	"sigs.k8s.io/kustomize/api/resmap"
)

// storageVolume is the name of the volume with the server's data, as 0.9.0 has it.
const storageVolume = "lls-storage"

// setStorage mounts the server's data: the claim, or an empty directory that goes with the Pod.
type setStorage struct{ *server }

// Transform implements resmap.Transformer.
func (t setStorage) Transform(m resmap.ResMap) error {
	e := edit(m, kindDeployment)
	if t.Spec.Server.Storage == nil {
		e.set(podSpecPath, "volumes", []any{map[string]any{nameKey: storageVolume, "emptyDir": map[string]any{}}})
	}
	e.set(containerPath, "volumeMounts", t.storageMounts(e.list(containerPath, "volumeMounts")))
	return e.err
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
