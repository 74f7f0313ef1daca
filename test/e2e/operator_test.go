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
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// operatorLogs keeps the logs of the operator's processes, also of those that have ended.
type operatorLogs struct {
	mu sync.Mutex
	// lines by Pod and, for those of a container that was restarted, "before".
	lines map[string][]string
	// permissionsRevoked is true if a spec removed the operator's permissions for a while.
	permissionsRevoked bool
}

// collect reads the logs of the Pods that there are. It is to be called before Pods are killed.
func (l *operatorLogs) collect(ctx context.Context) {
	GinkgoHelper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pod := range operatorPods(ctx) {
		l.lines[pod.Name] = readLog(ctx, pod, false)
		if len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].RestartCount > 0 {
			l.lines[pod.Name+" before"] = readLog(ctx, pod, true)
		}
	}
}

func readLog(ctx context.Context, pod corev1.Pod, previous bool) []string {
	text, err := clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Previous: previous}).Do(ctx).Raw()
	if err != nil {
		return []string{"no log: " + err.Error()}
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// matching returns the lines in which an expression is found.
func (l *operatorLogs) matching(expression string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := regexp.MustCompile(expression)
	var found []string
	for _, name := range slices.Sorted(maps.Keys(l.lines)) {
		for _, line := range l.lines[name] {
			if wanted.MatchString(line) {
				found = append(found, name+": "+line)
			}
		}
	}
	return found
}

func operatorPods(ctx context.Context) []corev1.Pod {
	GinkgoHelper()
	pods, err := listOperatorPods(ctx)
	Expect(err).NotTo(HaveOccurred())
	return pods
}

// listOperatorPods is operatorPods for specs that poll it: one request that fails, as after an outage, is not the end.
func listOperatorPods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := clientset.CoreV1().Pods(operatorNamespace).List(ctx, metav1.ListOptions{LabelSelector: operatorLabel})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// leader is the name of the Pod that holds the lease; "" when none does.
func leader(ctx context.Context) (string, error) {
	lease := &coordinationv1.Lease{}
	if err := kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: leaseName}, lease); err != nil {
		return "", err
	}
	if lease.Spec.HolderIdentity == nil {
		return "", nil
	}
	name, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return name, nil
}

// released is closed when the process that holds the lease gives it up, instead of letting it expire. The next one takes it before a spec
// that polls sees that.
func released(ctx context.Context) <-chan struct{} {
	GinkgoHelper()
	leases, err := clientset.CoordinationV1().Leases(operatorNamespace).Watch(ctx, metav1.SingleObject(metav1.ObjectMeta{Name: leaseName}))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(leases.Stop)
	seen := make(chan struct{})
	go func() {
		for event := range leases.ResultChan() {
			lease, ok := event.Object.(*coordinationv1.Lease)
			if ok && (lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "") {
				close(seen)
				return
			}
		}
	}()
	return seen
}

// deleteOperatorPod ends one process of the operator, unless it has ended: with a grace period in seconds, or at once with 0.
func deleteOperatorPod(ctx context.Context, name string, seconds int64) {
	GinkgoHelper()
	logs.collect(ctx)
	err := clientset.CoreV1().Pods(operatorNamespace).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &seconds})
	Expect(client.IgnoreNotFound(err)).To(Succeed())
}

var _ = Describe("The operator", Serial, func() {
	It("finishes a rollout during which all its processes were killed", func(ctx SpecContext) {
		server := standIn(newNamespace(ctx), "server", `{}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		By("starting a rollout that takes a while")
		edit(ctx, server, setEnv("STAND_IN_START_DELAY", "10s"))
		Eventually(conditionOf(ctx, server, "Ready")).Should(say(metav1.ConditionFalse, "Progressing"))
		for _, pod := range operatorPods(ctx) {
			deleteOperatorPod(ctx, pod.Name, 0)
		}

		By("editing the server while no operator runs")
		edit(ctx, server, setEnv("STAND_IN_BEHAVIOUR", `{"version": "9.9.9"}`))
		Eventually(statusOf(ctx, server)).WithTimeout(leaderTakesOver + podStarts).
			Should(HaveField("Version.LlamaStackServerVersion", "9.9.9"))
		becomeReady(ctx, server)
		operatorIsUp(ctx)
	}, NodeTimeout(2*leaderTakesOver+2*podStarts))

	It("continues under another leader when the leader is drained", func(ctx SpecContext) {
		operatorIsUp(ctx)
		server := standIn(newNamespace(ctx), "server", `{}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		first, err := leader(ctx)
		Expect(err).NotTo(HaveOccurred())
		const toEndInOrder = 30 // as shipped
		handedOver := released(ctx)
		deleteOperatorPod(ctx, first, toEndInOrder)
		Eventually(handedOver).WithTimeout(podStarts).Should(BeClosed(), "the lease is handed over, not waited out")
		Eventually(leader).WithContext(ctx).WithTimeout(leaderTakesOver).ShouldNot(BeElementOf(first, ""))

		edit(ctx, server, setEnv("STAND_IN_BEHAVIOUR", `{"version": "9.9.9"}`))
		Eventually(statusOf(ctx, server)).WithTimeout(podStarts).Should(HaveField("Version.LlamaStackServerVersion", "9.9.9"))
		becomeReady(ctx, server)
		operatorIsUp(ctx)
	}, NodeTimeout(leaderTakesOver+4*podStarts))
})
