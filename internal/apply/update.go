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
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// update applies an intent to an object that exists and differs.
func (r *run) update(ctx context.Context, in *intent, obj *live) (Action, error) {
	action, err := r.write(ctx, in, obj)
	r.Observer.Applied(in.ref.GVK.Kind, string(actionOf(action, err)))
	return action, err
}

func (r *run) write(ctx context.Context, in *intent, obj *live) (Action, error) {
	tookOver, err := r.arrangeOwnership(ctx, in, obj)
	if err != nil {
		return ActionNone, err
	}
	adopted := r.adopted(in, obj)
	applied, err := r.send(ctx, in, tookOver || adopted || r.known(in.ref, obj))
	if err != nil {
		return ActionNone, err
	}
	if err := r.cleanUp(ctx, in, applied); err != nil {
		return ActionNone, err
	}
	if err := r.remember(in, applied, true); err != nil {
		return ActionNone, err
	}
	switch {
	case applied.GetUID() != obj.GetUID():
		return ActionCreated, nil
	case tookOver:
		return ActionTakenOver, nil
	case adopted:
		return ActionAdopted, nil
	case applied.GetResourceVersion() == obj.GetResourceVersion():
		return ActionUnchanged, nil
	}
	return ActionUpdated, nil
}

// known reports whether we applied the object before. Then an apply forces its fields on other field managers. A first apply does not.
func (r *run) known(ref Ref, obj client.Object) bool {
	_, remembered := r.remembered(ref, obj)
	return remembered || hasEntry(obj, FieldOwner, metav1.ManagedFieldsOperationApply) || obj.GetAnnotations()[HashAnnotation] != ""
}

// adopted: the object carries our label, or guard would have refused it, but nobody controls it. One that is to have no owner is
// adopted once, when its managers do not know us.
func (r *run) adopted(in *intent, obj client.Object) bool {
	if metav1.GetControllerOfNoCopy(obj) != nil {
		return false
	}
	_, remembered := r.remembered(in.ref, obj)
	return !remembered && (in.owned || !r.known(in.ref, obj))
}

// cleanUp removes what an apply leaves behind. applied is brought up to date.
func (r *run) cleanUp(ctx context.Context, in *intent, applied *unstructured.Unstructured) error {
	if index := ownerIndex(applied, r.request.Owner.GetUID()); !in.owned && index >= 0 {
		// Another field manager has the reference as well, so that leaving it out of the intent does not remove it.
		patch := pinned(applied, operation{Op: "remove", Path: fmt.Sprintf("/metadata/ownerReferences/%d", index)})
		if err := r.patch(ctx, in.ref, applied, patch); err != nil {
			return err
		}
	}
	if hasEntry(applied, FieldOwner, metav1.ManagedFieldsOperationUpdate) {
		// By a Release that the cache did not show yet, or it would have become ours before.
		if err := r.takeOverReleased(ctx, in.ref, applied); err != nil {
			return err
		}
	}
	if in.replicas() && hasEntry(applied, HandoverOwner, metav1.ManagedFieldsOperationApply) {
		return r.release(ctx, in.ref, applied)
	}
	return nil
}

// release ends the second ownership of spec.replicas: it applies nothing in the name of HandoverOwner.
func (r *run) release(ctx context.Context, ref Ref, applied *unstructured.Unstructured) error {
	empty := &unstructured.Unstructured{}
	empty.SetGroupVersionKind(ref.GVK)
	empty.SetNamespace(ref.Namespace)
	empty.SetName(ref.Name)
	empty.SetUID(applied.GetUID())
	if err := r.Writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(empty), client.FieldOwner(HandoverOwner)); err != nil {
		return classify(ref, "release spec.replicas of", err)
	}
	applied.Object = empty.Object
	return nil
}

// operation is one step of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// pinned makes a patch that fails with 409 Conflict if the object has changed. Replacing resourceVersion does that; a "test" would
// come back as 422 Invalid.
func pinned(obj metav1.Object, steps ...operation) []operation {
	return append(steps, operation{Op: "replace", Path: "/metadata/resourceVersion", Value: obj.GetResourceVersion()})
}

func (r *run) patch(ctx context.Context, ref Ref, obj client.Object, steps []operation) error {
	text, err := json.Marshal(steps)
	if err != nil {
		return fmt.Errorf("failed to patch %s: %w", ref, err)
	}
	if err := r.Writer.Patch(ctx, obj, client.RawPatch(types.JSONPatchType, text), client.FieldOwner(FieldOwner)); err != nil {
		return classify(ref, "patch", err)
	}
	return nil
}

func ownerIndex(obj metav1.Object, owner types.UID) int {
	return slices.IndexFunc(obj.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.UID == owner })
}

// groupOf returns the group of an apiVersion, which is empty when it cannot be read.
func groupOf(apiVersion string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return ""
	}
	return gv.Group
}
