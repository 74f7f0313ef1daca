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

package retention

import (
	"context"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// departed are LlamaStackDistributions that were deleted and whose PVC was to stay, until it is released. Mostly it is
// released already; if the author set that and deleted the server at once, it is released unless the garbage collector
// was faster.
type departed struct {
	mu   sync.Mutex
	last map[types.NamespacedName]*v1alpha1.LlamaStackDistribution
}

// Departures is the handler of the events of LlamaStackDistributions: it notes those that are deleted, for RetainDeparted.
func (k *Keeper) Departures() handler.EventHandler {
	return handler.Funcs{DeleteFunc: func(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		instance, ok := e.Object.(*v1alpha1.LlamaStackDistribution)
		if !ok || outliving(instance) == "" {
			return
		}
		key := client.ObjectKeyFromObject(instance)
		k.departed.put(key, instance)
		queue.Add(reconcile.Request{NamespacedName: key})
	}}
}

func (d *departed) put(key types.NamespacedName, instance *v1alpha1.LlamaStackDistribution) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil {
		d.last = map[types.NamespacedName]*v1alpha1.LlamaStackDistribution{}
	}
	d.last[key] = instance
}

func (d *departed) take(key types.NamespacedName) *v1alpha1.LlamaStackDistribution {
	d.mu.Lock()
	defer d.mu.Unlock()
	instance := d.last[key]
	delete(d.last, key)
	return instance
}

// RetainDeparted frees the PVC of a LlamaStackDistribution of this name that was deleted, if there was one.
func (k *Keeper) RetainDeparted(ctx context.Context, key types.NamespacedName) error {
	instance := k.departed.take(key)
	if instance == nil {
		return nil
	}
	kept := k.Retain(ctx, instance)
	if kept.Err == nil {
		return nil
	}
	if Problem(kept.Err).Kind != status.Cluster { // there is no object left to report it on, and no retry helps
		log.FromContext(ctx).Error(kept.Err, "failed to release the PersistentVolumeClaim of a deleted server")
		return nil
	}
	k.departed.put(key, instance)
	return kept.Err
}
