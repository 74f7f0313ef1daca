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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An object that is to outlive its owner", func() {
	var (
		w    *world
		pvc  *unstructured.Unstructured
		what apply.Release
	)
	typed := func(ctx context.Context) *corev1.PersistentVolumeClaim {
		GinkgoHelper()
		found := &corev1.PersistentVolumeClaim{}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(pvc), found)).To(Succeed())
		return found
	}
	BeforeEach(func(ctx context.Context) {
		w = newWorld(ctx)
		pvc = with(w.pvc(), "web", "metadata", "labels", "app")
		w.settle(ctx, pvc)
		what = apply.Release{
			Owners: []types.UID{w.owner.UID}, Labels: map[string]*string{"app": nil, "kept": new("yes")}, Annotations: map[string]string{"keep": "true"},
		}
	})

	It("is released by one request, whatever was written meanwhile, and keeps all else", func(ctx context.Context) {
		before := typed(ctx)
		w.edit(ctx, pvc, `[{"op":"add","path":"/metadata/annotations/others","value":"x"}]`)
		w.wire.take()

		released, err := w.engine.Release(ctx, before, what)

		Expect(err).NotTo(HaveOccurred())
		Expect(w.wire.take()).To(Equal([]string{"PATCH strategic-merge-patch+json"}))
		Expect(w.seen.applied).To(ContainElement("PersistentVolumeClaim Updated"))
		after := typed(ctx)
		Expect(after.OwnerReferences).To(BeEmpty())
		Expect(after.Labels).To(And(Not(HaveKey("app")), HaveKeyWithValue("kept", "yes"), HaveKeyWithValue(managedKey, managedValue)))
		Expect(after.Annotations).To(And(HaveKeyWithValue("keep", "true"), HaveKeyWithValue("others", "x")))
		Expect(after.Spec).To(Equal(before.Spec))
		Expect(released.GetResourceVersion()).To(Equal(after.ResourceVersion))
	})

	It("keeps the owner reference that somebody else has added", func(ctx context.Context) {
		w.edit(ctx, pvc, `[{"op":"add","path":"/metadata/ownerReferences/-","value":{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"other"}}]`)

		_, err := w.engine.Release(ctx, typed(ctx), what)

		Expect(err).NotTo(HaveOccurred())
		Expect(typed(ctx).OwnerReferences).To(ConsistOf(HaveField("UID", types.UID("other"))))
	})

	It("is nil when it is gone, and unchanged when it is another object", func(ctx context.Context) {
		before := typed(ctx)
		before.UID = "another"
		_, err := w.engine.Release(ctx, before, what)
		Expect(err).To(MatchError(ContainSubstring("the object changed meanwhile")), "which is retried, and is nobody's error")
		Expect(typed(ctx).OwnerReferences).To(HaveLen(1))

		before.Name = "gone"
		released, err := w.engine.Release(ctx, before, what)
		Expect(err).NotTo(HaveOccurred())
		Expect(released).To(BeNil())
	})

	It("owns what the release added, although the cache is late", func(ctx context.Context) {
		w.freeze(ctx, pvc)
		_, err := w.engine.Release(ctx, typed(ctx), what)
		Expect(err).NotTo(HaveOccurred())

		w.noOwner = func(*unstructured.Unstructured) bool { return true }
		w.applyOne(ctx, with(pvc, "true", "metadata", "annotations", "keep"), apply.ActionUpdated)
		Expect(managers(w.get(ctx, pvc))).NotTo(ContainElement(apply.FieldOwner + " Update"))
		Expect(typed(ctx)).To(And(HaveField("OwnerReferences", BeEmpty()), HaveField("Annotations", HaveKeyWithValue("keep", "true"))))
	})

	It("owns what the release added afterwards, so that it is removed with the intent", func(ctx context.Context) {
		_, err := w.engine.Release(ctx, typed(ctx), what)
		Expect(err).NotTo(HaveOccurred())
		w.catchUp(ctx, pvc)

		w.noOwner = func(*unstructured.Unstructured) bool { return true }
		w.applyOne(ctx, with(pvc, "true", "metadata", "annotations", "keep"), apply.ActionUpdated)
		w.catchUp(ctx, pvc)
		Expect(managers(w.get(ctx, pvc))).To(ContainElement(ours))
		Expect(managers(w.get(ctx, pvc))).NotTo(ContainElement(apply.FieldOwner + " Update"))

		w.noOwner = nil
		w.applyOne(ctx, pvc, apply.ActionUpdated)
		Expect(typed(ctx).Annotations).NotTo(HaveKey("keep"))
		Expect(metav1.IsControlledBy(typed(ctx), w.owner)).To(BeTrue())
	})
})
