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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// container is the status of one that was restarted so often, in a state, after the state before.
func container(restarts int32, now, last corev1.ContainerState) corev1.ContainerStatus {
	return corev1.ContainerStatus{RestartCount: restarts, State: now, LastTerminationState: last}
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func ended(code int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
}

func podOf(containers ...corev1.ContainerStatus) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: containers}}
}

// unscheduled is a Pod that waits for a node.
func unscheduled(message string) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodInitialized, Status: corev1.ConditionFalse, Reason: "Other"},
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message},
	}}}
}

var _ = Describe("The trouble of a Pod", func() {
	var (
		none    corev1.ContainerState
		running = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
		failed  = ended(1, "Error")
	)

	DescribeTable("is",
		func(pod *corev1.Pod, expected string) {
			Expect(status.PodTrouble(pod, status.Trouble{}).String()).To(Equal(expected))
		},
		Entry("that no node takes it", unscheduled("0/1 nodes are available"), "Unschedulable: 0/1 nodes are available"),
		Entry("that its image cannot be pulled", podOf(container(0, waiting("ImagePullBackOff", "not found"), none)), "ImagePullBackOff: not found"),
		Entry("that its image could not be pulled just now", podOf(container(0, waiting("ErrImagePull", "not found"), none)), "ImagePullBackOff: not found"),
		Entry("that its image has no name", podOf(container(0, waiting("InvalidImageName", ""), none)), "InvalidImageName"),
		Entry("that what it refers to is missing", podOf(container(0, waiting("CreateContainerConfigError", `secret "s" not found`), none)),
			`CreateContainerConfigError: secret "s" not found`),
		Entry("that it ended with a last message", podOf(container(1, running, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			Reason: "Completed", Message: "the server starts again\n",
		}})), "Restarted: the container ended with exit code 0 (Completed): the server starts again"),
		Entry("that of a container after one that runs", podOf(corev1.ContainerStatus{Ready: true, State: running}, container(0, waiting("ErrImagePull", "x"), none)),
			"ImagePullBackOff: x"),
		Entry("that of a container that runs first", &corev1.Pod{Status: corev1.PodStatus{
			InitContainerStatuses: []corev1.ContainerStatus{container(2, waiting("CrashLoopBackOff", ""), failed)},
			ContainerStatuses:     []corev1.ContainerStatus{container(0, waiting("PodInitializing", ""), none)},
		}}, "CrashLoopBackOff: the container ended with exit code 1 (Error)"),
		Entry("no more of a long text than anybody reads", podOf(container(0, waiting("ErrImagePull", strings.Repeat("x", 2000)), none)),
			"ImagePullBackOff: "+strings.Repeat("x", 1021)+"…"),
	)

	DescribeTable("is none of",
		func(pod *corev1.Pod) { Expect(status.PodTrouble(pod, status.Trouble{})).To(BeZero()) },
		Entry("a Pod that nobody has looked at", &corev1.Pod{}),
		Entry("a Pod that is being made", podOf(container(0, waiting("ContainerCreating", ""), none))),
		Entry("a Pod whose first containers run", podOf(container(0, waiting("PodInitializing", ""), none))),
		Entry("a server that is starting", podOf(container(0, running, none))),
		Entry("a server that is ready", podOf(corev1.ContainerStatus{Ready: true, State: running})),
		Entry("a server that is ready again", podOf(corev1.ContainerStatus{Ready: true, RestartCount: 3, State: running, LastTerminationState: failed})),
		Entry("a Pod that is on its way out", &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}, Status: podOf(container(0, failed, none)).Status,
		}),
		Entry("a Pod that was evicted", &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{container(0, failed, none)}}}),
		Entry("a Pod that is over", &corev1.Pod{Status: corev1.PodStatus{
			Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{container(0, ended(0, "Completed"), none)},
		}}),
	)

	It("stays the same while a container ends again and again", func() {
		const looping = "CrashLoopBackOff: the container ended with exit code 1 (Error)"
		var told []string
		for _, now := range []corev1.ContainerStatus{
			container(0, running, none),
			container(0, failed, none),
			container(1, running, failed),
			container(1, waiting("CrashLoopBackOff", "back-off 10s restarting"), failed),
			container(2, running, failed),
			container(2, failed, failed),
			container(2, waiting("CrashLoopBackOff", "back-off 20s restarting"), failed),
			container(3, running, failed),
			container(3, ended(137, "OOMKilled"), failed),
		} {
			told = append(told, status.PodTrouble(podOf(now), status.Trouble{}).String())
		}
		Expect(told).To(Equal([]string{
			"", "Restarted: the container ended with exit code 1 (Error)", "Restarted: the container ended with exit code 1 (Error)",
			looping, looping, looping, looping, looping, "CrashLoopBackOff: the container ended with exit code 137 (OOMKilled)",
		}))
	})

	It("stays the same while an image is pulled again and again, however the registry words it", func() {
		first := status.PodTrouble(podOf(container(0, waiting("ErrImagePull", "read tcp 10.0.0.1:4711: timeout"), none)), status.Trouble{})
		second := status.PodTrouble(podOf(container(0, waiting("ImagePullBackOff", "Back-off pulling image"), none)), first)
		third := status.PodTrouble(podOf(container(0, waiting("ErrImagePull", "read tcp 10.0.0.1:4712: timeout"), none)), second)
		Expect([]status.Trouble{second, third}).To(HaveEach(first))

		Expect(status.PodTrouble(unscheduled("0/2 nodes"), status.PodTrouble(unscheduled("0/1 nodes"), status.Trouble{})).Message).To(Equal("0/2 nodes"), "other news is told")
	})
})
