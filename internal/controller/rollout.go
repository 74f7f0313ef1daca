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
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxRollouts is how many servers may roll at once because the image behind their distribution's name changed.
// An edit of a LlamaStackDistribution is its author's decision and never waits.
const maxRollouts = 5

// rollouts hands out the turns of an image change that the operator causes itself.
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
	edited := instance.Status.ObservedGeneration != instance.Generation
	if running == "" || running == p.target || edited {
		return nil
	}
	others, err := r.rolling(ctx)
	if err != nil {
		return err
	}
	if r.rollouts.acquire(instance.UID, client.ObjectKeyFromObject(instance), others) {
		return nil
	}
	p.input.Image = running
	p.noticef("the image of distribution %s is now %s; the server keeps %s until fewer than %d servers are being rolled",
		instance.Spec.Server.Distribution.Name, p.target, running, maxRollouts)
	return nil
}

// rolling are the servers by name whose rollout is under way.
func (r *Reconciler) rolling(ctx context.Context) ([]types.UID, error) {
	list := &v1alpha1.LlamaStackDistributionList{}
	if err := r.cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("failed to list LlamaStackDistributions from the cache: %w", err)
	}
	var uids []types.UID
	for i := range list.Items {
		item := &list.Items[i]
		if item.Spec.Server.Distribution.Name != "" && isProgressing(&item.Status) {
			uids = append(uids, item.UID)
		}
	}
	return uids, nil
}

func isProgressing(status *v1alpha1.LlamaStackDistributionStatus) bool {
	ready := meta.FindStatusCondition(status.Conditions, string(v1alpha1.ConditionReady))
	return ready != nil && ready.Reason == string(v1alpha1.ReasonProgressing)
}
