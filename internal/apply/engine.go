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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// FieldOwner is the one field manager that intents are applied under.
	FieldOwner = "llama-stack-operator"
	// HandoverOwner holds spec.replicas of a Deployment between the apply that stops asking for a number and the autoscaler's first
	// change. Without an owner the API server would reset the field to 1.
	HandoverOwner = FieldOwner + "-autoscaling"
	// HashAnnotation carries the hash of the intent that was last applied to an object.
	HashAnnotation = "llamastack.io/applied-hash"
)

// ErrOwnerDeleted is returned for every object of an owner that is being deleted: asking for that is a mistake of the caller.
var ErrOwnerDeleted = errors.New("failed to apply: the owner is being deleted")

// Label is one label that marks everything that the engine makes.
type Label struct{ Key, Value string }

// LegacyManagers names the field managers that an earlier release wrote an owner's objects under. An empty name means none.
type LegacyManagers struct {
	// Update is the manager of entries of operation Update, which a plain create leaves.
	Update string
	// Apply is the manager of entries of operation Apply.
	Apply string
}

// Observer receives a report of each write to the API server.
type Observer interface {
	// Applied is called once for every object that was written, or tried to be: the action is that of its Outcome.
	Applied(kind, action string)
	// LiveRead is called for every read that does not come from a cache.
	LiveRead(kind string)
}

// Options are what an Engine works with. All fields are required, except where they say otherwise.
type Options struct {
	// Scheme knows the kinds that are applied as Go types of k8s.io/api. Others are taken as unstructured objects.
	Scheme *runtime.Scheme
	// Cache reads objects from informers that see ManagedLabel only, and whose transform is CacheTransform. Objects that it
	// returns are not changed.
	Cache client.Reader
	// Live reads from the API server.
	Live client.Reader
	// Writer writes to the API server. Nothing is read through it.
	Writer client.Client
	// ManagedLabel marks objects as ours. Intents carry it already.
	ManagedLabel Label
	// LegacyManagers returns the managers to take over from. Nil: none.
	LegacyManagers func(owner client.Object) LegacyManagers
	// Clock measures how long an applied object has not been seen in the cache. Nil: the real one.
	Clock clock.PassiveClock
	// Observer counts. Nil: nobody does.
	Observer Observer
}

// Engine applies intents. It is safe for concurrent use by different owners; one owner is worked on by one caller at a time.
type Engine struct {
	Options

	comparer   *comparer
	memory     *memory
	exclusions []exclusion
}

// New makes an Engine. It sends nothing.
func New(options Options) *Engine {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Observer == nil {
		options.Observer = nobody{}
	}
	if options.LegacyManagers == nil {
		options.LegacyManagers = func(client.Object) LegacyManagers { return LegacyManagers{} }
	}
	return &Engine{Options: options, comparer: newComparer(options.Scheme), memory: newMemory(), exclusions: exclusions()}
}

// Ref names one object.
type Ref struct {
	GVK             schema.GroupVersionKind
	Namespace, Name string
}

// String is "Kind namespace/name".
func (r Ref) String() string { return r.GVK.Kind + " " + r.Namespace + "/" + r.Name }

func (r Ref) key() types.NamespacedName {
	return types.NamespacedName{Namespace: r.Namespace, Name: r.Name}
}

