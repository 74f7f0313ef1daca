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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("What a Pod leaves unsaid", func() {
	var (
		none    corev1.ContainerState
		running = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
		failed  = ended(1, "Error")
	)
	ready := corev1.ContainerStatus{Ready: true, RestartCount: 1, State: running, LastTerminationState: failed}

	DescribeTable("is", func(pod *corev1.Pod, expected status.Question) {
		Expect(status.Asks(pod)).To(Equal(expected))
	},
		Entry("nothing before its kubelet has seen it", &corev1.Pod{}, status.NoQuestion),
		Entry("nothing while its image is pulled", podOf(container(0, waiting("ImagePullBackOff", "x"), none)), status.NoQuestion),
		Entry("nothing while its init containers run", &corev1.Pod{Status: corev1.PodStatus{
			InitContainerStatuses: []corev1.ContainerStatus{container(0, running, none)},
			ContainerStatuses:     []corev1.ContainerStatus{container(0, waiting("PodInitializing", ""), none)},
		}}, status.NoQuestion),
		Entry("nothing when it is ready", podOf(ready), status.NoQuestion),
		Entry("nothing when it is over", &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed}}, status.NoQuestion),
		Entry("why it is not ready", podOf(container(0, running, none)), status.WhyNotReady),
		Entry("why one of its containers is not ready", podOf(ready, container(0, running, none)), status.WhyNotReady),
		Entry("why it ended, also once it runs again", podOf(container(1, running, failed)), status.WhyEnded),
		Entry("why it ended, between two tries", podOf(container(1, waiting("CrashLoopBackOff", ""), failed)), status.WhyEnded),
		Entry("why it does not terminate", &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}, status.WhyNotGone),
	)

	startup := eventAt(5, "Unhealthy", "Startup probe failed: connection refused")
	killing := eventAt(9, "Killing", "Container llama-stack failed startup probe, will be restarted")
	hook := eventAt(1, "FailedPostStartHook", "PostStartHook failed")
	DescribeTable("is answered by Events", func(question status.Question, expected string, events ...corev1.Event) {
		Expect(status.Answer(question, events).String()).To(Equal(expected))
	},
		Entry("of a probe", status.WhyNotReady, "Unhealthy: Startup probe failed: connection refused", eventAt(9, "Pulled", ""), startup, eventAt(4, "Unhealthy", "before")),
		Entry("of a hook", status.WhyNotReady, "FailedPostStartHook: PostStartHook failed", hook),
		Entry("of nothing about a container that runs", status.WhyNotReady, "", eventAt(1, "Started", "")),
		Entry("of a probe for which the container was ended", status.WhyEnded, "Unhealthy: Startup probe failed: connection refused", startup, killing),
		Entry("of no probe where the container ended by itself", status.WhyEnded, "", startup),
		Entry("of no probe where the container was ended for something else", status.WhyEnded, "", startup, eventAt(9, "Killing", "Stopping container llama-stack")),
		Entry("of a hook that failed", status.WhyEnded, "FailedPostStartHook: PostStartHook failed", hook, startup, eventAt(9, "Killing", "FailedPostStartHook")),
		Entry("of nothing where there is no question", status.NoQuestion, "", startup, hook),
		Entry("of nothing if it is to be deleted", status.WhyNotGone, "", startup, hook),
	)

	It("is answered for a PVC by Events about it", func() {
		Expect(status.PVCTrouble([]corev1.Event{
			eventAt(3, "ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`), eventAt(9, "WaitForFirstConsumer", "waiting"),
		}).String()).To(Equal(`ProvisioningFailed: storageclass.storage.k8s.io "fast" not found`))
	})
})

