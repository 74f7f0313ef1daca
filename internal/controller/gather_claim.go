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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// gatherClaim sees to it that a claim is never asked to shrink, and tells when a spec asks for that. One that somebody
// else has grown is as good as the size that was asked for.
func gatherClaim(instance *v1alpha1.LlamaStackDistribution, p *pass) {
	claim, storage := p.children.claim, instance.Spec.Server.Storage
	if claim == nil || !storage.WantsClaim() {
		return
	}
	if modes := claim.Spec.AccessModes; slices.Contains(modes, corev1.ReadWriteMany) != storage.DeclaredShared() {
		p.input.ClaimModes = modes
	}
	asked, live := render.AskedSize(storage), claim.Spec.Resources.Requests.Storage()
	if live.Cmp(asked) > 0 {
		p.input.ClaimSize = live
	}
	before := requestedBefore(claim, instance)
	if before == nil || before.Cmp(asked) <= 0 {
		return
	}
	p.input.RequestedSize = before
	p.remarks = append(p.remarks, status.Problem{
		Reason: v1alpha1.ReasonImmutableField, Kind: status.User,
		Message: fmt.Sprintf("spec.server.storage.size cannot be changed from %s to %s, because a claim does not shrink: set it to %s or more; PersistentVolumeClaim %s keeps %s",
			before, &asked, before, claim.Name, live),
	})
}

// requestedBefore is the largest size that this LlamaStackDistribution has asked for, nil where that is not known. A claim
// that is older than it records what an earlier one asked for, or a person.
func requestedBefore(claim *corev1.PersistentVolumeClaim, instance *v1alpha1.LlamaStackDistribution) *resource.Quantity {
	if claim.CreationTimestamp.Before(&instance.CreationTimestamp) {
		return nil
	}
	size, err := resource.ParseQuantity(claim.Annotations[render.RequestedSizeAnnotation])
	if err != nil {
		return nil
	}
	return &size
}

func existingClaim(instance *v1alpha1.LlamaStackDistribution) string {
	if storage := instance.Spec.Server.Storage; storage != nil {
		return storage.ExistingClaim
	}
	return ""
}

// lookForClaim tells that a claim which is not the operator's does not exist, which a Deployment tells late and the
// events of its Pods only. It is not watched: a server that runs has it, and one that was found is not looked for again.
func (r *Reconciler) lookForClaim(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	name := existingClaim(instance)
	if name == "" || (p.children.deployment != nil && p.children.deployment.Status.AvailableReplicas > 0) {
		return
	}
	memory := "claim/" + string(instance.UID) + "/" + name
	if _, found := recall[bool](r.contents, memory); found {
		return
	}
	r.metrics.LiveRead(kindClaim)
	err := r.live.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: name}, &corev1.PersistentVolumeClaim{})
	switch {
	case err == nil:
		r.contents.found.Add(memory, true)
	case apierrors.IsNotFound(err):
		p.remarks = append(p.remarks, status.Problem{
			Reason: v1alpha1.ReasonClaimNotFound, Kind: status.User, About: status.AboutStorage,
			Message: fmt.Sprintf("PersistentVolumeClaim %s/%s, which spec.server.storage.existingClaim names, does not exist: create it", instance.Namespace, name),
		})
		p.retryAfter(blockedFor(instance, r.clock.Now()))
	}
}
