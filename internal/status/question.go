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
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Question is what a Pod's status does not report, but its Events do.
type Question string

// Questions.
const (
	// NoQuestion: the Pod's status is sufficient.
	NoQuestion Question = ""
	// WhyNotMounted is for a Pod whose containers wait for their volumes.
	WhyNotMounted Question = "NotMounted"
	// WhyNotReady is for a Pod whose containers run and are not ready: its server starts or does not respond.
	WhyNotReady Question = "NotReady"
	// WhyEnded is for a Pod with a terminated container: the kubelet may have stopped it.
	WhyEnded Question = "Ended"
	// WhyNotGone is for a Pod that is being deleted.
	WhyNotGone Question = "NotGone"
)

// Asks returns the question that a Pod's status leaves open.
func Asks(pod *corev1.Pod) Question {
	containers := pod.Status.ContainerStatuses
	switch {
	case pod.DeletionTimestamp != nil:
		return WhyNotGone
	case pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		return NoQuestion
	case mounting(pod):
		return WhyNotMounted
	case slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, containers), hasEnded):
		return WhyEnded
	case slices.ContainsFunc(containers, runsUnready):
		return WhyNotReady
	default:
		return NoQuestion
	}
}

// mounting reports whether a Pod is scheduled and its volumes are not mounted yet. Until then, its containers only
// report ContainerCreating.
func mounting(pod *corev1.Pod) bool {
	conditions := map[corev1.PodConditionType]corev1.ConditionStatus{}
	for _, condition := range pod.Status.Conditions {
		conditions[condition.Type] = condition.Status
	}
	return pod.Status.Phase == corev1.PodPending &&
		conditions[corev1.PodScheduled] == corev1.ConditionTrue && conditions[corev1.PodReadyToStartContainers] == corev1.ConditionFalse
}

func hasEnded(container corev1.ContainerStatus) bool {
	return !container.Ready && containerTrouble(&container).Reason != "" && lastEnd(&container) != nil
}

func runsUnready(container corev1.ContainerStatus) bool {
	return !container.Ready && container.State.Running != nil
}

// Answer returns what the newest Events of a Pod report for a question, or an empty Trouble.
func Answer(question Question, events []corev1.Event) Trouble {
	switch question {
	case WhyNotMounted:
		return newest(events, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume")
	case WhyNotReady:
		return newest(events, reasonUnhealthy, reasonPostStart)
	case WhyEnded:
		return whoEnded(events)
	case NoQuestion, WhyNotGone:
	}
	return Trouble{}
}

// The kubelet's reasons of Events about a container.
const (
	reasonUnhealthy = "Unhealthy"
	reasonPostStart = "FailedPostStartHook"
	reasonKilling   = "Killing"
)

// whoEnded returns why the kubelet stopped a container: a hook or a probe failed. Probes of a container that terminated
// by itself fail too, but are not the cause.
func whoEnded(events []corev1.Event) Trouble {
	if hook := newest(events, reasonPostStart); hook.Reason != "" {
		return hook
	}
	for i := range events {
		if events[i].Reason == reasonKilling && strings.Contains(events[i].Message, "probe") {
			return newest(events, reasonUnhealthy)
		}
	}
	return Trouble{}
}

// PVCTrouble returns why a volume is not provisioned, from the newest Event of a PVC.
func PVCTrouble(events []corev1.Event) Trouble {
	return newest(events, "ProvisioningFailed", "FailedBinding")
}

// newest returns the newest Event with one of the reasons.
func newest(events []corev1.Event, reasons ...string) Trouble {
	var found *corev1.Event
	for i := range events {
		if slices.Contains(reasons, events[i].Reason) && (found == nil || later(&events[i], found)) {
			found = &events[i]
		}
	}
	if found == nil {
		return Trouble{}
	}
	return Trouble{Reason: found.Reason, Message: words(found.Message)}
}
