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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conclude computes the status from the scope and writes it if it differs, at once or when the reconcile has been
// repeated.
func (r *Reconciler) conclude(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) error {
	if err := r.turns.End(ctx, instance, s.rollout); err != nil {
		return err
	}
	before, after := *instance, *instance // which share what nobody changes, because nearly always nothing is written
	before.Status = r.statuses.Latest(instance)
	input := r.statusInput(ctx, &before, s)
	after.Status = status.Compute(input)
	if s.rollout.Held || s.partial || instance.Paused() {
		after.Status.ObservedGeneration = before.Status.ObservedGeneration // nothing was done for this one yet
	}
	var patience time.Duration
	if s.behind {
		patience = unseenRetry
	}
	wait, err := r.statuses.Write(ctx, &before, &after, s.probed, patience)
	if wait > 0 {
		s.retryAfter(wait)
	}
	r.metrics.Concluded(&metrics.Server{
		Instance: &after, Wanted: status.WantedReplicas(input), Contested: s.contested, CertificateEnds: s.server.CertificateEnds,
		First:   before.Status.Phase == "" && len(before.Status.Conditions) == 0,
		Settled: err == nil && wait == 0 && !s.behind, Now: r.clock.Now(),
	})
	return err
}

func (r *Reconciler) statusInput(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) status.Input {
	image, why := s.rollout.Image(s.Input.Image, s.Requested), rolledBack(instance, s.Children.Deployment())
	if asked := observed.RequestedImage(s.Children.Deployment(), instance); asked != "" && instance.Paused() {
		image = asked
	}
	if why != "" {
		image = observed.RunningImage(s.Children.Deployment(), instance)
	}
	return status.Input{
		Instance: instance, Now: metav1.NewTime(r.clock.Now()), OperatorVersion: r.version,
		Image: image, ActiveDistribution: s.Resolved.Active, Available: s.Available,
		Problems: slices.Concat(s.Problems, s.Remarks), Notices: s.Notices, Partial: s.partial,
		Deployment: s.Children.Deployment(), Autoscaler: s.Children.Autoscaler(), Service: s.Children.Service(), Ingress: s.Children.Ingress(),
		PVC: s.Children.PVC(), PVCWanted: instance.Spec.Server.Storage.WantsPVC(),
		ExistingClaim: instance.Spec.Server.Storage.Existing(), Existing: s.existing, PVCSharers: s.sharers, State: s.State, Authenticated: s.Authenticated,
		Check:      r.checkInput(ctx, instance, s),
		Exposure:   r.exposure(instance, s),
		PodReason:  s.podReason,
		LeavingPod: s.leavingPod, PVCReason: s.pvcReason,
		RolledBack: why,
		ServiceURL: s.serviceURL(instance),
		Server: status.Server{
			Probed: s.probed, Reached: s.server.Reached, Limited: s.server.Limited, Health: s.server.Health,
			Version: s.server.Version, Providers: s.server.Providers, Problem: s.server.Problem, Models: s.models(),
		},
	}
}

// serviceURL is what 0.9.0 wrote, cluster domain included, because scripts read it.
func (s *scope) serviceURL(instance *v1alpha1.LlamaStackDistribution) string {
	scheme, port := s.address(instance)
	return fmt.Sprintf("%s://%s.%s.svc.cluster.local:%d", scheme, children.ServiceName(instance.Name), instance.Namespace, port)
}
