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

	"sigs.k8s.io/kustomize/api/resmap"
)

// exclude removes the objects that the server does not ask for.
type exclude struct{ *server }

// Transform implements resmap.Transformer.
func (t exclude) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		if t.wants(res.GetKind()) {
			continue
		}
		if err := m.Remove(res.CurId()); err != nil {
			return fmt.Errorf("failed to leave out the %s: %w", res.GetKind(), err)
		}
	}
	return nil
}

// wants says whether the server has an object of a kind. The ServiceAccount, the Service and the Deployment are
// always there: a port is always defined, and what else uses the ServiceAccount is not known.
func (t exclude) wants(kind string) bool {
	switch kind {
	case kindClaim:
		return t.Spec.Server.Storage.WantsClaim()
	case kindNetworkPolicy:
		return t.NetworkPolicy
	case kindBudget:
		return t.Spec.Server.PodDisruptionBudget != nil || t.replicated()
	case kindAutoscaler:
		return t.autoscaled && !t.Spec.Suspend
	case kindIngress:
		return t.Spec.Network.Exposed()
	case kindHTTPRoute:
		return t.Spec.Network != nil && t.Spec.Network.HTTPRoute != nil
	case kindRoute:
		return t.Spec.Network != nil && t.Spec.Network.Route != nil
	default:
		return true
	}
}
