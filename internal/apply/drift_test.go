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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	toContainer = "/spec/template/spec/containers/0"
)

var _ = Describe("Drift", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	finalized := func(w *world) *unstructured.Unstructured {
		return with(w.service(), []any{"example.test/a", "example.test/b"}, "metadata", "finalizers")
	}

	DescribeTable("by others in the operator's fields is healed by one apply, with memory and without",
		func(ctx context.Context, object func(*world) *unstructured.Unstructured, edit string) {
			obj := object(w)
			w.settle(ctx, obj)
			before := field(w.get(ctx, obj), "spec")
			for _, restart := range []bool{false, true} {
				w.edit(ctx, obj, edit)
				if restart {
					w.restart()
				}
				w.wire.take()
				w.applyOne(ctx, obj, apply.ActionUpdated)
				Expect(w.wire.take()).To(Equal([]string{ssa}))
				Expect(field(w.get(ctx, obj), "spec")).To(Equal(before))
				w.catchUp(ctx, obj)
				w.applyOne(ctx, obj, apply.ActionUnchanged)
				Expect(w.wire.take()).To(BeEmpty())
			}
		},
		Entry("a scalar", (*world).deployment, `[{"op":"replace","path":"/spec/replicas","value":5}]`),
		Entry("a value of an env variable", (*world).deployment, `[{"op":"replace","path":"`+toContainer+`/env/0/value","value":"x"}]`),
		Entry("a value that is wanted empty", (*world).deployment, `[{"op":"add","path":"`+toContainer+`/env/1/value","value":"x"}]`),
		Entry("a removed env variable", (*world).deployment, `[{"op":"remove","path":"`+toContainer+`/env/2"}]`),
		Entry("a quantity", (*world).deployment, `[{"op":"replace","path":"`+toContainer+`/resources/requests/cpu","value":"2"}]`),
		Entry("an item with a key of two fields", (*world).deployment,
			`[{"op":"replace","path":"/spec/template/spec/topologySpreadConstraints/1/maxSkew","value":7}]`),
		Entry("an atomic list", (*world).networkPolicy, `[{"op":"add","path":"/spec/ingress/0/from/-","value":{"namespaceSelector":{}}}]`),
		Entry("an item of an atomic list", (*world).networkPolicy,
			`[{"op":"add","path":"/spec/ingress/0/from/0/namespaceSelector","value":{}}]`),
		Entry("a default inside of an atomic list", (*world).networkPolicy,
			`[{"op":"replace","path":"/spec/ingress/0/ports/0/protocol","value":"UDP"}]`),
		Entry("a port of a Service", (*world).service, `[{"op":"replace","path":"/spec/ports/0/targetPort","value":1}]`),
		Entry("our annotation", (*world).service, `[{"op":"replace","path":"/metadata/annotations/llamastack.io~1applied-hash","value":"x"}]`),
		Entry("a finalizer", finalized, `[{"op":"replace","path":"/metadata/finalizers","value":["example.test/b"]}]`),
		Entry("the owner reference", (*world).service, `[{"op":"replace","path":"/metadata/ownerReferences/0/blockOwnerDeletion","value":false}]`),
	)

	It("that renumbers a port is healed, and leaves nobody else as its owner", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		before := field(w.get(ctx, obj), "spec")
		for _, restart := range []bool{false, true} {
			w.edit(ctx, obj, `[{"op":"replace","path":"/spec/ports/0/port","value":1}]`)
			if restart {
				w.restart()
			}
			w.wire.take()
			w.applyOne(ctx, obj, apply.ActionUpdated)
			Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
			Expect(field(w.get(ctx, obj), "spec")).To(Equal(before))
			Expect(managers(w.get(ctx, obj))).To(Equal([]string{ours}))
			w.catchUp(ctx, obj)
			w.applyOne(ctx, obj, apply.ActionUnchanged)
		}
	})

	It("does not keep a port from changing its number, even one that was renumbered", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		port := func(number int64) *unstructured.Unstructured {
			return with(obj, []any{map[string]any{"name": "http", "port": number, "targetPort": number}}, "spec", "ports")
		}
		w.applyOne(ctx, port(9000), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{read, ssa}), "it reads who owns the old one")
		w.catchUp(ctx, obj)
		w.edit(ctx, obj, `[{"op":"replace","path":"/spec/ports/0/port","value":1}]`)
		w.applyOne(ctx, port(9001), apply.ActionUpdated)
		Expect(field(w.get(ctx, obj), "spec", "ports")).To(ConsistOf(HaveKeyWithValue("port", int64(9001))))
	})

	It("keeps a port of another name that somebody added", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"add","path":"/spec/ports/-","value":{"name":"more","port":1}}]`)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("in a ConfigMap's content is healed", func(ctx context.Context) {
		obj := w.configMap()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"replace","path":"/data/config.yaml","value":"b: 2"}]`)
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(field(w.get(ctx, obj), "data", "config.yaml")).To(Equal("a: 1"))
		Expect(w.get(ctx, obj).GetAnnotations()).NotTo(HaveKey(apply.DigestAnnotation), "it only exists in the cache")
	})

	It("is not a zero, null or empty value that the API server leaves out", func(ctx context.Context) {
		obj := with(w.deployment(), int64(0), "spec", "minReadySeconds")
		obj = with(obj, map[string]any{}, "spec", "template", "metadata", "annotations")
		Expect(unstructured.SetNestedField(obj.Object, nil, "spec", "template", "spec", "hostUsers")).To(Succeed())
		container(obj)["stdin"] = false
		container(obj)["args"] = []any{}
		w.settle(ctx, obj)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("that adds fields of others stays, and costs nothing", func(ctx context.Context) {
		obj := w.deployment()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[
			{"op":"add","path":"`+toContainer+`/env/0","value":{"name":"INJECTED","value":"x"}},
			{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"sidecar","image":"example.test/sidecar"}},
			{"op":"add","path":"/spec/template/metadata/annotations","value":{"kubectl.kubernetes.io/restartedAt":"now"}},
			{"op":"add","path":"/metadata/labels/team","value":"a"},
			{"op":"add","path":"/metadata/ownerReferences/-","value":{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"x"}}]`)
		for range 2 {
			w.applyOne(ctx, obj, apply.ActionUnchanged)
			Expect(w.wire.take()).To(BeEmpty())
			w.restart()
		}
		container(obj)["image"] = "example.test/server:2"
		w.applyOne(ctx, obj, apply.ActionUpdated)
		live := w.get(ctx, obj)
		Expect(field(live, "spec", "template", "spec", "containers")).To(HaveLen(2))
		Expect(container(live)["env"]).To(HaveLen(5))
		Expect(live.GetLabels()).To(HaveKeyWithValue("team", "a"))
		Expect(field(live, "spec", "template", "metadata", "annotations")).To(HaveLen(1))
	})

	It("of the status costs nothing", func(ctx context.Context) {
		obj := w.deployment()
		w.settle(ctx, obj)
		live := w.get(ctx, obj)
		Expect(unstructured.SetNestedField(live.Object, int64(2), "status", "replicas")).To(Succeed())
		Expect(admin.Status().Update(ctx, live)).To(Succeed())
		w.catchUp(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
	})

	It("that was read before the last write is older than what is known, and what was absent is not", func(ctx context.Context) {
		obj, absent := w.deployment(), w.service()
		w.absent = []apply.Ref{refOf(absent)}
		w.settle(ctx, obj)
		before := w.get(ctx, obj).GetResourceVersion()
		container(obj)["image"] = "example.test/server:2"
		w.settle(ctx, obj)

		Expect(w.engine.Ahead(w.owner.UID, refOf(obj), before)).To(BeTrue())
		Expect(w.engine.Ahead(w.owner.UID, refOf(obj), "")).To(BeTrue())
		Expect(w.engine.Ahead(w.owner.UID, refOf(obj), w.get(ctx, obj).GetResourceVersion())).To(BeFalse())
		Expect(w.engine.Ahead(w.owner.UID, refOf(absent), "")).To(BeFalse())
		Expect(w.engine.Ahead("nobody", refOf(obj), "")).To(BeFalse())
	})

	It("that leaves two env variables of one name is healed", func(ctx context.Context) {
		obj := w.deployment()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"add","path":"`+toContainer+`/env/-","value":{"name":"A","value":"two"}}]`)
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(container(w.get(ctx, obj))["env"]).To(HaveLen(4))
	})

	It("that removes the operator's label is seen live and healed", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		w.edit(ctx, obj, `[{"op":"remove","path":"/metadata/labels/app.kubernetes.io~1managed-by"}]`)
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{read, read, ssa}))
		Expect(w.get(ctx, obj).GetLabels()).To(HaveKeyWithValue(managedKey, managedValue))
	})

	It("that removes label and owner makes the object somebody's own", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		w.edit(ctx, obj, `[{"op":"remove","path":"/metadata/labels"},{"op":"remove","path":"/metadata/ownerReferences"}]`)
		Expect(w.fail(ctx, obj)).To(BeAssignableToTypeOf(&apply.ConflictError{}))
	})

	It("that removes the owner reference is healed", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"remove","path":"/metadata/ownerReferences"}]`)
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(w.get(ctx, obj).GetOwnerReferences()).To(HaveLen(1))
	})

	It("by deletion is undone with one read and one apply", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(admin.Delete(ctx, w.get(ctx, obj))).To(Succeed())
		w.goneFromCache(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionCreated)
		Expect(w.wire.take()).To(Equal([]string{read, ssa}))
	})

	It("by deletion that the cache has not seen is undone by the apply of a new intent", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.freeze(ctx, obj)
		Expect(admin.Delete(ctx, w.get(ctx, obj))).To(Succeed())
		w.applyOne(ctx, with(obj, "x", "spec", "selector", "app"), apply.ActionCreated)
	})

	It("waits for an object that is being deleted", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"add","path":"/metadata/finalizers","value":["example.test/x"]}]`)
		Expect(admin.Delete(ctx, w.get(ctx, obj))).To(Succeed())
		w.catchUp(ctx, obj)
		outcome := w.apply(ctx, obj)[0]
		Expect(outcome.Action).To(Equal(apply.ActionPending))
		Expect(outcome.Err).To(MatchError("waiting: Service " + w.namespace + "/web-service is being deleted"))
		Expect(outcome.Err).To(BeAssignableToTypeOf(&apply.WaitError{}))
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
	})
})

