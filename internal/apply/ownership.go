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
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

var (
	// errMoved: the object is not the one that the cache shows any more.
	errMoved = errors.New("the object changed meanwhile")

	replicasPath = fieldpath.MakePathOrDie("spec", "replicas") //nolint:gochecknoglobals // A constant.
)

// arrangeOwnership moves fields between managers before an apply whose result depends on it, by one patch of managedFields, which
// changes no value. Most applies need none and cost nothing here. It reports whether fields of legacy managers became ours.
//
//   - Fields of an earlier release become ours, or the apply could not remove any of them.
//   - spec.replicas that we own and no longer ask for goes to HandoverOwner, or the API server would reset it to 1; 0 is reset.
//   - What excludes what the intent asks for becomes ours, or it would stay and make the object invalid: see exclusions.
func (r *run) arrangeOwnership(ctx context.Context, in *intent, obj *live) (bool, error) {
	legacy := r.hasLegacy(obj)
	strays := collisions(r.exclusions, in, obj)
	handover := deployment(in.ref.GVK) && !in.replicas() && !stopped(obj) && (legacy || r.mayOwnReplicas(in.ref, obj))
	patched := hasEntry(obj, FieldOwner, metav1.ManagedFieldsOperationUpdate) // by a Release
	if !legacy && !patched && len(strays) == 0 && !handover {
		return false, nil
	}
	metadata, err := r.readMetadata(ctx, in.ref)
	if err != nil {
		return false, err
	}
	if metadata == nil || metadata.GetUID() != obj.GetUID() {
		return false, fmt.Errorf("failed to take over fields of %s: %w", in.ref, errMoved)
	}
	if err := r.guard(in.ref, metadata); err != nil {
		return false, err
	}
	if in.outdated(metadata) {
		return false, errUnseen
	}
	held, err := readHoldings(metadata.GetManagedFields(), in.object.GetAPIVersion(), r.Clock.Now())
	if err != nil {
		return false, fmt.Errorf("failed to take over fields of %s: %w", in.ref, err)
	}
	if legacy {
		held.merge(r.legacy, keptByOthers(in.ref.GVK.GroupKind()))
	}
	if patched {
		held.merge(LegacyManagers{Update: FieldOwner}, keptByOthers(in.ref.GVK.GroupKind()))
	}
	for _, path := range strays {
		held.seize(path)
	}
	if handover {
		held.hand(replicasPath)
	}
	if err := r.patchHoldings(ctx, in.ref, metadata, held); err != nil {
		return false, err
	}
	in.follow(metadata)
	return legacy, nil
}

func (r *run) patchHoldings(ctx context.Context, ref Ref, metadata client.Object, held *holdings) error {
	if !held.changed {
		return nil
	}
	entries, err := held.entries()
	if err != nil {
		return fmt.Errorf("failed to take over fields of %s: %w", ref, err)
	}
	return r.patch(ctx, ref, metadata, pinned(metadata, operation{Op: "replace", Path: "/metadata/managedFields", Value: entries}))
}

// stopped reports whether a Deployment is scaled to 0. An autoscaler leaves such a Deployment alone. A Deployment that we stopped has to
// be started first: by the API server, which resets the field to 1.
func stopped(obj *live) bool {
	replicas, found, err := unstructured.NestedInt64(obj.fields, "spec", "replicas")
	return err == nil && found && replicas == 0
}

// hasLegacy reports whether an earlier release manages fields of the object. Other clients can have the name of the manager of its
// updates, so that manager counts only on an object that we have not applied since. The manager of its applies always counts, because
// both releases may run for a while.
func (r *run) hasLegacy(obj metav1.Object) bool {
	return hasEntry(obj, r.legacy.Apply, metav1.ManagedFieldsOperationApply) ||
		obj.GetAnnotations()[HashAnnotation] == "" && hasEntry(obj, r.legacy.Update, metav1.ManagedFieldsOperationUpdate)
}

// mayOwnReplicas reports whether we may manage spec.replicas. After a restart no record says so, and the object's managers decide.
func (r *run) mayOwnReplicas(ref Ref, obj *live) bool {
	if rec, ok := r.remembered(ref, obj); ok {
		return rec.replicas
	}
	return hasEntry(obj, FieldOwner, metav1.ManagedFieldsOperationApply)
}

// hasEntry reports whether managedFields has an entry of the manager and the operation that is not for a subresource.
func hasEntry(obj metav1.Object, manager string, op metav1.ManagedFieldsOperationType) bool {
	return manager != "" && slices.ContainsFunc(obj.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == manager && e.Operation == op && e.Subresource == ""
	})
}

