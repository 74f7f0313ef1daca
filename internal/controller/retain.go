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
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/retention"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
)

// keep adds the result for the PVC that outlives the server, and its problem.
func (s *scope) keep(instance *v1alpha1.LlamaStackDistribution, kept retention.Kept, blocked time.Duration) {
	switch {
	case instance.Spec.Server.Storage.Existing() != "":
		s.existing = kept.PVC
	case kept.Released:
		s.Children.Set(children.PersistentVolumeClaim, kept.PVC) // the cache may still show the one before
	}
	if kept.Err == nil {
		return
	}
	problem := retention.Problem(kept.Err)
	s.Remarks = append(s.Remarks, problem)
	if problem.Kind == status.Cluster {
		s.err = errors.Join(s.err, kept.Err)
		return
	}
	s.retryAfter(blocked)
}

// reportNamed takes what became of the PVC that existingClaim names, where the cache does not have it.
func (r *Reconciler) reportNamed(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	if s.existing != nil {
		return
	}
	kept, missing := r.keeper.Named(ctx, instance, s.Children.Deployment())
	blocked := blockedFor(instance, r.clock.Now())
	s.keep(instance, kept, blocked)
	if missing {
		s.Remarks = append(s.Remarks, status.Problem{
			Reason: v1alpha1.ReasonClaimNotFound, Kind: status.User, About: v1alpha1.ConditionStorageReady,
			Message: fmt.Sprintf("PersistentVolumeClaim %s/%s, which spec.server.storage.existingClaim names, does not exist: create it",
				instance.Namespace, instance.Spec.Server.Storage.Existing()),
		})
		s.retryAfter(blocked)
	}
}
