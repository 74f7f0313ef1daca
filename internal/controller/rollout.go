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
	"slices"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxRollouts is how many servers may roll at once because of the operator itself: the image behind their distribution's
// name changed, or they are taken over from an earlier release. An edit of a LlamaStackDistribution is its author's decision and never waits.
const maxRollouts = 5

// rollouts hands out the turns of the rollouts that the operator causes itself.
type rollouts struct {
	wake func(types.NamespacedName)

	mu      sync.Mutex
	granted map[types.UID]struct{}
	waiting []types.NamespacedName
}

func newRollouts(wake func(types.NamespacedName)) *rollouts {
	return &rollouts{wake: wake, granted: map[types.UID]struct{}{}}
}

// acquire grants a turn, or puts the key at the end of the queue. others are the servers that are rolling according to
// their status, which is all that is known after a restart.
func (r *rollouts) acquire(uid types.UID, key types.NamespacedName, others []types.UID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.granted[uid]; ok {
		return true
	}
	rolling := len(r.granted)
	for _, other := range others {
		if _, ok := r.granted[other]; !ok && other != uid {
			rolling++
		}
	}
	if rolling < maxRollouts {
		r.granted[uid] = struct{}{}
		return true
	}
	if !slices.Contains(r.waiting, key) {
		r.waiting = append(r.waiting, key)
	}
	return false
}

// take grants a turn to whoever does not wait for one: a server that is made or edited.
func (r *rollouts) take(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.granted[uid] = struct{}{}
}

// release ends a turn, if there was one, and wakes as many from the queue as there are turns. Every server that is not
// rolling calls it, so that the queue moves on even when one that was woken has changed its mind.
func (r *rollouts) release(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.granted, uid)
	for free := maxRollouts - len(r.granted); free > 0 && len(r.waiting) > 0; free-- {
		r.wake(r.waiting[0])
		r.waiting = r.waiting[1:]
	}
}

// waitForTurn keeps the image that runs until a turn is free, where nothing but the meaning of the distribution's name
// has changed.
func (r *Reconciler) waitForTurn(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, running string, p *pass) error {
	if instance.Paused() { // it must take no turn that it does not use
		if running != "" {
			p.input.Image = running
		}
		return nil
	}
	if running == p.target {
		return nil
	}
	if running == "" || instance.Status.ObservedGeneration != instance.Generation {
		r.rollouts.take(instance.UID) // or a cache that shows the Deployment late would have it wait now, and undo this
		return nil
	}
	others, err := r.rolling(ctx)
	if err != nil {
		return err
	}
	if r.rollouts.acquire(instance.UID, client.ObjectKeyFromObject(instance), others) {
		return nil
	}
	p.input.Image, p.waits = running, true
	p.noticef("the image of distribution %s is now %s; the server keeps %s until fewer than %d servers are being rolled",
		instance.Spec.Server.Distribution.Name, p.target, running, maxRollouts)
	return nil
}

// awaitTakeover leaves a server that an earlier release made as it is until a turn is free, because taking it over replaces
// its Pods. An earlier release leaves a Deployment without our hash.
func (r *Reconciler) awaitTakeover(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) error {
	deployment := p.children.deployment
	if deployment == nil || ours(deployment) || len(p.problems) > 0 || instance.Paused() {
		return nil
	}
	if editedMeanwhile(instance) {
		r.rollouts.take(instance.UID)
		return nil
	}
	others, err := r.rolling(ctx)
	if err != nil {
		return err
	}
	if r.rollouts.acquire(instance.UID, client.ObjectKeyFromObject(instance), others) {
		return nil
	}
	p.held, p.waits = true, true
	p.noticef("the server runs as an earlier release of the operator made it, until fewer than %d servers are being rolled", maxRollouts)
	return nil
}

// editedMeanwhile is whether somebody edited a server while it waits: an edit never waits. What was edited before we first
// saw it is not known, since the earlier release did not write down what it had seen.
func editedMeanwhile(instance *v1alpha1.LlamaStackDistribution) bool {
	ready := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionReady))
	return ready != nil && ready.ObservedGeneration != 0 && ready.ObservedGeneration != instance.Generation
}

func ours(deployment *appsv1.Deployment) bool {
	return deployment.Annotations[apply.HashAnnotation] != ""
}

// rolling are the servers of ours whose Pods are being replaced, or made. It is the Deployments that tell: a status is
// written a moment after what it tells of, and that of a server which is yet to be taken over says that it lacks what only
// we make. A Deployment whose server is gone is on its way out, too.
func (r *Reconciler) rolling(ctx context.Context) ([]types.UID, error) {
	instances, deployments := &v1alpha1.LlamaStackDistributionList{}, &appsv1.DeploymentList{}
	for _, list := range []client.ObjectList{instances, deployments} {
		if err := r.cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("failed to list what is rolling from the cache: %w", err)
		}
	}
	existing := sets.New[types.UID]()
	for i := range instances.Items {
		existing.Insert(instances.Items[i].UID)
	}
	var uids []types.UID
	for i := range deployments.Items {
		item := &deployments.Items[i]
		controller := metav1.GetControllerOf(item)
		if controller != nil && existing.Has(controller.UID) && ours(item) && status.Rolling(item) {
			uids = append(uids, controller.UID)
		}
	}
	return uids, nil
}
