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
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	kindHTTPRoute = "HTTPRoute"
	kindRoute     = "Route"
)

// serves says that the cluster knows a kind and answers for it.
func (r *Reconciler) serves(gvk schema.GroupVersionKind) bool {
	_, unserved := r.unserved[gvk.GroupKind()]
	return !unserved
}

// served leaves out what the cluster has no kind for. The condition RouteReady tells of it, and all else goes on.
func (r *Reconciler) served(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	kept := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		if r.serves(object.GroupVersionKind()) {
			kept = append(kept, object)
		}
	}
	return kept
}

// told says that the status tells of a kind of child. What exposes no server is not looked at: most have neither.
func told(kind string, network *v1alpha1.NetworkSpec) bool {
	switch kind {
	case kindHTTPRoute:
		return network != nil && network.HTTPRoute != nil
	case kindRoute:
		return network != nil && network.Route != nil
	default:
		return true
	}
}

// exposure is what the status tells of the HTTPRoute or the Route.
func (r *Reconciler) exposure(instance *v1alpha1.LlamaStackDistribution, p *pass) status.Exposure {
	exposure := status.Exposure{SpeaksTLS: p.scheme() == schemeHTTPS}
	network := instance.Spec.Network
	var gvk schema.GroupVersionKind
	switch {
	case network == nil:
		return exposure
	case network.HTTPRoute != nil:
		gvk, exposure.Object = render.HTTPRouteGVK(), p.children.httpRoute
	case network.Route != nil:
		gvk, exposure.Object = render.RouteGVK(), p.children.route
	}
	exposure.Unavailable, exposure.Unserved = r.unserved[gvk.GroupKind()]
	return exposure
}
