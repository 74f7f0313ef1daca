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

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (r *run) remove(ctx context.Context, ref Ref) Outcome {
	ctx, cancel := r.patient(ctx, ref.GVK)
	defer cancel()
	if r.behind != nil {
		return r.keepHeld(ctx, ref)
	}
	action, err := r.removeIfOurs(ctx, ref)
	return Outcome{Ref: ref, Action: actionOf(action, err), Err: err}
}

// removeIfOurs deletes an object that the cache shows and that the owner controls.
func (r *run) removeIfOurs(ctx context.Context, ref Ref) (Action, error) {
	obj, err := r.cached(ctx, ref)
	if err != nil {
		return ActionNone, err
	}
	rec, _ := r.before.get(ref)
	switch {
	case obj == nil && rec.awaited(r.Clock.Now()):
		return ActionPending, nil // Made moments ago: it can be deleted when the cache shows it.
	case obj == nil:
		r.after[ref] = record{}
		return ActionNone, nil
	case !metav1.IsControlledBy(obj, r.request.Owner) || r.cloned(ref, obj):
		r.after[ref] = record{uid: obj.GetUID(), resourceVersion: obj.GetResourceVersion(), seen: true}
		return ActionNone, nil
	case rec.uid == obj.GetUID() && rec.resourceVersion == "" && obj.GetDeletionTimestamp() == nil:
		return ActionPending, nil // Deleted moments ago: the cache has yet to see it.
	case obj.GetDeletionTimestamp() != nil:
		return ActionPending, &WaitError{Ref: ref, Reason: "is being deleted"}
	}
	return r.deleteNow(ctx, ref, obj)
}

// cloned reports whether somebody copied a ConfigMap from one of ours, with its labels, annotations and owner reference. No manager of
// the operator has applied such a copy. The owner controls only one object of each other kind, so those need no such check.
func (r *run) cloned(ref Ref, obj client.Object) bool {
	return ref.GVK.Kind == children.ConfigMap && !hasEntry(obj, FieldOwner, metav1.ManagedFieldsOperationApply) && !r.hasLegacy(obj)
}

func (r *run) deleteNow(ctx context.Context, ref Ref, obj client.Object) (Action, error) {
	uid, version := obj.GetUID(), obj.GetResourceVersion()
	err := r.Writer.Delete(ctx, obj,
		client.Preconditions{UID: &uid, ResourceVersion: &version}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err := client.IgnoreNotFound(err); err != nil {
		r.Observer.Applied(ref.GVK.Kind, string(ActionNone))
		return ActionNone, fmt.Errorf("failed to delete %s: %w", ref, err)
	}
	r.Observer.Applied(ref.GVK.Kind, string(ActionDeleted))
	r.after[ref] = record{uid: uid}
	return ActionDeleted, nil
}
