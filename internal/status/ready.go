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

// outcome is a finding for Ready and the phase that corresponds to it.
type outcome struct {
	finding

	phase v1alpha1.DistributionPhase
}

// ready calls the judges in order. The first finding determines the result. Problems of the cluster and notices are
// appended to the message.
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
		reported := decided.reason == v1alpha1.ReasonReconcileError || f.has(User)
		decided.message = join(decided.message, f.retrying(reported), join(f.Notices...), f.unmeasured())
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

// userProblem reports all of them with the reason of the first in the order of userReasons: problems that hide others
// come first.
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

// clusterProblem reports ReconcileError until the current generation has been applied once without a problem. From then
// on, problems of the cluster are only part of the message: the server still runs as declared, and most of these
// problems are short.
func (f *facts) clusterProblem() *outcome {
	if !f.has(Cluster) || f.appliedBefore() {
		return nil
	}
	return notReady(v1alpha1.ReasonReconcileError, v1alpha1.PhaseInitializing,
		"The operator failed to apply the spec, and retries: "+messages(f.problems(Cluster)))
}

func (f *facts) appliedBefore() bool {
	if was := f.was(v1alpha1.ConditionReady); was != nil {
		return was.ObservedGeneration == f.Instance.Generation && was.Reason != string(v1alpha1.ReasonReconcileError)
	}
	return f.old.Phase == v1alpha1.PhaseReady // the status of 0.9.0
}

// paused only applies to Ready after the spec has changed: then the server does not run as declared. It stays until the
// pause ends, even if the change is reverted.
func (f *facts) paused() *outcome {
	was := f.was(v1alpha1.ConditionReady)
	if !f.Instance.Paused() || was != nil && was.ObservedGeneration == f.Instance.Generation && was.Reason != string(v1alpha1.ReasonPaused) {
		return nil
	}
	return notReady(v1alpha1.ReasonPaused, v1alpha1.PhasePending, "The changed spec is not applied while the server is paused: "+unpause)
}

// unpause is how to end a pause.
const unpause = "remove the annotation " + v1alpha1.AnnotationPaused + " to resume"

// pausedCondition returns nil if the server is not paused.
func (f *facts) pausedCondition() *finding {
	if !f.Instance.Paused() {
		return nil
	}
	return &finding{metav1.ConditionTrue, v1alpha1.ReasonPaused, "The operator does not change the objects of this server: " + unpause}
}

// scaledToZero is True after the last Pod has terminated, as a Deployment of 0 replicas counts as current: tools such
// as Flux and Helm wait for Ready, and must not wait as long as the server is stopped.
func (f *facts) scaledToZero() *outcome {
	if !f.stopped() {
		return nil
	}
	message := "The desired number of replicas is 0: set spec.replicas to 1 or more to start the server"
	switch {
	case f.Instance.Spec.Suspend:
		message = "The server is suspended: remove spec.suspend to start it"
	case f.autoscaled():
		message = "The Deployment was scaled to 0, which suspends its autoscaler: scale the Deployment to 1 or more to start the server"
	}
	if missing := f.missing(f.stopping()); missing != "" {
		return notReady(v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, missing)
	}
	return &outcome{finding{metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, message}, v1alpha1.PhasePending}
}

// rolledBack applies as long as an earlier template runs instead of the declared one. The message includes the progress
// of the rollback, or its failure.
func (f *facts) rolledBack() *outcome {
	if f.RolledBack == "" {
		return nil
	}
	message := "The rollout of the spec failed (" + f.RolledBack + "). The last Pod template that was ready runs " +
		"until the spec or an object that it refers to changes"
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

func (f *facts) progressing() *outcome {
	pods := ""
	if !f.rollout.complete {
		pods = f.rollout.message
	}
	missing := f.missing(pods)
	if missing == "" {
		return nil
	}
	return notReady(v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, missing)
}

// missing is what is not there yet, beside what the Pods wait for; empty where all is. A server without a Service is not
// there, because nobody reaches it.
func (f *facts) missing(pods string) string {
	return join(pods, f.unmet(), messages(f.problems(Wait)))
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

// retrying is the part of the message about problems of the cluster. It is empty if they are reported already, or if
// users' problems are more important.
func (f *facts) retrying(reported bool) string {
	if reported || !f.has(Cluster) {
		return ""
	}
	return "the last update failed and is retried: " + messages(f.problems(Cluster))
}
