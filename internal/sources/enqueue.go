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

package sources

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Delay is how long the changes of a server's children are collected before one reconcile handles them together: a rollout
// changes the PVC, the Deployment and the Service in quick succession, and each reconcile may cost a status write. Drift
// still heals well within a second.
const Delay = 200 * time.Millisecond

// changePriority puts a server that is not made yet, and one of which a child is missing, before those whose children
// changed: when many are created at once, each is made before the progress of the others is reported.
const changePriority = -1

// EnqueueSoon queues a request after Delay, behind requests of normal priority.
func EnqueueSoon(queue workqueue.TypedRateLimitingInterface[reconcile.Request], request reconcile.Request) {
	prioritised, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request])
	if !ok {
		queue.AddAfter(request, Delay)
		return
	}
	priority := changePriority
	prioritised.AddWithOpts(priorityqueue.AddOpts{After: Delay, Priority: &priority}, request)
}
