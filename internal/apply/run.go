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
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// run is one Apply.
type run struct {
	*Engine

	request Request
	legacy  LegacyManagers
	// before is what was remembered, after what will be.
	before records
	after  map[Ref]record
	// written are the objects as the API server returned them.
	written map[Ref]client.Object
	// found are the objects that exist and are ours, as far as this run has checked.
	found map[Ref]struct{}
	// open are the objects whose intent is not applied yet, because the cache is late.
	open map[Ref]struct{}
	// behind is the first object that keeps the later stages from being changed; nil while there is none.
	behind *Ref
}

func (e *Engine) newRun(request Request) *run {
	last, _ := e.memory.get(request.Owner.GetUID())
	r := &run{
		Engine: e, request: request, legacy: e.legacyManagers(request.Owner), before: last.objects, after: map[Ref]record{},
		written: map[Ref]client.Object{}, found: map[Ref]struct{}{}, open: map[Ref]struct{}{},
	}
	for _, stage := range request.Stages {
		for _, ref := range stage.refs() {
			r.keep(ref) // what fails keeps its memory
		}
	}
	return r
}

// legacyManagers leaves out what would be ourselves, of an owner with an unlucky name.
func (e *Engine) legacyManagers(owner client.Object) LegacyManagers {
	legacy := e.LegacyManagers(owner)
	if legacy.Apply == FieldOwner || legacy.Apply == HandoverOwner {
		legacy.Apply = ""
	}
	return legacy
}

func (r *run) keep(ref Ref) {
	if rec, ok := r.before.get(ref); ok {
		r.after[ref] = rec
	}
}

// live is an object as it is.
type live struct {
	client.Object

	// fields is the object in unstructured form, for comparisons.
	fields map[string]any
}

func (r *run) apply(ctx context.Context, obj *unstructured.Unstructured) Outcome {
	in, err := r.newIntent(obj)
	if err != nil {
		return Outcome{Ref: refOf(obj), Action: ActionNone, Err: err}
	}
	ctx, cancel := r.patient(ctx, in.ref.GVK)
	defer cancel()
	if err := r.held(ctx, in); err != nil {
		return Outcome{Ref: in.ref, Action: ActionNone, Err: err}
	}
	action, err := r.converge(ctx, in)
	if rec, _ := r.before.get(in.ref); action == ActionPending && rec.hash != in.hash {
		r.open[in.ref] = struct{}{}
	}
	return Outcome{Ref: in.ref, Action: actionOf(action, err), Live: r.written[in.ref], Err: err}
}

func actionOf(action Action, err error) Action {
	wait := (*WaitError)(nil)
	switch {
	case errors.As(err, &wait):
		return ActionPending
	case err != nil:
		return ActionNone
	}
	return action
}

func (r *run) converge(ctx context.Context, in *intent) (Action, error) {
	obj, err := r.locate(ctx, in)
	switch {
	case errors.Is(err, errUnseen):
		return ActionPending, nil
	case err != nil:
		return ActionNone, err
	case obj == nil:
		return r.create(ctx, in)
	}
	if err := r.guard(in.ref, obj); err != nil {
		return ActionNone, err
	}
	if r.verified(in, obj) {
		return ActionUnchanged, r.tried(in.ref)
	}
	action, err := r.compareAndUpdate(ctx, in, obj)
	if errors.Is(err, errUnseen) {
		return ActionPending, nil
	}
	return action, err
}

// errUnseen: the object was applied moments ago, or is another one than the intent was made from, and the cache does not show
// it yet.
var errUnseen = errors.New("failed to find the object in the cache yet")

// locate finds the live object of an intent, nil when it does not exist.
func (r *run) locate(ctx context.Context, in *intent) (client.Object, error) {
	obj, err := r.cached(ctx, in.ref)
	if err != nil {
		return nil, err
	}
	if obj != nil {
		r.saw(in.ref)
		return obj, nil
	}
	if rec, ok := r.before.get(in.ref); ok && rec.awaited(r.Clock.Now()) {
		r.found[in.ref] = struct{}{}
		return nil, errUnseen
	}
	return r.locateLive(ctx, in)
}

func (r *run) saw(ref Ref) {
	if rec, ok := r.after[ref]; ok {
		rec.seen = true
		r.after[ref] = rec
	}
}

