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

// Package v1alpha1 is the API of the operator: the LlamaStackDistribution type of group llamastack.io,
// its defaults, and the condition types and reasons that its status uses.
// +kubebuilder:object:generate=true
// +groupName=llamastack.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is the kind of the API's one type.
const Kind = "LlamaStackDistribution"

// GroupVersion is the group and version of every type in this package.
var GroupVersion = schema.GroupVersion{Group: "llamastack.io", Version: "v1alpha1"}

// AddToScheme registers the types of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &LlamaStackDistribution{}, &LlamaStackDistributionList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
