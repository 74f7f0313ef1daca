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

package controller

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// referencesIndex finds the LlamaStackDistributions that use a ConfigMap, by "namespace/name".
const referencesIndex = "references"

// annotationPrefix is that of the annotations on a LlamaStackDistribution which the operator reads.
const annotationPrefix = "llamastack.io/"

// users maps a ConfigMap to those who use it.
func users(reader client.Reader) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		list := &v1alpha1.LlamaStackDistributionList{}
		key := client.ObjectKeyFromObject(object).String()
		if err := reader.List(ctx, list, client.MatchingFields{referencesIndex: key}, client.UnsafeDisableDeepCopy); err != nil {
			// Reading an index of a synchronised cache fails only when the index is missing, and Setup makes it.
			log.FromContext(ctx).Error(err, "failed to list the LlamaStackDistributions that use a ConfigMap", "configMap", key)
			return nil
		}
		requests := make([]reconcile.Request, 0, len(list.Items))
		for i := range list.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
		return requests
	}
}

// owners maps a child to the LlamaStackDistributions that it concerns: those of owners, and for a PVC those that use it.
func (r *Reconciler) owners(ctx context.Context, object client.Object) []reconcile.Request {
	requests := owners(ctx, object)
	if _, ok := object.(*corev1.PersistentVolumeClaim); !ok {
		return requests
	}
	for _, name := range r.sharers.On(client.ObjectKeyFromObject(object), "") {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: name}})
	}
	return requests
}

// owners maps a child to the LlamaStackDistributions that it concerns: the one that its label names, which is the owner of a child that
// was given to somebody else, the one that a PVC is named after, because one that is retained has no such label, and the one that
// controls it.
func owners(_ context.Context, object client.Object) []reconcile.Request {
	var names []string
	if name := object.GetLabels()[v1alpha1.LabelInstance]; name != "" {
		names = append(names, name)
	}
	if _, ok := object.(*corev1.PersistentVolumeClaim); ok {
		if name := children.OwnerOfPVC(object.GetName()); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if controller := metav1.GetControllerOf(object); controller != nil && children.IsServer(controller) && !slices.Contains(names, controller.Name) {
		names = append(names, controller.Name)
	}
	requests := make([]reconcile.Request, 0, len(names))
	for _, name := range names {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: name}})
	}
	return requests
}

// declared accepts changes of what a LlamaStackDistribution declares: its spec, its deletion, the operator's
// annotations, the labels that its children inherit. The operator's own status writes are not among it.
func declared(onEdit func(before, after *v1alpha1.LlamaStackDistribution)) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.LlamaStackDistribution)
		after, okAfter := e.ObjectNew.(*v1alpha1.LlamaStackDistribution)
		if !okBefore || !okAfter {
			return false
		}
		if before.Generation != after.Generation {
			onEdit(before, after)
			return true
		}
		return before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
			before.UID != after.UID || !maps.Equal(ourAnnotations(before), ourAnnotations(after)) ||
			!maps.Equal(inheritedLabels(before), inheritedLabels(after))
	}}
}

func ourAnnotations(object client.Object) map[string]string {
	ours := map[string]string{}
	for key, value := range object.GetAnnotations() {
		if strings.HasPrefix(key, annotationPrefix) {
			ours[key] = value
		}
	}
	return ours
}

func inheritedLabels(object client.Object) map[string]string {
	labels, _ := render.InheritedLabels(object.GetLabels())
	return labels
}

// foreign accepts what somebody else did to a child, and drops the echo of the operator's own writes and of resyncs.
func foreign(isEcho func(client.Object) bool) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !isEcho(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion() && !isEcho(e.ObjectNew)
		},
	}
}

// gathered requeues the owners of a child that changed after sources.Delay, including those that it had before, and of
// one that was deleted at once.
func gathered(owners handler.MapFunc) handler.EventHandler {
	type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]
	later := func(ctx context.Context, child client.Object, queue requests) {
		for _, request := range owners(ctx, child) {
			sources.EnqueueSoon(queue, request)
		}
	}
	now := func(ctx context.Context, child client.Object, queue requests) {
		for _, request := range owners(ctx, child) {
			queue.Add(request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, queue requests) {
			if restored(e.Object) {
				now(ctx, e.Object, queue)
				return
			}
			later(ctx, e.Object, queue)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, queue requests) {
			later(ctx, e.ObjectOld, queue)
			later(ctx, e.ObjectNew, queue)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, queue requests) { now(ctx, e.Object, queue) },
	}
}

// restored reports whether an object may be a PVC with the owner reference to an earlier server: the garbage collector
// is about to delete it, unless the current server retains it.
func restored(object client.Object) bool {
	_, pvc := object.(*corev1.PersistentVolumeClaim)
	controller := metav1.GetControllerOf(object)
	return pvc && controller != nil && children.IsServer(controller)
}

// isEcho is whether a watch shows what the operator itself wrote, or something older.
func (r *Reconciler) isEcho(child client.Object) bool {
	controller := metav1.GetControllerOf(child)
	return controller != nil && r.engine.Echo(controller.UID, child)
}

// moved accepts new contents of a ConfigMap, as far as metadata shows.
func moved() predicate.Predicate { return predicate.ResourceVersionChangedPredicate{} }
