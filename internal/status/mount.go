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
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// mountSummary begins what the kubelet says when it has tried for minutes; why is in what it said at each try.
const mountSummary = "Unable to attach or mount volumes"

// Mounting says that a Pod has a node, and that its volumes are not mounted there yet. Until they are, its containers say
// no more than ContainerCreating.
func Mounting(pod *corev1.Pod) bool {
	conditions := map[corev1.PodConditionType]corev1.ConditionStatus{}
	for _, condition := range pod.Status.Conditions {
		conditions[condition.Type] = condition.Status
	}
	return pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodPending &&
		conditions[corev1.PodScheduled] == corev1.ConditionTrue && conditions[corev1.PodReadyToStartContainers] == corev1.ConditionFalse
}

// MountTrouble is what the Events about a Pod last said of volumes that cannot be mounted, or of a sandbox that cannot be
// made; empty where they say nothing of that.
func MountTrouble(events []corev1.Event) Trouble {
	var newest *corev1.Event
	for i := range events {
		switch events[i].Reason {
		case "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox":
			if newest == nil || later(&events[i], newest) {
				newest = &events[i]
			}
		}
	}
	if newest == nil {
		return Trouble{}
	}
	return Trouble{Reason: newest.Reason, Message: bounded(newest.Message, maxTrouble)}
}

// later says that an Event tells more than another: why before a summary, then the newer.
func later(event, than *corev1.Event) bool {
	summary, other := strings.HasPrefix(event.Message, mountSummary), strings.HasPrefix(than.Message, mountSummary)
	if summary != other {
		return other
	}
	return lastSeen(event).After(lastSeen(than))
}

func lastSeen(event *corev1.Event) time.Time {
	switch {
	case event.Series != nil:
		return event.Series.LastObservedTime.Time
	case !event.LastTimestamp.IsZero():
		return event.LastTimestamp.Time
	default:
		return event.EventTime.Time
	}
}
