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
	"time"

	corev1 "k8s.io/api/core/v1"
)

// leavesLate is how long a Pod can take to terminate before the status reports it. Most Pods terminate within seconds.
const leavesLate = 45 * time.Second

// maxFinalizers is the maximum number of finalizers that a message names.
const maxFinalizers = 3

// Late returns the time from which the status reports a terminating Pod.
func Late(pod *corev1.Pod) time.Time { return asked(pod).Add(leavesLate) }

// asked returns the time of the delete request. The deletionTimestamp of a Pod is the end of its grace period.
func asked(pod *corev1.Pod) time.Time {
	return pod.DeletionTimestamp.Add(-time.Duration(grace(pod)) * time.Second)
}

func grace(pod *corev1.Pod) int64 {
	if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
		return *seconds
	}
	return 0
}

// LeavingTrouble is why a Pod does not terminate: finalizers, or a node that does not report its end.
func LeavingTrouble(pod *corev1.Pod) Trouble {
	name := "Pod " + pod.Name
	if node := pod.Spec.NodeName; node != "" {
		name += " on node " + node
	}
	since := asked(pod).UTC().Format(time.RFC3339)
	if finalizers := pod.Finalizers; len(finalizers) > 0 {
		named := slices.Sorted(slices.Values(finalizers))
		named = named[:min(len(named), maxFinalizers)]
		return Trouble{Reason: reasonLeaving, Message: words(fmt.Sprintf(
			"%s has been terminating since %s: the controller that set finalizer %s must remove it", name, since, strings.Join(named, ", ")))}
	}
	return Trouble{Reason: reasonLeaving, Message: words(fmt.Sprintf(
		"%s has been terminating since %s, longer than its grace period of %d s: if its node is lost, add the taint node.kubernetes.io/out-of-service to the node",
		name, since, grace(pod)))}
}

// reasonLeaving is the reason for a Pod that does not terminate.
const reasonLeaving = "Terminating"
