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
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	recreate      = "Recreate"
	rollingUpdate = "RollingUpdate"
)

// deviceStrategy frees the devices of an old Pod before a new Pod requests them. Nodes seldom have a device to spare, and a new Pod
// would wait without end while the old one holds it. Several replicas go one by one. nil: the Pods have no devices.
func (s *server) deviceStrategy() any {
	switch {
	case !s.hasDevices():
		return nil
	case !s.replicated():
		return map[string]any{typeKey: recreate}
	default:
		return map[string]any{typeKey: rollingUpdate, "rollingUpdate": map[string]any{"maxSurge": int64(0), "maxUnavailable": int64(1)}}
	}
}

// hasDevices says that each Pod takes something that a node has a fixed number of: an extended resource, such as a GPU, or
// a device of its own by a ResourceClaimTemplate.
func (s *server) hasDevices() bool {
	if takesDevices(s.Spec.Server.ContainerSpec.Resources) {
		return true
	}
	for i := range s.overrides.InitContainers {
		if takesDevices(s.overrides.InitContainers[i].Resources) {
			return true
		}
	}
	for i := range s.overrides.ResourceClaims {
		if s.overrides.ResourceClaims[i].ResourceClaimTemplateName != nil {
			return true
		}
	}
	return false
}

func takesDevices(resources corev1.ResourceRequirements) bool {
	for _, list := range []corev1.ResourceList{resources.Limits, resources.Requests} {
		for name, quantity := range list {
			if isExtended(name) && !quantity.IsZero() {
				return true
			}
		}
	}
	return false
}

// isExtended says that a resource has a domain, and not one of Kubernetes' own.
func isExtended(name corev1.ResourceName) bool {
	return strings.Contains(string(name), "/") && !strings.Contains(string(name), "kubernetes.io/")
}
