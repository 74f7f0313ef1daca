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

// Package sharers knows which servers have their data on the same PVC, so that the status of each can name the others.
package sharers

import (
	"context"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// reportedSharers is how many servers on one PVC are distinguished: a status names the one other server, and says of more that there are
// several. So a change among more of them concerns none of the others.
const reportedSharers = 3

// Index knows which servers use a PVC that existingClaim names. Only such a PVC can have two servers: the operator's
// own are named after theirs. It follows the events of the LlamaStackDistributions, one after the other, and requeues
// those whose status changes: at most reportedSharers and the owner, however many there are.
type Index struct {
	cached client.Reader

	mu sync.Mutex
	// The names of the servers on a PVC, and the PVC of each server.
	users map[types.NamespacedName]map[string]struct{}
	pvcs  map[types.NamespacedName]types.NamespacedName
}

// New finds nobody yet. It reads LlamaStackDistributions from the cache.
func New(cached client.Reader) *Index {
	return &Index{cached: cached, users: map[types.NamespacedName]map[string]struct{}{}, pvcs: map[types.NamespacedName]types.NamespacedName{}}
}

type requestQueue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Create implements handler.EventHandler.
func (s *Index) Create(_ context.Context, e event.CreateEvent, queue requestQueue) {
	s.follow(nil, e.Object, queue)
}

// Update implements handler.EventHandler.
func (s *Index) Update(_ context.Context, e event.UpdateEvent, queue requestQueue) {
	s.follow(e.ObjectOld, e.ObjectNew, queue)
}

// Delete implements handler.EventHandler.
func (s *Index) Delete(_ context.Context, e event.DeleteEvent, queue requestQueue) {
	s.follow(e.Object, nil, queue)
}

// Generic implements handler.EventHandler.
func (*Index) Generic(context.Context, event.GenericEvent, requestQueue) {}

// follow notes what a server used and uses; nil is one that is not there.
func (s *Index) follow(before, after client.Object, queue requestQueue) {
	was, is := dataPVC(before), dataPVC(after)
	if was == is {
		return
	}
	server := before
	if after != nil {
		server = after
	}
	for _, name := range s.move(client.ObjectKeyFromObject(server), was, is) {
		queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: server.GetNamespace(), Name: name}})
	}
}

// dataPVC is the PVC that the Pods of a server have its data on; empty where there is none, and of one that is stopped.
func dataPVC(object client.Object) types.NamespacedName {
	instance, ok := object.(*v1alpha1.LlamaStackDistribution)
	if !ok || !instance.Spec.Server.Storage.UsesPVC() || !mayRun(instance) {
		return types.NamespacedName{}
	}
	name := instance.Spec.Server.Storage.Existing()
	if name == "" {
		name = children.PVCName(instance.Name)
	}
	return types.NamespacedName{Namespace: instance.Namespace, Name: name}
}

// mayRun is whether a server is declared to have Pods, or an autoscaler that may give it some.
func mayRun(instance *v1alpha1.LlamaStackDistribution) bool {
	return !instance.Spec.Suspend && (instance.WantedReplicas() > 0 || instance.Spec.Server.Autoscaling != nil)
}

// move returns the names of the servers whose others change.
func (s *Index) move(server, was, is types.NamespacedName) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := s.concerned(was)
	if before, ok := s.pvcs[server]; ok {
		delete(s.pvcs, server)
		delete(s.users[before], server.Name)
		if len(s.users[before]) == 0 {
			delete(s.users, before)
		}
	}
	if is.Name != "" && is.Name != children.PVCName(server.Name) {
		if s.users[is] == nil {
			s.users[is] = map[string]struct{}{}
		}
		s.users[is][server.Name] = struct{}{}
		s.pvcs[server] = is
	}
	names = append(names, s.concerned(is)...)
	if len(s.users[is]) > 0 {
		names = append(names, server.Name) // it may have been reconciled before this was known
	}
	return names
}

// concerned are the servers on a PVC, as long as their statuses depend on which there are, and the one that it is named after.
func (s *Index) concerned(pvc types.NamespacedName) []string {
	users := s.users[pvc]
	if len(users) == 0 {
		return nil
	}
	var names []string
	if owner := children.OwnerOfPVC(pvc.Name); owner != "" {
		names = append(names, owner)
	}
	if len(users) > reportedSharers {
		return names
	}
	for name := range users {
		names = append(names, name)
	}
	return names
}

// On are the other servers on a PVC that existingClaim names, two at the most.
func (s *Index) On(pvc types.NamespacedName, server string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var others []string
	for name := range s.users[pvc] {
		if name != server {
			others = append(others, name)
		}
		if len(others) == reportedSharers-1 {
			break
		}
	}
	return others
}

// Others are the other servers on the PVC of a server, two at the most: those that name it in existingClaim, and the one that
// it is named after.
func (s *Index) Others(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) []string {
	pvc := dataPVC(instance)
	if pvc.Name == "" {
		return nil
	}
	others := s.On(pvc, instance.Name)
	owner := children.OwnerOfPVC(pvc.Name)
	if owner == "" || owner == instance.Name || len(others) == reportedSharers-1 {
		return others
	}
	other := &v1alpha1.LlamaStackDistribution{}
	err := s.cached.Get(ctx, types.NamespacedName{Namespace: pvc.Namespace, Name: owner}, other, client.UnsafeDisableDeepCopy)
	if err == nil && dataPVC(other) == pvc {
		others = append(others, owner)
	}
	return others
}
