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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// managerBinding is the ClusterRoleBinding of the operator's rights, without those for its lease.
const managerBinding = "llama-stack-k8s-operator-manager-rolebinding"

// outage is how long the API server is not reachable: longer than the leader tries to renew its lease.
const outage = 40 * time.Second

// Each fault hits the operator while a server is edited, and that edit must arrive.
var _ = Describe("The operator survives that", chaos, Ordered, Serial, func() {
	var server *v1alpha1.LlamaStackDistribution

	BeforeAll(func(ctx SpecContext) {
		server = standIn(newNamespace(ctx), "server", `{}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
	})

	BeforeEach(func(ctx SpecContext) { allProcessesReady(ctx) })

	It("the leader is killed", onNode, func(ctx SpecContext) {
		leading := leaderPod(ctx)
		killProcess(ctx, leading)
		since := time.Now()
		recovered(ctx, "the leading process is killed", server, mark(ctx, server, "leader-killed"), since)
		diagnose(ctx, server, "the leading process is killed (SIGKILL)", "operator", processEnded(leading))
	}, NodeTimeout(specLimit))

	It("all its processes are killed", onNode, func(ctx SpecContext) {
		var ended []string
		for _, pod := range operatorPods(ctx) {
			killProcess(ctx, pod)
			ended = append(ended, processEnded(pod))
		}
		since := time.Now()
		recovered(ctx, "all processes are killed", server, mark(ctx, server, "all-killed"), since)
		diagnose(ctx, server, "all processes are killed (SIGKILL)", "operator", ended...)
	}, NodeTimeout(specLimit))

	It("all its Pods are deleted at once", func(ctx SpecContext) {
		since := time.Now()
		for _, pod := range operatorPods(ctx) {
			deleteOperatorPod(ctx, pod.Name, 0)
		}
		recovered(ctx, "all Pods are deleted", server, mark(ctx, server, "pods-deleted"), since)
		var replacing []string
		for _, pod := range operatorPods(ctx) {
			replacing = append(replacing, `has not created its Pods .*`+pod.Name+`.* deleted`)
		}
		diagnose(ctx, server, "all Pods of the operator are deleted", "operator", replacing...)
	}, NodeTimeout(specLimit))

	It("the leader is cut off from the API server", onNode, func(ctx SpecContext) {
		before, leading := processes(ctx), leaderPod(ctx)
		heal := isolate(ctx, leading)
		since := time.Now()
		recovered(ctx, "the leading process is cut off", server, mark(ctx, server, "leader-cut-off"), since)
		Expect(leader(ctx)).NotTo(Equal(leading.Name))
		diagnose(ctx, server, "the leading process is disconnected from the API server", "operator", cutOff(leading))

		heal(ctx)
		since = time.Now()
		allProcessesReady(ctx)
		record("the process that led is connected again", since)
		Expect(processes(ctx)).To(Equal(before), "no process ended")
	}, NodeTimeout(specLimit))

	It("all its processes are cut off from the API server", onNode, func(ctx SpecContext) {
		before := processes(ctx)
		var silent []string
		for _, pod := range operatorPods(ctx) {
			silent = append(silent, cutOff(pod))
		}
		heal := isolate(ctx, operatorPods(ctx)...)
		text := mark(ctx, server, "cut-off")
		Eventually(readyProcesses).WithContext(ctx).WithTimeout(healed).Should(BeZero(), "a process without the API server is not ready")
		answer(ctx, server)
		diagnose(ctx, server, "all processes are disconnected for 40 s", "operator", silent...)
		Consistently(marked(ctx, server)).WithTimeout(outage).WithPolling(time.Second).ShouldNot(Equal(text))

		heal(ctx)
		recovered(ctx, "all processes were cut off", server, text, time.Now())
		allProcessesReady(ctx)
		Expect(processes(ctx)).To(Equal(before), "the container never restarts because the API server was not reachable")
	}, NodeTimeout(specLimit))

	DescribeTable("a component of the control plane is killed", func(ctx SpecContext, part, fault, says string) {
		before := processes(ctx)
		clusterCommand(ctx, "kill", part)
		DeferCleanup(func(ctx SpecContext) { clusterCommand(ctx, "start", part) })
		diagnose(ctx, server, fault, "api-server", says)
		Consistently(ctx.Err).WithTimeout(outage).WithPolling(outage / 4).Should(Succeed())

		clusterCommand(ctx, "start", part)
		since := time.Now()
		recovered(ctx, part+" was not reachable for "+outage.String(), server, mark(ctx, server, part), since)
		allProcessesReady(ctx)
		Expect(processes(ctx)).To(Equal(before), "the container never restarts because the API server was not reachable")
	},
		Entry("the API server", onNode, "kube-apiserver", "the API server is killed and down for 40 s", `^the API server does not answer: `, NodeTimeout(specLimit)),
		Entry("its database", onNode, "etcd", "etcd is killed and down for 40 s", `^the API server is not ready: .*etcd`, NodeTimeout(specLimit)),
	)

	It("its permissions are revoked and restored", func(ctx SpecContext) {
		before := processes(ctx)
		binding := get(ctx, "", managerBinding, &rbacv1.ClusterRoleBinding{})
		restored := binding.DeepCopy()
		restored.ObjectMeta = metav1.ObjectMeta{Name: binding.Name, Labels: binding.Labels}
		restore := func(ctx context.Context) error { return kube.Create(ctx, restored.DeepCopy()) }
		DeferCleanup(func(ctx SpecContext) { _ = restore(ctx) })

		logs.permissionsRevoked = true
		Expect(kube.Delete(ctx, binding)).To(Succeed())
		Eventually(mayPatchDeployments(ctx)).Should(BeFalse())
		text := mark(ctx, server, "no-permissions")
		diagnose(ctx, server, "the operator's permissions are revoked for 40 s", "operator-rights", `^the operator may not .*patch deployments`)
		Consistently(marked(ctx, server)).WithTimeout(outage).WithPolling(time.Second).ShouldNot(Equal(text))

		Expect(restore(ctx)).To(Succeed())
		recovered(ctx, "permissions were revoked for "+outage.String(), server, text, time.Now())
		Expect(processes(ctx)).To(Equal(before), "no process ended")
	}, NodeTimeout(specLimit))

	// The last one: if the standby takes the lease, the process that led may work until it has tried to renew it for 10 s.
	It("the lease is deleted", func(ctx SpecContext) {
		before := processes(ctx)
		lease := &coordinationv1.Lease{ObjectMeta: objectMeta(operatorNamespace, leaseName)}
		Expect(kube.Delete(ctx, lease)).To(Succeed())
		since := time.Now()
		recovered(ctx, "the lease is deleted", server, mark(ctx, server, "lease-deleted"), since)
		Eventually(leader).WithContext(ctx).WithTimeout(leaderTakesOver).ShouldNot(BeEmpty())
		diagnose(ctx, server, "the lease is deleted", "leader", `^lease `+leaseName+` was deleted, and \S+ created it again`)
		Expect(processes(ctx)).To(Equal(before), "no process ended")
	}, NodeTimeout(specLimit))
})

// processEnded is how doctor names that the process of a Pod was killed, and cutOff, that it sees no API server.
func processEnded(pod corev1.Pod) string { return "^Pod " + pod.Name + ": .*exit code 137" }

func cutOff(pod corev1.Pod) string {
	return "^Pod " + pod.Name + " runs and is not ready: it cannot reach the API server"
}

// allProcessesReady waits until every process of the operator sees the cluster.
func allProcessesReady(ctx context.Context) {
	GinkgoHelper()
	Eventually(readyProcesses).WithContext(ctx).WithTimeout(healed).Should(BeNumerically(">=", 2))
	operatorIsUp(ctx)
}

// readyProcesses counts the operator's Pods that are Ready.
func readyProcesses(ctx context.Context) (int, error) {
	ready := 0
	pods, err := listOperatorPods(ctx)
	for _, pod := range pods {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	return ready, err
}
