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
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// The kubelet's reasons for a waiting container.
const (
	waitsForPod       = "PodInitializing"
	waitsForContainer = "ContainerCreating"
	pullFailed        = "ErrImagePull"
	pullsLater        = "ImagePullBackOff"
	startsLater       = "CrashLoopBackOff"
)

// nodeNotReady is the reason for a Pod on a node that is lost, as in the Event about it.
const nodeNotReady = "NodeNotReady"

// restarted is the reason for a container that terminated once and can start now.
const restarted = "Restarted"

// Trouble is why a Pod does not run, in the words of the kubelet or the scheduler. The zero value means no trouble.
type Trouble struct {
	// Reason is a word such as ImagePullBackOff, CrashLoopBackOff or Unschedulable.
	Reason string
	// Message has the details, or is empty.
	Message string
}

// String returns the reason and the message, or an empty string.
func (t Trouble) String() string {
	if t.Message == "" {
		return t.Reason
	}
	return t.Reason + ": " + t.Message
}

// PodTrouble returns why a Pod does not run. For a Pod that runs, starts or terminates, it returns none. The result is
// stable while a container alternates between states such as ErrImagePull and ImagePullBackOff; before is the last
// result for this Pod.
func PodTrouble(pod *corev1.Pod, before Trouble) Trouble {
	switch {
	case pod.DeletionTimestamp != nil, pod.Status.Phase == corev1.PodSucceeded:
		return Trouble{}
	case pod.Status.Phase == corev1.PodFailed:
		return failed(pod)
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		found := containerTrouble(&container)
		if found.Reason == pullsLater && before.Reason == pullsLater {
			return before // the words can differ between retries
		}
		if found.Reason != "" {
			return found.Like(before)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return Trouble{Reason: condition.Reason, Message: words(condition.Message)}
		}
	}
	if unreported(pod) {
		return Trouble{Reason: nodeNotReady, Message: fmt.Sprintf("node %s does not report the state of its Pods", pod.Spec.NodeName)}
	}
	return Trouble{}
}

// PodReady reports whether a Pod serves.
func PodReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// unreported reports whether the node of a Pod is lost. The node controller then sets Ready to False, without a reason, and
// leaves ContainersReady as the kubelet has last reported it. The kubelet itself always gives a reason.
func unreported(pod *corev1.Pod) bool {
	lost, ran := false, false
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			lost = condition.Status == corev1.ConditionFalse && condition.Reason == ""
		}
		if condition.Type == corev1.ContainersReady {
			ran = condition.Status == corev1.ConditionTrue
		}
	}
	return lost && ran
}

// Like keeps the message of before if only numbers differ.
func (t Trouble) Like(before Trouble) Trouble {
	if before.Message != "" && alike(t.Message, before.Message) {
		t.Message = before.Message
	}
	return t
}

// failed returns why a Pod failed: it was evicted, the node rejected it, or the node shut down. Its containers do not
// report that.
func failed(pod *corev1.Pod) Trouble {
	found := Trouble{Reason: pod.Status.Reason, Message: words(pod.Status.Message)}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.DisruptionTarget && condition.Status == corev1.ConditionTrue && found.Reason == "" {
			found = Trouble{Reason: condition.Reason, Message: words(condition.Message)}
		}
	}
	if found.Reason == "" {
		found.Reason = string(corev1.PodFailed)
	}
	return found
}

func containerTrouble(container *corev1.ContainerStatus) Trouble {
	waiting, ended := container.State.Waiting, lastEnd(container)
	switch {
	case container.Ready:
		return Trouble{}
	case ended != nil:
		said := lastWords
		if container.Name == v1alpha1.ConfigureContainerName {
			said = configureWords
		}
		return Trouble{Reason: endless(container), Message: said(ended)}
	case waiting == nil, waiting.Reason == waitsForPod, waiting.Reason == waitsForContainer:
		return Trouble{}
	case waiting.Reason == pullFailed:
		return Trouble{Reason: pullsLater, Message: words(waiting.Message)}
	default:
		return Trouble{Reason: waiting.Reason, Message: words(waiting.Message)}
	}
}

// lastWords returns how a container terminated and its termination message: the one that it wrote, as the operator's
// launcher does, or the end of its log.
func lastWords(ended *corev1.ContainerStateTerminated) string {
	said := fmt.Sprintf("the container ended with exit code %d (%s)", ended.ExitCode, ended.Reason)
	if message := lastLines(ended.Message); message != "" {
		said += ": " + message
	}
	return words(said)
}

// lastEnd returns the last termination of a container.
func lastEnd(container *corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if container.State.Terminated != nil {
		return container.State.Terminated
	}
	return container.LastTerminationState.Terminated
}

// endless distinguishes a container that terminates repeatedly from one that terminated once, whatever its current
// state is.
func endless(container *corev1.ContainerStatus) string {
	waiting := container.State.Waiting
	if container.RestartCount > 1 || waiting != nil && waiting.Reason == startsLater {
		return startsLater
	}
	return restarted
}