var _ = Describe("A Pod that does not go", func() {
	leaving := func(change func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: "demo-1", DeletionTimestamp: &metav1.Time{Time: start().Add(30 * time.Second)}, DeletionGracePeriodSeconds: new(int64(30)),
		}, Spec: corev1.PodSpec{NodeName: "node-1"}}
		change(pod)
		return pod
	}

	It("is late 45 s after its deletion, whatever its grace period is", func() {
		Expect(status.Late(leaving(func(*corev1.Pod) {}))).To(BeTemporally("==", start().Add(45*time.Second)))
		Expect(status.Late(leaving(func(pod *corev1.Pod) { pod.DeletionGracePeriodSeconds = nil }))).To(BeTemporally("==", start().Add(75*time.Second)))
	})

	DescribeTable("is reported with", func(change func(*corev1.Pod), expected string) {
		Expect(status.LeavingTrouble(leaving(change)).String()).To(Equal(expected))
	},
		Entry("its node", func(*corev1.Pod) {}, "Terminating: Pod demo-1 on node node-1 has been terminating since 2026-11-23T09:00:00Z, longer than its grace period of 30 s: "+
			"if its node is lost, add the taint node.kubernetes.io/out-of-service to the node"),
		Entry("its finalizers", func(pod *corev1.Pod) { pod.Finalizers = []string{"b/b", "a/a"} },
			"Terminating: Pod demo-1 on node node-1 has been terminating since 2026-11-23T09:00:00Z: the controller that set finalizer a/a, b/b must remove it"),
		Entry("few of many finalizers, and no node", func(pod *corev1.Pod) {
			pod.Finalizers, pod.Spec.NodeName = strings.Split(strings.Repeat("x/x,", 1000), ","), ""
		}, "Terminating: Pod demo-1 has been terminating since 2026-11-23T09:00:00Z: the controller that set finalizer , x/x, x/x must remove it"),
	)
})

var _ = Describe("What the cluster says", func() {
	DescribeTable("is reported with what to do about it", func(text, expected string) {
		Expect(status.Advised(text)).To(Equal(text + ": " + expected))
	},
		Entry("a volume that is full", `Evicted: Usage of EmptyDir volume "lls-storage" exceeds the limit "16Mi".`,
			"raise spec.server.storage.ephemeral.size, or keep the data on a PVC"),
		Entry("too much on the disk", "Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
			"raise ephemeral-storage in spec.server.containerSpec.resources"),
		Entry("a node without memory", "Evicted: The node was low on resource: memory.", "request the memory that the server needs in spec.server.containerSpec.resources"),
		Entry("a node without disk", "Evicted: The node was low on resource: ephemeral-storage.", "request ephemeral-storage in spec.server.containerSpec.resources"),
		Entry("no memory", "CrashLoopBackOff: the container ended with exit code 137 (OOMKilled)", "raise the memory limit in spec.server.containerSpec.resources"),
		Entry("no such StorageClass", `ProvisioningFailed: storageclass.storage.k8s.io "fast" not found`,
			"create that StorageClass; or delete the PVC, which holds no data yet, and set another one in spec.server.storage.storageClassName"),
		Entry("no default StorageClass", "FailedBinding: no persistent volumes available for this claim and no storage class is set", // in Kubernetes' words
			"mark a StorageClass as the default one; or delete the PVC, which holds no data yet, and set one in spec.server.storage.storageClassName"),
		Entry("a limit of a container", `FailedCreate: pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi`,
			"set spec.server.containerSpec.resources within the LimitRange"),
		Entry("a limit of a Pod", `pods "x" is forbidden: minimum cpu usage per Pod is 1, but request is 10m`, "set spec.server.containerSpec.resources within the LimitRange"),
		Entry("a ratio", `pods "x" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000`,
			"set requests and limits in spec.server.containerSpec.resources within the ratio of the LimitRange"),
		Entry("a limit of a PVC", `persistentvolumeclaims "x" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi`,
			"set spec.server.storage.size within the LimitRange"),
		Entry("a quota that wants limits", `pods "x" is forbidden: failed quota: q: must specify limits.cpu for: llama-stack`,
			"set what the ResourceQuota requires in spec.server.containerSpec.resources"),
		Entry("a quota of memory", `pods "x" is forbidden: exceeded quota: q, requested: limits.memory=2Gi, used: limits.memory=0, limited: limits.memory=1Gi`,
			"lower spec.server.containerSpec.resources, or raise the ResourceQuota"),
		Entry("a quota of storage", `persistentvolumeclaims "x" is forbidden: exceeded quota: q, requested: requests.storage=10Gi`,
			"lower spec.server.storage.size, or raise the ResourceQuota"),
		Entry("a quota of Pods", `pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`,
			"delete what is no longer needed, or raise the ResourceQuota"),
		Entry("the Pod Security Standard", `pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`,
			"set spec.server.containerSpec.securityContext and spec.server.podOverrides.securityContext as it requires"),
		Entry("a node that is too small", "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", "lower spec.server.containerSpec.resources, or add a node with enough capacity"),
	)

	It("is reported unchanged, if no advice is known", func() {
		for _, text := range []string{"", "ImagePullBackOff: not found"} {
			Expect(status.Advised(text)).To(Equal(text))
		}
	})
})