var _ = Describe("A cache that lags", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("leads to no read for an object that was just applied, until it takes too long", func(ctx context.Context) {
		obj := w.service()
		w.lag.hidden = true
		w.applyOne(ctx, obj, apply.ActionCreated)
		w.wire.take()
		w.applyOne(ctx, obj, apply.ActionPending)
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
		w.clock.SetTime(w.clock.Now().Add(apply.UnseenTimeout - time.Millisecond))
		w.applyOne(ctx, obj, apply.ActionPending)
		Expect(w.wire.take()).To(BeEmpty())

		w.clock.SetTime(w.clock.Now().Add(time.Millisecond))
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.wire.take()).To(Equal([]string{read, read}), "metadata, then the object")
	})

	It("creates again what was deleted before the cache showed it", func(ctx context.Context) {
		obj := w.service()
		w.lag.hidden = true
		w.applyOne(ctx, obj, apply.ActionCreated)
		Expect(admin.Delete(ctx, w.get(ctx, obj))).To(Succeed())
		w.applyOne(ctx, obj, apply.ActionPending)
		w.clock.SetTime(w.clock.Now().Add(apply.UnseenTimeout))
		w.wire.take()
		w.applyOne(ctx, obj, apply.ActionCreated)
		Expect(w.wire.take()).To(Equal([]string{read, ssa}))
	})

	It("leads to no second apply", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.freeze(ctx, obj)
		changed := with(obj, "x", "spec", "selector", "app")
		w.applyOne(ctx, changed, apply.ActionUpdated)
		w.wire.take()
		w.applyOne(ctx, changed, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse(), "the cache may have missed what others did since")
		w.lag.frozen = nil
		w.catchUp(ctx, obj)
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
	})

	It("does not hide an object that exists without our label", func(ctx context.Context) {
		obj := w.service()
		foreign := with(obj, nil, "metadata", "labels")
		Expect(admin.Create(ctx, foreign)).To(Succeed())
		Expect(w.fail(ctx, obj)).To(MatchError(ContainSubstring("somebody unknown")))
		Expect(w.wire.take()).To(Equal([]string{read}))
	})
})

