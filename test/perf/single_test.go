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
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// idleBudget is for everything that the kernel counts as resident: the operator's own memory, and the mapped pages
	// of its program. The latter are shared and can be reclaimed, and newer kernels map nearly the whole file, so that
	// the size of the program counts.
	idleBudget = 40 * mebi
	// ownBudget is for the operator's own memory: its heap, its stacks, its tables.
	ownBudget = 16 * mebi
)

// oneHeap is the live heap of an operator that has started with one server: what the first one costs is not what each
// one costs.
var oneHeap float64

// describeIdle measures an operator that has nothing to do.
func describeIdle() {
	It("needs little memory while there is nothing to do", func() {
		operator.start()
		waitForQuiet()
		live := operator.liveHeap()

		all, own := operator.resident("VmRSS"), operator.resident("RssAnon")
		figuref("memory, idle (budget 40 MiB, 16 MiB of its own)", "%.1f MiB: %.1f MiB of its own and %.1f MiB mapped from the program's file; live heap %.1f MiB",
			all/mebi, own/mebi, operator.resident("RssFile")/mebi, live/mebi)
		Expect(own).To(BeNumerically("<=", ownBudget))
		Expect(all).To(BeNumerically("<=", idleBudget))
	})
}

// describeOne counts what one server costs from its creation until all is quiet.
func describeOne() {
	// ServiceAccount, PVC, Service, PodDisruptionBudget, Deployment, and the copy of the configuration.
	const children, maxReconciles = 6, 6
	// The status is written when the objects were created, when the server is ready, and when it was probed.
	const maxWrites = children + 3

	It("creates a server with few requests and few reconciles", func(ctx context.Context) {
		newNamespace(ctx, "one")
		instance := member("one", 0).Replicas(2).Obj()
		create(ctx, userConfigOf(instance))
		waitForQuiet()
		mark, reconciles := audit.Mark(), operator.reconciles()

		create(ctx, instance)
		Eventually(func() int { return ready(ctx, "one") }).WithPolling(10 * time.Millisecond).Should(Equal(1))
		untilReady := operator.reconciles() - reconciles
		becomeReady(ctx, "one", 1)

		seen := sortOut(audit.Since(mark))
		figuref("one server, from creation to quiet", "%d reads (budget %d), %d writes (budget %d), %.0f reconciles until Ready (budget %d), %.0f until quiet",
			len(seen.gets)+len(seen.lists), children+1, len(seen.writes), maxWrites, untilReady, maxReconciles, operator.reconciles()-reconciles)
		Expect(len(seen.gets)+len(seen.lists)).To(BeNumerically("<=", children+1), "reads: %v %v", seen.gets, seen.lists)
		Expect(len(seen.writes)).To(BeNumerically("<=", maxWrites), "writes: %v", seen.writes)
		Expect(untilReady).To(BeNumerically("<=", maxReconciles))
	})

	It("is measured with one server", func(ctx context.Context) {
		restart(ctx)
		oneHeap = operator.liveHeap()
	})
}
