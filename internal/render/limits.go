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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// How many entries the lists of a spec may have that the schema of 0.9.0 left unbounded. Merging and comparing lists is
// not linear, neither here nor in the API server, and no server needs as many.
const (
	// MaxVariables is of all containers of the Pod together.
	MaxVariables = 1000
	// MaxVolumes is of the CR's own.
	MaxVolumes = 200

	maxMounts      = 1000
	maxConstraints = 100
	maxAllowed     = 1000
)

// CheckSize is a *SpecError for the first list of a spec that has too many entries.
func CheckSize(spec *v1alpha1.LlamaStackDistributionSpec) error {
	server := &spec.Server
	overrides := v1alpha1.PodOverrides{}
	if server.PodOverrides != nil {
		overrides = *server.PodOverrides
	}
	variables := len(server.ContainerSpec.Env)
	for i := range overrides.InitContainers {
		variables += len(overrides.InitContainers[i].Env)
	}
	if config := server.Config; config != nil {
		variables *= 2 // the init container that merges it has the server's
		for i := range config.Providers {
			variables += 2 * len(config.Providers[i].Secrets)
		}
	}
	allowed := v1alpha1.AllowedFromSpec{}
	if spec.Network != nil && spec.Network.AllowedFrom != nil {
		allowed = *spec.Network.AllowedFrom
	}
	for _, list := range []struct {
		field, advice string
		has, most     int
	}{
		{"spec.server.containerSpec.env", "put them into a ConfigMap or a Secret, and name that in envFrom", variables, MaxVariables},
		{"spec.server.podOverrides.volumes", "put several sources into one volume (projected)", len(overrides.Volumes), MaxVolumes},
		{"spec.server.podOverrides.volumeMounts", "mount the folders above", len(overrides.VolumeMounts), maxMounts},
		{"spec.server.topologySpreadConstraints", "remove some", len(server.TopologySpreadConstraints), maxConstraints},
		{"spec.network.allowedFrom.namespaces", "allow a label that they have", len(allowed.Namespaces), maxAllowed},
		{"spec.network.allowedFrom.labels", "give the namespaces one label", len(allowed.Labels), maxAllowed},
	} {
		if list.has > list.most {
			return &SpecError{Field: list.field, Message: fmt.Sprintf("there are %d entries, and at most %d are allowed: %s", list.has, list.most, list.advice)}
		}
	}
	return nil
}
