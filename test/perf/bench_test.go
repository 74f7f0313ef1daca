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
	"os"
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	benchNamespace = "bench"
	// benchChildren of a member: ServiceAccount, PVC, Service, Deployment and the copy of its configuration.
	benchChildren = 5
	// benchReconciles until a server is Ready.
	benchReconciles = 6
	// benchLogLines is about one line for each child and for each change of a condition.
	benchLogLines = 16
	// benchSeries and benchSeriesBytes are what each server adds to a scrape: conditions, replicas, transitions, the phase and the versions.
	benchSeries, benchSeriesBytes = 16, 3 * kibi
	// idleHeap is the live heap, in bytes, of an operator that has started with next to no servers.
	idleHeap = 6 * mebi
)

// benchSize is how many servers `make bench` has, from BENCH_CRS.
func benchSize() int {
	GinkgoHelper()
	text := os.Getenv("BENCH_CRS")
	if text == "" {
		return fleetSize
	}
	size, err := strconv.Atoi(text)
	Expect(err).NotTo(HaveOccurred(), "BENCH_CRS is the number of servers")
	return size
}

// The operator's requests, counted by verb and resource, with any number of servers. Every budget is a count, or is
// relative to the number of servers; seconds are reported without a budget.
var _ = Describe("The bench", Ordered, ContinueOnFailure, Label("bench"), func() {
	var b *bench

	BeforeAll(func(ctx context.Context) {
		b = &bench{Servers: benchSize()}
		newNamespace(ctx, benchNamespace)
		operator.start()
		waitForQuiet()
		inParallel(b.Servers, func(number int) { create(ctx, userConfigOf(member(benchNamespace, number).Obj())) })
		waitForQuiet()
		DeferCleanup(func() {
			b.report()
			operator.stop()
		})
	})

	It("creates the servers, until all are Ready and quiet", func(ctx context.Context) {
		p := b.measure("creation", func() {
			inParallel(b.Servers, func(number int) { create(ctx, member(benchNamespace, number).Obj()) })
			allReady(ctx, b.Servers)
		})
		jobs := p.count("list", "jobs")
		Expect(jobs).To(BeNumerically("<=", 1), "a process lists once the checks that an earlier one has begun")
		Expect(p.perServer(p.Reads-jobs)).To(BeNumerically("<=", benchChildren+1), "reads for each server")
		Expect(p.perServer(p.Writes)).To(BeNumerically("<=", benchChildren+3), "writes for each server")
		Expect(p.perServer(p.Reconciles)).To(BeNumerically("<=", benchReconciles), "reconciles for each server")
		Expect(p.perServer(p.LogLines)).To(BeNumerically("<=", benchLogLines), "lines of the log for each server")
	})

	It("sends nothing while nothing happens", func() {
		p := b.measure("steady", func() { <-time.After(stillness) })
		Expect(p.Requests).To(BeEmpty())
		Expect(p.LogLines).To(BeZero(), "lines of the log")
	})

	It("exports few series of each server", func() {
		page, err := operator.page()
		Expect(err).NotTo(HaveOccurred())
		b.expose(page)
		Expect(b.Metrics.SeriesPerServer).To(BeNumerically("<=", benchSeries))
		Expect(b.Metrics.BytesPerServer).To(BeNumerically("<=", benchSeriesBytes))
	})

	It("reconciles every server again without a request", func(ctx context.Context) {
		rendered := operator.counter("llama_stack_operator_renders_total", `source="rendered"`)
		p := b.measure("reconcile", func() {
			before := operator.reconciles()
			touch(ctx, benchNamespace, b.Servers)
			Eventually(operator.reconciles).WithTimeout(b.patience()).Should(BeNumerically(">=", before+float64(b.Servers)))
		})
		Expect(p.Requests).To(BeEmpty())
		Expect(p.LogLines).To(BeZero(), "lines of the log")
		Expect(operator.counter("llama_stack_operator_renders_total", `source="rendered"`)).To(Equal(rendered), "renders")
	})

	It("starts again with every server Ready", func() {
		p := b.measure("restart", func() {
			operator.stop()
			operator.start()
			Eventually(operator.reconciles).WithTimeout(b.patience()).Should(BeNumerically(">=", b.Servers))
			Eventually(func() float64 { return operator.counter("llama_stack_operator_probes_total") }).WithTimeout(b.patience()).Should(BeNumerically(">=", b.Servers))
		})
		Expect(p.Writes).To(BeZero())
		Expect(p.count("get", "configmaps")).To(BeNumerically("<=", b.Servers), "one read for each ConfigMap that is referred to")
		Expect(p.Reads-p.count("get", "configmaps")).To(BeNumerically("<=", maxLists+maxDiscovery), "lists and discovery")
	})

	It("keeps little of each server in memory", func() {
		b.remember()
		Expect(b.Memory.LiveHeapKiBPerServer).To(BeNumerically("<=", float64(memberBudget+contentBudget)/kibi))
	})

	It("removes what it created when the servers are deleted", func(ctx context.Context) {
		b.measure("deletion", func() {
			Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, inBench())).To(Succeed())
			Eventually(func() int { return count(ctx, benchNamespace, &v1alpha1.LlamaStackDistributionList{}) }).WithTimeout(b.patience()).Should(BeZero())
		})
	})
})

// allReady waits until every server of the bench is Ready, and the result of a probe of each is in its status: those that became Ready
// first are probed again before the last ones are probed at all.
func allReady(ctx context.Context, servers int) {
	GinkgoHelper()
	Eventually(func() int { return ready(ctx, benchNamespace) }).WithPolling(time.Second).WithTimeout(patienceFor(servers)).Should(Equal(servers))
	Eventually(func() float64 { return operator.counter("llama_stack_operator_probes_total") }).WithTimeout(patienceFor(servers)).Should(BeNumerically(">=", servers))
	waitForUnreachable(ctx, benchNamespace, servers, patienceFor(servers))
}

// patienceFor is the limit of time for a number of servers.
func patienceFor(servers int) time.Duration {
	return patience + time.Duration(servers)*200*time.Millisecond
}
