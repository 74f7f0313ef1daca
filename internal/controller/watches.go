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
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// referencesIndex finds the LlamaStackDistributions that use a ConfigMap, by "namespace/name".
const referencesIndex = "references"

// annotationPrefix is that of the annotations on a LlamaStackDistribution which the operator reads.
const annotationPrefix = "llamastack.io/"

// referencedConfigMaps indexes a LlamaStackDistribution by every ConfigMap whose change it must follow, and so by its
// namespace's own bundle even before there is one.
func referencedConfigMaps(object client.Object) []string {
	instance, ok := object.(*v1alpha1.LlamaStackDistribution)
	if !ok {
		return nil
	}
	keys := []string{instance.Namespace + "/" + odhBundle}
	if spec := instance.Spec.Server.UserConfig; spec != nil {
		keys = append(keys, instance.Namespace+"/"+spec.ConfigMapName)
	}
	if spec := explicitBundle(instance); spec != nil {
		keys = append(keys, bundleKey(spec, instance.Namespace).String())
	}
	return keys
}

// users maps a ConfigMap to those who use it.
func users(reader client.Reader) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		list := &v1alpha1.LlamaStackDistributionList{}
		key := client.ObjectKeyFromObject(object).String()
		if err := reader.List(ctx, list, client.MatchingFields{referencesIndex: key}, client.UnsafeDisableDeepCopy); err != nil {
			// Reading an index of a synchronised cache fails only when the index is missing, and Setup makes it.
			panic(fmt.Sprintf("failed to list the LlamaStackDistributions that use ConfigMap %s: %v", key, err))
		}
		requests := make([]reconcile.Request, 0, len(list.Items))
		for i := range list.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
		return requests
	}
}

// owners maps a child to the LlamaStackDistributions that it concerns: the one that its label names, which is the owner of a claim
// that is to be retained and of a child that was given to somebody else, and the one that controls it.
func owners(_ context.Context, object client.Object) []reconcile.Request {
	var names []string
	if name := object.GetLabels()[v1alpha1.LabelInstance]; name != "" {
		names = append(names, name)
	}
	if controller := metav1.GetControllerOf(object); controller != nil && ofOurs(controller) && !slices.Contains(names, controller.Name) {
		names = append(names, controller.Name)
	}
	requests := make([]reconcile.Request, 0, len(names))
	for _, name := range names {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: name}})
	}
	return requests
}

func ofOurs(controller *metav1.OwnerReference) bool {
	return controller.Kind == v1alpha1.Kind && strings.HasPrefix(controller.APIVersion, v1alpha1.GroupVersion.Group+"/")
}

// declared lets through what changes a LlamaStackDistribution's meaning: its spec, its deletion, our annotations. The
// operator's own status writes are not among it.
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
			before.UID != after.UID || !maps.Equal(ourAnnotations(before), ourAnnotations(after))
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

// foreign lets through what somebody else did to a child, and drops the echo of our own writes and of resyncs.
func foreign(isEcho func(client.Object) bool) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !isEcho(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion() && !isEcho(e.ObjectNew)
		},
	}
}

// gatherFor is how long the news of a server's children are gathered before they are looked at together: a rollout tells
// of its claim, its Deployment and its Service in quick succession, and each look may cost a status write. Drift still
// heals well within a second.
const gatherFor = 200 * time.Millisecond

// newsPriority lets a server that is still to be made, and one of which something is missing, go before those of which
// there is news: when many are created at once, each is made before anything is told of the others' progress.
const newsPriority = -1

// gathered wakes the owners of a child that changed after gatherFor, those that it had before included, and of one that was deleted
// at once.
func gathered(owners handler.MapFunc) handler.EventHandler {
	type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]
	later := func(ctx context.Context, child client.Object, queue requests) {
		for _, request := range owners(ctx, child) {
			addNews(queue, request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, queue requests) { later(ctx, e.Object, queue) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, queue requests) {
			later(ctx, e.ObjectOld, queue)
			later(ctx, e.ObjectNew, queue)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, queue requests) {
			for _, request := range owners(ctx, e.Object) {
				queue.Add(request)
			}
		},
	}
}

func addNews(queue workqueue.TypedRateLimitingInterface[reconcile.Request], request reconcile.Request) {
	prioritised, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request])
	if !ok {
		queue.AddAfter(request, gatherFor)
		return
	}
	priority := newsPriority
	prioritised.AddWithOpts(priorityqueue.AddOpts{After: gatherFor, Priority: &priority}, request)
}

// isEcho is whether a watch shows what the operator itself wrote, or something older.
func (r *Reconciler) isEcho(child client.Object) bool {
	controller := metav1.GetControllerOf(child)
	return controller != nil && r.engine.Echo(controller.UID, child)
}

// moved lets through new contents of a ConfigMap, as far as metadata tells.
func moved() predicate.Predicate { return predicate.ResourceVersionChangedPredicate{} }
