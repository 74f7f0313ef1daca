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
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Release is what keeps an object from being deleted with others.
type Release struct {
	// Owners are the UIDs of the owner references that go.
	Owners []types.UID
	// Labels and Annotations are set; a nil value removes the label.
	Labels      map[string]*string
	Annotations map[string]string
}

// Release patches the metadata of an object of a built-in kind and nothing else, so that no other mistake in it or in what asks for it
// is in the way. It returns the object as it is then, in the form in which the cache is going to have it; nil when it is gone. The patch
// holds for this object alone, whatever its resourceVersion, so that nobody else's write makes it fail. The error is one of those of
// Outcome.
func (e *Engine) Release(ctx context.Context, obj client.Object, what Release) (client.Object, error) {
	gvk, err := e.Writer.GroupVersionKindFor(obj)
	if err != nil {
		return nil, fmt.Errorf("failed to release %s/%s: %w", obj.GetNamespace(), obj.GetName(), err)
	}
	ref := Ref{GVK: gvk, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	released, err := e.release(ctx, ref, what.patch(obj.GetUID()))
	if released == nil {
		e.Observer.Applied(gvk.Kind, string(ActionNone))
		return nil, client.IgnoreNotFound(err) //nolint:wrapcheck // release says what failed.
	}
	e.Observer.Applied(gvk.Kind, string(ActionUpdated))
	return released, nil
}

func (e *Engine) release(ctx context.Context, ref Ref, patch map[string]any) (client.Object, error) {
	text, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("failed to release %s: %w", ref, err)
	}
	released, err := newObject(e.Scheme, ref.GVK)
	if err != nil {
		return nil, fmt.Errorf("failed to release %s: %w", ref, err)
	}
	released.SetNamespace(ref.Namespace)
	released.SetName(ref.Name)
	if err := e.Writer.Patch(ctx, released, client.RawPatch(types.StrategicMergePatchType, text), client.FieldOwner(FieldOwner)); err != nil {
		if another(err) {
			return nil, fmt.Errorf("failed to release %s: %w", ref, errMoved)
		}
		return nil, classify(ref, "release", err)
	}
	return transformed(released)
}

// another reports whether an object of the same name has taken the place of the one to patch.
func another(err error) bool {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	return slices.ContainsFunc(status.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == "metadata.uid" })
}

// takeOverReleased makes what a Release has set the intent's.
func (r *run) takeOverReleased(ctx context.Context, ref Ref, applied *unstructured.Unstructured) error {
	held, err := readHoldings(applied.GetManagedFields(), applied.GetAPIVersion(), r.Clock.Now())
	if err != nil {
		return fmt.Errorf("failed to take over fields of %s: %w", ref, err)
	}
	held.merge(LegacyManagers{Update: FieldOwner}, keptByOthers(ref.GVK.GroupKind()))
	return r.patchHoldings(ctx, ref, applied, held)
}

// patch is a strategic merge patch, which finds an owner reference by its UID.
func (w Release) patch(uid types.UID) map[string]any {
	metadata := map[string]any{"uid": uid}
	owners := make([]any, 0, len(w.Owners))
	for _, owner := range w.Owners {
		owners = append(owners, map[string]any{"$patch": "delete", "uid": owner})
	}
	if len(owners) > 0 {
		metadata["ownerReferences"] = owners
	}
	if len(w.Labels) > 0 {
		metadata["labels"] = w.Labels
	}
	if len(w.Annotations) > 0 {
		metadata["annotations"] = w.Annotations
	}
	return map[string]any{"metadata": metadata}
}
