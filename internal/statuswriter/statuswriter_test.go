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

package statuswriter_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/statuswriter"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolsevents "k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestStatusWriter(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "StatusWriter")
}

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

func newWriter() *statuswriter.Writer {
	return statuswriter.New(nil, nil, clocktesting.NewFakePassiveClock(time.Now()))
}

var _ = Describe("The status that was written last", func() {
	It("counts until the cache shows it", func() {
		written := newWriter()
		instance := llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		instance.ResourceVersion = "1"
		written.Remember(instance, v1alpha1.LlamaStackDistributionStatus{Phase: v1alpha1.PhaseReady})
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseReady))

		instance.ResourceVersion = "2"
		instance.Status.Phase = v1alpha1.PhaseFailed
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseFailed))
		instance.ResourceVersion = "1"
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseFailed), "what the cache has shown is forgotten")
	})

	It("is held back for a while from the first change on, and no longer than the last one may wait", func() {
		written := newWriter()
		now := time.Now()
		Expect(written.Hold("u", true, 2*time.Second, now)).To(Equal(2 * time.Second))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(time.Second))).To(Equal(time.Second))
		Expect(written.Hold("other", true, 2*time.Second, now.Add(time.Second))).To(Equal(2*time.Second), "each has its own time")
		Expect(written.Hold("u", true, 2*time.Second, now.Add(2*time.Second))).To(BeZero(), "it is written")
		Expect(written.Hold("u", true, 2*time.Second, now.Add(3*time.Second))).To(Equal(2*time.Second), "and the next one waits again")
		Expect(written.Hold("u", true, 0, now.Add(4*time.Second))).To(BeZero(), "what may not wait does not")

		Expect(written.Hold("u", true, 5*time.Second, now.Add(5*time.Second))).To(Equal(5 * time.Second))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(9*time.Second))).To(Equal(2*time.Second), "what waits for something else has its own time")
	})

	It("is not held back for a change that was reverted, nor for an object that is forgotten", func() {
		written := newWriter()
		instance := llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		written.Latest(instance)
		now := time.Now()
		written.Hold("u", true, 2*time.Second, now)
		Expect(written.Hold("u", false, 2*time.Second, now.Add(time.Second))).To(BeZero())
		Expect(written.Hold("u", true, 2*time.Second, now.Add(time.Second))).To(Equal(2 * time.Second))
		written.Forget(key("a"))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(2*time.Second))).To(Equal(2 * time.Second))
	})

	It("returns the UID of what is forgotten", func() {
		written := newWriter()
		written.Latest(llsdtest.Make("a").Namespace("ns").UID("u").Obj())
		Expect(written.Forget(key("a"))).To(Equal(types.UID("u")))
		Expect(written.Forget(key("a"))).To(BeEmpty())
	})
})

// statuses are an API server that answers status writes with an error, or counts them.
type statuses struct {
	client.SubResourceWriter

	err    error
	writes int
}

func (s *statuses) Status() client.SubResourceWriter { return s }

func (s *statuses) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	if s.err == nil {
		s.writes++
	}
	return s.err
}

var _ = Describe("A status", func() {
	var (
		server   *statuses
		recorder *toolsevents.FakeRecorder
		writer   *statuswriter.Writer
		now      *clocktesting.FakePassiveClock
	)
	BeforeEach(func() {
		server, recorder, now = &statuses{}, toolsevents.NewFakeRecorder(10), clocktesting.NewFakePassiveClock(time.Now())
		writer = statuswriter.New(server, events.New(recorder), now)
	})
	with := func(reason v1alpha1.Reason, is metav1.ConditionStatus) *v1alpha1.LlamaStackDistribution {
		instance := llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		instance.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: is, Reason: string(reason), Message: "so it is"}}
		return instance
	}
	progressing := func() *v1alpha1.LlamaStackDistribution {
		return with(v1alpha1.ReasonProgressing, metav1.ConditionFalse)
	}
	ready := func() *v1alpha1.LlamaStackDistribution { return with(v1alpha1.ReasonReady, metav1.ConditionTrue) }

	It("is written where it differs, reported, and remembered until the cache shows it", func(ctx context.Context) {
		Expect(writer.Write(ctx, progressing(), ready(), true, 0)).To(BeZero())
		Expect(server.writes).To(Equal(1))
		Expect(recorder.Events).To(Receive(ContainSubstring("so it is")))
		Expect(writer.Latest(progressing()).Conditions).To(Equal(ready().Status.Conditions))
	})

	It("is not written where it does not differ", func(ctx context.Context) {
		Expect(writer.Write(ctx, ready(), ready(), true, time.Minute)).To(BeZero())
		Expect(server.writes).To(BeZero())
	})

	It("waits for the first answer of the server, and no longer", func(ctx context.Context) {
		Expect(writer.Write(ctx, progressing(), ready(), false, 0)).To(Equal(2 * time.Second))
		Expect(server.writes).To(BeZero())
		now.SetTime(now.Now().Add(2 * time.Second))
		Expect(writer.Write(ctx, progressing(), ready(), false, 0)).To(BeZero())
		Expect(server.writes).To(Equal(1))
	})

	It("waits at least until the cache shows what was written", func(ctx context.Context) {
		Expect(writer.Write(ctx, ready(), with(v1alpha1.ReasonUnhealthy, metav1.ConditionFalse), true, 3*time.Second)).To(Equal(3 * time.Second))
	})

	DescribeTable("that cannot be written", func(ctx context.Context, answer error, fails, terminal bool) {
		server.err = answer
		_, err := writer.Write(ctx, progressing(), ready(), true, 0)
		Expect(err != nil).To(Equal(fails))
		Expect(errors.Is(err, reconcile.TerminalError(nil))).To(Equal(terminal))
		Expect(writer.Latest(progressing()).Conditions).To(Equal(progressing().Status.Conditions), "it is not remembered")
	},
		Entry("is retried where the API server fails", errors.New("no"), true, false),
		Entry("is not retried where the schema refuses it", apierrors.NewInvalid(schema.GroupKind{}, "a", nil), true, true),
		Entry("is nobody's where the object is gone", apierrors.NewNotFound(schema.GroupResource{}, "a"), false, false),
	)
})
