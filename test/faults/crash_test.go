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

package faults_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A process that ends between any two calls", func() {
	for _, o := range operations() {
		It("to "+o.name+" is followed by one with the same result", o.labels(), func(ctx context.Context) {
			undisturbed := o.undisturbed(ctx)
			GinkgoWriter.Printf("%s: %d calls\n", o.name, len(undisturbed.calls))
			var runs []func()
			for k := 1; k <= len(undisturbed.calls); k++ {
				runs = append(runs, func() { o.crash(ctx, k, dies, undisturbed) })
				// To the next process, the end after a call is the end before the one that follows it.
				if *soak || k == len(undisturbed.calls) {
					runs = append(runs, func() { o.crash(ctx, k, diesAfter, undisturbed) })
				}
			}
			together(runs)
		})
	}
})

// crash lets a process end at its k-th call, and another one go on.
func (o operation) crash(ctx context.Context, k int, how fault, undisturbed outcome) {
	GinkgoHelper()
	By(fmt.Sprintf("%s: %s, which is call %d, %s", o.name, how.name, k, undisturbed.calls[k-1]))
	s := o.prepare(ctx)
	s.running.wire.choose = func(call int, _ string) *fault {
		if call == k {
			return &how
		}
		return nil
	}
	for range patience {
		if s.running.wire.isDead() {
			break
		}
		s.running.turn(ctx, s.instance) // the last one fails, which nobody sees
	}
	Expect(s.running.wire.isDead()).To(BeTrue(), "the process ends")
	next := start(ctx, o.release(), s.instance.Namespace)
	next.settle(ctx, s.instance)
	s.compare(undisturbed)
	since := next.wire.count()
	_, err := next.reconcile(ctx, s.instance)
	Expect(err).NotTo(HaveOccurred())
	Expect(next.wire.writes(since)).To(BeEmpty())
	start(ctx, o.release(), s.instance.Namespace).quiet(ctx, s)
}

// quiet fails if a process that has just started writes anything.
func (p *process) quiet(ctx context.Context, s *stage) {
	GinkgoHelper()
	_, err := p.reconcile(ctx, s.instance)
	Expect(err).NotTo(HaveOccurred())
	Expect(p.wire.writes(0)).To(BeEmpty(), "a restart writes nothing")
}
