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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An object that is to be absent", func() {
	var w *world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
	})

	// absent expects what happens to the Service.
	absent := func(ctx context.Context, action apply.Action) {
		GinkgoHelper()
		w.absent = []apply.Ref{refOf(w.service())}
		Expect(w.apply(ctx)).To(Equal([]apply.Outcome{{Ref: refOf(w.service()), Action: action}}))
	}

	It("costs nothing when it is not there", func(ctx context.Context) {
		absent(ctx, apply.ActionNone)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
	})

	It("is deleted by one request, once", func(ctx context.Context) {
		w.settle(ctx, w.service())
		w.freeze(ctx, w.service())
		absent(ctx, apply.ActionDeleted)
		Expect(w.wire.take()).To(Equal([]string{del}))
		Expect(w.seen.applied).To(ContainElement("Service Deleted"))
		Expect(versionIn(ctx, admin, w.service())).To(BeEmpty())
		absent(ctx, apply.ActionPending)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
		w.lag.frozen = nil
		w.goneFromCache(ctx, w.service())
		absent(ctx, apply.ActionNone)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
	})

	It("is deleted after a restart, without an error if somebody else was faster", func(ctx context.Context) {
		w.settle(ctx, w.service())
		w.restart()
		w.freeze(ctx, w.service())
		Expect(admin.Delete(ctx, w.get(ctx, w.service()))).To(Succeed())
		absent(ctx, apply.ActionDeleted)
	})

	It("is no longer settled when it exists again", func(ctx context.Context) {
		absent(ctx, apply.ActionNone)
		w.make(ctx, w.service(), *metav1.NewControllerRef(w.owner, ownerGVK))
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
		absent(ctx, apply.ActionDeleted)
	})

	It("is only deleted in the version that the cache shows", func(ctx context.Context) {
		w.settle(ctx, w.service())
		w.freeze(ctx, w.service())
		touch(ctx, w.service())
		w.absent = []apply.Ref{refOf(w.service())}
		outcome := w.apply(ctx)[0]
		Expect(outcome.Action).To(Equal(apply.ActionNone))
		Expect(outcome.Err).To(MatchError(ContainSubstring("failed to delete Service")))
		Expect(kindOf(outcome.Err)).To(Equal("cluster"))
		Expect(versionIn(ctx, admin, w.service())).NotTo(BeEmpty())
	})

	It("is left alone when the owner does not control it", func(ctx context.Context) {
		w.make(ctx, w.service())
		absent(ctx, apply.ActionNone)
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
		touch(ctx, w.service())
		w.catchUp(ctx, w.service())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
		absent(ctx, apply.ActionNone)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("is waited for while it is being deleted", func(ctx context.Context) {
		w.settle(ctx, w.service())
		w.edit(ctx, w.service(), `[{"op":"add","path":"/metadata/finalizers","value":["example.test/x"]}]`)
		absent(ctx, apply.ActionDeleted)
		w.catchUp(ctx, w.service())
		outcome := w.apply(ctx)[0]
		Expect(outcome.Action).To(Equal(apply.ActionPending))
		Expect(kindOf(outcome.Err)).To(Equal("wait"))
		Expect(w.wire.take()).To(Equal([]string{del}))
	})

	It("is deleted as soon as the cache shows what was applied", func(ctx context.Context) {
		w.lag.hidden = true
		w.applyOne(ctx, w.service(), apply.ActionCreated)
		w.wire.take()
		absent(ctx, apply.ActionPending)
		Expect(w.wire.take()).To(BeEmpty())
		w.lag.hidden = false
		w.catchUp(ctx, w.service())
		absent(ctx, apply.ActionDeleted)
	})

	It("is not waited for once it is gone", func(ctx context.Context) {
		w.lag.hidden = true
		w.applyOne(ctx, w.service(), apply.ActionCreated)
		w.clock.SetTime(w.clock.Now().Add(apply.UnseenTimeout + time.Second))
		absent(ctx, apply.ActionNone)
	})

	It("leaves its dependents to the garbage collector", func(ctx context.Context) {
		w.settle(ctx, w.service())
		Expect(admin.Patch(ctx, w.get(ctx, w.service()),
			client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.test/x"]}}`)))).To(Succeed())
		w.catchUp(ctx, w.service())
		absent(ctx, apply.ActionDeleted)
		Expect(w.get(ctx, w.service()).GetFinalizers()).To(Equal([]string{"example.test/x"}), "neither orphan nor foregroundDeletion")
	})

	It("is reported when it cannot be read", func(ctx context.Context) {
		w.absent = []apply.Ref{{GVK: ownerGVK, Namespace: w.namespace, Name: "x"}}
		Expect(w.apply(ctx)[0].Err).To(MatchError(ContainSubstring("failed to read LlamaStackDistribution")))
	})
})
