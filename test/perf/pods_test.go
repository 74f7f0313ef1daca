//go:build perf

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

package perf_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// podBudget is for the live heap of a Pod that runs, of which almost nothing is kept.
	podBudget = 1 * kibi
	// heapNoise is how far two readings of the same heap are apart.
	heapNoise = 512 * kibi
	// perPodGone is how many times a status is written when a Pod is replaced by another: the server is not ready, it
	// is ready, and the result of its probe.
	perPodGone = 4
)

// podFigures are the figures of a bench with Pods.
type podFigures struct {
	Nodes int `json:"nodes"`
	// ProbesInMinute and CPUSecondsInMinute are of the minute in which nothing happens.
	ProbesInMinute     int     `json:"probesInMinute"`
	CPUSecondsInMinute float64 `json:"cpuSecondsInMinute"`
	// Watched is the size of a Pod in the watch, in KiB of JSON; Kept is what stays of it in the live heap.
	WatchedKiBPerPod float64 `json:"watchedKiBPerPod"`
	KeptKiBPerPod    float64 `json:"keptKiBPerPod"`
}

func (p *podFigures) String() string {
	return fmt.Sprintf("Pods: on %d simulated nodes; %d probes and %.2f s of CPU time in a minute with nothing to do; "+
		"a Pod that runs is %.1f KiB on the wire, and keeps %.2f KiB of live heap\n",
		p.Nodes, p.ProbesInMinute, p.CPUSecondsInMinute, p.WatchedKiBPerPod, p.KeptKiBPerPod)
}

// The bench with Pods: the cluster's own controllers and scheduler make them, on nodes that kwok simulates. Nothing
// runs in them: the operator's probes reach no server.
var _ = Describe("The bench with Pods", Ordered, ContinueOnFailure, Label("bench-pods"), func() {
	var b *bench

	BeforeAll(func(ctx context.Context) {
		b = &bench{Servers: benchSize()}
		b.Pods = &podFigures{Nodes: b.Servers/perNode + 1}
		held := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: benchNamespace, Annotations: map[string]string{harness.HoldAnnotation: "kwok"}}}
		create(ctx, held)
		simulateNodes(ctx, b.Servers)
		operator.start()
		inParallel(b.Servers, func(number int) { create(ctx, userConfigOf(member(benchNamespace, number).Obj())) })
		DeferCleanup(func() {
			b.report()
			operator.stop()
		})
	})

	It("creates the servers, until the Pods of all run", func(ctx context.Context) {
		p := b.measure("creation", func() {
			inParallel(b.Servers, func(number int) { create(ctx, member(benchNamespace, number).Obj()) })
			allReady(ctx, b.Servers)
		})
		Expect(podsOf(ctx)).To(HaveLen(b.Servers))
		Expect(p.perServer(p.Reads)).To(BeNumerically("<=", benchChildren+1), "reads for each server")
		Expect(p.perServer(p.Writes)).To(BeNumerically("<=", benchChildren+3), "writes for each server")
	})

	It("sends nothing in a minute without changes", func() {
		waitForQuiet()
		probes, seconds := operator.counter("llama_stack_operator_probes_total"), operator.counter("process_cpu_seconds_total")
		p := b.measure("steady minute", func() { <-time.After(time.Minute) })
		b.Pods.ProbesInMinute = int(operator.counter("llama_stack_operator_probes_total") - probes)
		b.Pods.CPUSecondsInMinute = operator.counter("process_cpu_seconds_total") - seconds
		Expect(p.Requests).To(BeEmpty())
	})

	It("reports a Pod that was deleted, and leaves the rest to the cluster", func(ctx context.Context) {
		old := podsOf(ctx)
		p := b.measure("Pods deleted", func() {
			inParallel(len(old), func(number int) { Expect(admin.Delete(ctx, &old[number])).To(Succeed()) })
			Eventually(func() int { return newAndReady(ctx, old) }).WithPolling(time.Second).WithTimeout(b.patience()).Should(Equal(b.Servers))
			allReady(ctx, b.Servers)
		})
		Expect(p.Requests).To(HaveEach(And(HaveField("Verb", "patch"), HaveField("Resource", "llamastackdistributions/status"))))
		Expect(p.perServer(p.Writes)).To(BeNumerically("<=", perPodGone), "writes for each Pod")
	})

	It("starts again with the Pods of every server", func() {
		p := b.measure("restart", func() {
			operator.stop()
			operator.start()
			Eventually(func() float64 { return operator.counter("llama_stack_operator_probes_total") }).WithTimeout(b.patience()).Should(BeNumerically(">=", b.Servers))
		})
		Expect(p.Writes).To(BeZero())
	})

	It("keeps almost nothing of a Pod that runs", func(ctx context.Context) {
		b.remember()
		before := operator.liveHeap()
		p := b.measure("more Pods", func() {
			inParallel(b.Servers, func(number int) { create(ctx, stranger(number)) })
			Eventually(func() int { return newAndReady(ctx, nil) }).WithPolling(time.Second).WithTimeout(b.patience()).Should(Equal(2 * b.Servers))
		})
		kept := operator.liveHeap() - before
		b.Pods.KeptKiBPerPod = max(0, kept) / float64(b.Servers) / kibi
		b.Pods.WatchedKiBPerPod = sizeOf(&podsOf(ctx)[0]) / kibi
		Expect(p.Writes).To(BeZero())
		Expect(kept).To(BeNumerically("<=", float64(b.Servers*podBudget+heapNoise)))
	})

	It("leaves what it made to the cluster when the servers are deleted", func(ctx context.Context) {
		b.measure("deletion", func() {
			Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, inBench())).To(Succeed())
			Eventually(func() int { return count(ctx, benchNamespace, &appsv1.DeploymentList{}) }).WithTimeout(b.patience()).Should(BeZero())
		})
	})
})

func podsOf(ctx context.Context) []corev1.Pod {
	GinkgoHelper()
	list := &corev1.PodList{}
	Expect(admin.List(ctx, list, client.InNamespace(benchNamespace), client.HasLabels{v1alpha1.LabelInstance})).To(Succeed())
	return list.Items
}

// newAndReady counts the Pods that run and are none of the old ones.
func newAndReady(ctx context.Context, old []corev1.Pod) int {
	GinkgoHelper()
	gone := sets.New[string]()
	for i := range old {
		gone.Insert(old[i].Name)
	}
	pods, n := podsOf(ctx), 0
	for i := range pods {
		if pods[i].Status.Phase == corev1.PodRunning && !gone.Has(pods[i].Name) {
			n++
		}
	}
	return n
}

// stranger is a Pod with a server's labels and without an owner: one more for the operator to watch.
func stranger(number int) *corev1.Pod {
	name := member(benchNamespace, number).Obj().Name
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: benchNamespace, Name: name + "-" + strings.Repeat("x", len("7f9c6d5b4-abcde")),
			Labels: map[string]string{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: name},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "stranger", Image: "registry.example/stranger:1"}}},
	}
}

func sizeOf(pod *corev1.Pod) float64 {
	GinkgoHelper()
	text, err := json.Marshal(pod)
	Expect(err).NotTo(HaveOccurred())
	return float64(len(text))
}
