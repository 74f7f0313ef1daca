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

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An object that was made from what it was before", func() {
	var (
		w   *world
		obj *unstructured.Unstructured
	)
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		obj = w.deployment()
		w.settle(ctx, obj)
	})

	// from applies an object that was made from a version.
	from := func(ctx context.Context, version string, obj *unstructured.Unstructured) apply.Outcome {
		GinkgoHelper()
		request := w.request("intent", obj)
		request.Version = func(*unstructured.Unstructured) string { return version }
		return w.engine.Apply(ctx, request)[0]
	}
	isPending := And(HaveField("Action", apply.ActionPending), HaveField("Err", BeNil()), HaveField("Live", BeNil()))

	DescribeTable("does not overwrite a version that the cache does not show yet", func(ctx context.Context, restarted bool) {
		before := w.get(ctx, obj).GetResourceVersion()
		w.edit(ctx, obj, `[{"op":"add","path":"/metadata/annotations/somebody","value":"else"}]`)
		if restarted {
			w.restart()
		}
		after := w.get(ctx, obj)
		next := with(obj, int64(7), "spec", "replicas")
		Expect(from(ctx, before, next)).To(isPending)
		Expect(w.engine.Settled(w.owner.GetUID(), "intent")).To(BeFalse())
		Expect(w.get(ctx, obj)).To(Equal(after))

		Expect(from(ctx, after.GetResourceVersion(), next)).To(And(HaveField("Action", apply.ActionUpdated), HaveField("Err", BeNil())))
		Expect(field(w.get(ctx, obj), "spec", "replicas")).To(Equal(int64(7)))
	}, Entry("in the same process", false), Entry("in a new one", true))

	It("costs nothing if nothing has to be written, and is the same intent whatever version it was made from", func(ctx context.Context) {
		Expect(from(ctx, "1", obj)).To(HaveField("Action", apply.ActionUnchanged))
		w.restart()
		Expect(from(ctx, "1", obj)).To(HaveField("Action", apply.ActionUnchanged))
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("is written together with the preceding change of owners, or not at all", func(ctx context.Context) {
		scaled := with(obj, nil, "spec", "replicas")
		before := w.get(ctx, obj)
		Expect(from(ctx, "1", scaled)).To(isPending)
		Expect(w.get(ctx, obj)).To(Equal(before))
		Expect(from(ctx, before.GetResourceVersion(), scaled)).To(HaveField("Action", apply.ActionUpdated))
		Expect(field(w.get(ctx, obj), "spec", "replicas")).To(Equal(int64(2)))
		Expect(managers(w.get(ctx, obj))).To(ConsistOf(ours, handover))
	})
})

var _ = Describe("What became of an object since the caller read it", func() {
	var (
		w   *world
		obj *unstructured.Unstructured
	)
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		obj = w.deployment()
		w.settle(ctx, obj)
	})

	// after applies an object that the caller read at a version, and says whether the watch that shows what it is now is an echo.
	after := func(ctx context.Context, version string) bool {
		GinkgoHelper()
		request := w.request("intent", obj)
		request.Read = func(apply.Ref) (string, bool) { return version, true }
		Expect(w.engine.Apply(ctx, request)[0]).To(And(HaveField("Action", apply.ActionUnchanged), HaveField("Err", BeNil())))
		return w.engine.Echo(w.owner.GetUID(), w.get(ctx, obj))
	}

	It("is news, and no echo, though nothing has to be written", func(ctx context.Context) {
		before := w.get(ctx, obj).GetResourceVersion()
		Expect(after(ctx, before)).To(BeTrue())
		w.edit(ctx, obj, `[{"op":"add","path":"/metadata/annotations/somebody","value":"else"}]`)

		Expect(after(ctx, before)).To(BeFalse())
		Expect(w.engine.Settled(w.owner.GetUID(), "intent")).To(BeFalse())
		Expect(after(ctx, "")).To(BeFalse(), "the caller had not found it")

		Expect(after(ctx, w.get(ctx, obj).GetResourceVersion())).To(BeTrue())
		Expect(w.engine.Settled(w.owner.GetUID(), "intent")).To(BeTrue())
	})
})
