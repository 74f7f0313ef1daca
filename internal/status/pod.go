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
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Words of the kubelet's for a container that waits.
const (
	waitsForPod       = "PodInitializing"
	waitsForContainer = "ContainerCreating"
	pullFailed        = "ErrImagePull"
	pullsLater        = "ImagePullBackOff"
	startsLater       = "CrashLoopBackOff"
)

// restarted is said of a container that has ended once, and may well start now.
const restarted = "Restarted"

// maxTrouble is how much of what the kubelet or a registry says of a Pod is kept, in bytes.
const maxTrouble = 1024

// Trouble is why a Pod does not run, in the kubelet's or the scheduler's words; the zero value is none.
type Trouble struct {
	// Reason is a word such as ImagePullBackOff, CrashLoopBackOff or Unschedulable.
	Reason string
	// Message says more, or is empty.
	Message string
}

// String is the reason and the message, or empty.
func (t Trouble) String() string {
	if t.Message == "" {
		return t.Reason
	}
	return t.Reason + ": " + t.Message
}

// PodTrouble tells why a Pod does not run, and nothing of one that does, is on its way, or is over. It says the same
// throughout the states that a container in trouble goes through again and again, such as ErrImagePull and
// ImagePullBackOff; before is what it said of this Pod the last time.
func PodTrouble(pod *corev1.Pod, before Trouble) Trouble {
	over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if over || pod.DeletionTimestamp != nil {
		return Trouble{}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		found := containerTrouble(&container)
		if found.Reason == pullsLater && before.Reason == pullsLater {
			return before // each attempt may be worded anew
		}
		if found.Reason != "" {
			return found
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return Trouble{Reason: condition.Reason, Message: bounded(condition.Message, maxTrouble)}
		}
	}
	return Trouble{}
}

func containerTrouble(container *corev1.ContainerStatus) Trouble {
	waiting, ended := container.State.Waiting, lastEnd(container)
	switch {
	case container.Ready:
		return Trouble{}
	case ended != nil:
		return Trouble{Reason: endless(container), Message: lastWords(ended)}
	case waiting == nil, waiting.Reason == waitsForPod, waiting.Reason == waitsForContainer:
		return Trouble{}
	case waiting.Reason == pullFailed:
		return Trouble{Reason: pullsLater, Message: bounded(waiting.Message, maxTrouble)}
	default:
		return Trouble{Reason: waiting.Reason, Message: bounded(waiting.Message, maxTrouble)}
	}
}

// lastWords are how a container ended, and the message that it left, as the operator's launcher does.
func lastWords(ended *corev1.ContainerStateTerminated) string {
	words := fmt.Sprintf("the container ended with exit code %d (%s)", ended.ExitCode, ended.Reason)
	if message := strings.TrimSpace(ended.Message); message != "" {
		words += ": " + message
	}
	return bounded(words, maxTrouble)
}

// lastEnd is how a container ended, the last time that it did.
func lastEnd(container *corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if container.State.Terminated != nil {
		return container.State.Terminated
	}
	return container.LastTerminationState.Terminated
}

// endless tells a container that ends again and again from one that ended once, whatever it does at this moment.
func endless(container *corev1.ContainerStatus) string {
	waiting := container.State.Waiting
	if container.RestartCount > 1 || waiting != nil && waiting.Reason == startsLater {
		return startsLater
	}
	return restarted
}
