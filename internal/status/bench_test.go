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
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Budgets of one status of a server that is well, with a status that it had before.
const (
	// statusBudget is for the allocations, which do not depend on the machine.
	statusBudget = 40
)

// settled is the input of a server whose status says already what it will say.
func settled() status.Input {
	f := newFixture()
	f.in.Instance.Status = status.Compute(f.in)
	return f.in
}

// BenchmarkCompute is what the status costs in a reconcile in which nothing changed; statusBudget allocations at most.
func BenchmarkCompute(b *testing.B) {
	in := settled()
	b.ReportAllocs()
	for b.Loop() {
		_ = status.Compute(in)
	}
}

var _ = Describe("The cost of a status", func() {
	It("is within its budget", func() {
		in := settled()
		Expect(testing.AllocsPerRun(100, func() { _ = status.Compute(in) })).To(BeNumerically("<=", statusBudget))
	})
})
