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

// unreported is a Pod whose containers were ready when its node last reported them: the node controller only changes Ready.
func unreported() *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{NodeName: "node-1"}, Status: corev1.PodStatus{
		Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Ready: true}},
		Conditions: []corev1.PodCondition{
			{Type: corev1.ContainersReady, Status: corev1.ConditionTrue},
			{Type: corev1.PodReady, Status: corev1.ConditionFalse},
		},
	}}
}

// ungated is a Pod with a readiness gate that is not met: the kubelet gives a reason.
func ungated() *corev1.Pod {
	pod := unreported()
	pod.Status.Conditions[1].Reason = "ReadinessGatesNotReady"
	return pod
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
		Entry("that its node does not report it", unreported(), "NodeNotReady: node node-1 does not report the state of its Pods"),
		Entry("nothing that is known, with a readiness gate that is not met", ungated(), ""),
		Entry("that its image cannot be pulled", podOf(container(0, waiting("ImagePullBackOff", "not found"), none)), "ImagePullBackOff: not found"),
		Entry("that the last pull of its image failed", podOf(container(0, waiting("ErrImagePull", "not found"), none)), "ImagePullBackOff: not found"),
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
		Entry("a limited part of a long text", podOf(container(0, waiting("ErrImagePull", strings.Repeat("x", 2000)), none)),
			"ImagePullBackOff: "+strings.Repeat("x", 1021)+"…"),
	)

	DescribeTable("that has failed for good is",
		func(reason, message, expected string) {
			pod := podOf(container(0, failed, none))
			pod.Status.Phase, pod.Status.Reason, pod.Status.Message = corev1.PodFailed, reason, message
			Expect(status.PodTrouble(pod, status.Trouble{}).String()).To(Equal(expected))
		},
		Entry("that it was evicted", "Evicted", `Usage of EmptyDir volume "lls-storage" exceeds the limit "16Mi".`,
			`Evicted: Usage of EmptyDir volume "lls-storage" exceeds the limit "16Mi".`),
		Entry("that it was preempted", "Preempting", "Preempted in order to admit critical pod", "Preempting: Preempted in order to admit critical pod"), // in Kubernetes' words
		Entry("that its node has no device for it", "UnexpectedAdmissionError", "Allocate failed", "UnexpectedAdmissionError: Allocate failed"),
		Entry("that its node has no space for it", "OutOfcpu", "", "OutOfcpu"),
		Entry("the reason without a message", "", "", "Failed"),
	)

	It("that has failed for good is the controller's reason for the disruption, if the kubelet reports nothing", func() {
		pod := podOf()
		pod.Status.Phase = corev1.PodFailed
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC", Message: "node lost"}}
		Expect(status.PodTrouble(pod, status.Trouble{}).String()).To(Equal("DeletionByPodGC: node lost"))
	})

	DescribeTable("that ended has its own last words",
		func(log, expected string) {
			last := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: log}}
			found := status.PodTrouble(podOf(container(4, waiting("CrashLoopBackOff", "back-off"), last)), status.Trouble{})
			Expect(found.Message).To(Equal("the container ended with exit code 1 (Error)" + expected))
		},
		Entry("the exception", "Traceback (most recent call last):\n  File \"a.py\", line 1\nModuleNotFoundError: No module named 'x'\n",
			`: Traceback (most recent call last): | File "a.py", line 1 | ModuleNotFoundError: No module named 'x'`),
		Entry("the last lines of many", strings.Repeat("starting up, which nobody needs to know of\n", 40)+"the end\n",
			": "+strings.Repeat("starting up, which nobody needs to know of | ", 13)+"the end"),
		Entry("the end of a long line", strings.Repeat("x", 3000)+" is wrong", ": …"+strings.Repeat("x", 588)+" is wrong"),
		Entry("the end of a long line between characters", strings.Repeat("é", 1000), ": …"+strings.Repeat("é", 298)),
		Entry("without colours, bells and invalid characters", "\x1b[31mERROR\x1b[0m\a \xff\r\nat\tx\x00", ": ERROR  \uFFFD | at x"),
		Entry("or none", "\n\n", ""),
	)

	It("stays the same while a container ends with words that differ in numbers only", func() {
		end := func(log string) *corev1.Pod {
			return podOf(container(4, waiting("CrashLoopBackOff", ""), corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: log}}))
		}
		first := status.PodTrouble(end("2026-11-28 10:00:01 pid 12 at 0x7fa1: cannot reach db:5432"), status.Trouble{})
		Expect(status.PodTrouble(end("2026-11-28 10:05:44 pid 7 at 0x7eee: cannot reach db:5432"), first)).To(Equal(first))
		Expect(status.PodTrouble(end("2026-11-28 10:05:44 pid 7 at 0x7eee: no such table"), first)).NotTo(Equal(first))
	})

	DescribeTable("is none of",
		func(pod *corev1.Pod) { Expect(status.PodTrouble(pod, status.Trouble{})).To(BeZero()) },
		Entry("a Pod without a status", &corev1.Pod{}),
		Entry("a Pod that is being made", podOf(container(0, waiting("ContainerCreating", ""), none))),
		Entry("a Pod whose first containers run", podOf(container(0, waiting("PodInitializing", ""), none))),
		Entry("a server that is starting", podOf(container(0, running, none))),
		Entry("a server that is ready", podOf(corev1.ContainerStatus{Ready: true, State: running})),
		Entry("a server that is ready again", podOf(corev1.ContainerStatus{Ready: true, RestartCount: 3, State: running, LastTerminationState: failed})),
		Entry("a Pod that is being deleted", &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}, Status: podOf(container(0, failed, none)).Status,
		}),
		Entry("a Pod that is over", &corev1.Pod{Status: corev1.PodStatus{
			Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{container(0, ended(0, "Completed"), none)},
		}}),
	)

	It("stays the same while a container ends again and again", func() {
		const looping = "CrashLoopBackOff: the container ended with exit code 1 (Error)"
		var troubles []string
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
			troubles = append(troubles, status.PodTrouble(podOf(now), status.Trouble{}).String())
		}
		Expect(troubles).To(Equal([]string{
			"", "Restarted: the container ended with exit code 1 (Error)", "Restarted: the container ended with exit code 1 (Error)",
			looping, looping, looping, looping, looping, "CrashLoopBackOff: the container ended with exit code 137 (OOMKilled)",
		}))
	})

	It("stays the same while an image is pulled again and again, however the registry words it", func() {
		first := status.PodTrouble(podOf(container(0, waiting("ErrImagePull", "read tcp 10.0.0.1:4711: timeout"), none)), status.Trouble{})
		second := status.PodTrouble(podOf(container(0, waiting("ImagePullBackOff", "Back-off pulling image"), none)), first)
		third := status.PodTrouble(podOf(container(0, waiting("ErrImagePull", "read tcp 10.0.0.1:4712: timeout"), none)), second)
		Expect([]status.Trouble{second, third}).To(HaveEach(first))

		Expect(status.PodTrouble(unscheduled("0/2 nodes"), status.PodTrouble(unscheduled("0/1 nodes"), status.Trouble{})).Message).To(Equal("0/2 nodes"), "another message is reported")
	})
})
