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
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deadlineExceeded is the Deployment controller's reason for a rollout without progress.
const deadlineExceeded = "ProgressDeadlineExceeded"

// scalingDisabled is the autoscaler's reason while its Deployment has 0 replicas.
const scalingDisabled = "ScalingDisabled"

// rollout is the progress of the Deployment.
type rollout struct {
	// complete means that all desired replicas have the current template and are available, and no others are left.
	complete bool
	// failed means that the Deployment controller reports no progress. Old Pods may still serve.
	failed bool
	// message describes a rollout that is not complete.
	message string
}

// autoscaled reports whether an autoscaler sets the number of replicas: one that is declared and can scale, or one that
// is no longer declared but still exists.
func (f *facts) autoscaled() bool { return autoscaled(f.Input) }

func autoscaled(in Input) bool {
	declared := in.Instance.Spec.Server.Autoscaling
	return !in.Instance.Spec.Suspend && (declared != nil && declared.MaxReplicas > 0 || in.Autoscaler != nil)
}

// stopped reports whether the desired number of replicas is 0.
func (f *facts) stopped() bool { return f.wanted <= 0 }

// stopping describes what is left of a server whose desired number of replicas is 0. It is empty after the last Pod has
// terminated.
func (f *facts) stopping() string {
	deployment := f.Deployment
	switch {
	case deployment == nil:
		return f.absent("Deployment is not created yet", "Deployment is deleted")
	case observed(deployment) && declaredReplicas(deployment) == 0 && deployment.Status.Replicas == 0 && !Leaving(deployment):
		return ""
	default:
		return join("The Deployment is being scaled to 0, and its Pods have not all terminated", f.LeavingPod)
	}
}

// WantedReplicas returns the number in the Deployment if an autoscaler sets it, otherwise spec.replicas.
func WantedReplicas(in Input) int32 {
	switch {
	case !autoscaled(in):
		return in.Instance.WantedReplicas()
	case in.Deployment == nil:
		return max(1, in.Instance.WantedReplicas())
	default:
		return declaredReplicas(in.Deployment)
	}
}

func declaredReplicas(deployment *appsv1.Deployment) int32 {
	if replicas := deployment.Spec.Replicas; replicas != nil {
		return *replicas
	}
	return 1
}

// RolledOut reports whether all replicas of a Deployment have its current template and are available, and no others are
// left, as kubectl rollout status does. Terminating Pods are not counted: see Leaving.
func RolledOut(deployment *appsv1.Deployment) bool {
	wanted, status := declaredReplicas(deployment), deployment.Status
	return observed(deployment) && status.UpdatedReplicas >= wanted && status.AvailableReplicas >= wanted && status.Replicas <= status.UpdatedReplicas
}

// Rolling reports whether a rollout is in progress: it is neither complete, failed nor paused.
func Rolling(deployment *appsv1.Deployment) bool {
	failed := observed(deployment) && stuck(deployment.Status.Conditions) != ""
	return !deployment.Spec.Paused && !RolledOut(deployment) && !failed
}

// Leaving reports whether there are terminating Pods, which can still serve requests. Clusters before 1.35 do not
// report them.
func Leaving(deployment *appsv1.Deployment) bool {
	terminating := deployment.Status.TerminatingReplicas
	return terminating != nil && *terminating > 0
}

// TimedOut returns the time at which the Deployment controller reported a rollout without progress, or an empty string,
// and whether the status describes the current generation. Even then, the report can be about the rollout of an earlier
// template: with the strategy Recreate, the condition stays until there is a new Pod.
func TimedOut(deployment *appsv1.Deployment) (string, bool) {
	for _, condition := range deployment.Status.Conditions {
		if late(condition) {
			return condition.LastTransitionTime.UTC().Format(time.RFC3339), observed(deployment)
		}
	}
	return "", observed(deployment)
}

func late(condition appsv1.DeploymentCondition) bool {
	return condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse && condition.Reason == deadlineExceeded
}

// observed says that the Deployment's status is about its current generation.
func observed(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration >= deployment.Generation
}

