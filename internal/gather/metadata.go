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
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
)

// metadata finds the labels that the children inherit, and which of what the spec asks of an HTTPRoute the cluster does
// not know.
func (g *Gatherer) metadata(instance *v1alpha1.LlamaStackDistribution, f *Found) {
	labels, more := render.InheritedLabels(instance.Labels)
	f.Input.Labels = labels
	if more > 0 {
		f.Noticef("%d labels of this LlamaStackDistribution are not on its objects, which inherit the first %d in alphabetical order: list those that matter in spec.metadata.labels",
			more, len(labels))
	}
	if g.RouteTimeouts || !g.Serves(children.Of(children.HTTPRoute).GroupVersionKind) {
		return
	}
	f.Input.NoRouteTimeouts = true
	if network := instance.Spec.Network; network != nil && network.HTTPRoute != nil && network.HTTPRoute.Timeouts != nil {
		f.Noticef("spec.network.httpRoute.timeouts is not used, because HTTPRoutes of this cluster have none: install the Gateway API 1.2 or later")
	}
}
