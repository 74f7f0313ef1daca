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

package turns

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// shown is what the Deployments in the cache show of turns.
func (t *Turns) shown(ctx context.Context, now time.Time) shownTurns {
	return shownTurns{ctx: ctx, cached: t.Cached, now: now}
}

type shownTurns struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one question
	cached client.Reader
	now    time.Time
}

// Holders implements rollouts.Cluster. A Deployment whose server is gone is being deleted, too.
func (s shownTurns) Holders() ([]rollouts.Holder, error) {
	list := &appsv1.DeploymentList{}
	if err := s.cached.List(s.ctx, list, client.MatchingFields{Index: turnHeld}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("failed to list the Deployments that have a turn from the cache: %w", err)
	}
	var holders []rollouts.Holder
	for i := range list.Items {
		deployment := &list.Items[i]
		turn, controller := rollouts.TurnOf(deployment), metav1.GetControllerOfNoCopy(deployment)
		if controller == nil || !children.IsServer(controller) || !rollouts.Holding(deployment) || !rollouts.Counts(turn, s.now) {
			continue
		}
		instance := &v1alpha1.LlamaStackDistribution{}
		key := client.ObjectKey{Namespace: deployment.Namespace, Name: controller.Name}
		switch err := s.cached.Get(s.ctx, key, instance, client.UnsafeDisableDeepCopy); {
		case client.IgnoreNotFound(err) != nil:
			return nil, fmt.Errorf("failed to read LlamaStackDistribution %s from the cache: %w", key, err)
		case err == nil && instance.UID == controller.UID && instance.DeletionTimestamp == nil:
			holders = append(holders, rollouts.Holder{Server: rollouts.ServerOf(instance), Turn: turn})
		}
	}
	return holders, nil
}

// Shows implements rollouts.Cluster.
func (s shownTurns) Shows(server rollouts.Server, turn string) bool {
	instance, deployment := &v1alpha1.LlamaStackDistribution{}, &appsv1.Deployment{}
	err := s.cached.Get(s.ctx, server.Key, instance, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) || err == nil && instance.UID != server.UID {
		return true
	}
	if err := s.cached.Get(s.ctx, server.Key, deployment, client.UnsafeDisableDeepCopy); err != nil {
		return false
	}
	controller := metav1.GetControllerOfNoCopy(deployment)
	return controller != nil && controller.UID == server.UID && rollouts.Read(deployment).Turn == turn
}
