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
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// gatherClaim sees to it that a claim is never asked to shrink, and tells when a spec asks for that. One that somebody
// else has grown is as good as the size that was asked for.
func gatherClaim(instance *v1alpha1.LlamaStackDistribution, p *pass) {
	claim, storage := p.children.claim, instance.Spec.Server.Storage
	if claim == nil || storage == nil {
		return
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
