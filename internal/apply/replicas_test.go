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

package apply_test

import (
	"context"
	"errors"
	"net/http"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const handover = apply.HandoverOwner + " Apply"

var _ = Describe("The number of replicas", func() {
	var (
		w          *world
		fixed, off *unstructured.Unstructured
	)
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		fixed = w.deployment()
		off = with(fixed, nil, "spec", "replicas")
	})

	scale := func(ctx context.Context, n int32) {
		GinkgoHelper()
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "web"}}
		Expect(admin.SubResource("scale").Update(ctx, deployment, client.WithSubResourceBody(&autoscalingv1.Scale{
			ObjectMeta: deployment.ObjectMeta, Spec: autoscalingv1.ScaleSpec{Replicas: n},
		}), client.FieldOwner("kube-controller-manager"))).To(Succeed())
		w.catchUp(ctx, fixed)
	}
	replicas := func(ctx context.Context) int64 {
		GinkgoHelper()
		return field(w.get(ctx, fixed), "spec", "replicas").(int64)
	}

	DescribeTable("stays when the autoscaler takes over, and follows the intent again afterwards",
		func(ctx context.Context, restart bool) {
			w.settle(ctx, fixed)
			if restart {
				w.restart()
			}
			w.applyOne(ctx, off, apply.ActionUpdated)
			Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
			Expect(replicas(ctx)).To(BeEquivalentTo(2))
			Expect(managers(w.get(ctx, fixed))).To(ConsistOf(ours, handover))
			w.catchUp(ctx, fixed)
			w.applyOne(ctx, off, apply.ActionUnchanged)

			scale(ctx, 5)
			w.applyOne(ctx, off, apply.ActionUnchanged)
			container(off)["image"] = "example.test/server:2"
			w.settle(ctx, off)
			Expect(replicas(ctx)).To(BeEquivalentTo(5))
			Expect(managers(w.get(ctx, fixed))).To(ConsistOf(ours))

			w.applyOne(ctx, fixed, apply.ActionUpdated)
			Expect(w.wire.take()).To(Equal([]string{ssa}))
			Expect(replicas(ctx)).To(BeEquivalentTo(2))
		},
		Entry("with memory", false),
		Entry("after a restart", true),
	)

	It("has no second owner left when autoscaling ends before it changed anything", func(ctx context.Context) {
		w.settle(ctx, fixed)
		w.settle(ctx, off)
		w.applyOne(ctx, fixed, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa, ssa}))
		live := w.get(ctx, fixed)
		Expect(managers(live)).To(Equal([]string{ours}))
		Expect(replicas(ctx)).To(BeEquivalentTo(2))
		w.catchUp(ctx, fixed)
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
		w.applyOne(ctx, with(fixed, int64(3), "spec", "replicas"), apply.ActionUpdated)
		Expect(replicas(ctx)).To(BeEquivalentTo(3))
	})

	It("has no second owner left when the process ended in between", func(ctx context.Context) {
		w.settle(ctx, fixed)
		w.settle(ctx, off)
		w.wire.failSecond(ssa)
		Expect(w.fail(ctx, fixed)).To(MatchError(ContainSubstring("failed to release spec.replicas of Deployment")))
		w.catchUp(ctx, fixed)
		Expect(managers(w.get(ctx, fixed))).To(ConsistOf(ours, handover))
		w.restart()
		w.applyOne(ctx, fixed, apply.ActionUpdated)
		Expect(managers(w.get(ctx, fixed))).To(ConsistOf(ours))
	})

	It("is the API server's default, without a hand-over, when it never was asked for", func(ctx context.Context) {
		w.settle(ctx, off)
		scale(ctx, 4)
		container(off)["image"] = "example.test/server:2"
		w.applyOne(ctx, off, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		w.catchUp(ctx, off)
		w.restart()
		container(off)["image"] = "example.test/server:3"
		w.applyOne(ctx, off, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{read, ssa}), "after a restart it reads the object")
		Expect(replicas(ctx)).To(BeEquivalentTo(4))
	})

	It("is 1 when the autoscaler takes over a stopped Deployment, which would never start otherwise", func(ctx context.Context) {
		w.settle(ctx, with(fixed, int64(0), "spec", "replicas"))
		w.applyOne(ctx, off, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(replicas(ctx)).To(BeEquivalentTo(1))
	})

	It("stays 0 when somebody else stopped what the autoscaler scales", func(ctx context.Context) {
		w.settle(ctx, fixed)
		w.applyOne(ctx, off, apply.ActionUpdated)
		w.catchUp(ctx, fixed)
		scale(ctx, 0)
		container(off)["image"] = "example.test/server:2"
		w.settle(ctx, off)
		Expect(replicas(ctx)).To(BeEquivalentTo(0))
		w.restart()
		container(off)["image"] = "example.test/server:3"
		w.settle(ctx, off)
		Expect(replicas(ctx)).To(BeEquivalentTo(0))
	})

	It("is not lost to a change that happens during the hand-over", func(ctx context.Context) {
		w.settle(ctx, fixed)
		w.wire.before(patch, func() { touch(ctx, fixed) })
		Expect(kindOf(w.fail(ctx, off))).To(Equal("cluster"))
		Expect(replicas(ctx)).To(BeEquivalentTo(2))
	})
})

var _ = Describe("The strategy of a Deployment", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	strategy := func(ctx context.Context) any {
		GinkgoHelper()
		return field(w.get(ctx, w.deployment()), "spec", "strategy")
	}

	It("changes to Recreate from the API server's default, and back", func(ctx context.Context) {
		plain := w.deployment()
		recreate := with(plain, "Recreate", "spec", "strategy", "type")
		w.settle(ctx, plain)
		w.applyOne(ctx, recreate, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
		Expect(strategy(ctx)).To(Equal(map[string]any{"type": "Recreate"}))
		w.catchUp(ctx, plain)

		container(recreate)["image"] = "example.test/server:2"
		w.applyOne(ctx, recreate, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		w.catchUp(ctx, plain)

		w.applyOne(ctx, plain, apply.ActionUpdated)
		Expect(strategy(ctx)).To(HaveKeyWithValue("type", "RollingUpdate"))
	})

	It("changes to Recreate from an explicit one of the operator", func(ctx context.Context) {
		explicit := with(w.deployment(), map[string]any{
			"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxSurge": "25%", "maxUnavailable": "25%"},
		}, "spec", "strategy")
		w.settle(ctx, explicit)
		w.applyOne(ctx, with(w.deployment(), "Recreate", "spec", "strategy", "type"), apply.ActionUpdated)
		Expect(strategy(ctx)).To(Equal(map[string]any{"type": "Recreate"}))
	})

	It("changes to Recreate from one that somebody else has set", func(ctx context.Context) {
		w.settle(ctx, w.deployment())
		w.edit(ctx, w.deployment(), `[{"op":"replace","path":"/spec/strategy/rollingUpdate/maxSurge","value":3}]`)
		w.applyOne(ctx, with(w.deployment(), "Recreate", "spec", "strategy", "type"), apply.ActionUpdated)
		Expect(strategy(ctx)).To(Equal(map[string]any{"type": "Recreate"}))
	})
})

// failSecond breaks the connection at the second request of a kind.
func (w *wire) failSecond(kind string) {
	count := 0
	w.answer = func(r *http.Request) (*http.Response, error) {
		if line(r) != kind {
			return nil, nil
		}
		count++
		if count == 2 {
			return nil, errors.New("connection lost")
		}
		return nil, nil
	}
}
