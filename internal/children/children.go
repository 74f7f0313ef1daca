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

// Package children is the one table of the kinds of objects that the operator makes for a LlamaStackDistribution. One
// entry has all that differs from kind to kind: the Go type, the name, when the object is wanted, which fields are
// immutable, whether the cluster may lack the API, which condition reports it, and what becomes of it when it is no
// longer wanted. Caches, the scheme, rendering, apply, gathering and status iterate over the table; none of them lists
// kinds of its own. How an object is filled is not here: package render fills the manifest of the kind.
package children

import (
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is an object of the Kubernetes API, as controller-runtime's client.Object.
type Object interface {
	metav1.Object
	runtime.Object
}

// Stage is when a child is applied. If the API server refuses an object of one stage, later stages keep what they have.
type Stage int

const (
	// StageMounted is what Pods start with.
	StageMounted Stage = iota
	// StagePods is the Deployment.
	StagePods
	// StagePointing is what points at the Pods.
	StagePointing
	// Stages is how many stages there are.
	Stages
)

// Child is an entry of the table: one kind of child.
type Child struct {
	schema.GroupVersionKind

	// Type is an empty object of the Go type, and AddToScheme registers that type. Both are nil for the kind of an optional
	// API, whose objects are unstructured.
	Type        func() Object
	AddToScheme func(*runtime.Scheme) error
	// Marker is set for an optional API, one that a cluster may lack. It is the object whose creation and deletion shows that
	// the cluster starts or stops to serve the kind.
	Marker *Marker

	// Suffix follows the name of the LlamaStackDistribution in the name of the child.
	Suffix string
	// Wanted says whether a server has the child; nil: every server has it.
	Wanted func(Demand) bool
	// Kept says that a child stays when it is no longer wanted. All others are deleted.
	Kept bool

	// Stage of the application. Enough says that Pods can start with the child as it is, so that a refused change of it
	// holds up no later stage.
	Stage  Stage
	Enough bool
	// Immutable are the fields of spec that the API server lets nobody change.
	Immutable []string
	// Defaulted are the fields of spec that the API server fills in when it creates the object, and never removes again.
	Defaulted []string

	// Observed says that the status, or the next rendering, depends on the live child, so that each reconcile reads it from
	// the cache. The child of an optional API is read only where it is wanted.
	Observed bool
	// Condition reports a problem with the child beside Ready, which reports every problem; empty: Ready alone does.
	Condition v1alpha1.ConditionType
	// Content says that the child has content in the place of a manifest, so that the base manifests have none for it.
	Content bool
}

// Marker is a cluster-scoped object.
type Marker struct {
	schema.GroupVersionKind

	Name string
}

// Demand is what decides which children a server has.
type Demand struct {
	Spec *v1alpha1.LlamaStackDistributionSpec
	// NetworkPolicy is what the spec or the operator's configuration says.
	NetworkPolicy bool
	// CABundle says that Pods mount certificates, or may still mount them.
	CABundle bool
}

// All are the kinds in the order in which their objects are applied. The slice must not be changed.
func All() []Child { return table[:] }

// Of is the entry of a kind; nil where there is none.
func Of(kind string) *Child {
	at := slices.IndexFunc(table[:], func(c Child) bool { return c.Kind == kind })
	if at < 0 {
		return nil
	}
	return &table[at]
}

// OfGroup is the entry of a kind of a group; nil where there is none.
func OfGroup(kind schema.GroupKind) *Child {
	if found := Of(kind.Kind); found != nil && found.Group == kind.Group {
		return found
	}
	return nil
}

// Find is the object of a kind among those that were rendered; nil where there is none.
func Find(objects []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	at := slices.IndexFunc(objects, func(object *unstructured.Unstructured) bool { return object.GetKind() == kind })
	if at < 0 {
		return nil
	}
	return objects[at]
}

// Annotate adds annotations to a rendered object.
func Annotate(object *unstructured.Unstructured, texts map[string]string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	maps.Copy(annotations, texts)
	object.SetAnnotations(annotations)
}

// IsServer reports whether an owner is a LlamaStackDistribution.
func IsServer(owner *metav1.OwnerReference) bool {
	return owner.Kind == v1alpha1.Kind && strings.HasPrefix(owner.APIVersion, v1alpha1.GroupVersion.Group+"/")
}

// Name of the child of a LlamaStackDistribution.
func (c *Child) Name(of string) string { return of + c.Suffix }

// IsWanted says whether a server has the child.
func (c *Child) IsWanted(demand Demand) bool { return c.Wanted == nil || c.Wanted(demand) }

// Optional says that a cluster may lack the API.
func (c *Child) Optional() bool { return c.Marker != nil }

// New is an empty object of the kind.
func (c *Child) New() Object { //nolint:ireturn // each kind has a Go type of its own
	if c.Type != nil {
		return c.Type()
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(c.GroupVersionKind)
	return object
}

// Manifest is the name of the file with the base manifest.
func (c *Child) Manifest() string { return strings.ToLower(c.Kind) + ".yaml" }

// ServiceName is the name of the Service of a LlamaStackDistribution.
func ServiceName(of string) string { return Of(Service).Name(of) }

// PVCName is the name of the PVC that the operator creates for a LlamaStackDistribution.
func PVCName(of string) string { return Of(PersistentVolumeClaim).Name(of) }

// OwnerOfPVC is the name of the LlamaStackDistribution that has a PVC of this name; "" where none can have it.
func OwnerOfPVC(name string) string {
	owner, _ := strings.CutSuffix(name, Of(PersistentVolumeClaim).Suffix)
	if owner == name {
		return ""
	}
	return owner
}

// CABundleName is the name of the ConfigMap with the merged CA bundle of a LlamaStackDistribution.
func CABundleName(of string) string { return Of(ConfigMap).Name(of) }
