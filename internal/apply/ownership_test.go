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
	"net/http"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const handover = apply.HandoverOwner + " Apply"

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

	It("adopts what a backup brought back, annotation and all", func(ctx context.Context) {
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

	It("gets none, and others get theirs", func(ctx context.Context) {
		w.settle(ctx, w.claim(), w.service())
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(BeEmpty())
		Expect(w.get(ctx, w.service()).GetOwnerReferences()).To(HaveLen(1))
		w.restart()
		w.applyOne(ctx, w.claim(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("loses the one that we gave it, by one apply, and gets it back", func(ctx context.Context) {
		keep := w.noOwner
		w.noOwner = nil
		w.settle(ctx, w.claim())
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(HaveLen(1))
		w.noOwner = keep
		w.applyOne(ctx, w.claim(), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(BeEmpty())
		w.catchUp(ctx, w.claim())
		w.noOwner = nil
		w.applyOne(ctx, w.claim(), apply.ActionUpdated)
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(HaveLen(1))
	})

	It("loses the one that another manager holds as well, and keeps others' owners", func(ctx context.Context) {
		w.settle(ctx, w.claim())
		w.edit(ctx, w.claim(), `[{"op":"add","path":"/metadata/ownerReferences","value":[
			{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"x"},
			{"apiVersion":"llamastack.io/v1alpha1","kind":"LlamaStackDistribution","name":"web","uid":"`+string(w.owner.UID)+`","controller":true}]}]`)
		w.applyOne(ctx, w.claim(), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa, patch}))
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(ConsistOf(HaveField("Name", "x")))
		w.catchUp(ctx, w.claim())
		w.applyOne(ctx, w.claim(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("loses it by the next apply if the first did not get through", func(ctx context.Context) {
		w.settle(ctx, w.claim())
		reference := `[{"op":"add","path":"/metadata/ownerReferences","value":[
			{"apiVersion":"llamastack.io/v1alpha1","kind":"LlamaStackDistribution","name":"web","uid":"` + string(w.owner.UID) + `"}]}]`
		w.edit(ctx, w.claim(), reference)
		w.wire.fail(patch)
		Expect(w.fail(ctx, w.claim())).To(MatchError(ContainSubstring("failed to patch PersistentVolumeClaim")))
		w.wire.fail("")
		w.applyOne(ctx, w.claim(), apply.ActionUpdated)
		Expect(w.get(ctx, w.claim()).GetOwnerReferences()).To(BeEmpty())
	})

	It("is adopted when it is left over, or used as it is when we made it", func(ctx context.Context) {
		w.make(ctx, w.claim())
		w.applyOne(ctx, w.claim(), apply.ActionAdopted)
		w.catchUp(ctx, w.claim())
		w.engine.Forget(w.owner.UID)
		w.owner = newOwner(w.namespace, ownerName)
		w.applyOne(ctx, w.claim(), apply.ActionUnchanged)
		w.applyOne(ctx, with(w.claim(), "b", "metadata", "labels", "a"), apply.ActionUpdated)
	})
})

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

	DescribeTable("stays when the autoscaler takes over, and is the intent's again after it",
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
		Expect(w.wire.take()).To(Equal([]string{read, ssa}), "after a restart it takes a look")
		Expect(replicas(ctx)).To(BeEquivalentTo(4))
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

	It("turns to Recreate from what the API server filled in, and back", func(ctx context.Context) {
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

	It("turns to Recreate from an explicit one, which we own", func(ctx context.Context) {
		explicit := with(w.deployment(), map[string]any{
			"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxSurge": "25%", "maxUnavailable": "25%"},
		}, "spec", "strategy")
		w.settle(ctx, explicit)
		w.applyOne(ctx, with(w.deployment(), "Recreate", "spec", "strategy", "type"), apply.ActionUpdated)
		Expect(strategy(ctx)).To(Equal(map[string]any{"type": "Recreate"}))
	})

	It("turns to Recreate from one that somebody else has set", func(ctx context.Context) {
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
