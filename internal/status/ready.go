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
	"cmp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// outcome is a finding about Ready and the phase that goes with it.
type outcome struct {
	finding

	phase v1alpha1.DistributionPhase
}

// ready asks the judges in order; the first that has something to say decides. What the cluster is in the way of and
// what is only worth telling is appended.
func (f *facts) ready() (finding, v1alpha1.DistributionPhase) {
	judges := []func() *outcome{
		f.terminating, f.paused, f.userProblem, f.clusterProblem, f.scaledToZero, f.rolledBack, f.rolloutFailed, f.progressing, f.unhealthy,
	}
	decided := f.serving()
	for _, judge := range judges {
		if found := judge(); found != nil {
			decided = found
			break
		}
	}
	if decided.phase != v1alpha1.PhaseTerminating {
		told := decided.reason == v1alpha1.ReasonReconcileError || f.has(User)
		decided.message = join(decided.message, f.retrying(told), join(f.Notices...))
	}
	return decided.finding, decided.phase
}

func notReady(reason v1alpha1.Reason, phase v1alpha1.DistributionPhase, message string) *outcome {
	return &outcome{finding{metav1.ConditionFalse, reason, message}, phase}
}

func (f *facts) terminating() *outcome {
	if f.Instance.DeletionTimestamp.IsZero() {
		return nil
	}
	return notReady(v1alpha1.ReasonTerminating, v1alpha1.PhaseTerminating, "The server is being deleted")
}

// userProblem tells all of them, under the reason of the first in the order of userReasons: what has to be mended
// before the next can be looked at stands first.
func (f *facts) userProblem() *outcome {
	found := f.problems(User)
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a.Reason), rank(b.Reason)), cmp.Compare(a.Reason, b.Reason), strings.Compare(a.Message, b.Message))
	})
	return notReady(found[0].Reason, v1alpha1.PhaseFailed, messages(found))
}

// clusterProblem is told as ReconcileError until the current generation has once been applied without one. From then on
// it is a remark in the message: the server is no worse than it was a moment ago, and most such problems pass before
// anybody has read of them.
func (f *facts) clusterProblem() *outcome {
	if !f.has(Cluster) || f.appliedBefore() {
		return nil
	}
	return notReady(v1alpha1.ReasonReconcileError, v1alpha1.PhaseInitializing,
		"The operator could not do all that is needed, and tries again: "+messages(f.problems(Cluster)))
}

func (f *facts) appliedBefore() bool {
	if was := f.was(v1alpha1.ConditionReady); was != nil {
		return was.ObservedGeneration == f.Instance.Generation && was.Reason != string(v1alpha1.ReasonReconcileError)
	}
	return f.old.Phase == v1alpha1.PhaseReady // as 0.9.0 left it
}

// paused is told by Ready only once the spec has changed since: what runs is not what is declared then. Which change it
// was is not remembered, so that it stays until the pause ends.
func (f *facts) paused() *outcome {
	was := f.was(v1alpha1.ConditionReady)
	if !f.Instance.Paused() || was != nil && was.ObservedGeneration == f.Instance.Generation && was.Reason != string(v1alpha1.ReasonPaused) {
		return nil
	}
	return notReady(v1alpha1.ReasonPaused, v1alpha1.PhasePending, "The spec is not followed, because it has changed while it is paused: "+unpause)
}

// unpause is how a pause ends.
const unpause = "remove the annotation " + v1alpha1.AnnotationPaused + " to have it followed"

// pausedCondition is nil while it is not paused.
func (f *facts) pausedCondition() *finding {
	if !f.Instance.Paused() {
		return nil
	}
	return &finding{metav1.ConditionTrue, v1alpha1.ReasonPaused, "The operator changes nothing of this server: " + unpause}
}

func (f *facts) scaledToZero() *outcome {
	if !f.stopped() {
		return nil
	}
	message := "No replicas are wanted: set spec.replicas to 1 or more to start the server"
	switch {
	case f.Instance.Spec.Suspend:
		message = "The server is suspended: remove spec.suspend to start it"
	case f.autoscaled():
		message = "The Deployment was scaled to 0, which suspends its autoscaler: scale the Deployment to 1 or more to start the server"
	}
	return notReady(v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, message)
}

// rolledBack is told as long as what runs is not what is declared. How far the way back is, and that it fails too, is told
// with it.
func (f *facts) rolledBack() *outcome {
	if f.RolledBack == "" {
		return nil
	}
	message := "The rollout of what the spec asks for failed (" + f.RolledBack + "), and the last Pod template that was ready " +
		"runs in its place until the spec, or what it refers to, changes"
	if !f.rollout.complete {
		message = join(message, f.rollout.message)
	}
	return notReady(v1alpha1.ReasonRolledBack, v1alpha1.PhaseFailed, message)
}

func (f *facts) rolloutFailed() *outcome {
	if !f.rollout.failed {
		return nil
	}
	return notReady(v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, f.rollout.message)
}

// progressing is also said of a server without a Service: nobody reaches it.
func (f *facts) progressing() *outcome {
	waiting := f.problems(Wait)
	service := f.serviceReady()
	if f.rollout.complete && len(waiting) == 0 && service.status == metav1.ConditionTrue {
		return nil
	}
	var parts []string
	if !f.rollout.complete {
		parts = append(parts, f.rollout.message)
	}
	if service.status != metav1.ConditionTrue {
		parts = append(parts, service.message)
	}
	return notReady(v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, join(append(parts, messages(waiting))...))
}

func (f *facts) unhealthy() *outcome {
	if f.health.reason != v1alpha1.ReasonHealthCheckFailed {
		return nil
	}
	return notReady(v1alpha1.ReasonUnhealthy, v1alpha1.PhaseFailed, f.health.message)
}

func (f *facts) serving() *outcome {
	message := "The server is ready"
	if f.health.status != metav1.ConditionTrue {
		message += ". " + f.health.message
	}
	return &outcome{finding{metav1.ConditionTrue, v1alpha1.ReasonReady, message}, v1alpha1.PhaseReady}
}

// retrying is the remark about problems of the cluster; told says that they are told already, or that there is
// something more important to tell.
func (f *facts) retrying(told bool) string {
	if told || !f.has(Cluster) {
		return ""
	}
	return "the last attempt to bring it up to date failed and is repeated: " + messages(f.problems(Cluster))
}
