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
	"fmt"
	"path"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// SpecError says that a spec asks for something that cannot be, and what to write instead. It is the user's to
// solve: the same spec fails again.
type SpecError struct {
	// Field of the spec, as a path.
	Field string
	// Message says what was found and what to do.
	Message string
}

// Error implements error.
func (e *SpecError) Error() string {
	return e.Field + ": " + e.Message
}

// addVolumes adds the CR's volumes and mounts. A mount at a path where the operator has one replaces it, however the
// path is spelled. A volume cannot replace one of the operator's: a name that the operator uses for this server
// (lls-storage; user-config with a configuration; ca-bundle with a bundle) is a SpecError, because what refers to
// that name would silently get something else. Mounts of the CR may refer to the operator's volumes.
type addVolumes struct{ *server }

// Transform implements resmap.Transformer.
func (t addVolumes) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	if err := t.addVolumes(e); err != nil {
		return err
	}
	if err := t.addMounts(e); err != nil {
		return err
	}
	return e.err
}

func (t addVolumes) addVolumes(e *editor) error {
	if len(t.overrides.Volumes) == 0 {
		return nil
	}
	volumes := e.list(podSpecPath, "volumes")
	for i, volume := range t.overrides.Volumes {
		if slices.ContainsFunc(volumes, func(own any) bool { return nameOf(own) == volume.Name }) {
			return &SpecError{
				Field:   fmt.Sprintf("spec.server.podOverrides.volumes[%d].name", i),
				Message: fmt.Sprintf("the name %q is that of one of the operator's own volumes; give the volume another name, here and in volumeMounts", volume.Name),
			}
		}
	}
	own, err := plainList(t.overrides.Volumes)
	if err != nil {
		return err
	}
	e.set(podSpecPath, "volumes", append(volumes, own...))
	return nil
}

func (t addVolumes) addMounts(e *editor) error {
	if len(t.overrides.VolumeMounts) == 0 {
		return nil
	}
	own, err := plainList(t.overrides.VolumeMounts)
	if err != nil {
		return err
	}
	mounts := slices.DeleteFunc(e.list(containerPath, "volumeMounts"), func(mount any) bool {
		return slices.ContainsFunc(own, func(other any) bool {
			return path.Clean(mountPathOf(other)) == path.Clean(mountPathOf(mount))
		})
	})
	e.set(containerPath, "volumeMounts", append(mounts, own...))
	return nil
}

// nameOf is the name of a list's element.
func nameOf(element any) string {
	fields, _ := element.(map[string]any)
	name, _ := fields[nameKey].(string)
	return name
}
