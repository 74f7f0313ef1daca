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

package manager

import (
	"fmt"
	"net/http"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

func crdGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
}

// NewScheme has the types that the operator reads and makes, and no others: each costs memory.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	adders := []func(*runtime.Scheme) error{corev1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, metav1.AddMetaToScheme, v1alpha1.AddToScheme}
	for _, child := range children.All() {
		if child.AddToScheme != nil {
			adders = append(adders, child.AddToScheme)
		}
	}
	for _, add := range adders {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("failed to register types: %w", err)
		}
	}
	return scheme, nil
}

// newMapper knows under which resource each kind is served that the operator reads or makes. Asking the API server for
// that takes a request for each of its groups, and memory for all of their kinds; and an aggregated API server that does
// not answer would hold the operator up.
func newMapper(*rest.Config, *http.Client) (meta.RESTMapper, error) {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []schema.GroupVersionKind{
		corev1.SchemeGroupVersion.WithKind("Pod"), batchv1.SchemeGroupVersion.WithKind("Job"), appsv1.SchemeGroupVersion.WithKind("ReplicaSet"),
		rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), v1alpha1.GroupVersion.WithKind(v1alpha1.Kind),
	} {
		addNamespaced(mapper, kind)
	}
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), meta.RESTScopeRoot)
	for _, child := range children.All() {
		addNamespaced(mapper, child.GroupVersionKind)
		if child.Optional() {
			mapper.Add(child.Marker.GroupVersionKind, meta.RESTScopeRoot)
		}
	}
	mapper.Add(crdGVK(), meta.RESTScopeRoot)
	return mapper, nil
}

// addNamespaced adds a kind and its list: a cache of some namespaces asks whether a list has a namespace.
func addNamespaced(mapper *meta.DefaultRESTMapper, kind schema.GroupVersionKind) {
	mapper.Add(kind, meta.RESTScopeNamespace)
	kind.Kind += "List"
	mapper.Add(kind, meta.RESTScopeNamespace)
}
