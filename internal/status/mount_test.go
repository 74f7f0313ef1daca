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

package status_test

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// pendingPod is one with these conditions.
func pendingPod(scheduled, ready corev1.ConditionStatus) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: scheduled}, {Type: corev1.PodReadyToStartContainers, Status: ready},
	}}}
}

// eventAt is an Event that was last seen so many seconds after the first.
func eventAt(seconds int64, reason, message string) corev1.Event {
	return corev1.Event{Reason: reason, Message: message, LastTimestamp: metav1.NewTime(time.Unix(1000+seconds, 0))}
}

var _ = Describe("A Pod whose volumes", func() {
	DescribeTable("are being mounted is", func(pod *corev1.Pod, mounting bool) {
		asks := status.Asks(pod)
		if mounting {
			Expect(asks).To(Equal(status.WhyNotMounted))
		} else {
			Expect(asks).NotTo(Equal(status.WhyNotMounted))
		}
	},
		Entry("one that has a node and no sandbox", pendingPod(corev1.ConditionTrue, corev1.ConditionFalse), true),
		Entry("not one without a node", pendingPod(corev1.ConditionFalse, corev1.ConditionFalse), false),
		Entry("not one that has a sandbox", pendingPod(corev1.ConditionTrue, corev1.ConditionTrue), false),
		Entry("not one without a report of its kubelet", &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending}}, false),
		Entry("not one that runs", podOf(), false),
		Entry("not one that is being deleted", &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}, Status: pendingPod(corev1.ConditionTrue, corev1.ConditionFalse).Status,
		}, false),
	)

	const missing = `MountVolume.SetUp failed for volume "serving-tls" : secret "s" not found`
	DescribeTable("cannot be mounted reports", func(want string, events ...corev1.Event) {
		Expect(status.Answer(status.WhyNotMounted, events).String()).To(Equal(want))
	},
		Entry("nothing without Events", ""),
		Entry("nothing of other Events", "", eventAt(1, "Scheduled", "to node-1"), eventAt(2, "Pulling", "x")),
		Entry("why", "FailedMount: "+missing, eventAt(1, "Scheduled", ""), eventAt(2, "FailedMount", missing)),
		Entry("the last Event", "FailedMount: b", eventAt(3, "FailedMount", "b"), eventAt(2, "FailedMount", "a")),
		Entry("the cause instead of the newer summary", "FailedMount: "+missing,
			eventAt(2, "FailedMount", missing), eventAt(9, "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[a]")),
		Entry("a summary if there is nothing else", "FailedMount: Unable to attach or mount volumes: x", eventAt(9, "FailedMount", "Unable to attach or mount volumes: x")),
		Entry("that a volume cannot be attached", "FailedAttachVolume: Multi-Attach", eventAt(9, "FailedAttachVolume", "Multi-Attach")),
		Entry("what a series was last seen with", "FailedCreatePodSandBox: b", eventAt(5, "FailedMount", "a"), corev1.Event{
			Reason: "FailedCreatePodSandBox", Message: "b", Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(time.Unix(2000, 0))},
		}),
		Entry("what has its own time", "FailedMount: b", eventAt(5, "FailedMount", "a"),
			corev1.Event{Reason: "FailedMount", Message: "b", EventTime: metav1.NewMicroTime(time.Unix(2000, 0))}),
	)
})
