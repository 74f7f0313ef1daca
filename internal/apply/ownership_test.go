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
	"encoding/json"
	"errors"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// make puts an object of somebody else on the cluster.
func (w *world) make(ctx context.Context, obj *unstructured.Unstructured, owners ...metav1.OwnerReference) {
	GinkgoHelper()
	foreign := obj.DeepCopy()
	foreign.SetOwnerReferences(owners)
	Expect(admin.Create(ctx, foreign, client.FieldOwner("somebody"))).To(Succeed())
	if foreign.GetLabels()[managedKey] == managedValue {
		w.catchUp(ctx, obj)
	}
}

var _ = Describe("Whose an object is", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	controller := func(kind, name string, uid types.UID) metav1.OwnerReference {
		owner := newOwner("", name)
		owner.UID = uid
		return *metav1.NewControllerRef(owner, ownerGVK.GroupVersion().WithKind(kind))
	}

	DescribeTable("decides whether it is touched",
		func(ctx context.Context, labelled bool, kind, name, holder string) {
			obj := w.service()
			existing := obj
			if !labelled {
				existing = with(obj, nil, "metadata", "labels")
			}
			var owners []metav1.OwnerReference
			if kind != "" {
				owners = append(owners, controller(kind, name, "other"))
			}
			w.make(ctx, existing, owners...)
			before := versionIn(ctx, admin, obj)
			err := w.fail(ctx, obj)
			conflict := &apply.ConflictError{}
			Expect(errors.As(err, &conflict)).To(BeTrue(), err.Error())
			Expect(conflict.Holder).To(HavePrefix(holder))
			Expect(conflict.Ref).To(Equal(refOf(obj)))
			Expect(err.Error()).To(HavePrefix("Service " + w.namespace + "/web-service exists and belongs to " + holder))
			Expect(versionIn(ctx, admin, obj)).To(Equal(before))
			Expect(w.wire.take()).NotTo(ContainElement(ssa))
		},
		Entry("another's, with our label", true, "Thing", "other", "Thing/other"),
		Entry("another's", false, "Thing", "other", "Thing/other"),
		Entry("another's of our kind", true, ownerGVK.Kind, "other", "LlamaStackDistribution/other"),
		Entry("another's of our name", true, "Thing", ownerName, "Thing/web"),
		Entry("nobody's", false, "", "", "somebody unknown (it has no owner, and no label app.kubernetes.io/managed-by=llama-stack-operator)"),
	)

	It("waits for what a deleted owner of the same name left", func(ctx context.Context) {
		obj := w.service()
		w.make(ctx, obj, controller(ownerGVK.Kind, ownerName, "former"))
		outcome := w.apply(ctx, obj)[0]
		Expect(outcome.Action).To(Equal(apply.ActionPending))
		Expect(kindOf(outcome.Err)).To(Equal("wait"))
		Expect(outcome.Err).To(MatchError(ContainSubstring("still belongs to a deleted LlamaStackDistribution of this name")))
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("adopts with force what carries our label and has no controller", func(ctx context.Context) {
		obj := w.service()
		w.make(ctx, with(obj, "old", "spec", "selector", "app"))
		w.applyOne(ctx, obj, apply.ActionAdopted)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		live := w.get(ctx, obj)
		Expect(metav1.IsControlledBy(live, w.owner)).To(BeTrue())
		Expect(field(live, "spec", "selector", "app")).To(Equal("web"))
		w.catchUp(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionUnchanged)
	})

	It("adopts what a backup restored, including the annotation", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		backup := w.get(ctx, obj)
		Expect(admin.Delete(ctx, backup)).To(Succeed())
		w.goneFromCache(ctx, obj)
		for _, key := range []string{"uid", "resourceVersion", "managedFields", "ownerReferences", "creationTimestamp"} {
			unstructured.RemoveNestedField(backup.Object, "metadata", key)
		}
		w.make(ctx, backup)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionAdopted)
		Expect(metav1.IsControlledBy(w.get(ctx, obj), w.owner)).To(BeTrue())
	})

	It("does not force a first apply to an object that somebody else made for the owner", func(ctx context.Context) {
		obj := w.service()
		w.make(ctx, with(obj, "old", "spec", "selector", "app"), *metav1.NewControllerRef(w.owner, ownerGVK))
		err := w.fail(ctx, obj)
		conflict := &apply.ConflictError{}
		Expect(errors.As(err, &conflict)).To(BeTrue(), err.Error())
		Expect(conflict.Holder).To(Equal(`field manager "somebody" (spec.selector)`))
	})

	It("names every manager and field of a conflict", func(ctx context.Context) {
		obj := w.deployment()
		first := with(obj, int64(7), "spec", "replicas")
		w.make(ctx, first, *metav1.NewControllerRef(w.owner, ownerGVK))
		w.edit(ctx, obj, `[{"op":"replace","path":"`+toContainer+`/image","value":"x"}]`)
		w.relabel(ctx, obj, "somebody", "other")
		container(obj)["env"] = []any{map[string]any{"name": "A", "value": "two"}}
		err := w.fail(ctx, obj)
		conflict := &apply.ConflictError{}
		Expect(errors.As(err, &conflict)).To(BeTrue(), err.Error())
		Expect(conflict.Holder).To(HavePrefix(`field manager "other" (spec.replicas, spec.template.spec.containers[name="server"].env[name="A"].value, ` +
			`spec.template.spec.containers[name="server"].image, `))
	})

	It("forces later applies against other field managers", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"replace","path":"/spec/selector/app","value":"theirs"}]`)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(field(w.get(ctx, obj), "spec", "selector", "app")).To(Equal("web"))
	})

	It("knows its objects by managedFields when the annotation is gone", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		w.edit(ctx, obj, `[{"op":"remove","path":"/metadata/annotations"},{"op":"replace","path":"/spec/selector/app","value":"theirs"}]`)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(w.get(ctx, obj).GetAnnotations()).To(HaveKey(apply.HashAnnotation))
	})
})

// relabel renames managers in the live managedFields.
func (w *world) relabel(ctx context.Context, obj *unstructured.Unstructured, from, to string) {
	GinkgoHelper()
	entries := w.get(ctx, obj).GetManagedFields()
	for i := range entries {
		if entries[i].Manager == from {
			entries[i].Manager = to
		}
	}
	text, err := json.Marshal(entries)
	Expect(err).NotTo(HaveOccurred())
	w.edit(ctx, obj, `[{"op":"replace","path":"/metadata/managedFields","value":`+string(text)+`}]`)
}

var _ = Describe("An object without an owner reference", func() {
	var w *world
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		w.noOwner = func(obj *unstructured.Unstructured) bool { return obj.GetKind() == "PersistentVolumeClaim" }
	})

	It("gets no owner reference, and others get theirs", func(ctx context.Context) {
		w.settle(ctx, w.pvc(), w.service())
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(BeEmpty())
		Expect(w.get(ctx, w.service()).GetOwnerReferences()).To(HaveLen(1))
		w.restart()
		w.applyOne(ctx, w.pvc(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("loses the operator's owner reference by one apply, and gets it back", func(ctx context.Context) {
		keep := w.noOwner
		w.noOwner = nil
		w.settle(ctx, w.pvc())
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(HaveLen(1))
		w.noOwner = keep
		w.applyOne(ctx, w.pvc(), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(BeEmpty())
		w.catchUp(ctx, w.pvc())
		w.noOwner = nil
		w.applyOne(ctx, w.pvc(), apply.ActionUpdated)
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(HaveLen(1))
	})

	It("loses the one that another manager holds as well, and keeps others' owners", func(ctx context.Context) {
		w.settle(ctx, w.pvc())
		w.edit(ctx, w.pvc(), `[{"op":"add","path":"/metadata/ownerReferences","value":[
			{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"x"},
			{"apiVersion":"llamastack.io/v1alpha1","kind":"LlamaStackDistribution","name":"web","uid":"`+string(w.owner.UID)+`","controller":true}]}]`)
		w.applyOne(ctx, w.pvc(), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa, patch}))
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(ConsistOf(HaveField("Name", "x")))
		w.catchUp(ctx, w.pvc())
		w.applyOne(ctx, w.pvc(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("loses it by the next apply if the first did not get through", func(ctx context.Context) {
		w.settle(ctx, w.pvc())
		reference := `[{"op":"add","path":"/metadata/ownerReferences","value":[
			{"apiVersion":"llamastack.io/v1alpha1","kind":"LlamaStackDistribution","name":"web","uid":"` + string(w.owner.UID) + `"}]}]`
		w.edit(ctx, w.pvc(), reference)
		w.wire.fail(patch)
		Expect(w.fail(ctx, w.pvc())).To(MatchError(ContainSubstring("failed to patch PersistentVolumeClaim")))
		w.wire.fail("")
		w.applyOne(ctx, w.pvc(), apply.ActionUpdated)
		Expect(w.get(ctx, w.pvc()).GetOwnerReferences()).To(BeEmpty())
	})

	It("is adopted when it is left over, or used unchanged when the operator created it", func(ctx context.Context) {
		w.make(ctx, w.pvc())
		w.applyOne(ctx, w.pvc(), apply.ActionAdopted)
		w.catchUp(ctx, w.pvc())
		w.engine.Forget(w.owner.UID)
		w.owner = newOwner(w.namespace, ownerName)
		w.applyOne(ctx, w.pvc(), apply.ActionUnchanged)
		w.applyOne(ctx, with(w.pvc(), "b", "metadata", "labels", "a"), apply.ActionUpdated)
	})
})
