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
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func (p *pass) retryAfter(delay time.Duration) {
	if p.result.RequeueAfter == 0 || delay < p.result.RequeueAfter {
		p.result.RequeueAfter = delay
	}
}

// blockedFor is how long what is blocked stays so before it is looked at again: as long as the server has not been ready,
// within bounds.
func blockedFor(instance *v1alpha1.LlamaStackDistribution, now time.Time) time.Duration {
	ready := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil || ready.Status == metav1.ConditionTrue {
		return blockedRetry
	}
	return min(max(now.Sub(ready.LastTransitionTime.Time), blockedRetry), blockedRetryMost)
}

// follow takes a child as the write that has just changed it returned it. The cache may still show the one before, and a
// status computed from that would call a server ready which is about to roll.
func (c *children) follow(outcome apply.Outcome) {
	switch live := outcome.Live.(type) {
	case *appsv1.Deployment:
		c.deployment = live
	case *corev1.PersistentVolumeClaim:
		c.claim = live
	case *corev1.Service:
		c.service = live
	case *networkingv1.Ingress:
		c.ingress = live
	case *autoscalingv2.HorizontalPodAutoscaler:
		c.autoscaler = live
	case *unstructured.Unstructured:
		c.followUntyped(live)
	}
	if outcome.Action == apply.ActionDeleted {
		c.drop(outcome.Ref.GVK.Kind)
	}
}

func (c *children) followUntyped(live *unstructured.Unstructured) {
	switch live.GetKind() {
	case kindHTTPRoute:
		c.httpRoute = live
	case kindRoute:
		c.route = live
	}
}

// drop forgets a child that was deleted, of those that the status tells about.
func (c *children) drop(kind string) {
	switch kind {
	case "Ingress":
		c.ingress = nil
	case kindHTTPRoute:
		c.httpRoute = nil
	case kindRoute:
		c.route = nil
	case "HorizontalPodAutoscaler":
		c.autoscaler = nil
	}
}

// tell logs every write once.
func tell(ctx context.Context, outcome apply.Outcome) {
	switch outcome.Action {
	case apply.ActionUnchanged, apply.ActionPending, apply.ActionNone:
		return
	case apply.ActionCreated, apply.ActionUpdated, apply.ActionDeleted, apply.ActionAdopted, apply.ActionTakenOver:
		log.FromContext(ctx).Info("applied", "object", outcome.Ref.String(), "action", outcome.Action)
	}
}

// problemOf says whose problem an object that could not be applied is.
func problemOf(outcome apply.Outcome) status.Problem {
	problem := status.Problem{Kind: status.User, Message: outcome.Err.Error(), About: about(outcome.Ref.GVK.Kind)}
	var (
		conflict  *apply.ConflictError
		immutable *apply.ImmutableError
		rejected  *apply.RejectedError
		contested *apply.ContestedError
		wait      *apply.WaitError
	)
	switch {
	case errors.As(outcome.Err, &conflict):
		problem.Reason = v1alpha1.ReasonResourceConflict
	case errors.As(outcome.Err, &immutable):
		problem.Reason = v1alpha1.ReasonImmutableField
	case errors.As(outcome.Err, &rejected):
		problem.Reason = v1alpha1.ReasonRejected
	case errors.As(outcome.Err, &contested):
		problem.Reason = v1alpha1.ReasonResourceContested
		problem.Message += earlierRelease(contested)
	case errors.As(outcome.Err, &wait):
		problem.Reason, problem.Kind = v1alpha1.ReasonProgressing, status.Wait
	default:
		problem.Reason, problem.Kind = v1alpha1.ReasonReconcileError, status.Cluster
	}
	return problem
}

// earlierRelease names the most likely opponent: 0.9.0 creates and replaces objects as "manager", and applies them under the name of the
// LlamaStackDistribution, which is what the names of its objects begin with.
func earlierRelease(contested *apply.ContestedError) string {
	manager := contested.Manager
	if manager == legacyUpdateManager || contested.Ref.Name == manager || strings.HasPrefix(contested.Ref.Name, manager+"-") {
		return " (release 0.9.0 of this operator writes under that name: if it still runs, scale its Deployment to 0)"
	}
	return ""
}

// retryOf is when to look again at an object that something outside of our watches keeps from being as declared.
func retryOf(outcome apply.Outcome, blocked time.Duration) time.Duration {
	if contested, ok := errors.AsType[*apply.ContestedError](outcome.Err); ok {
		return contested.RetryAfter
	}
	return blocked
}

func about(kind string) string {
	switch kind {
	case kindClaim:
		return status.AboutStorage
	case "Service":
		return status.AboutService
	case "Deployment":
		return status.AboutDeployment
	case kindHTTPRoute, kindRoute:
		return status.AboutRoute
	default:
		return ""
	}
}