func refOf(obj *unstructured.Unstructured) Ref {
	return Ref{GVK: obj.GroupVersionKind(), Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// Action is what was done about one object.
type Action string

// The actions.
const (
	// ActionNone: there was nothing to do, or nothing was done because of the error.
	ActionNone Action = "None"
	// ActionUnchanged: the live object has all that the intent asks for.
	ActionUnchanged Action = "Unchanged"
	// ActionCreated: the object did not exist.
	ActionCreated Action = "Created"
	// ActionUpdated: the object existed and was ours.
	ActionUpdated Action = "Updated"
	// ActionAdopted: the object carried our label and had no controller.
	ActionAdopted Action = "Adopted"
	// ActionTakenOver: the object was written by an earlier release, whose field managers were replaced by ours.
	ActionTakenOver Action = "TakenOver"
	// ActionDeleted: the object was deleted.
	ActionDeleted Action = "Deleted"
	// ActionPending: nothing was done yet. Without an error, the cache does not yet show the last write, or it does not yet show that
	// the object has another Version: retry within UnseenTimeout. With a WaitError, an object has to go first, and its watch shows when.
	ActionPending Action = "Pending"
)

// Outcome is the result for one object.
type Outcome struct {
	Ref    Ref
	Action Action
	// Live is the object as a write returned it, in the form in which the cache is going to have it; nil where nothing was written.
	Live client.Object
	// Err is nil, a *ConflictError, *ImmutableError, *RejectedError or *ContestedError (for the user to act on), a *WaitError, a
	// *HeldError (another outcome says why), or anything else (trouble with the cluster, worth a retry).
	Err error
}

// Stage is a part of what one owner wants.
type Stage struct {
	// Objects are applied in this order. They carry neither owner references nor managedFields, and are not changed.
	Objects []*unstructured.Unstructured
	// Absent objects are deleted if the owner controls them, and if they are in the cache.
	Absent []Ref
}

// refs are all that a stage is about, in the order of its outcomes.
func (s Stage) refs() []Ref {
	refs := make([]Ref, 0, len(s.Objects)+len(s.Absent))
	for _, obj := range s.Objects {
		refs = append(refs, refOf(obj))
	}
	return append(refs, s.Absent...)
}

// Request is what one owner wants.
type Request struct {
	// Owner becomes the controller of the objects.
	Owner    client.Object
	OwnerGVK schema.GroupVersionKind
	// Intent identifies what Stages were made from; Settled takes it.
	Intent string
	// Stages build on each other. Where an object of one is refused, no later stage is changed: see HeldError.
	Stages []Stage
	// Suffices reports whether the later stages only need the object to exist and to be the owner's. Such an object does not hold the
	// later stages when it cannot be changed. Nil: there is no such object.
	Suffices func(ref Ref) bool
	// Content completes an object that carries DigestAnnotation in the place of its content. It is called only when the object has to be
	// sent, so that a reconcile that changes nothing does not read content that is expensive to read. Nil: there is no such object.
	Content func(ctx context.Context, obj *unstructured.Unstructured) (*unstructured.Unstructured, error)
	// NoOwner reports whether an object gets no owner reference, and loses the one that it has. Nil: no object does.
	NoOwner func(obj *unstructured.Unstructured) bool
	// Version is the resourceVersion of the live object that an object was made from. It is not written over another one: the outcome is
	// ActionPending then. Empty: what it was before does not matter. Nil: that is so for all.
	Version func(obj *unstructured.Unstructured) string
	// Read is the resourceVersion at which the caller read an object before it made the Stages, empty for one that it did not find, and
	// whether it read it. What became of the object since is news for the caller, even if nothing has to be written: the watch that shows
	// it is no echo, and the owner is not settled. Nil: the Stages do not depend on the objects.
	Read func(ref Ref) (version string, read bool)
}

// Applied reports whether an object shows that this operator, and not an earlier release, has applied it.
func Applied(object metav1.Object) bool { return object.GetAnnotations()[HashAnnotation] != "" }

// Apply brings the Stages to the cluster, one after the other. There is one Outcome for each of their objects, in that order.
func (e *Engine) Apply(ctx context.Context, request Request) []Outcome {
	if request.Owner.GetDeletionTimestamp() != nil {
		return refuse(request)
	}
	r := e.newRun(request)
	var outcomes []Outcome
	for _, stage := range request.Stages {
		done := r.stage(ctx, stage)
		r.hold(done)
		outcomes = append(outcomes, done...)
	}
	e.memory.put(request.Owner.GetUID(), owned{intent: request.Intent, settled: settled(outcomes), objects: recordsOf(r.after)})
	return outcomes
}

func refuse(request Request) []Outcome {
	var outcomes []Outcome
	for _, stage := range request.Stages {
		for _, ref := range stage.refs() {
			outcomes = append(outcomes, Outcome{Ref: ref, Action: ActionNone, Err: ErrOwnerDeleted})
		}
	}
	return outcomes
}

func settled(outcomes []Outcome) bool {
	for _, o := range outcomes {
		if o.Err != nil || o.Action == ActionPending {
			return false
		}
	}
	return true
}

// Settled reports whether applying intent again would find nothing to do: the last Apply had this intent and left nothing open, and
// every object is in the cache at the resourceVersion that was verified then. It reads caches only.
func (e *Engine) Settled(owner types.UID, intent string) bool {
	last, ok := e.memory.get(owner)
	if !ok || !last.settled || last.intent != intent {
		return false
	}
	for _, known := range last.objects {
		// A deep copy of each child would be half of what a reconcile costs in which nothing changed.
		obj, err := e.cached(context.Background(), known.ref, client.UnsafeDisableDeepCopy)
		if err != nil || versionOf(obj) != known.record.resourceVersion {
			return false
		}
	}
	e.memory.see(owner)
	return true
}

// Completed reports whether the last Apply for an owner had this intent and left nothing open. Later changes of the objects do not count.
func (e *Engine) Completed(owner types.UID, intent string) bool {
	last, ok := e.memory.get(owner)
	return ok && last.settled && last.intent == intent
}

// Ahead reports whether a resourceVersion at which an object was read from the cache is older than the one that was last applied or
// found. It is empty for an object that was not in the cache.
func (e *Engine) Ahead(owner types.UID, ref Ref, read string) bool {
	last, _ := e.memory.get(owner)
	known, ok := last.objects.get(ref)
	if !ok || known.resourceVersion == "" { // it was to be absent
		return false
	}
	return read == "" || newer(known.resourceVersion, read)
}

// Awaited reports whether an object was written so recently that the cache may not have it yet.
func (e *Engine) Awaited(owner types.UID, ref Ref) bool {
	last, _ := e.memory.get(owner)
	known, ok := last.objects.get(ref)
	return ok && known.awaited(e.Clock.Now())
}

func versionOf(obj client.Object) string {
	if obj == nil {
		return ""
	}
	return obj.GetResourceVersion()
}

// Echo reports whether obj, as a watch shows it, is what an Apply for owner returned, or something older. An echo needs no reconcile.
func (e *Engine) Echo(owner types.UID, obj client.Object) bool {
	gvk, err := e.Writer.GroupVersionKindFor(obj)
	if err != nil {
		return false
	}
	last, _ := e.memory.get(owner)
	ref := Ref{GVK: gvk, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	rec, ok := last.objects.get(ref)
	if !ok || rec.uid != obj.GetUID() || newer(obj.GetResourceVersion(), rec.resourceVersion) {
		return false
	}
	e.memory.see(owner, ref)
	return true
}

// Forget drops what is remembered of an owner that is gone.
func (e *Engine) Forget(owner types.UID) { e.memory.drop(owner) }

// cached returns nil when ref is not in the cache.
func (e *Engine) cached(ctx context.Context, ref Ref, options ...client.GetOption) (client.Object, error) {
	return e.read(ctx, e.Cache, ref, options...)
}

// read gets an object, nil when there is none.
func (e *Engine) read(ctx context.Context, reader client.Reader, ref Ref, options ...client.GetOption) (client.Object, error) {
	obj, err := newObject(e.Scheme, ref.GVK)
	if err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", ref, err)
	}
	if err := reader.Get(ctx, ref.key(), obj, options...); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil, nil //nolint:nilnil // Absence is an answer here, not an error.
		}
		return nil, fmt.Errorf("failed to read %s: %w", ref, err)
	}
	return obj, nil
}

// readMetadata gets an object's metadata from the API server, nil when there is none.
func (e *Engine) readMetadata(ctx context.Context, ref Ref) (*metav1.PartialObjectMetadata, error) {
	e.Observer.LiveRead(ref.GVK.Kind)
	obj := &metav1.PartialObjectMetadata{}
	obj.SetGroupVersionKind(ref.GVK)
	if err := e.Live.Get(ctx, ref.key(), obj); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil, nil //nolint:nilnil // Absence is an answer here, not an error.
		}
		return nil, fmt.Errorf("failed to read %s: %w", ref, err)
	}
	return obj, nil
}

type nobody struct{}

func (nobody) Applied(string, string) {}
func (nobody) LiveRead(string)        {}
