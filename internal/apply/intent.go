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

package apply

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// intent is one object as it should be.
type intent struct {
	ref Ref
	// object is what is sent, with owner reference and hash.
	object *unstructured.Unstructured
	// fields is the same in canonical form, for comparisons.
	fields map[string]any
	hash   string
	// owned: the object carries an owner reference.
	owned bool
}

// newIntent completes obj, which it does not change.
func (r *run) newIntent(obj *unstructured.Unstructured) (*intent, error) {
	in := &intent{ref: refOf(obj), object: obj.DeepCopy()}
	in.owned = r.request.NoOwner == nil || !r.request.NoOwner(obj)
	if in.owned {
		in.object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(r.request.Owner, r.request.OwnerGVK)})
	}
	fields, err := r.comparer.canonical(in.object)
	if err != nil {
		return nil, fmt.Errorf("failed to read the intent of %s: %w", in.ref, err)
	}
	if packed, found := in.object.GetAnnotations()[PackedAnnotation]; found {
		annotate(fields, PackedAnnotation, abridged(packed))
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("failed to hash the intent of %s: %w", in.ref, err)
	}
	sum := sha256.New()
	add(sum, string(text))
	in.hash = short(sum)
	in.fields = fields
	annotate(in.object.Object, HashAnnotation, in.hash)
	annotate(in.fields, HashAnnotation, in.hash)
	if r.request.Version != nil {
		in.object.SetResourceVersion(r.request.Version(obj))
	}
	return in, nil
}

// outdated reports whether the intent was made from another version of the object than the live one.
func (in *intent) outdated(obj metav1.Object) bool {
	from := in.object.GetResourceVersion()
	return from != "" && from != obj.GetResourceVersion()
}

// follow takes a change of our own for what the intent was made from.
func (in *intent) follow(obj metav1.Object) {
	if in.object.GetResourceVersion() != "" {
		in.object.SetResourceVersion(obj.GetResourceVersion())
	}
}

// versionRead is the version of an object that the caller knows: the object's, or the one before it that the caller read.
func (r *run) versionRead(ref Ref, obj metav1.Object, before record) string {
	found := obj.GetResourceVersion()
	if r.request.Read == nil {
		return found
	}
	version, read := r.request.Read(ref)
	version = cmp.Or(version, before.resourceVersion) // what we wrote last
	if read && version != "" && newer(found, version) {
		return version
	}
	return found
}

// annotate sets one annotation of an object in unstructured form.
func annotate(object map[string]any, key, value string) {
	child(child(object, "metadata"), "annotations")[key] = value
}

// child returns the map at key, which it makes if there is none.
func child(object map[string]any, key string) map[string]any {
	m, ok := object[key].(map[string]any)
	if !ok {
		m = map[string]any{}
		object[key] = m
	}
	return m
}

func deployment(gvk schema.GroupVersionKind) bool {
	return gvk.GroupKind() == children.Of(children.Deployment).GroupKind()
}

// replicas reports whether the intent is a Deployment that sets a number of replicas.
func (in *intent) replicas() bool {
	_, found, err := unstructured.NestedFieldNoCopy(in.fields, "spec", "replicas")
	return err == nil && found && deployment(in.ref.GVK)
}
