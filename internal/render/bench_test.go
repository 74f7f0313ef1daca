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

package render_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Budgets of one rendering and of one hash, and of the memory that a Renderer keeps, in bytes.
const (
	renderBudget = time.Millisecond
	hashBudget   = 20 * time.Microsecond
	memoryBudget = 2 << 20
	// renderAllocations are of a server with everything, and do not depend on the machine.
	renderAllocations = 3200
)

// input reads a scenario's input for a benchmark.
func input(b *testing.B, name string) render.Input {
	b.Helper()
	text, err := os.ReadFile("testdata/" + name + "/input.yaml")
	if err != nil {
		b.Fatal(err)
	}
	var in render.Input
	if err := yaml.UnmarshalStrict(text, &in); err != nil {
		b.Fatal(err)
	}
	return in
}

// benchmarkRender renders a scenario and counts its objects.
func benchmarkRender(b *testing.B, name string) {
	b.Helper()
	r, err := render.New()
	if err != nil {
		b.Fatal(err)
	}
	in := input(b, name)
	b.ReportAllocs()
	objects := 0
	for b.Loop() {
		rendered, err := r.Render(in)
		if err != nil {
			b.Fatal(err)
		}
		objects += len(rendered)
	}
	b.ReportMetric(float64(objects)/float64(b.N), "objects/op")
}

// benchmarkHash hashes a scenario's input.
func benchmarkHash(b *testing.B, name string) {
	b.Helper()
	in := input(b, name)
	b.ReportAllocs()
	for b.Loop() {
		_ = in.Hash()
	}
}

func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"minimal", "everything"} {
		b.Run(name, func(b *testing.B) { benchmarkRender(b, name) })
	}
}

func BenchmarkHash(b *testing.B) {
	for _, name := range []string{"minimal", "everything"} {
		b.Run(name, func(b *testing.B) { benchmarkHash(b, name) })
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := render.New(); err != nil {
			b.Fatal(err)
		}
	}
}

// heap is what is in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// best is the shortest average time of one call, of several batches: the machine may be busy with something else.
func best(call func()) time.Duration {
	const batches, calls = 50, 10
	shortest := time.Hour
	for range batches {
		start := time.Now()
		for range calls {
			call()
		}
		shortest = min(shortest, time.Since(start)/calls)
	}
	return shortest
}

var _ = Describe("The cost", func() {
	It("of a rendering is within its budget", func() {
		if raceDetector {
			Skip("the race detector has a cost of its own")
		}
		r, in := renderer(), scenario("everything")

		took := best(func() {
			_, err := r.Render(in)
			Expect(err).NotTo(HaveOccurred())
		})

		Expect(took).To(BeNumerically("<=", renderBudget))
	})

	It("of a rendering is within its budget of allocations", func() {
		r, in := renderer(), scenario("everything")
		again := func() { _, _ = r.Render(in) } // the spec above has it succeed
		Expect(testing.AllocsPerRun(20, again)).To(BeNumerically("<=", renderAllocations))
	})

	It("of a hash is within its budget", func() {
		if raceDetector {
			Skip("the race detector has a cost of its own")
		}
		in := scenario("everything")

		Expect(best(func() { _ = in.Hash() })).To(BeNumerically("<=", hashBudget))
	})

	It("in memory is that of the base manifests, not of an OpenAPI schema", func() {
		in := scenario("everything")
		before := heap()

		r, err := render.New()
		Expect(err).NotTo(HaveOccurred())
		for range 100 {
			_, err := r.Render(in)
			Expect(err).NotTo(HaveOccurred())
		}

		Expect(int64(heap()) - int64(before)).To(BeNumerically("<=", memoryBudget))
		runtime.KeepAlive(r)
	})
})
