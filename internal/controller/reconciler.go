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
	"iter"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the operator may do, and no more. It never deletes a claim: admission on OpenShift lets only those who may delete
// an object change its owner references, and that is how a claim is retained.
//
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions,verbs=get;list;watch
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions/status,verbs=get;patch
// +kubebuilder:rbac:groups=llamastack.io,resources=llamastackdistributions/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=serviceaccounts;services;configmaps;persistentvolumeclaims,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list
// +kubebuilder:rbac:groups="",resources=pods,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=events,verbs=list
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies;ingresses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings;clusterrolebindings,verbs=list
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=securitycontextconstraints.security.openshift.io;httproutes.gateway.networking.k8s.io,verbs=get;list;watch
// +kubebuilder:rbac:groups=apiregistration.k8s.io,resources=apiservices,resourceNames=v1.route.openshift.io,verbs=get;list;watch
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes/custom-host,verbs=create;update
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

const (
	// unseenRetry is when a child that was just written and is not in the cache yet is looked for again.
	unseenRetry = 2 * time.Second
	// blockedRetry and blockedRetryMost are when something that no watch of ours would tell about is looked at again: an
	// object of somebody else's that is in the way, a quota or a policy that refused an object.
	blockedRetry     = time.Minute
	blockedRetryMost = 10 * time.Minute
)

// Reconciler makes what a LlamaStackDistribution declares, and writes down what became of it.
type Reconciler struct {
	cached     client.Reader
	live       client.Reader
	writer     client.Client
	references client.Reader

	catalog  *distribution.Catalog
	config   *operatorconfig.Store
	renderer *render.Renderer
	engine   *apply.Engine
	prober   *llamastack.Prober
	pods     *pods
	secrets  *secrets
	events   *events.Events
	metrics  *metrics.Metrics

	contents *contents
	rollouts *rollouts
	written  *writtenStatuses
	copies   *copies
	rejoin   *waker

	clock     clock.PassiveClock
	roots     func() iter.Seq[[]byte]
	openShift bool
	unserved  map[schema.GroupKind]bool
	namespace string
	version   string
}

// Reconcile brings one LlamaStackDistribution and its children in line.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if !r.config.Loaded() {
		return ctrl.Result{}, nil // loading the operator's ConfigMap wakes every LlamaStackDistribution
	}
	instance := &v1alpha1.LlamaStackDistribution{}
	if err := r.cached.Get(ctx, request.NamespacedName, instance); err != nil {
		if !apierrors.IsNotFound(err) {
			return ctrl.Result{}, fmt.Errorf("failed to read LlamaStackDistribution %s: %w", request, err)
		}
		r.forget(request.NamespacedName)
		return ctrl.Result{}, nil
	}
	if instance.DeletionTimestamp != nil {
		return ctrl.Result{}, r.conclude(ctx, instance, &pass{})
	}
	pass, err := r.gather(ctx, instance)
	if err != nil {
		return ctrl.Result{}, err
	}
	r.converge(ctx, instance, pass)
	if err := r.catchUp(ctx, instance, pass); err != nil {
		return ctrl.Result{}, err
	}
	r.observe(ctx, instance, pass)
	if err := errors.Join(r.conclude(ctx, instance, pass), pass.err); err != nil {
		return ctrl.Result{}, err // it is repeated for the error already
	}
	return pass.result, nil
}

// forget drops all that is remembered of a LlamaStackDistribution that no longer exists.
func (r *Reconciler) forget(key types.NamespacedName) {
	uid := r.written.forget(key)
	r.engine.Forget(uid)
	r.prober.Forget(key)
	r.secrets.leave(key)
	r.rollouts.release(uid)
	r.copies.forget(uid)
	r.metrics.Forget(key.Namespace, key.Name)
}