// locateLive asks the API server whether the object exists: the metadata only, which is all it takes to see that it does not, or that
// it is somebody else's.
func (r *run) locateLive(ctx context.Context, in *intent) (client.Object, error) {
	metadata, err := r.readMetadata(ctx, in.ref)
	if err != nil {
		return nil, err
	}
	if metadata == nil {
		return nil, nil //nolint:nilnil // Absence is an answer here, not an error.
	}
	if err := r.guard(in.ref, metadata); err != nil {
		return nil, err
	}
	r.Observer.LiveRead(in.ref.GVK.Kind)
	obj, err := r.read(ctx, r.Live, in.ref)
	if obj == nil || err != nil {
		return nil, err
	}
	return transformed(obj)
}

func transformed(obj client.Object) (client.Object, error) {
	out, err := CacheTransform(obj)
	if err != nil {
		return nil, fmt.Errorf("failed to transform: %w", err)
	}
	return out.(client.Object), nil //nolint:forcetypeassert // CacheTransform returns what it was given.
}

// guard returns an error unless the object is ours to write.
func (r *run) guard(ref Ref, obj metav1.Object) error {
	foreign := r.foreign(ref, obj)
	if foreign == nil {
		r.found[ref] = struct{}{}
	}
	if obj.GetDeletionTimestamp() != nil {
		return &WaitError{Ref: ref, Reason: "is being deleted"}
	}
	return foreign
}

// foreign returns an error if the object is somebody else's.
func (r *run) foreign(ref Ref, obj metav1.Object) error {
	controller := metav1.GetControllerOfNoCopy(obj)
	switch {
	case controller == nil && obj.GetLabels()[r.ManagedLabel.Key] == r.ManagedLabel.Value:
		return nil
	case controller == nil:
		return &ConflictError{Ref: ref, Holder: fmt.Sprintf("somebody unknown (it has no owner, and no label %s=%s)",
			r.ManagedLabel.Key, r.ManagedLabel.Value)}
	case controller.UID == r.request.Owner.GetUID():
		return nil
	case r.former(controller):
		return &WaitError{Ref: ref, Reason: fmt.Sprintf("still belongs to a deleted %s of this name and is about to be collected", controller.Kind)}
	}
	return &ConflictError{Ref: ref, Holder: controller.Kind + "/" + controller.Name}
}

// former reports whether a controller is a deleted object with the owner's name. Names are unique while objects exist.
func (r *run) former(controller *metav1.OwnerReference) bool {
	return controller.Name == r.request.Owner.GetName() && controller.Kind == r.request.OwnerGVK.Kind &&
		groupOf(controller.APIVersion) == r.request.OwnerGVK.Group
}

// verified reports, without a comparison, whether the object is known to match this intent at its resourceVersion, or at a later one
// that the cache does not show yet.
func (r *run) verified(in *intent, obj client.Object) bool {
	rec, ok := r.remembered(in.ref, obj)
	return ok && rec.hash == in.hash && !newer(obj.GetResourceVersion(), rec.resourceVersion)
}

func (r *run) remembered(ref Ref, obj client.Object) (record, bool) {
	rec, ok := r.before.get(ref)
	return rec, ok && rec.hash != "" && rec.uid == obj.GetUID()
}

func (r *run) compareAndUpdate(ctx context.Context, in *intent, obj client.Object) (Action, error) {
	fields, err := observed(obj, in.ref.GVK)
	if err != nil {
		return ActionNone, err
	}
	found, err := r.compare(in, obj, fields)
	if err != nil {
		return ActionNone, err
	}
	if err := checkImmutable(in.ref, fields, found); err != nil {
		return ActionNone, err
	}
	left := digest(found)
	rec, known := r.remembered(in.ref, obj)
	if known && rec.hash == in.hash && rec.tolerated == left || !known && left == "" {
		verified := r.newRecord(in, obj, left, true)
		verified.resourceVersion = r.versionRead(in.ref, obj, rec)
		r.after[in.ref] = verified
		return ActionUnchanged, r.tried(in.ref)
	}
	switch {
	case known && rec.hash == in.hash:
		if err := r.contend(ctx, in, found); err != nil {
			return ActionNone, err
		}
	case known: // Another intent is worth another try.
		r.setContest(in.ref, nil)
	}
	action, err := r.update(ctx, in, &live{Object: obj, fields: fields})
	if err != nil {
		return action, err
	}
	return action, r.tried(in.ref)
}