// judgeRollout says how far the rollout is. A status of an older generation says nothing about this one.
func (f *facts) judgeRollout() rollout {
	if f.Deployment == nil {
		return rollout{message: f.absent("Deployment is not created yet", "Deployment is deleted")}
	}
	status := f.Deployment.Status
	if !observed(f.Deployment) {
		return rollout{message: f.rolling(0, status.AvailableReplicas)}
	}
	if declaredReplicas(f.Deployment) != f.wanted {
		return rollout{message: f.rolling(status.UpdatedReplicas, status.AvailableReplicas)}
	}
	if RolledOut(f.Deployment) {
		return rollout{complete: true}
	}
	if why := stuck(status.Conditions); why != "" {
		return rollout{failed: true, message: "The rollout does not progress: " + cmp.Or(f.waitsFor(), why)}
	}
	return rollout{message: f.rolling(status.UpdatedReplicas, status.AvailableReplicas)}
}

func (f *facts) rolling(updated, available int32) string {
	return join(fmt.Sprintf("Deployment is rolling out: %d of %d replicas updated, %d available",
		min(updated, f.wanted), f.wanted, available), f.waitsFor())
}

// waitsFor returns what a rollout that is not complete waits for, as far as objects and Events report it.
func (f *facts) waitsFor() string {
	return join(f.held(), Advised(refused(f.Deployment.Status.Conditions)), f.PodReason, f.LeavingPod, f.blocked(), f.PVCReason)
}

// held reports that a person paused the Deployment, which does not end by itself.
func (f *facts) held() string {
	if !f.Deployment.Spec.Paused {
		return ""
	}
	return fmt.Sprintf("Deployment %s is paused: to resume, run kubectl -n %s rollout resume deployment/%s", f.Deployment.Name, f.Deployment.Namespace, f.Deployment.Name)
}

// blocked reports that a Pod that does not terminate blocks all new Pods.
func (f *facts) blocked() string {
	if f.LeavingPod == "" || f.Deployment.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || f.Deployment.Status.UpdatedReplicas > 0 {
		return ""
	}
	return "no new Pod is created until it is deleted"
}

// stuck returns why the Deployment controller reports no progress, in its words, or an empty string.
func stuck(conditions []appsv1.DeploymentCondition) string {
	for _, condition := range conditions {
		if late(condition) {
			return condition.Reason + ": " + condition.Message
		}
	}
	return refused(conditions)
}

// refused returns why Pods cannot be created, in the words of the API server, or an empty string.
func refused(conditions []appsv1.DeploymentCondition) string {
	for _, condition := range conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			return condition.Reason + ": " + words(condition.Message)
		}
	}
	return ""
}

// deploymentReady only depends on the Deployment: with problems elsewhere, the old server continues to run, and this
// condition shows it.
func (f *facts) deploymentReady() finding {
	problem := f.about(User, v1alpha1.ConditionDeploymentReady)
	switch {
	case problem != "":
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed, problem}
	case f.stopped() && f.stopping() == "":
		return finding{metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0"}
	case f.stopped():
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, f.stopping()}
	case f.rollout.failed:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed, f.rollout.message}
	case f.Check.Keeps && f.Check.Edited && f.rollout.complete:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, "The Deployment has an earlier Pod template: see the condition ConfigValid"}
	case !f.rollout.complete:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, join(f.rollout.message, f.pending(v1alpha1.ConditionDeploymentReady))}
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, join("Deployment is ready", f.LeavingPod, f.autoscalerTrouble())}
	}
}

// autoscalerTrouble reports that the autoscaler does not scale the Deployment.
func (f *facts) autoscalerTrouble() string {
	if f.Autoscaler == nil {
		return ""
	}
	for _, condition := range f.Autoscaler.Status.Conditions {
		about := condition.Type == autoscalingv2.ScalingActive || condition.Type == autoscalingv2.AbleToScale
		if about && condition.Status == corev1.ConditionFalse && condition.Reason != scalingDisabled {
			return fmt.Sprintf("HorizontalPodAutoscaler %s does not scale the Deployment (%s)", f.Autoscaler.Name, condition.Reason)
		}
	}
	return ""
}
