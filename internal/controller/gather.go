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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/retention"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
)

// scope is what one reconcile knows. The steps gather, render, apply, observe and status fill it. Every path of a
// reconcile that can read the children, deletion and errors while gathering included, ends in one status that is
// computed from it.
type scope struct {
	gather.Found

	// existing is the PVC that existingClaim names, where the operator made it; sharers are other servers on the same PVC.
	existing *corev1.PersistentVolumeClaim
	sharers  []string
	// rollout is what the server waits for with its Pod template. granted is the turn that it had before its Deployment was read.
	rollout turns.Decision
	granted *rollouts.Grant
	// check is what is done about a check of the configuration. rendered says that it is known.
	check    checks.Decision
	rendered bool
	// edited says that the author asks for another Pod template than the one that was applied last.
	edited bool
	// changed says that what was rendered is another one.
	changed bool
	// held is why the spec is not in force while its check has no result, or a bad one.
	held []status.Problem
	// partial means that gathering failed: the rest is unknown, and stays as it was.
	partial bool
	// kept says that the server answers where it did before, because the spec is not applied, or not as a whole.
	kept bool
	// contested has the kind of each child that the operator may not write.
	contested []string
	// needed are the ConfigMaps that the template mounts which a rollback would bring back.
	needed []string
	// podReason, leavingPod and pvcReason are what a rollout waits for.
	podReason, leavingPod, pvcReason string
	// behind says that the children are, in part, as they were before the last writes of the operator.
	behind bool
	server llamastack.Observation
	probed bool
	result ctrl.Result
	err    error
}

// gather reads the children and, unless the server is being deleted, everything that rendering depends on. Its error comes
// with the scope of what was gathered until then. Without the children, which caches alone cannot give when the process
// ends, there is nothing to report, and no scope.
func (r *Reconciler) gather(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, kept retention.Kept) (*scope, error) {
	s := &scope{granted: r.turns.Queue.Granted(instance.UID, r.clock.Now())}
	var err error
	if s.Children, err = r.children.Read(ctx, instance); err != nil {
		return nil, err
	}
	if instance.DeletionTimestamp != nil {
		s.err = kept.Err
		return s, nil
	}
	s.keep(instance, kept, blockedFor(instance, r.clock.Now()))
	if err := r.gatherer.Gather(ctx, instance, r.config.Current(), &s.Found); err != nil {
		return s, err
	}
	s.sharers = r.sharers.Others(ctx, instance)
	return s, nil
}
