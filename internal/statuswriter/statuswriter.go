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

// Package statuswriter writes a status where it differs from the last one, at once or when more changes have come, and logs and
// reports what changed.
package statuswriter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Writer writes statuses. It remembers the last one of each LlamaStackDistribution until the cache shows it: a status computed from an
// older one would be written again, or flap.
type Writer struct {
	client client.StatusClient
	events *events.Events
	clock  clock.PassiveClock

	mu      sync.Mutex
	uids    map[types.NamespacedName]types.UID
	written map[types.UID]writtenStatus
	// held are the changes that wait to be written.
	held map[types.UID]heldStatus
}

// heldStatus is since when a change waits, and for how long it may.
type heldStatus struct {
	since    time.Time
	patience time.Duration
}

type writtenStatus struct {
	// over is the resourceVersion of the object that the status was written over.
	over   string
	status v1alpha1.LlamaStackDistributionStatus
}

// New has not written anything yet.
func New(client client.StatusClient, events *events.Events, clock clock.PassiveClock) *Writer {
	return &Writer{
		client: client, events: events, clock: clock,
		uids: map[types.NamespacedName]types.UID{}, written: map[types.UID]writtenStatus{}, held: map[types.UID]heldStatus{},
	}
}

// Write writes the status of after over that of before, where it differs, unless it waits for more changes: it then returns for how
// long. probed says that the server was asked since it rolled. A change waits for patience at least.
func (w *Writer) Write(ctx context.Context, before, after *v1alpha1.LlamaStackDistribution, probed bool, patience time.Duration) (time.Duration, error) {
	changed := status.Changed(before.Status, after.Status)
	if changed {
		patience = max(patience, status.Patience(before.Status, after.Status, probed))
	}
	wait := w.hold(before.UID, changed, patience, w.clock.Now())
	if wait > 0 || !changed {
		return wait, nil
	}
	return 0, w.write(ctx, before, after.DeepCopy()) // the answer is read into it
}

// write writes a status, remembers it, and reports what changed.
func (w *Writer) write(ctx context.Context, before, after *v1alpha1.LlamaStackDistribution) error {
	next := after.Status.DeepCopy()
	if err := w.client.Status().Patch(ctx, after, client.MergeFrom(before)); err != nil {
		return statusWriteError(before, err)
	}
	w.remember(before, *next)
	for _, transition := range status.Transitions(before.Status, *next) {
		log.FromContext(ctx).Info("status changed", "condition", transition.Type, "from", transition.From, "to", transition.To,
			"reason", transition.Reason, "message", transition.Message)
		if transition.Event {
			w.events.Condition(before, transition.Normal, transition.Reason, transition.Message)
		}
	}
	return nil
}

// statusWriteError returns whether a failed write of the status is retried: a retry does not fix a status that the
// schema refuses, or that of an object that is gone.
func statusWriteError(instance *v1alpha1.LlamaStackDistribution, err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	wrapped := fmt.Errorf("failed to write the status of LlamaStackDistribution %s/%s: %w", instance.Namespace, instance.Name, err)
	if apierrors.IsInvalid(err) {
		return reconcile.TerminalError(wrapped) //nolint:wrapcheck // it is wrapped already
	}
	return wrapped
}

// hold is how long a change still waits for more to come: its patience, less the time since the first change with this
// patience that was not written.
func (w *Writer) hold(uid types.UID, changed bool, patience time.Duration, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	held, ok := w.held[uid]
	if !ok || held.patience != patience {
		held = heldStatus{since: now, patience: patience}
	}
	wait := patience - now.Sub(held.since)
	if !changed || wait <= 0 {
		delete(w.held, uid)
		return 0
	}
	w.held[uid] = held
	return wait
}

// Latest is the status in the cache, or the one written over it since.
func (w *Writer) Latest(instance *v1alpha1.LlamaStackDistribution) v1alpha1.LlamaStackDistributionStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.uids[client.ObjectKeyFromObject(instance)] = instance.UID
	if written, ok := w.written[instance.UID]; ok {
		if written.over == instance.ResourceVersion {
			return *written.status.DeepCopy()
		}
		delete(w.written, instance.UID)
	}
	return *instance.Status.DeepCopy()
}

func (w *Writer) remember(over *v1alpha1.LlamaStackDistribution, next v1alpha1.LlamaStackDistributionStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[over.UID] = writtenStatus{over: over.ResourceVersion, status: next}
}

// Forget drops what is remembered under a key and returns the UID that it had.
func (w *Writer) Forget(key types.NamespacedName) types.UID {
	w.mu.Lock()
	defer w.mu.Unlock()
	uid := w.uids[key]
	delete(w.uids, key)
	delete(w.written, uid)
	delete(w.held, uid)
	return uid
}
