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

package controller_test

import (
	"context"
	"errors"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A reconcile", func() {
	var (
		b          *bench
		now        *clocktesting.FakePassiveClock
		reconciler *controller.Reconciler
	)
	request := reconcile.Request{NamespacedName: key("a")}
	BeforeEach(func() {
		b, now = newBench(), clocktesting.NewFakePassiveClock(time.Now())
		reconciler = b.reconciler(now)
		b.objects["ConfigMap/ns/config"] = &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "config", UID: "config", ResourceVersion: "1"}, Data: map[string]string{v1alpha1.UserConfigKey: "version: '2'\n"},
		}
	})
	// declare stores a server.
	declare := func(change func(*llsdtest.Wrapper)) {
		wrapper := llsdtest.Make("a").Namespace("ns").UID("u").Distribution("starter").UserConfig("config").Generation(1)
		change(wrapper)
		b.put(wrapper.Defaulted().Obj())
	}
	plain := func(*llsdtest.Wrapper) {}
	ready := func(ctx context.Context) metav1.Condition {
		GinkgoHelper()
		instance := &v1alpha1.LlamaStackDistribution{}
		Expect(b.Get(ctx, request.NamespacedName, instance)).To(Succeed())
		condition := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionReady))
		Expect(condition).NotTo(BeNil())
		return *condition
	}
	has := func(ctx context.Context, object client.Object) bool {
		return b.Get(ctx, request.NamespacedName, object) == nil
	}

	It("applies what is declared, and reports it", func(ctx context.Context) {
		declare(plain)
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		Expect(has(ctx, &appsv1.Deployment{})).To(BeTrue())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonProgressing)))
	})

	It("ends in a status where gathering fails, applies nothing, and is repeated", func(ctx context.Context) {
		declare(plain)
		b.failures["ConfigMap/ns/config"] = errors.New("no")
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(MatchError(ContainSubstring("ConfigMap ns/config")))
		Expect(has(ctx, &appsv1.Deployment{})).To(BeFalse())
		Expect(ready(ctx)).To(And(HaveField("Reason", string(v1alpha1.ReasonReconcileError)), HaveField("Message", ContainSubstring("ConfigMap ns/config"))))
	})

	It("ends in a status where the author must change something, applies nothing, and is not repeated", func(ctx context.Context) {
		declare(func(w *llsdtest.Wrapper) { w.Distribution("unknown") })
		Expect(reconciler.Reconcile(ctx, request)).To(BeZero())
		Expect(has(ctx, &appsv1.Deployment{})).To(BeFalse())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonUnknownDistribution)))
	})

	It("ends in a status where the server is being deleted, and applies nothing", func(ctx context.Context) {
		declare(func(w *llsdtest.Wrapper) { w.Deleted(metav1.NewTime(now.Now())) })
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		Expect(has(ctx, &appsv1.Deployment{})).To(BeFalse())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonTerminating)))
	})

	It("writes nothing where it cannot read the children, and is repeated", func(ctx context.Context) {
		declare(plain)
		b.failures["Deployment/ns/a"] = errors.New("no")
		version := b.version
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(MatchError(ContainSubstring("failed to read Deployment ns/a from the cache")))
		Expect(b.version).To(Equal(version))
	})

	It("applies nothing while the operator is paused for the server", func(ctx context.Context) {
		declare(func(w *llsdtest.Wrapper) { w.Annotation(v1alpha1.AnnotationPaused, "true") })
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		Expect(has(ctx, &appsv1.Deployment{})).To(BeFalse())
	})

	It("forgets a server that is gone", func(ctx context.Context) {
		declare(plain)
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		delete(b.objects, "LlamaStackDistribution/ns/a")
		version := b.version
		Expect(reconciler.Reconcile(ctx, request)).To(BeZero())
		Expect(b.version).To(Equal(version))
	})
})
