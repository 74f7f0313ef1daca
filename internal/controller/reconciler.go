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
	"errors"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/retention"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sharers"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	"github.com/llamastack/llama-stack-k8s-operator/internal/statuswriter"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the operator may do beside its children, whose permissions are in the table of package children, and no more. It
// may delete a PVC and never does: admission on OpenShift lets only those who may delete an object change its owner
// references, and that is how a PVC is retained.
//
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions,verbs=get;list;watch
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions/status,verbs=get;patch
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions/finalizers,verbs=update
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;create;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=events,verbs=list
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings;clusterrolebindings,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

const (
	// unseenRetry is when a child that was just written and is not in the cache yet is read again.
	unseenRetry = 2 * time.Second
	// blockedRetry and blockedRetryMost are when something that no watch of the operator shows is checked again: a
	// conflicting object of somebody else, a quota or a policy that refused an object.
	blockedRetry     = time.Minute
	blockedRetryMost = 10 * time.Minute
)

// Reconciler applies what a LlamaStackDistribution declares, and reports the result in its status.
type Reconciler struct {
	cached client.Reader

	config   *operatorconfig.Store
	renderer *render.Renderer
	engine   *apply.Engine
	prober   *llamastack.Prober
	pods     *podwatch.Pods
	pvcs     *podwatch.PVCs
	secrets  *secretwatch.Secrets
	events   *events.Events
	metrics  *metrics.Metrics

	children *observed.Reader
	gatherer *gather.Gatherer
	contents *inputs.Contents
	// templates of the Deployments whose Pods have a problem.
	templates *podwatch.Templates
	turns     *turns.Turns
	checks    *checks.Checks
	statuses  *statuswriter.Writer
	copies    *inputs.Copies
	sharers   *sharers.Index
	keeper    *retention.Keeper
	requeue   *sources.Waker

	clock    clock.PassiveClock
	unserved map[schema.GroupKind]bool
	version  string
}

// Reconcile applies one LlamaStackDistribution to its children.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if err := r.keeper.RetainDeparted(ctx, request.NamespacedName); err != nil {
		return ctrl.Result{}, err
	}
	instance := &v1alpha1.LlamaStackDistribution{}
	if err := r.cached.Get(ctx, request.NamespacedName, instance); err != nil {
		if !apierrors.IsNotFound(err) {
			return ctrl.Result{}, fmt.Errorf("failed to read LlamaStackDistribution %s: %w", request, err)
		}
		r.forget(ctx, request.NamespacedName)
		return ctrl.Result{}, r.turns.Advance(ctx) // it may have had one
	}
	kept := r.keeper.Retain(ctx, instance)
	if !r.config.Loaded() {
		return ctrl.Result{}, kept.Err // loading the operator's ConfigMap reconciles every LlamaStackDistribution
	}
	scope, err := r.gather(ctx, instance, kept)
	if scope == nil || ctx.Err() != nil {
		r.turns.Queue.Leave(rollouts.ServerOf(instance))
		return ctrl.Result{}, errors.Join(err, kept.Err)
	}
	if err == nil && scope.Awaits > 0 {
		return ctrl.Result{RequeueAfter: scope.Awaits}, nil
	}
	scope.stop(err)
	if err := r.advance(ctx, instance, scope); err != nil {
		return ctrl.Result{}, err
	}
	if err := errors.Join(r.conclude(ctx, instance, scope), scope.err); err != nil {
		return ctrl.Result{}, err // it is repeated for the error already
	}
	return scope.result, nil
}

// advance applies and observes. Nothing is applied to a server that is being deleted: somebody's finalizer may keep it for long,
// and it serves until its children go.
func (r *Reconciler) advance(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) error {
	if instance.DeletionTimestamp != nil {
		r.prober.Forget(client.ObjectKeyFromObject(instance))
		r.turns.Queue.Forget(rollouts.ServerOf(instance))
		r.leaveCheck(ctx, instance, s)
		s.podReason, s.leavingPod = r.podTrouble(ctx, instance, s)
		return nil
	}
	r.converge(ctx, instance, s)
	behind, err := r.children.CatchUp(ctx, instance, &s.Children)
	if err != nil {
		return err
	}
	s.behind = behind
	r.observe(ctx, instance, s)
	return nil
}

// forget drops everything that is remembered of a LlamaStackDistribution that no longer exists.
func (r *Reconciler) forget(ctx context.Context, key types.NamespacedName) {
	uid := r.statuses.Forget(key)
	r.checks.Forget(ctx, uid)
	r.engine.Forget(uid)
	r.prober.Forget(key)
	r.secrets.Leave(key)
	r.turns.Queue.Forget(rollouts.Server{UID: uid, Key: key})
	r.copies.Forget(uid)
	r.pvcs.Follow(key, nil)
	r.templates.Forget(uid)
	r.metrics.Forget(key)
}
