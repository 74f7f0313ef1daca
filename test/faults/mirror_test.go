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

package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// keptRevisions is how late a cache can be, in changes of one object.
const keptRevisions = 12

// identity names one object.
type identity struct {
	kind schema.GroupKind
	key  client.ObjectKey
}

// revision is an object as the API server once had it, also in the form in which the operator's caches have it. Both
// are nil while the object does not exist.
type revision struct {
	stored *unstructured.Unstructured
	cached client.Object
}

// mirror has every object that went through a wire, and its earlier revisions. Nobody else writes to this API server, so
// it is what informers would have that are never late.
type mirror struct {
	reader client.Client

	mutex   sync.RWMutex
	history map[identity][]revision
	// deleted counts deletions by identity.
	deleted map[identity]int
	// changes counts those of a namespace.
	changes map[string]int
}

func newMirror(reader client.Client) *mirror {
	return &mirror{reader: reader, history: map[identity][]revision{}, deleted: map[identity]int{}, changes: map[string]int{}}
}

// see takes an object as the API server answered it. One that is being deleted and has no finalizers is gone.
func (m *mirror) see(object *unstructured.Unstructured) error {
	gone := object.GetDeletionTimestamp() != nil && len(object.GetFinalizers()) == 0
	id := identityOf(object)
	if gone {
		m.gone(id)
		return nil
	}
	typed, err := m.typed(object)
	if err != nil {
		return fmt.Errorf("failed to read %s: %w", id.key, err)
	}
	if typed == nil {
		return nil // a kind that the operator does not know, such as a review of access
	}
	cached, err := apply.CacheTransform(typed)
	if err != nil {
		return fmt.Errorf("failed to transform %s: %w", id.key, err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	revisions := m.history[id]
	if len(revisions) > 0 {
		last := revisions[len(revisions)-1].stored
		if last != nil && last.GetUID() == object.GetUID() && version(object) <= version(last) {
			return nil
		}
	}
	m.add(id, revision{stored: object, cached: cached.(client.Object)})
	return nil
}

// typed is an object as the operator's caches have it before they leave anything out; nil is of a kind that they do not have.
func (m *mirror) typed(object *unstructured.Unstructured) (runtime.Object, error) {
	gvk := object.GroupVersionKind()
	if gvk == children.Of(children.HTTPRoute).GroupVersionKind || gvk == children.Of(children.Route).GroupVersionKind {
		return object.DeepCopy(), nil
	}
	if !m.reader.Scheme().Recognizes(gvk) {
		return nil, nil // that it has none is an answer, not an error
	}
	typed, err := m.reader.Scheme().New(gvk)
	if err != nil {
		return nil, err
	}
	return typed, runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed)
}

func (m *mirror) add(id identity, next revision) {
	m.history[id] = append(m.history[id], next)
	m.history[id] = m.history[id][max(0, len(m.history[id])-keptRevisions):]
	m.changes[id.key.Namespace]++
}

func (m *mirror) gone(id identity) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if revisions := m.history[id]; len(revisions) > 0 && revisions[len(revisions)-1].stored != nil {
		m.add(id, revision{})
		m.deleted[id]++
	}
}

// drop forgets what was in a namespace.
func (m *mirror) drop(namespace string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for id := range m.history {
		if id.key.Namespace == namespace {
			delete(m.history, id)
			delete(m.deleted, id)
		}
	}
}

// at is what a cache that misses the last changes of an object has.
func (m *mirror) at(id identity, missed int) revision {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	revisions := m.history[id]
	if at := len(revisions) - 1 - missed; at >= 0 {
		return revisions[at]
	}
	return revision{}
}

// each is every object of a namespace, or of all.
func (m *mirror) each(namespace string, do func(identity)) {
	m.mutex.RLock()
	var ids []identity
	for id := range m.history {
		if namespace == "" || id.key.Namespace == namespace {
			ids = append(ids, id)
		}
	}
	m.mutex.RUnlock()
	for _, id := range ids {
		do(id)
	}
}

// in lists the objects of a namespace as they are.
func (m *mirror) in(namespace string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	m.each(namespace, func(id identity) {
		if stored := m.at(id, 0).stored; stored != nil {
			found = append(found, stored)
		}
	})
	return found
}

// deletions of objects of a namespace, by kind and name.
func (m *mirror) deletions(namespace string) map[string]int {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	counts := map[string]int{}
	for id, count := range m.deleted {
		if id.key.Namespace == namespace {
			counts[id.kind.Kind+"/"+id.key.Name] = count
		}
	}
	return counts
}

