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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollback"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rollBack gives the rendered Deployment the last Pod template that was ready, where the rollout of its own has failed,
// and records on it what the next decision needs.
func (r *Reconciler) rollBack(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope, objects []*unstructured.Unstructured) error {
	deployment := children.Find(objects, children.Deployment)
	if deployment == nil || !instance.RollsBack() {
		return nil
	}
	wanted, found, err := unstructured.NestedMap(deployment.Object, "spec", "template")
	if err != nil || !found {
		return fmt.Errorf("failed to read the template of the rendered Deployment: %w", err)
	}
	decision, err := rollback.Decide(r.seen(ctx, instance, s), wanted)
	if err != nil {
		return fmt.Errorf("failed to decide on a rollback: %w", err)
	}
	children.Annotate(deployment, decision.Annotations)
	s.needed = append(s.needed, decision.ConfigMaps...)
	if !decision.RolledBack {
		return nil
	}
	if err := unstructured.SetNestedMap(deployment.Object, decision.Template, "spec", "template"); err != nil {
		return fmt.Errorf("failed to set the last ready template: %w", err)
	}
	return nil
}

// madeFrom is the version of the Deployment that a rollback, or a turn, was decided on: a record on another one is not
// lost by a cache that shows it late.
func madeFrom(instance *v1alpha1.LlamaStackDistribution, s *scope) func(*unstructured.Unstructured) string {
	if !instance.RollsBack() && !s.rollout.AsRead || s.Children.Deployment() == nil {
		return nil
	}
	return func(object *unstructured.Unstructured) string {
		if object.GetKind() == children.Deployment {
			return s.Children.Deployment().ResourceVersion
		}
		return ""
	}
}

// seen is the Deployment as the cache has it.
func (r *Reconciler) seen(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) rollback.Seen {
	deployment := s.Children.Deployment()
	if deployment == nil {
		return rollback.Seen{}
	}
	seen := rollback.Seen{
		Deployment: deployment, Image: s.rollout.Image(s.Input.Image, s.Requested),
		Serves: status.RolledOut(deployment) && deployment.Status.AvailableReplicas > 0,
	}
	seen.Why, _ = r.podTrouble(ctx, instance, s)
	seen.FailedAt, seen.Current = status.TimedOut(deployment)
	if seen.Why == "" {
		seen.Why = "its Pods did not become available within the progress deadline"
	}
	return seen
}

// rolledBack returns why a rollout failed, if an earlier template runs instead.
func rolledBack(instance *v1alpha1.LlamaStackDistribution, deployment *appsv1.Deployment) string {
	if !instance.RollsBack() {
		return ""
	}
	return rollback.Read(deployment).Why
}
