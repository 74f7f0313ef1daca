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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// conclude computes the status from what the pass knows and writes it if it differs, at once or when the pass has been
// repeated.
func (r *Reconciler) conclude(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) error {
	before, after := *instance, *instance // which share what nobody changes, because nearly always nothing is written
	before.Status = r.written.latest(instance)
	after.Status = status.Compute(r.statusInput(&before, p))
	if p.held || instance.Paused() {
		after.Status.ObservedGeneration = before.Status.ObservedGeneration // nothing was done for this one yet
	}
	r.advanceRollouts(instance, p, &after.Status)
	r.metrics.Phase(instance.Namespace, instance.Name, after.Status.Phase)
	changed, patience := status.Changed(before.Status, after.Status), status.Patience(before.Status, after.Status, p.probed)
	if p.behind {
		patience = max(patience, unseenRetry)
	}
	if wait := r.written.hold(instance.UID, changed, patience, r.clock.Now()); wait > 0 {
		p.retryAfter(wait)
		return nil
	}
	if !changed {
		return nil
	}
	return r.write(ctx, &before, after.DeepCopy()) // the answer is read into it
}

// write writes a status, remembers it, and tells what changed.
func (r *Reconciler) write(ctx context.Context, before, after *v1alpha1.LlamaStackDistribution) error {
	next := after.Status.DeepCopy()
	if err := r.writer.Status().Patch(ctx, after, client.MergeFrom(before)); err != nil {
		return statusWriteError(before, err)
	}
	r.written.remember(before, *next)
	for _, transition := range status.Transitions(before.Status, *next) {
		log.FromContext(ctx).Info("status changed", "condition", transition.Type, "from", transition.From, "to", transition.To,
			"reason", transition.Reason, "message", transition.Message)
		if worthTelling(transition) {
			r.events.Condition(before, transition.Reason, transition.Message)
		}
	}
	return nil
}

// worthTelling keeps Events to what a person waits for or must act on: Ready, and whatever else goes wrong. Ready says
// what its parts say while all is well.
func worthTelling(transition status.Transition) bool {
	return transition.Type == v1alpha1.ConditionReady || !events.IsNormal(transition.Reason)
}

// statusWriteError says which failures of a status write come to an end by themselves: a retry mends no status that
// the schema refuses, and none of an object that is gone.
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

func (r *Reconciler) statusInput(instance *v1alpha1.LlamaStackDistribution, p *pass) status.Input {
	image, why := p.input.Image, rolledBack(instance, p.children.deployment)
	if why != "" {
		image = runningImage(p.children.deployment, instance)
	}
	return status.Input{
		Instance: instance, Now: metav1.NewTime(r.clock.Now()), OperatorVersion: r.version,
		Image: image, ActiveDistribution: p.resolved.Active, Available: p.available,
		Problems: slices.Concat(p.problems, p.remarks), Notices: p.notices,
		Deployment: p.children.deployment, Autoscaler: p.children.autoscaler, Service: p.children.service, Ingress: p.children.ingress,
		Claim: p.children.claim, ClaimWanted: instance.Spec.Server.Storage.WantsClaim(),
		ExistingClaim: existingClaim(instance), State: p.state,
		Exposure:   r.exposure(instance, p),
		PodReason:  p.podReason,
		RolledBack: why,
		ServiceURL: p.serviceURL(instance),
		Server: status.Server{
			Probed: p.probed, Reached: p.server.Reached, Limited: p.server.Limited, Health: p.server.Health,
			Version: p.server.Version, Providers: p.server.Providers, Problem: p.server.Problem,
		},
	}
}

// serviceURL is what 0.9.0 wrote, cluster domain included, because scripts read it.
func (p *pass) serviceURL(instance *v1alpha1.LlamaStackDistribution) string {
	return fmt.Sprintf("%s://%s.%s.svc.cluster.local:%d", p.scheme(), render.ServiceName(instance.Name), instance.Namespace, instance.ServerPort())
}

// advanceRollouts ends this server's turn of an image change, if it had one, when it no longer rolls.
func (r *Reconciler) advanceRollouts(instance *v1alpha1.LlamaStackDistribution, p *pass, next *v1alpha1.LlamaStackDistributionStatus) {
	if p.waits {
		return
	}
	applied := askedImage(p.children.deployment, instance) == p.target
	ready := meta.FindStatusCondition(next.Conditions, string(v1alpha1.ConditionReady))
	stands := ready == nil || ready.Reason != string(v1alpha1.ReasonProgressing)
	if stands && (applied || p.input.Image != p.target) {
		r.rollouts.release(instance.UID)
	}
}

// writtenStatuses remembers the last status written, until the cache shows it: a status computed from an older one
// would be written again, or flap.
type writtenStatuses struct {
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

func newWrittenStatuses() *writtenStatuses {
	return &writtenStatuses{uids: map[types.NamespacedName]types.UID{}, written: map[types.UID]writtenStatus{}, held: map[types.UID]heldStatus{}}
}

// hold is how long a change still waits for more to come: its patience, less the time since the first change with this
// patience that was not written.
func (w *writtenStatuses) hold(uid types.UID, changed bool, patience time.Duration, now time.Time) time.Duration {
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

// latest is the status in the cache, or the one written over it since.
func (w *writtenStatuses) latest(instance *v1alpha1.LlamaStackDistribution) v1alpha1.LlamaStackDistributionStatus {
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

func (w *writtenStatuses) remember(over *v1alpha1.LlamaStackDistribution, next v1alpha1.LlamaStackDistributionStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[over.UID] = writtenStatus{over: over.ResourceVersion, status: next}
}

// forget drops what is remembered under a key and returns the UID that it had.
func (w *writtenStatuses) forget(key types.NamespacedName) types.UID {
	w.mu.Lock()
	defer w.mu.Unlock()
	uid := w.uids[key]
	delete(w.uids, key)
	delete(w.written, uid)
	delete(w.held, uid)
	return uid
}
