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

package controller

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// served leaves out kinds that the cluster does not serve. The condition RouteReady reports it, and everything else
// continues.
func (r *Reconciler) served(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	kept := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		if r.children.Serves(object.GroupVersionKind()) {
			kept = append(kept, object)
		}
	}
	return kept
}

// exposure is what the status reports of the HTTPRoute or the Route.
func (r *Reconciler) exposure(instance *v1alpha1.LlamaStackDistribution, s *scope) status.Exposure {
	scheme, _ := s.address(instance)
	exposure := status.Exposure{SpeaksTLS: scheme == schemeHTTPS}
	all, demand := children.All(), children.Demand{Spec: &instance.Spec}
	for i := range all {
		if child := &all[i]; child.Condition == v1alpha1.ConditionRouteReady && child.IsWanted(demand) {
			exposure.Object = observed.Of[*unstructured.Unstructured](&s.Children, child.Kind)
			exposure.Unavailable, exposure.Unserved = r.unserved[child.GroupKind()]
			break
		}
	}
	return exposure
}