// goneFromCache waits until the cache does not show the object.
func (w *world) goneFromCache(ctx context.Context, obj *unstructured.Unstructured) {
	GinkgoHelper()
	Eventually(func() string { return versionIn(ctx, cached, obj) }, wait, poll).Should(BeEmpty())
}

// freeze keeps the cache's view of an object as it is.
func (w *world) freeze(ctx context.Context, obj *unstructured.Unstructured) {
	GinkgoHelper()
	typed, err := scheme.Scheme.New(obj.GroupVersionKind())
	Expect(err).NotTo(HaveOccurred())
	Expect(cached.Get(ctx, client.ObjectKeyFromObject(obj), typed.(client.Object))).To(Succeed())
	w.lag.frozen = map[types.NamespacedName]client.Object{client.ObjectKeyFromObject(obj): typed.(client.Object)}
}

var _ = Describe("Admission", func() {
	It("that changes one of the operator's fields is tolerated", func(ctx context.Context) {
		w := newWorld(ctx)
		// A webhook that rewrites the port at every write, played by a wire that changes the answer.
		obj := w.service()
		w.settle(ctx, obj)
		w.wire.rewrite(`"targetPort":8321`, `"targetPort":9999`)
		w.applyOne(ctx, with(obj, "x", "spec", "selector", "app"), apply.ActionUpdated)
		w.wire.rewrite("", "")
		w.catchUp(ctx, obj)
		w.wire.take()
		// The live object says 8321, the answer said 9999: had it been a webhook, the live object would say 9999 as well.
		changed := with(obj, "x", "spec", "selector", "app")
		w.edit(ctx, obj, `[{"op":"replace","path":"/spec/ports/0/targetPort","value":9999}]`)
		w.applyOne(ctx, changed, apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
		w.edit(ctx, obj, `[{"op":"replace","path":"/spec/ports/0/targetPort","value":7}]`)
		w.applyOne(ctx, changed, apply.ActionUpdated)
	})
})

var _ = Describe("CacheTransform", func() {
	It("keeps of managedFields what the engine needs", func() {
		now := metav1.Now()
		entry := metav1.ManagedFieldsEntry{
			Manager: "m", Operation: metav1.ManagedFieldsOperationApply, APIVersion: "v1", Time: &now, FieldsType: "FieldsV1",
			FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`),
		}
		status := entry
		status.Subresource = "status"
		obj := &corev1.Service{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{status, entry}}}
		out, err := apply.CacheTransform(obj)
		Expect(err).NotTo(HaveOccurred())
		Expect(out).To(BeIdenticalTo(obj))
		Expect(obj.ManagedFields).To(Equal([]metav1.ManagedFieldsEntry{{Manager: "m", Operation: metav1.ManagedFieldsOperationApply}}))
	})

	It("passes on what is not an object", func() {
		out, err := apply.CacheTransform("tombstone")
		Expect(err).NotTo(HaveOccurred())
		Expect(out).To(Equal("tombstone"))
	})

	It("replaces a ConfigMap's content, once", func() {
		cm := &corev1.ConfigMap{Data: map[string]string{"a": "1"}, BinaryData: map[string][]byte{"b": {0xff}}}
		for range 2 {
			_, err := apply.CacheTransform(cm)
			Expect(err).NotTo(HaveOccurred())
		}
		again := &corev1.ConfigMap{Data: map[string]string{"a": "1"}, BinaryData: map[string][]byte{"b": {0xff}}}
		apply.Digest(again)
		Expect(cm).To(Equal(again))
		Expect(cm.Data).To(BeNil())
		Expect(cm.BinaryData).To(BeNil())
	})

	DescribeTable("distinguishes contents", func(a, b corev1.ConfigMap) {
		apply.Digest(&a)
		apply.Digest(&b)
		Expect(a.Annotations[apply.DigestAnnotation]).NotTo(Equal(b.Annotations[apply.DigestAnnotation]))
	},
		Entry("by value", corev1.ConfigMap{Data: map[string]string{"a": "1"}}, corev1.ConfigMap{Data: map[string]string{"a": "2"}}),
		Entry("by key", corev1.ConfigMap{Data: map[string]string{"a": "1"}}, corev1.ConfigMap{Data: map[string]string{"b": "1"}}),
		Entry("by where key and value part", corev1.ConfigMap{Data: map[string]string{"a": "b1"}}, corev1.ConfigMap{Data: map[string]string{"ab": "1"}}),
		Entry("by text or bytes", corev1.ConfigMap{Data: map[string]string{"a": "1"}}, corev1.ConfigMap{BinaryData: map[string][]byte{"a": []byte("1")}}),
		Entry("by bytes that are not text", corev1.ConfigMap{BinaryData: map[string][]byte{"a": {0xfe}}}, corev1.ConfigMap{BinaryData: map[string][]byte{"a": {0xff}}}),
		Entry("by an added key", corev1.ConfigMap{}, corev1.ConfigMap{Data: map[string]string{"": ""}}),
	)
})
