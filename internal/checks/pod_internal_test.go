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

package checks

import (
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func podWith(state corev1.ContainerState) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "sidecar"}, {Name: render.CheckContainer, State: state}}
	return pod
}

func ended(code int32, reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}}
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

const (
	valid   = `{"result":"Valid","server":"1.5.0","package":"ogx","findings":[],"omitted":0}`
	wrong   = `{"result":"Invalid","findings":[{"severity":"error","path":"spec.a","message":"unknown"},{"severity":"warning","path":"","message":"slow"}],"omitted":2}`
	warned  = `{"result":"ValidWithWarnings","findings":[{"severity":"warning","path":"spec.a","message":"ignored"}],"omitted":0}`
	failure = `{"result":"Invalid","findings":[{"severity":"error","path":"","message":"no server is installed"}],"omitted":0}`
)

var _ = DescribeTable("The Pod of a check", func(state corev1.ContainerState, declared bool, reason v1alpha1.Reason, message string) {
	found := readPod(podWith(state), declared, "")
	Expect(found.Result.Reason).To(Equal(reason))
	Expect(found.Result.Message).To(ContainSubstring(message))
	Expect(found.Lost).To(BeFalse())
},
	Entry("is valid", ended(0, "", valid), true, v1alpha1.ReasonValid, "ogx 1.5.0"),
	Entry("has warnings", ended(0, "", warned), true, v1alpha1.ReasonValidWithWarnings, "spec.a: ignored"),
	Entry("is invalid", ended(1, "Error", wrong), true, v1alpha1.ReasonInvalid, "spec.a: unknown; slow; and 2 more"),
	Entry("is not invalid by its exit code alone", ended(1, "Error", "Traceback"), true, v1alpha1.ReasonNotChecked, "Traceback"),
	Entry("is not valid by its exit code alone", ended(0, "", "{}"), true, v1alpha1.ReasonNotChecked, ""),
	Entry("contradicts itself", ended(0, "", wrong), true, v1alpha1.ReasonNotChecked, ""),
	Entry("has no server, which the declared configuration needs", ended(2, "Error", failure), true, v1alpha1.ReasonInvalid, "no server is installed"),
	Entry("has no server, which a configuration of the user does not need", ended(2, "Error", failure), false, v1alpha1.ReasonNotChecked, "no server is installed"),
	Entry("has no Python", ended(127, "Error", "the image has neither python3 nor python"), true, v1alpha1.ReasonInvalid, "neither python3"),
	Entry("has no Python, and an own configuration", ended(127, "Error", "the image has neither"), false, v1alpha1.ReasonNotChecked, "neither"),
	Entry("ran out of memory", ended(137, "OOMKilled", ""), true, v1alpha1.ReasonNotChecked, "memory"),
	Entry("has no image", waiting("ImagePullBackOff", "not found"), true, v1alpha1.ReasonImageUnavailable, "ImagePullBackOff: not found"),
	Entry("may have an image yet", waiting("ErrImagePull", "connection refused"), true, v1alpha1.Reason(""), ""),
	Entry("starts", waiting("ContainerCreating", ""), true, v1alpha1.Reason(""), ""),
)

var _ = Describe("A Pod without a result", func() {
	It("is lost when it was evicted", func() {
		pod := podWith(ended(137, "Error", valid))
		pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
		Expect(readPod(pod, true, "")).To(Equal(Run{Lost: true}))
	})

	It("misses what the server's Pods need as well", func() {
		Expect(readPod(podWith(waiting("CreateContainerConfigError", `secret "a" not found`)), true, "")).To(Equal(
			Run{Waits: `CreateContainerConfigError: secret "a" not found`, Misses: true}))
	})

	DescribeTable("misses a volume", func(message string, misses bool) {
		run := waitsFor(status.Trouble{Reason: "FailedMount", Message: message}, "")
		Expect(run).To(Equal(Run{Waits: "FailedMount: " + message, Misses: misses}))
	},
		Entry("of a Secret", `MountVolume.SetUp failed for volume "v" : secret "a" not found`, true),
		Entry("of a ConfigMap", `MountVolume.SetUp failed for volume "v" : configmap "a" not found`, true),
		Entry("of several", `MountVolume.SetUp failed for volume "v" : [secret "a" not found, configmap "b" not found]`, true),
		Entry("of a key", `MountVolume.SetUp failed for volume "v" : references non-existent secret key: k`, true),
		Entry("not, where the node is slow", `MountVolume.SetUp failed for volume "v" : failed to sync secret cache: timed out waiting for the condition`, false),
	)

	It("misses no volume because of what something else says", func() {
		Expect(waitsFor(status.Trouble{Reason: "Unschedulable", Message: `configmap "a" not found`}, "").Misses).To(BeFalse())
	})

	It("misses a volume although its node was slow first", func() {
		slow := waitsFor(status.Trouble{Reason: "FailedMount", Message: "timed out waiting for the condition"}, "")
		missing := waitsFor(status.Trouble{Reason: "FailedMount", Message: `secret "a" not found`}, slow.Waits)
		Expect(missing).To(Equal(Run{Waits: `FailedMount: secret "a" not found`, Misses: true}))
		Expect(waitsFor(status.Trouble{Reason: "FailedMount", Message: `secret "b" not found`}, missing.Waits)).To(Equal(missing))
	})

	It("says what it waits for, in the same words as before", func() {
		pod := &corev1.Pod{}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}
		first := readPod(pod, true, "")
		Expect(first.Waits).To(Equal("Unschedulable: 0/1 nodes"))
		pod.Status.Conditions[0].Message = "0/2 nodes"
		Expect(readPod(pod, true, first.Waits).Waits).To(Equal(first.Waits))
	})
})

var _ = Describe("The message of a result", func() {
	It("is bounded, whatever the program says", func() {
		said := report{Result: v1alpha1.ReasonInvalid}
		for i := range 1000 {
			said.Findings = append(said.Findings, finding{Path: strconv.Itoa(i), Message: strings.Repeat("\x00\"<", 100)})
		}
		Expect(bound.Size(said.words())).To(BeNumerically("<=", maxMessage))
		record := Record{Hash: "h", Reason: v1alpha1.ReasonInvalid, Message: said.words(), Answered: strings.Repeat("a", 63)}
		texts, err := record.Annotations()
		Expect(err).NotTo(HaveOccurred())
		Expect(len(texts[v1alpha1.AnnotationChecked])).To(BeNumerically("<=", 4<<10))
	})
})
