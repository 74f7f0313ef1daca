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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An object's life", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("is created by one read of metadata and one apply", func(ctx context.Context) {
		obj := w.deployment()
		w.applyOne(ctx, obj, apply.ActionCreated)
		Expect(w.wire.take()).To(Equal([]string{read, ssa}))
		Expect(w.seen.applied).To(Equal([]string{"Deployment Created"}))
		Expect(w.seen.reads).To(Equal([]string{"Deployment"}))

		live := w.get(ctx, obj)
		Expect(managers(live)).To(Equal([]string{ours}))
		Expect(live.GetAnnotations()).To(HaveKeyWithValue(apply.HashAnnotation, HaveLen(32)))
		Expect(live.GetOwnerReferences()).To(Equal([]metav1.OwnerReference{{
			APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution", Name: ownerName, UID: w.owner.UID,
			Controller: new(true), BlockOwnerDeletion: new(true),
		}}))
		Expect(obj.GetOwnerReferences()).To(BeEmpty(), "the intent belongs to the caller")
		Expect(obj.GetAnnotations()).To(BeEmpty())
	})

	It("is returned as the cache will have it, if it was written", func(ctx context.Context) {
		obj := w.configMap()
		written := w.apply(ctx, obj)[0].Live
		w.catchUp(ctx, obj)
		shown := &corev1.ConfigMap{}
		Expect(cached.Get(ctx, client.ObjectKeyFromObject(obj), shown)).To(Succeed())
		Expect(written.(*corev1.ConfigMap).ObjectMeta).To(Equal(shown.ObjectMeta))
		Expect(written.(*corev1.ConfigMap).Data).To(BeNil())
		Expect(w.apply(ctx, obj)[0].Live).To(BeNil(), "nothing was written")
	})

	It("costs nothing while nothing changes, for every kind", func(ctx context.Context) {
		objects := w.all()
		w.settle(ctx, objects...)
		for _, o := range w.apply(ctx, objects...) {
			Expect(o).To(HaveField("Action", apply.ActionUnchanged), o.Ref.String())
			Expect(o.Err).NotTo(HaveOccurred())
		}
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("costs nothing after a restart, for every kind", func(ctx context.Context) {
		objects := w.all()
		w.settle(ctx, objects...)
		w.restart()
		for _, o := range w.apply(ctx, objects...) {
			Expect(o).To(HaveField("Action", apply.ActionUnchanged), o.Ref.String())
		}
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.seen.applied).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
	})

	It("is changed by one apply and no read", func(ctx context.Context) {
		obj := w.deployment()
		w.settle(ctx, obj)
		container(obj)["image"] = "example.test/server:2"
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(container(w.get(ctx, obj))["image"]).To(Equal("example.test/server:2"))
	})

	It("is changed by one apply after a restart", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.restart()
		w.applyOne(ctx, with(obj, "x", "spec", "selector", "app"), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(field(w.get(ctx, obj), "spec", "selector", "app")).To(Equal("x"))
	})

	It("loses the fields that leave the intent, at once and after a restart", func(ctx context.Context) {
		obj := w.deployment()
		w.settle(ctx, obj)
		smaller := obj.DeepCopy()
		container(smaller)["env"] = []any{map[string]any{"name": "A", "value": "one"}}
		delete(container(smaller), "resources")
		w.settle(ctx, smaller)
		Expect(container(w.get(ctx, obj))["env"]).To(HaveLen(1))
		Expect(container(w.get(ctx, obj))["resources"]).To(BeEmpty())

		w.settle(ctx, obj)
		Expect(container(w.get(ctx, obj))["env"]).To(HaveLen(4))
		w.restart()
		w.applyOne(ctx, smaller, apply.ActionUpdated)
		Expect(container(w.get(ctx, obj))["env"]).To(HaveLen(1))
	})

	It("changes the kind of a volume and of a probe under the same name", func(ctx context.Context) {
		obj := w.deployment()
		volumes := func(source string) {
			value := map[string]any{"name": "x"}
			if source == "secret" {
				value = map[string]any{"secretName": "x"}
			}
			Expect(unstructured.SetNestedSlice(obj.Object, []any{
				map[string]any{"name": "data", source: value}, map[string]any{"name": "token", "emptyDir": map[string]any{}},
			}, "spec", "template", "spec", "volumes")).To(Succeed())
		}
		volumes("configMap")
		container(obj)["startupProbe"] = map[string]any{"httpGet": map[string]any{"path": "/", "port": int64(80)}}
		w.settle(ctx, obj)
		volumes("secret")
		container(obj)["startupProbe"] = map[string]any{"tcpSocket": map[string]any{"port": int64(80)}}
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(container(w.get(ctx, obj))["startupProbe"]).To(And(HaveKey("tcpSocket"), Not(HaveKey("httpGet"))))
	})

	It("is settled once the cache shows what was applied", func(ctx context.Context) {
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeFalse(), "nothing was applied")
		obj := w.deployment()
		w.lag.hidden = true
		Expect(w.engine.Apply(ctx, w.request("a", obj))).To(ConsistOf(HaveField("Err", BeNil())))
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeFalse(), "the cache does not show it")
		w.lag.hidden = false
		w.catchUp(ctx, obj)
		w.wire.take()
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeTrue())
		Expect(w.engine.Settled(w.owner.UID, "b")).To(BeFalse())

		w.edit(ctx, obj, `[{"op":"add","path":"/metadata/annotations/x","value":"y"}]`)
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeFalse())
		Expect(w.engine.Apply(ctx, w.request("a", obj))).To(ConsistOf(HaveField("Action", apply.ActionUnchanged)))
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeTrue())

		w.engine.Forget(w.owner.UID)
		Expect(w.engine.Settled(w.owner.UID, "a")).To(BeFalse())
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("is not settled after an error", func(ctx context.Context) {
		bad := with(w.service(), "No/Name", "spec", "type")
		Expect(w.fail(ctx, bad)).To(HaveOccurred())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
	})

	It("knows its own echo", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		Expect(w.engine.Echo(w.owner.UID, w.get(ctx, obj))).To(BeTrue())
		Expect(w.engine.Echo("somebody", w.get(ctx, obj))).To(BeFalse())
		Expect(w.engine.Echo(w.owner.UID, w.deployment())).To(BeFalse())
		w.edit(ctx, obj, `[{"op":"add","path":"/metadata/annotations/x","value":"y"}]`)
		Expect(w.engine.Echo(w.owner.UID, w.get(ctx, obj))).To(BeFalse())
	})

	It("knows the echo of one object while others are still being applied", func(ctx context.Context) {
		full, echoed := w.configMap(), false
		short := full.DeepCopy()
		delete(short.Object, "data")
		short.SetAnnotations(map[string]string{apply.DigestAnnotation: digestOf(full)})
		request := w.request("both", w.service(), short)
		request.Content = func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			echoed = w.engine.Echo(w.owner.UID, w.get(ctx, w.service()))
			return full, nil
		}
		w.lag.hidden = true
		w.engine.Apply(ctx, request)
		Expect(echoed).To(BeTrue())

		Expect(admin.Delete(ctx, w.get(ctx, w.service()))).To(Succeed())
		Expect(w.engine.Apply(ctx, w.request("both", w.service()))).To(ConsistOf(HaveField("Action", apply.ActionCreated)), "it was seen, and is gone")
	})

	It("is compared by the digest of its content, which is read only when it has to be sent", func(ctx context.Context) {
		full, reads := w.configMap(), 0
		short := full.DeepCopy()
		delete(short.Object, "data")
		short.SetAnnotations(map[string]string{apply.DigestAnnotation: digestOf(full)})
		request := w.request("by digest", short)
		request.Content = func(_ context.Context, asked *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			Expect(refOf(asked)).To(Equal(refOf(full)))
			reads++
			return full, nil
		}
		Expect(w.engine.Apply(ctx, request)).To(ConsistOf(HaveField("Action", apply.ActionCreated)))
		Expect(reads).To(Equal(1))
		live := w.get(ctx, full)
		Expect(live.Object["data"]).To(Equal(full.Object["data"]))
		Expect(live.GetAnnotations()).NotTo(HaveKey(apply.DigestAnnotation))
		w.catchUp(ctx, full)
		Expect(w.engine.Settled(w.owner.UID, "by digest")).To(BeTrue())

		w.restart()
		request.Content = nil
		Expect(w.engine.Apply(ctx, request)).To(ConsistOf(HaveField("Action", apply.ActionUnchanged)))
		Expect(w.engine.Apply(ctx, w.request("in full", full))).To(ConsistOf(HaveField("Action", apply.ActionUnchanged)), "both forms are the same intent")
	})

	It("is not written with content other than requested", func(ctx context.Context) {
		short := w.configMap()
		delete(short.Object, "data")
		short.SetAnnotations(map[string]string{apply.DigestAnnotation: "of something else"})
		request := w.request("moved", short)
		request.Content = func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			return w.configMap(), nil
		}
		outcome := w.engine.Apply(ctx, request)[0]
		Expect(outcome.Err).To(MatchError(ContainSubstring("has changed since")))
		request.Content = func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			return nil, context.Canceled
		}
		Expect(w.engine.Apply(ctx, request)[0].Err).To(MatchError(context.Canceled))
		Expect(w.wire.take()).NotTo(ContainElement(ssa))
	})

	DescribeTable("that was seen in any way is read at once when it is gone",
		func(ctx context.Context, check func(*world, *unstructured.Unstructured)) {
			obj := w.service()
			w.settle(ctx, obj)
			check(w, w.get(ctx, obj))
			Expect(admin.Delete(ctx, w.get(ctx, obj))).To(Succeed())
			w.goneFromCache(ctx, obj)
			w.applyOne(ctx, obj, apply.ActionCreated)
			Expect(w.wire.take()).To(Equal([]string{read, ssa}))
		},
		Entry("a watch event", func(w *world, obj *unstructured.Unstructured) {
			Expect(w.engine.Echo(w.owner.UID, obj)).To(BeTrue())
		}),
		Entry("a check of all objects", func(w *world, _ *unstructured.Unstructured) {
			Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
		}),
	)

	It("goes on after one object failed", func(ctx context.Context) {
		bad := with(w.service(), "No/Name", "spec", "type")
		outcomes := w.apply(ctx, bad, w.configMap())
		Expect(outcomes[0].Err).To(HaveOccurred())
		Expect(outcomes[0].Action).To(Equal(apply.ActionNone))
		Expect(outcomes[1].Err).NotTo(HaveOccurred())
		Expect(outcomes[1].Action).To(Equal(apply.ActionCreated))
	})

	It("refuses an owner that is being deleted", func(ctx context.Context) {
		w.owner.DeletionTimestamp = new(metav1.Now())
		w.absent = []apply.Ref{refOf(w.service())}
		for _, o := range w.apply(ctx, w.deployment()) {
			Expect(o.Err).To(MatchError(apply.ErrOwnerDeleted))
		}
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("needs neither a clock nor an observer nor an earlier release", func(ctx context.Context) {
		engine := apply.New(apply.Options{
			Scheme: scheme.Scheme, Cache: cached, Live: admin, Writer: admin, ManagedLabel: apply.Label{Key: managedKey, Value: managedValue},
		})
		Expect(engine.Apply(ctx, w.request("a", w.service()))).To(ConsistOf(HaveField("Action", apply.ActionCreated)))
	})

	It("reports an intent of an unknown kind", func(ctx context.Context) {
		Expect(w.fail(ctx, w.object("{apiVersion: example.test/v1, kind: Thing, metadata: {name: x}}"))).To(MatchError(
			ContainSubstring("failed to read Thing")))
	})

	It("reports an intent that does not fit its kind", func(ctx context.Context) {
		Expect(w.fail(ctx, with(w.deployment(), "many", "spec", "replicas"))).To(MatchError(ContainSubstring("failed to convert")))
	})
})

func refOf(obj *unstructured.Unstructured) apply.Ref {
	return apply.Ref{GVK: obj.GroupVersionKind(), Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// digestOf is the digest of a ConfigMap's content.
func digestOf(obj *unstructured.Unstructured) string {
	GinkgoHelper()
	cm := &corev1.ConfigMap{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, cm)).To(Succeed())
	return apply.DigestOf(cm)
}
