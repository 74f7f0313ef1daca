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
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// facts is an Input with what several conditions need of it.
type facts struct {
	Input

	old     v1alpha1.LlamaStackDistributionStatus
	wanted  int32
	rollout rollout
	health  finding
}

// finding is what one condition says.
type finding struct {
	status  metav1.ConditionStatus
	reason  v1alpha1.Reason
	message string
}

// Compute gives the status. Conditions of types that it does not know stay as they are.
func Compute(in Input) v1alpha1.LlamaStackDistributionStatus {
	f := &facts{Input: in, old: in.Instance.Status}
	f.wanted = wantedReplicas(in)
	f.rollout = f.judgeRollout()
	f.health = f.healthCheck()
	ready, phase := f.ready()

	next := *in.Instance.Status.DeepCopy()
	next.ObservedGeneration = in.Instance.Generation
	next.Phase = phase
	f.setConditions(&next, ready)
	f.setNumbers(&next)
	f.setServer(&next)
	next.ServiceURL = in.ServiceURL
	next.RouteURL = routeURL(in)
	return next
}

// setConditions keeps out what there is nothing to say about. What the server says of itself no longer matters
// once it is being deleted, so HealthCheck stays as it was last told.
func (f *facts) setConditions(next *v1alpha1.LlamaStackDistributionStatus, ready finding) {
	f.set(next, v1alpha1.ConditionReady, ready)
	f.set(next, v1alpha1.ConditionDeploymentReady, f.deploymentReady())
	if f.Instance.DeletionTimestamp.IsZero() {
		f.set(next, v1alpha1.ConditionHealthCheck, f.health)
	}
	f.setOrRemove(next, v1alpha1.ConditionStorageReady, f.storage())
	f.set(next, v1alpha1.ConditionServiceReady, f.serviceReady())
	f.setOrRemove(next, v1alpha1.ConditionRouteReady, f.routeReady())
	f.setOrRemove(next, v1alpha1.ConditionStateShared, f.stateShared())
	f.setOrRemove(next, v1alpha1.ConditionPaused, f.pausedCondition())
}

// setOrRemove removes a condition that there is nothing to say about.
func (f *facts) setOrRemove(next *v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType, found *finding) {
	switch {
	case found != nil:
		f.set(next, kind, *found)
	case meta.FindStatusCondition(next.Conditions, string(kind)) != nil: // or the others are copied for nothing, each time
		meta.RemoveStatusCondition(&next.Conditions, string(kind))
	}
}

// set changes the transition time only with the status value, as the API convention has it.
func (f *facts) set(next *v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType, found finding) {
	meta.SetStatusCondition(&next.Conditions, metav1.Condition{
		Type:               string(kind),
		Status:             found.status,
		Reason:             string(found.reason),
		Message:            bounded(found.message, maxMessage),
		ObservedGeneration: f.Instance.Generation,
		LastTransitionTime: f.Now,
	})
}

// setNumbers are the Deployment's own; all zero without one. 0.9.0 called the ready replicas available, which is the
// same number as long as nobody sets minReadySeconds, and the operator does not.
func (f *facts) setNumbers(next *v1alpha1.LlamaStackDistributionStatus) {
	next.Replicas, next.AvailableReplicas, next.Selector = 0, 0, ""
	if f.Deployment == nil {
		return
	}
	next.Replicas = f.Deployment.Status.Replicas
	next.AvailableReplicas = f.Deployment.Status.AvailableReplicas
	if selector := f.Deployment.Spec.Selector; selector != nil {
		next.Selector = metav1.FormatLabelSelector(selector)
	}
}

// was finds a condition of the old status. Those of 0.9.0 do not count: it kept none of them up to date, and used some
// reasons for something else. It set no observedGeneration.
func (f *facts) was(kind v1alpha1.ConditionType) *metav1.Condition {
	condition := meta.FindStatusCondition(f.old.Conditions, string(kind))
	if condition == nil || condition.ObservedGeneration == 0 {
		return nil
	}
	return condition
}
