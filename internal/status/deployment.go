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
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deadlineExceeded is the Deployment controller's word for a rollout that does not get on.
const deadlineExceeded = "ProgressDeadlineExceeded"

// scalingDisabled is the autoscaler's word for being suspended by a Deployment of 0 replicas.
const scalingDisabled = "ScalingDisabled"

// rollout is how far the Deployment is.
type rollout struct {
	// complete says that all wanted replicas are of the current template and available, and no others are left.
	complete bool
	// failed says that the Deployment's controller sees no progress. Old Pods may still serve.
	failed bool
	// message, where it is not complete.
	message string
}

// autoscaled says that the number of replicas is not spec.replicas: where an autoscaler is declared that can do
// something, and while one that is no longer declared still exists.
func (f *facts) autoscaled() bool { return autoscaled(f.Input) }

func autoscaled(in Input) bool {
	declared := in.Instance.Spec.Server.Autoscaling
	return !in.Instance.Spec.Suspend && (declared != nil && declared.MaxReplicas > 0 || in.Autoscaler != nil)
}

// stopped says that no replicas are wanted.
func (f *facts) stopped() bool { return f.wanted <= 0 }

// wantedReplicas is the Deployment's own number where an autoscaler rules, and spec.replicas elsewhere.
func wantedReplicas(in Input) int32 {
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

// RolledOut says that all the replicas that a Deployment asks for are of its current template and available, and that it
// counts no others, as kubectl rollout status does. Pods on their way out are not counted: see Leaving.
func RolledOut(deployment *appsv1.Deployment) bool {
	wanted, status := declaredReplicas(deployment), deployment.Status
	return observed(deployment) && status.UpdatedReplicas >= wanted && status.AvailableReplicas >= wanted && status.Replicas <= status.UpdatedReplicas
}

// Rolling says that a rollout is under way: it has neither ended nor failed, and nobody has stopped it.
func Rolling(deployment *appsv1.Deployment) bool {
	failed := observed(deployment) && stuck(deployment.Status.Conditions) != ""
	return !deployment.Spec.Paused && !RolledOut(deployment) && !failed
}

// Leaving says that there are Pods on their way out, which may answer until they end. Clusters before 1.35 do not tell.
func Leaving(deployment *appsv1.Deployment) bool {
	terminating := deployment.Status.TerminatingReplicas
	return terminating != nil && *terminating > 0
}

// TimedOut is when the Deployment's controller gave a rollout up, as its status tells it, or empty; and whether the status
// is about the current generation. Even then it can be an earlier template's rollout that was given up: with the strategy
// Recreate the condition stays until there is a new Pod.
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
		return rollout{message: "Deployment is not created yet"}
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
		if f.PodReason != "" {
			why = f.PodReason
		}
		return rollout{failed: true, message: "The rollout does not progress: " + why}
	}
	return rollout{message: f.rolling(status.UpdatedReplicas, status.AvailableReplicas)}
}

func (f *facts) rolling(updated, available int32) string {
	return join(fmt.Sprintf("Deployment is rolling out: %d of %d replicas updated, %d available",
		min(updated, f.wanted), f.wanted, available), f.PodReason)
}

// stuck is why the Deployment's controller sees no progress, in its own words, or empty.
func stuck(conditions []appsv1.DeploymentCondition) string {
	for _, condition := range conditions {
		refused := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue
		if late(condition) || refused {
			return condition.Reason + ": " + condition.Message
		}
	}
	return ""
}

// deploymentReady is about what the Deployment is, whatever else is wrong: users' problems elsewhere leave the old
// server running, and this shows it.
func (f *facts) deploymentReady() finding {
	problem := f.about(User, AboutDeployment)
	switch {
	case problem != "":
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed, problem}
	case f.stopped():
		return finding{metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, "No replicas are wanted"}
	case f.rollout.failed:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed, f.rollout.message}
	case !f.rollout.complete:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, join(f.rollout.message, f.pending(AboutDeployment))}
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, join("Deployment is ready", f.autoscalerTrouble())}
	}
}

// autoscalerTrouble says that the number of replicas stays as it is although an autoscaler is asked for.
func (f *facts) autoscalerTrouble() string {
	if f.Autoscaler == nil {
		return ""
	}
	for _, condition := range f.Autoscaler.Status.Conditions {
		about := condition.Type == autoscalingv2.ScalingActive || condition.Type == autoscalingv2.AbleToScale
		if about && condition.Status == corev1.ConditionFalse && condition.Reason != scalingDisabled {
			return fmt.Sprintf("HorizontalPodAutoscaler %s does not scale it (%s)", f.Autoscaler.Name, condition.Reason)
		}
	}
	return ""
}
