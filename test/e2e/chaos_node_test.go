//go:build e2e

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

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// misbehaviour is what the stand-in of a server does, and what the operator then reports as its health, and doctor as the
// cause.
type misbehaviour struct {
	what, behaviour string
	status          metav1.ConditionStatus
	reason          v1alpha1.Reason
	says            string
}

var _ = Describe("Servers that misbehave while they run", chaos, func() {
	control := func(ctx context.Context, server *v1alpha1.LlamaStackDistribution, behaviour string) {
		GinkgoHelper()
		Eventually(func() error { return post(ctx, server, "/control", json.RawMessage(behaviour), nil) }).WithTimeout(podStarts).Should(Succeed())
	}

	It("are reported, and are healthy again as soon as they recover", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		faults := []misbehaviour{ // those first that are probed less often after a while
			{"hangs", `{"faults": {"*": {"hang": true}}}`, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, `no valid answer: .*no answer within`},
			{"sends invalid answers", `{"faults": {"*": {"malformed": true}}}`, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, `no valid answer: .*answered without`},
			{"answers with 503", `{"faults": {"*": {"code": 503}}}`, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, `its health is "HTTP 503"`},
			{"reports that it is unhealthy", `{"health": "Error"}`, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, `its health is "Error"`},
		}
		var ill []*v1alpha1.LlamaStackDistribution
		for i := range faults { // unhealthy from the start, because a healthy one is only probed every 5 minutes
			server := standIn(namespace, fmt.Sprintf("server-%d", i), `{"health": "Error"}`).Obj()
			create(ctx, server)
			ill = append(ill, server)
		}
		for i, fault := range faults {
			Eventually(conditionOf(ctx, ill[i], v1alpha1.ConditionReady)).WithTimeout(healed).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy))
			control(ctx, ill[i], fault.behaviour)
		}
		for i, fault := range faults {
			By("waiting until it reports that one " + fault.what)
			Eventually(conditionOf(ctx, ill[i], v1alpha1.ConditionHealthCheck)).WithTimeout(healed).Should(say(fault.status, fault.reason))
			diagnose(ctx, ill[i], "a server "+fault.what, "health", fault.says)
			control(ctx, ill[i], `{"health": "OK", "faults": {}}`)
			since := time.Now()
			Eventually(conditionOf(ctx, ill[i], v1alpha1.ConditionHealthCheck)).WithTimeout(askedRarely).
				Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
			becomeReady(ctx, ill[i])
			record("a server that "+fault.what+" is fixed", since)
		}
	}, NodeTimeout(2*specLimit))
})

// askedRarely is the time until a server is probed again after many tries without an answer, with some reserve.
const askedRarely = 6 * time.Minute

var _ = Describe("The node", chaos, Ordered, Serial, func() {
	var server *v1alpha1.LlamaStackDistribution

	BeforeAll(func(ctx SpecContext) {
		server = standIn(newNamespace(ctx), "server", `{}`).Storage("1Gi").Obj()
		create(ctx, server)
		becomeReady(ctx, server)
	})

	It("is drained, and accepts Pods again", onNode, func(ctx SpecContext) {
		nodes := &corev1.NodeList{}
		Expect(kube.List(ctx, nodes)).To(Succeed())
		logs.collect(ctx)
		for _, node := range nodes.Items {
			DeferCleanup(func(ctx SpecContext) { kubectl(ctx, "uncordon", node.Name) })
			// Without eviction: the operator's disruption budget requires one of its Pods, and there is no other node.
			kubectl(ctx, "drain", node.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--disable-eviction", "--force", "--timeout=2m")
		}
		Expect(readyProcesses(ctx)).To(BeZero())
		text := mark(ctx, server, "drained")
		diagnose(ctx, server, "the node is drained, operator and servers", "nodes", `^node \S+ is drained and accepts no Pods, and a Pod waits`)

		for _, node := range nodes.Items {
			kubectl(ctx, "uncordon", node.Name)
		}
		recovered(ctx, "all nodes were drained", server, text, time.Now())
		allProcessesReady(ctx)
	}, NodeTimeout(specLimit))

	DescribeTable("loses a component that runs Pods", onNode, func(ctx SpecContext, part, fault, says string) {
		before := processes(ctx)
		clusterCommand(ctx, "kill", part)
		DeferCleanup(func(ctx SpecContext) { clusterCommand(ctx, "start", part) })
		text := mark(ctx, server, part)
		Eventually(marked(ctx, server)).WithTimeout(healed).Should(Equal(text), "the operator continues")
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing))
		diagnose(ctx, server, fault, "nodes", says)

		clusterCommand(ctx, "start", part)
		since := time.Now()
		becomeReady(ctx, server)
		record(part+" was killed during a rollout", since)
		Expect(processes(ctx)).To(Equal(before), "no process ended")
	},
		Entry("the container runtime", "containerd", "containerd is killed during a rollout", `containerd\.sock|container runtime`, NodeTimeout(specLimit)),
		Entry("the kubelet", "kubelet", "the kubelet is killed during a rollout", `^the kubelet of node \S+ has not reported for|Kubelet stopped posting`, NodeTimeout(specLimit)),
	)
})