func identityOf(object *unstructured.Unstructured) identity {
	return identity{kind: object.GroupVersionKind().GroupKind(), key: client.ObjectKeyFromObject(object)}
}

func version(object client.Object) int64 {
	number, _ := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	return number
}

// view is the caches of one process: the mirror, as late as a test wants it.
type view struct {
	cache.Cache

	mirror *mirror
	// missed is how many of the last changes of each object the caches have not seen yet.
	missed int
	// kind, when set, is the only one that is late.
	kind string
	// reads, when set, is after how many more of them the caches miss nothing any more.
	reads int
	// namespace, when set, is the only one that there is: specs that run at the same time do not see each other.
	namespace string
	// whole is for the cache of the operator's own ConfigMap, and everything for that of all ConfigMaps by identity: both are
	// without the selector by label.
	whole, everything bool
}

// shows is what the caches have of an object, nil where they have none.
func (v *view) shows(id identity) revision {
	missed := v.missed
	if v.kind != "" && v.kind != id.kind.Kind {
		missed = 0
	}
	found := v.mirror.at(id, missed)
	if found.stored == nil || v.everything || v.whole || id.kind.Group == v1alpha1.GroupVersion.Group ||
		found.stored.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy {
		return found
	}
	return revision{}
}

// Get implements client.Reader.
func (v *view) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	gvk, err := apiutil.GVKForObject(into, v.mirror.reader.Scheme())
	if err != nil {
		return err
	}
	if v.reads > 0 {
		v.reads--
		if v.reads == 0 {
			v.missed = 0
		}
	}
	found := v.shows(identity{kind: gvk.GroupKind(), key: key})
	foreign := gvk.Kind == v1alpha1.Kind && v.namespace != "" && key.Namespace != v.namespace // another process reconciles it
	if found.stored == nil || foreign {
		return apierrors.NewNotFound(schema.GroupResource{Group: gvk.Group, Resource: gvk.Kind}, key.Name)
	}
	if metadata, ok := into.(*metav1.PartialObjectMetadata); ok {
		metadata.Namespace, metadata.Name = key.Namespace, key.Name
		metadata.UID, metadata.ResourceVersion = found.stored.GetUID(), found.stored.GetResourceVersion()
		return nil
	}
	if v.whole {
		return runtime.DefaultUnstructuredConverter.FromUnstructured(found.stored.Object, into)
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(found.cached.DeepCopyObject()).Elem())
	return nil
}

// List implements client.Reader for what the operator lists: by namespace and labels.
func (v *view) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	gvk, err := apiutil.GVKForObject(into, v.mirror.reader.Scheme())
	if err != nil {
		return err
	}
	kind := schema.GroupKind{Group: gvk.Group, Kind: gvk.Kind[:len(gvk.Kind)-len("List")]}
	asked := (&client.ListOptions{}).ApplyOptions(options)
	var items []runtime.Object
	v.mirror.each(cmp.Or(asked.Namespace, v.namespace), func(id identity) {
		found := v.shows(id)
		if id.kind == kind && found.stored != nil && (asked.LabelSelector == nil || asked.LabelSelector.Matches(labels.Set(found.stored.GetLabels()))) {
			items = append(items, found.cached.DeepCopyObject())
		}
	})
	return meta.SetList(into, items)
}

// IndexField implements client.FieldIndexer. Only event handlers read by an index, and none run here.
func (v *view) IndexField(context.Context, client.Object, string, client.IndexerFunc) error {
	return nil
}

// target is an identity with the version by which it is read.
type target struct {
	identity

	gvk schema.GroupVersionKind
}

// named finds the object that a path of the API is about.
func (m *mirror) named(path string) (target, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	group := schema.GroupVersion{Version: parts[1]}
	rest := parts[2:]
	if parts[0] == "apis" {
		group, rest = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	}
	if len(rest) < 4 || rest[0] != "namespaces" {
		return target{}, fmt.Errorf("failed to find the object of %s", path)
	}
	gvk, err := m.reader.RESTMapper().KindFor(group.WithResource(rest[2]))
	if err != nil {
		return target{}, fmt.Errorf("failed to find the kind of %s: %w", path, err)
	}
	return target{identity: identity{kind: gvk.GroupKind(), key: client.ObjectKey{Namespace: rest[1], Name: rest[3]}}, gvk: gvk}, nil
}

// changed counts every change of anything in a namespace.
func (m *mirror) changed(namespace string) int {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	return m.changes[namespace]
}
