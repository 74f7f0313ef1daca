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

package cli

import (
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// aboutName is the field of Events by which they are selected.
const aboutName = "involvedObject.name"

// snapshot answers reads from lists: a command about all servers of a namespace lists each kind once, page by page, and sends
// no request for each server. Objects are as they were when their kind was first read. Everything else passes through.
type snapshot struct {
	client.Client

	lists map[listKey]*kindList
}

// listKey is what a list has: objects of a kind in a namespace, whole or their metadata, and of one app with a value of its
// label.
type listKey struct {
	kind      schema.GroupVersionKind
	namespace string
	app       string
	metadata  bool
}

// kindList has the objects of a list.
type kindList struct {
	objects []client.Object
	labels  []labels.Set
	// about are the names of what Events are about.
	about []string
	named map[string]int
	err   error
	// hidden says that the objects may not be read one by one, either.
	hidden bool
}

// snapshot is the session with reads from lists.
func (s *session) snapshot() *session {
	with := *s
	with.Client = &snapshot{Client: s.Client, lists: map[listKey]*kindList{}}
	return &with
}

// Get implements client.Reader. Who may not list objects, or reads those of the cluster, reads them one by one.
func (s *snapshot) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	kind, err := apiutil.GVKForObject(into, s.Scheme())
	if err != nil || key.Namespace == "" {
		return s.Client.Get(ctx, key, into, options...) //nolint:wrapcheck // as without the snapshot
	}
	_, metadata := into.(*metav1.PartialObjectMetadata)
	list := s.list(ctx, listKey{kind: kind, namespace: key.Namespace, metadata: metadata})
	if apierrors.IsForbidden(list.err) && !list.hidden {
		err := s.Client.Get(ctx, key, into, options...)
		list.hidden = apierrors.IsForbidden(err)
		return err //nolint:wrapcheck // as without the snapshot
	}
	if list.err != nil {
		return list.err
	}
	at, ok := list.named[key.Name]
	if !ok {
		mapping, err := s.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return fmt.Errorf("failed to name the resource: %w", err)
		}
		return apierrors.NewNotFound(mapping.Resource.GroupResource(), key.Name) //nolint:wrapcheck // as without the snapshot
	}
	return copyTo(list.objects[at], into)
}

// List implements client.Reader. The answer has one page.
func (s *snapshot) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	wanted := client.ListOptions{}
	wanted.ApplyOptions(options)
	kind, err := apiutil.GVKForObject(into, s.Scheme())
	_, metadata := into.(*metav1.PartialObjectMetadataList)
	if err != nil || metadata {
		return s.Client.List(ctx, into, options...) //nolint:wrapcheck // as without the snapshot
	}
	kind.Kind = kind.Kind[:len(kind.Kind)-len("List")]
	key := listKey{kind: kind, namespace: wanted.Namespace}
	if wanted.LabelSelector != nil {
		key.app, _ = wanted.LabelSelector.RequiresExactMatch(v1alpha1.LabelApp)
	}
	list := s.list(ctx, key)
	if list.err != nil {
		return list.err
	}
	var found []runtime.Object
	for i, object := range list.objects {
		if wanted.LabelSelector != nil && !wanted.LabelSelector.Matches(list.labels[i]) {
			continue
		}
		if wanted.FieldSelector != nil {
			if name, ok := wanted.FieldSelector.RequiresExactMatch(aboutName); !ok || name != list.about[i] {
				continue
			}
		}
		item, err := s.item(into, kind)
		if err == nil {
			err = copyTo(object, item)
		}
		if err != nil {
			return err
		}
		found = append(found, item)
	}
	return meta.SetList(into, found) //nolint:wrapcheck // as without the snapshot
}

// item is an empty item of a list.
func (s *snapshot) item(list client.ObjectList, kind schema.GroupVersionKind) (client.Object, error) {
	if _, ok := list.(*unstructured.UnstructuredList); ok {
		return &unstructured.Unstructured{}, nil
	}
	made, err := s.Scheme().New(kind)
	if err != nil {
		return nil, fmt.Errorf("failed to make a %s: %w", kind.Kind, err)
	}
	item, ok := made.(client.Object)
	if !ok {
		return nil, fmt.Errorf("failed to make a %s: it is no object", kind.Kind)
	}
	return item, nil
}

// list is what a key selects, read at the first call.
func (s *snapshot) list(ctx context.Context, key listKey) *kindList {
	if found, ok := s.lists[key]; ok {
		return found
	}
	found := &kindList{named: map[string]int{}}
	s.lists[key] = found
	options := []client.ListOption{client.InNamespace(key.namespace)}
	if key.app != "" {
		options = append(options, client.MatchingLabels{v1alpha1.LabelApp: key.app})
	}
	empty := listOf(key.kind)
	if key.metadata {
		empty = metadataOf(key.kind)
	}
	found.err = eachPage(ctx, s.Client, empty, found.add, options...)
	return found
}

// add keeps an object.
func (l *kindList) add(item runtime.Object) {
	object, ok := item.(client.Object)
	if !ok {
		return
	}
	about := ""
	if content, ok := object.(*unstructured.Unstructured); ok {
		about, _, _ = unstructured.NestedString(content.Object, "involvedObject", "name")
	}
	l.named[object.GetName()] = len(l.objects)
	l.objects, l.labels, l.about = append(l.objects, object), append(l.labels, object.GetLabels()), append(l.about, about)
}

// copyTo copies an object of a list.
func copyTo(from, into client.Object) error {
	switch from := from.(type) {
	case *metav1.PartialObjectMetadata:
		if into, ok := into.(*metav1.PartialObjectMetadata); ok {
			from.DeepCopyInto(into)
			return nil
		}
	case *unstructured.Unstructured:
		if into, ok := into.(*unstructured.Unstructured); ok {
			from.DeepCopyInto(into)
			return nil
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, into); err != nil {
			return fmt.Errorf("failed to read a %s: %w", from.GetKind(), err)
		}
		return nil
	}
	return fmt.Errorf("failed to read a %T as a %T", from, into)
}

// metadataOf makes empty lists of the metadata of a kind.
func metadataOf(kind schema.GroupVersionKind) func() client.ObjectList {
	return func() client.ObjectList {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		return list
	}
}
