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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A field that somebody else decides, too", func() {
	const limit = 5
	var (
		w   *world
		obj *unstructured.Unstructured
	)
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		obj = w.deployment()
		w.settle(ctx, obj)
	})
	// changeBack is one turn of the other's.
	changeBack := func(ctx context.Context) { w.edit(ctx, obj, `[{"op":"replace","path":"/spec/replicas","value":7}]`) }
	// fight lets the two take turns until the engine gives in.
	fight := func(ctx context.Context) {
		GinkgoHelper()
		for range limit {
			changeBack(ctx)
			w.applyOne(ctx, obj, apply.ActionUpdated)
			w.catchUp(ctx, obj)
		}
		changeBack(ctx)
		w.wire.take()
	}
	// contested returns what is said of the contest.
	contested := func(ctx context.Context, retryAfter time.Duration) string {
		GinkgoHelper()
		err := w.fail(ctx, obj)
		found, ok := errors.AsType[*apply.ContestedError](err)
		Expect(ok).To(BeTrue(), "%v", err)
		Expect(found.RetryAfter).To(Equal(retryAfter))
		return found.Error()
	}
	advance := func(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

	It("is left to the other field manager after a while, whose name one read finds", func(ctx context.Context) {
		fight(ctx)
		message := contested(ctx, time.Minute)
		Expect(message).To(ContainSubstring(`changed back again and again by field manager "somebody" (spec.replicas)`))
		Expect(w.wire.take()).To(Equal([]string{read}))
		changeBack(ctx)
		advance(20 * time.Second)
		Expect(contested(ctx, 40*time.Second)).To(Equal(message), "the message does not change")
		Expect(w.wire.take()).To(BeEmpty())
		Expect(field(w.get(ctx, obj), "spec", "replicas")).To(BeEquivalentTo(7))
	})

	It("is tried again after a minute, and stays reported until that has stood for a while", func(ctx context.Context) {
		fight(ctx)
		contested(ctx, time.Minute)
		advance(time.Minute)
		w.wire.take()
		contested(ctx, 30*time.Second)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		w.catchUp(ctx, obj)
		advance(10 * time.Second)
		contested(ctx, 20*time.Second)
		advance(20 * time.Second)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
		changeBack(ctx)
		w.applyOne(ctx, obj, apply.ActionUpdated)
	})

	It("is tried half as often each time, and at last once an hour", func(ctx context.Context) {
		fight(ctx)
		contested(ctx, time.Minute)
		for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			hold := time.Duration(minutes) * time.Minute
			advance(hold)
			w.wire.take()
			contested(ctx, 30*time.Second)
			Expect(w.wire.take()).To(Equal([]string{ssa}))
			w.catchUp(ctx, obj)
			changeBack(ctx)
			contested(ctx, min(2*hold, time.Hour))
			Expect(w.wire.take()).To(BeEmpty())
		}
	})

	It("counts as settled when the other gives way by itself", func(ctx context.Context) {
		fight(ctx)
		contested(ctx, time.Minute)
		w.edit(ctx, obj, `[{"op":"replace","path":"/spec/replicas","value":2}]`)
		contested(ctx, 30*time.Second)
		advance(30 * time.Second)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
	})

	It("is healed at once after a change of the intent, and by another process", func(ctx context.Context) {
		fight(ctx)
		contested(ctx, time.Minute)
		obj = with(obj, int64(3), "spec", "replicas")
		w.applyOne(ctx, obj, apply.ActionUpdated)
		w.catchUp(ctx, obj)
		fight(ctx)
		contested(ctx, time.Minute)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionUpdated)
	})

	It("is no contest when it happens seldom, or to other fields", func(ctx context.Context) {
		for range 2 * limit {
			changeBack(ctx)
			w.applyOne(ctx, obj, apply.ActionUpdated)
			w.catchUp(ctx, obj)
			advance(3 * time.Minute)
		}
		advance(time.Hour)
		for _, edit := range []string{"/spec/replicas", "/spec/template/spec/topologySpreadConstraints/1/maxSkew"} {
			for range limit - 1 {
				w.edit(ctx, obj, `[{"op":"replace","path":"`+edit+`","value":9}]`)
				w.applyOne(ctx, obj, apply.ActionUpdated)
				w.catchUp(ctx, obj)
			}
		}
	})

	It("is investigated again if the API server does not say who it is", func(ctx context.Context) {
		fight(ctx)
		w.wire.fail(read)
		Expect(w.fail(ctx, obj)).To(MatchError(ContainSubstring("failed to read Deployment")))
		w.wire.before("", nil)
		contested(ctx, time.Minute)
	})

	It("over a removed field, which nobody manages, names the last writer", func(ctx context.Context) {
		service := w.service()
		w.settle(ctx, service)
		for range limit {
			w.edit(ctx, service, `[{"op":"remove","path":"/spec/selector"}]`)
			w.applyOne(ctx, service, apply.ActionUpdated)
			w.catchUp(ctx, service)
		}
		w.edit(ctx, service, `[{"op":"remove","path":"/spec/selector"},{"op":"add","path":"/metadata/labels/x","value":"y"}]`)
		Expect(w.fail(ctx, service)).To(MatchError(ContainSubstring(`"somebody" (spec.selector`)))
	})

	It("is named in short where there are many", func() {
		err := &apply.ContestedError{Manager: "x", Fields: []string{"a", "b", "c", "d", "e"}}
		Expect(err).To(MatchError(ContainSubstring("(a, b, c and 2 more)")))
	})
})

var _ = Describe("0.9.0 that goes on beside the new release", func() {
	It("has its fields taken over again, although ours are unchanged, until that is a contest", func(ctx context.Context) {
		w := newWorld(ctx)
		live := w.leave(ctx, "deploy.json", "everything")
		obj := with(lean(intentOf(live)), "Recreate", "spec", "strategy", "type")
		w.applyOne(ctx, obj, apply.ActionTakenOver)
		w.catchUp(ctx, obj)
		again := func() {
			GinkgoHelper()
			theirs := w.object(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: everything, annotations: {theirs: "yes"}}}`)
			Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(theirs), client.FieldOwner("everything"), client.ForceOwnership)).To(Succeed())
			w.catchUp(ctx, obj)
		}
		for range 5 {
			again()
			w.applyOne(ctx, obj, apply.ActionTakenOver)
			w.catchUp(ctx, obj)
			Expect(w.get(ctx, obj).GetAnnotations()).NotTo(HaveKey("theirs"))
			Expect(managers(w.get(ctx, obj))).To(Equal([]string{ours}))
		}
		again()
		Expect(w.fail(ctx, obj)).To(MatchError(ContainSubstring(`by field manager "everything" (metadata.managedFields)`)))
	})

	It("is not us, whatever the owner is called", func(ctx context.Context) {
		for _, name := range []string{apply.FieldOwner, apply.HandoverOwner} {
			w := newWorld(ctx)
			w.owner = newOwner(w.namespace, name)
			w.settle(ctx, w.deployment())
			w.applyOne(ctx, w.deployment(), apply.ActionUnchanged)
			Expect(managers(w.get(ctx, w.deployment()))).To(Equal([]string{ours}))
			Expect(metav1.IsControlledBy(w.get(ctx, w.deployment()), w.owner)).To(BeTrue())
		}
	})
})