// compare lists what the live object lacks, by its fields and by who owns what.
func (r *run) compare(in *intent, obj metav1.Object, fields map[string]any) ([]difference, error) {
	found, err := r.comparer.differences(in.fields, fields)
	if err != nil {
		return nil, fmt.Errorf("failed to compare %s: %w", in.ref, err)
	}
	if !in.owned && ownerIndex(obj, r.request.Owner.GetUID()) >= 0 {
		found = append(found, difference{path: "metadata.ownerReferences", have: string(r.request.Owner.GetUID())})
	}
	if hasEntry(obj, r.legacy.Apply, metav1.ManagedFieldsOperationApply) {
		found = append(found, difference{path: "metadata.managedFields", have: r.legacy.Apply})
	}
	if in.replicas() && hasEntry(obj, HandoverOwner, metav1.ManagedFieldsOperationApply) {
		found = append(found, difference{path: "metadata.managedFields", have: HandoverOwner})
	}
	return found, nil
}

func (r *run) newRecord(in *intent, obj metav1.Object, tolerated string, seen bool) record {
	rec := record{
		hash: in.hash, uid: obj.GetUID(), resourceVersion: obj.GetResourceVersion(), tolerated: tolerated, seen: seen, replicas: in.replicas(),
		contest: r.after[in.ref].contest,
	}
	if !seen {
		rec.applied = r.Clock.Now()
	}
	return rec
}

func (r *run) create(ctx context.Context, in *intent) (Action, error) {
	applied, err := r.send(ctx, in, false)
	if err != nil {
		r.Observer.Applied(in.ref.GVK.Kind, string(actionOf(ActionNone, err)))
		return ActionNone, err
	}
	r.Observer.Applied(in.ref.GVK.Kind, string(ActionCreated))
	return ActionCreated, r.remember(in, applied, false)
}

// remember records what the API server made of an intent, which admission may have changed.
func (r *run) remember(in *intent, applied *unstructured.Unstructured, seen bool) error {
	obj, err := newObject(r.Scheme, in.ref.GVK)
	if err != nil {
		return fmt.Errorf("failed to read %s: %w", in.ref, err)
	}
	if err := fill(obj, applied.Object); err != nil {
		return fmt.Errorf("failed to read %s: %w", in.ref, err)
	}
	if _, err := CacheTransform(obj); err != nil {
		return fmt.Errorf("failed to transform %s: %w", in.ref, err)
	}
	fields, err := observed(obj, in.ref.GVK)
	if err != nil {
		return err
	}
	found, err := r.compare(in, applied, fields)
	if err != nil {
		return err
	}
	r.after[in.ref] = r.newRecord(in, applied, digest(found), seen)
	r.written[in.ref] = obj
	return nil
}

// complete returns what is to be sent, with its content.
func (r *run) complete(ctx context.Context, in *intent) (*unstructured.Unstructured, error) {
	recorded := in.object.GetAnnotations()[DigestAnnotation]
	if recorded == "" {
		return &unstructured.Unstructured{Object: maps.Clone(in.object.Object)}, nil
	}
	content, err := r.request.Content(ctx, in.object)
	if err != nil {
		return nil, fmt.Errorf("failed to read the content of %s: %w", in.ref, err)
	}
	cm := &corev1.ConfigMap{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content.Object, cm); err != nil {
		return nil, fmt.Errorf("failed to read the content of %s: %w", in.ref, err)
	}
	if DigestOf(cm) != recorded {
		return nil, fmt.Errorf("failed to apply %s: its content has changed since it was asked for", in.ref)
	}
	out := in.object.DeepCopy()
	unstructured.RemoveNestedField(out.Object, "metadata", "annotations", DigestAnnotation)
	for _, key := range []string{"data", "binaryData"} {
		if value, ok := content.Object[key]; ok {
			out.Object[key] = value
		}
	}
	return out, nil
}

// send applies an intent and returns the object as the API server then has it.
func (r *run) send(ctx context.Context, in *intent, force bool) (*unstructured.Unstructured, error) {
	out, err := r.complete(ctx, in)
	if err != nil {
		return nil, err
	}
	options := []client.ApplyOption{client.FieldOwner(FieldOwner)}
	if force {
		options = append(options, client.ForceOwnership)
	}
	if err := r.Writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(out), options...); err != nil {
		if in.object.GetResourceVersion() != "" && outdated(err) {
			return nil, errUnseen
		}
		return nil, classify(in.ref, "apply", err)
	}
	return out, nil
}
