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

package guard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/guard"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Guard")
}

var _ = BeforeSuite(func() { utilruntime.ReallyCrash = false }) // as the manager has it

var _ = Describe("A reconciler", func() {
	DescribeTable("reports when it starts and ends a reconcile",
		func(ctx context.Context, inner reconcile.Func) {
			working, begun := 0, 0
			guarded := guard.Reconciler(inner, func() func() {
				working++
				begun++
				return func() { working-- }
			})
			func() {
				defer func() { _ = recover() }()
				_, _ = guarded.Reconcile(ctx, ctrl.Request{})
			}()
			Expect(working).To(BeZero())
			Expect(begun).To(Equal(1))
		},
		Entry("without an error", reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { return ctrl.Result{}, nil })),
		Entry("it failed", reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { return ctrl.Result{}, errors.New("no") })),
		Entry("it panicked", reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { panic("no") })),
	)

	It("limits the length of errors, and keeps their types", func(ctx context.Context) {
		cause := reconcile.TerminalError(fmt.Errorf("failed to apply: %s", strings.Repeat("spec.env[1]: no; ", 20_000)))
		_, err := guard.Reconciler(reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { return ctrl.Result{}, cause }), nil).
			Reconcile(ctx, ctrl.Request{})

		Expect(err).To(MatchError(And(ContainSubstring("failed to apply: spec.env[1]: no; "), WithTransform(func(text string) int { return len(text) }, BeNumerically("<=", 4096)))))
		Expect(err).To(MatchError(reconcile.TerminalError(nil)))
	})

	It("has no error where there is none", func(ctx context.Context) {
		_, err := guard.Reconciler(reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { return ctrl.Result{}, nil }), nil).Reconcile(ctx, ctrl.Request{})
		Expect(err).NotTo(HaveOccurred())
	})
})

var _ = Describe("A predicate", func() {
	instance := &v1alpha1.LlamaStackDistribution{}
	judge := func(inner predicate.Predicate) []bool {
		p := guard.Predicate(inner)
		return []bool{
			p.Create(event.CreateEvent{Object: instance}), p.Update(event.UpdateEvent{ObjectOld: instance, ObjectNew: instance}),
			p.Delete(event.DeleteEvent{Object: instance}), p.Generic(event.GenericEvent{Object: instance}),
		}
	}
	none := predicate.NewPredicateFuncs(func(client.Object) bool { return false })

	It("that panics lets the event through", func() {
		broken := predicate.NewPredicateFuncs(func(client.Object) bool { panic("a hostile object") })
		Expect(judge(broken)).To(HaveEach(BeTrue()))
	})

	It("that does not panic decides as before", func() {
		Expect(judge(none)).To(HaveEach(BeFalse()))
		Expect(judge(predicate.Not(none))).To(HaveEach(BeTrue()))
	})
})
