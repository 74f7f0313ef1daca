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
	"context"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kinds that the scheme does not know are handled as they come, without a Go type and without a schema: their values are
// taken literally, and their lists are compared as one piece. So an intent of such a kind spells out what the API server
// fills in inside of lists.

// untypedTimeout is how long a write of an object of such a kind may take. Its API may be another process's, which may
// not answer, and no other object may wait for that.
const untypedTimeout = 5 * time.Second

// newObject makes an empty object of a kind.
func newObject(scheme *runtime.Scheme, gvk schema.GroupVersionKind) (client.Object, error) {
	if !scheme.Recognizes(gvk) {
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(gvk)
		return obj, nil
	}
	obj, err := scheme.New(gvk)
	if err != nil {
		return nil, fmt.Errorf("failed to find the type of %s: %w", gvk, err)
	}
	typed, ok := obj.(client.Object)
	if !ok {
		return nil, fmt.Errorf("failed to find the type of %s: %T is no object", gvk, obj)
	}
	return typed, nil
}

// fill sets an object's fields.
func fill(obj client.Object, fields map[string]any) error {
	if untyped, ok := obj.(*unstructured.Unstructured); ok {
		untyped.Object = runtime.DeepCopyJSON(fields)
		return nil
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, obj); err != nil {
		return fmt.Errorf("failed to convert to %T: %w", obj, err)
	}
	return nil
}

// fieldsOf are an object's fields; they may be changed.
func fieldsOf(obj runtime.Object) (map[string]any, error) {
	if untyped, ok := obj.(*unstructured.Unstructured); ok {
		return runtime.DeepCopyJSON(untyped.Object), nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("failed to convert from %T: %w", obj, err)
	}
	return fields, nil
}

// converterFor returns what reads objects of a kind by its schema, or by their content when the kind is not in the scheme.
func (c *comparer) converterFor(gvk schema.GroupVersionKind) managedfields.TypeConverter {
	if !c.scheme.Recognizes(gvk) {
		return managedfields.NewDeducedTypeConverter()
	}
	return c.converter()
}

// withoutOtherOwners leaves out the owner references of others of a live object whose lists are compared as one piece.
func (c *comparer) withoutOtherOwners(want, have map[string]any) map[string]any {
	if c.scheme.Recognizes((&unstructured.Unstructured{Object: want}).GroupVersionKind()) {
		return have
	}
	wanted := (&unstructured.Unstructured{Object: want}).GetOwnerReferences()
	owners, _, err := unstructured.NestedSlice(have, "metadata", "ownerReferences")
	if len(wanted) != 1 || err != nil {
		return have
	}
	for _, owner := range owners {
		if one, ok := owner.(map[string]any); ok && one["uid"] == string(wanted[0].UID) {
			metadata, _ := have["metadata"].(map[string]any)
			have, metadata = maps.Clone(have), maps.Clone(metadata)
			metadata["ownerReferences"] = []any{one}
			have["metadata"] = metadata
		}
	}
	return have
}

// patient is the context of what is done about an object.
func (e *Engine) patient(ctx context.Context, gvk schema.GroupVersionKind) (context.Context, context.CancelFunc) {
	if e.Scheme.Recognizes(gvk) {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, untypedTimeout)
}
