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

package status

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// facts is an Input with intermediate results that several conditions need.
type facts struct {
	Input

	old     v1alpha1.LlamaStackDistributionStatus
	wanted  int32
	rollout rollout
	health  finding
}

// finding is the content of one condition.
type finding struct {
	status  metav1.ConditionStatus
	reason  v1alpha1.Reason
	message string
}

// Compute returns the status. Conditions of unknown types stay unchanged. While a server is being deleted, only the
// conditions of its children change: the input has no addresses, versions and providers for it.
func Compute(in Input) v1alpha1.LlamaStackDistributionStatus {
	f := &facts{Input: in, old: in.Instance.Status}
	f.wanted = WantedReplicas(in)
	f.rollout = f.judgeRollout()
	f.health = f.healthCheck()
	ready, phase := f.ready()

	next := *in.Instance.Status.DeepCopy()
	next.ObservedGeneration = in.Instance.Generation
	next.Phase = phase
	f.setConditions(&next, ready)
	f.setNumbers(&next)
	if in.Instance.DeletionTimestamp.IsZero() {
		f.setServer(&next)
		next.ServiceURL = in.ServiceURL
		next.RouteURL = routeURL(in)
		if in.Check.Known {
			next.AnsweredCheck = in.Check.Answered
		}
	}
	return next
}

// absent is the message for a child that does not exist: it is being created or, with the server, deleted.
func (f *facts) absent(made, deleted string) string {
	if f.Instance.DeletionTimestamp.IsZero() {
		return made
	}
	return deleted
}

// setConditions keeps out what there is nothing to say about. Of a server that is being deleted it says what its children
// are; what else was last reported stays, as does what depends on inputs that could not be gathered.
func (f *facts) setConditions(next *v1alpha1.LlamaStackDistributionStatus, ready finding) {
	f.set(next, v1alpha1.ConditionReady, ready)
	for i := range conditions {
		switch row := &conditions[i]; {
		case !f.Instance.DeletionTimestamp.IsZero() && !row.children, f.Partial && row.inputs, !f.Check.Known && row.kind == v1alpha1.ConditionConfigValid:
		case row.always != nil:
			f.set(next, row.kind, row.always(f))
		case row.find != nil:
			f.setOrRemove(next, row.kind, row.find(f))
		}
	}
}

// setOrRemove removes a condition that does not apply.
func (f *facts) setOrRemove(next *v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType, found *finding) {
	switch {
	case found != nil:
		f.set(next, kind, *found)
	case meta.FindStatusCondition(next.Conditions, string(kind)) != nil: // avoids a copy of the other conditions in every reconcile
		meta.RemoveStatusCondition(&next.Conditions, string(kind))
	}
}

// set changes the transition time only with the status, as the API conventions require.
func (f *facts) set(next *v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType, found finding) {
	meta.SetStatusCondition(&next.Conditions, metav1.Condition{
		Type:               string(kind),
		Status:             found.status,
		Reason:             string(found.reason),
		Message:            bound.Text(found.message, maxMessage),
		ObservedGeneration: f.Instance.Generation,
		LastTransitionTime: f.Now,
	})
}

// setNumbers copies the numbers of the Deployment; without one, they are zero. 0.9.0 set availableReplicas to the ready
// replicas, which is the same number without minReadySeconds, which the operator does not set.
func (f *facts) setNumbers(next *v1alpha1.LlamaStackDistributionStatus) {
	next.Replicas, next.AvailableReplicas, next.Selector = 0, 0, ""
	if f.Deployment == nil {
		return
	}
	next.Replicas = f.Deployment.Status.Replicas
	next.AvailableReplicas = f.Deployment.Status.AvailableReplicas
	if selector := f.Deployment.Spec.Selector; selector != nil {
		// A truncated selector selects other Pods. This operator and earlier releases create no longer one.
		if text := metav1.FormatLabelSelector(selector); len(text) <= maxMessage {
			next.Selector = text
		}
	}
}

// was returns a condition of the old status. Conditions of 0.9.0, which have no observedGeneration, do not count: 0.9.0
// did not update them, and used some reasons with another meaning.
func (f *facts) was(kind v1alpha1.ConditionType) *metav1.Condition {
	condition := meta.FindStatusCondition(f.old.Conditions, string(kind))
	if condition == nil || condition.ObservedGeneration == 0 {
		return nil
	}
	return condition
}