// holding is one entry of managedFields with its fields as a set.
type holding struct {
	metav1.ManagedFieldsEntry

	fields *fieldpath.Set
}

// holdings says who manages which fields of an object.
type holdings struct {
	list       []holding
	apiVersion string
	now        metav1.Time
	changed    bool
}

func readHoldings(entries []metav1.ManagedFieldsEntry, apiVersion string, now time.Time) (*holdings, error) {
	h := &holdings{apiVersion: apiVersion, now: metav1.NewTime(now)}
	for _, e := range entries {
		fields := &fieldpath.Set{}
		if e.FieldsV1 != nil {
			if err := fields.FromJSON(e.FieldsV1.GetRawReader()); err != nil {
				return nil, fmt.Errorf("failed to read the fields of manager %q: %w", e.Manager, err)
			}
		}
		h.list = append(h.list, holding{ManagedFieldsEntry: e, fields: fields})
	}
	return h, nil
}

// entries is the list as managedFields takes it. An entry without fields is none; if none is left the list is one empty entry, since
// the API server ignores an empty list.
func (h *holdings) entries() ([]metav1.ManagedFieldsEntry, error) {
	entries := make([]metav1.ManagedFieldsEntry, 0, len(h.list))
	for _, one := range h.list {
		if one.fields.Empty() {
			continue
		}
		text, err := one.fields.ToJSON()
		if err != nil {
			return nil, fmt.Errorf("failed to write the fields of manager %q: %w", one.Manager, err)
		}
		entry := one.ManagedFieldsEntry
		entry.FieldsV1 = metav1.NewFieldsV1(string(text))
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		entries = append(entries, metav1.ManagedFieldsEntry{})
	}
	return entries, nil
}

// applied finds the Apply entry of a manager for the intent's version, and makes it if there is none.
func (h *holdings) applied(manager string) *holding {
	for i := range h.list {
		if e := &h.list[i]; e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" && e.APIVersion == h.apiVersion {
			return e
		}
	}
	h.list = append(h.list, holding{
		ManagedFieldsEntry: metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: h.apiVersion, FieldsType: "FieldsV1", Time: &h.now,
		},
		fields: fieldpath.NewSet(),
	})
	return &h.list[len(h.list)-1]
}

// merge moves the fields of legacy managers, less those to leave alone, to our entry. A field that another API version has elsewhere
// is then a field that the object does not have, which does no harm.
func (h *holdings) merge(legacy LegacyManagers, leave *fieldpath.Set) {
	moved, rest := fieldpath.NewSet(), h.list[:0:0]
	for _, one := range h.list {
		if !isLegacy(one.ManagedFieldsEntry, legacy) {
			rest = append(rest, one)
			continue
		}
		h.changed = true
		moved = moved.Union(one.fields)
	}
	h.list = rest
	ours := h.applied(FieldOwner)
	ours.fields = ours.fields.Union(moved.RecursiveDifference(leave))
}

func isLegacy(e metav1.ManagedFieldsEntry, legacy LegacyManagers) bool {
	switch {
	case e.Subresource != "" || e.Manager == "":
		return false
	case e.Operation == metav1.ManagedFieldsOperationUpdate:
		return e.Manager == legacy.Update
	}
	return e.Manager == legacy.Apply
}

// seize makes a field, with all in it, ours alone.
func (h *holdings) seize(path fieldpath.Path) {
	set := fieldpath.NewSet(path)
	if h.applied(FieldOwner).fields.Has(path) && h.sole(set) {
		return
	}
	for i := range h.list {
		h.list[i].fields = h.list[i].fields.RecursiveDifference(set)
	}
	h.applied(FieldOwner).fields.Insert(path)
	h.changed = true
}

// sole reports whether no other manager has any field of a set.
func (h *holdings) sole(set *fieldpath.Set) bool {
	for _, one := range h.list {
		if one.Manager != FieldOwner && !one.fields.RecursiveDifference(set).Equals(one.fields) {
			return false
		}
	}
	return true
}

// hand moves a field from our entry to that of HandoverOwner.
func (h *holdings) hand(path fieldpath.Path) {
	ours := h.applied(FieldOwner)
	if !ours.fields.Has(path) {
		return
	}
	ours.fields = ours.fields.Difference(fieldpath.NewSet(path))
	h.applied(HandoverOwner).fields.Insert(path)
	h.changed = true
}
