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
	"slices"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A reconcile that meets a fault", func() {
	var (
		f          *faulty
		now        *clocktesting.FakePassiveClock
		reconciler *controller.Reconciler
	)
	request := reconcile.Request{NamespacedName: key("a")}
	BeforeEach(func() {
		f, now = newFaulty(), clocktesting.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		reconciler = f.newReconciler(now)
		reconciler.Configure(nil)
	})
	// declare stores a server, with the status that it has.
	declare := func(change func(*llsdtest.Wrapper)) {
		wrapper := llsdtest.Make("a").Namespace("ns").UID("u").Distribution("starter").Storage("1Gi").Generation(1)
		if before, ok := f.objects["LlamaStackDistribution/ns/a"].(*v1alpha1.LlamaStackDistribution); ok {
			wrapper.Generation(before.Generation + 1).Status(before.Status)
		}
		change(wrapper)
		f.put(wrapper.Defaulted().Obj())
	}
	plain := func(*llsdtest.Wrapper) {}
	stored := func(ctx context.Context) *v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		instance := &v1alpha1.LlamaStackDistribution{}
		Expect(f.bench.Get(ctx, request.NamespacedName, instance)).To(Succeed())
		return instance
	}
	condition := func(ctx context.Context, about v1alpha1.ConditionType) metav1.Condition {
		GinkgoHelper()
		found := meta.FindStatusCondition(stored(ctx).Status.Conditions, string(about))
		Expect(found).NotTo(BeNil())
		return *found
	}
	ready := func(ctx context.Context) metav1.Condition {
		GinkgoHelper()
		return condition(ctx, v1alpha1.ConditionReady)
	}
	// reconciled is a reconcile without an error, after which what is held back has been written.
	reconciled := func(ctx context.Context) reconcile.Result {
		GinkgoHelper()
		result, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		return result
	}
	// runs brings a server to where its Pods serve.
	runs := func(ctx context.Context) {
		GinkgoHelper()
		declare(plain)
		reconciled(ctx)
		f.settle()
		for range 3 {
			reconciled(ctx)
			now.SetTime(now.Now().Add(time.Minute))
		}
		Expect(ready(ctx)).To(HaveField("Status", metav1.ConditionTrue))
		f.writes = nil
	}
	applied := func(kind string) bool {
		return f.objects[kind+"/ns/a"] != nil || f.objects[kind+"/ns/a-service"] != nil || f.objects[kind+"/ns/a-pvc"] != nil
	}

	DescribeTable("is repeated where the API server fails at", func(ctx context.Context, kind string, others ...string) {
		declare(plain)
		f.refusals[kind] = apierrors.NewInternalError(errors.New("etcd is away"))
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(MatchError(And(ContainSubstring("etcd is away"), ContainSubstring(kind))))
		Expect(ready(ctx)).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", string(v1alpha1.ReasonReconcileError))))
		for _, other := range []string{"PersistentVolumeClaim", "Deployment", "Service"} {
			Expect(applied(other)).To(Equal(slices.Contains(others, other)), other)
		}
		delete(f.refusals, kind)
		reconciled(ctx)
		Expect(applied(kind)).To(BeTrue())
	},
		Entry("the PVC", "PersistentVolumeClaim"),
		Entry("the Deployment", "Deployment", "PersistentVolumeClaim"),
		Entry("the Service", "Service", "PersistentVolumeClaim", "Deployment"),
	)

	DescribeTable("reports an object that was refused, and retries less and less often:", func(
		ctx context.Context, kind string, refusal func(string) error, says string, others ...string,
	) {
		declare(plain)
		f.refusals[kind] = refusal(kind)
		Expect(reconciled(ctx)).To(HaveField("RequeueAfter", time.Minute))
		Expect(ready(ctx)).To(And(HaveField("Reason", string(v1alpha1.ReasonRejected)), HaveField("Message", And(ContainSubstring(kind), ContainSubstring(says)))))
		for _, other := range []string{"PersistentVolumeClaim", "Deployment", "Service"} {
			Expect(applied(other)).To(Equal(slices.Contains(others, other)), other)
		}
		now.SetTime(now.Now().Add(5 * time.Minute))
		Expect(reconciled(ctx)).To(HaveField("RequeueAfter", 5*time.Minute))
		now.SetTime(now.Now().Add(time.Hour))
		Expect(reconciled(ctx)).To(HaveField("RequeueAfter", 10*time.Minute))

		delete(f.refusals, kind)
		reconciled(ctx)
		for _, object := range []string{"PersistentVolumeClaim", "Deployment", "Service"} {
			Expect(applied(object)).To(BeTrue(), object)
		}
	},
		Entry("the PVC, by a policy", "PersistentVolumeClaim", forbidden, "these objects stay as they are: Deployment"),
		Entry("the Deployment, by a policy", "Deployment", forbidden, `policy.example`, "PersistentVolumeClaim"),
		Entry("the Deployment, by its schema", "Deployment", invalid, "spec.x", "PersistentVolumeClaim"),
		Entry("the Service, by a policy", "Service", forbidden, `policy.example`, "PersistentVolumeClaim", "Deployment"),
	)

	It("leaves an object of somebody else as it is, and reports whose it is", func(ctx context.Context) {
		theirs := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a-service", Labels: map[string]string{"team": "b"}}}
		f.put(theirs)
		declare(plain)
		Expect(reconciled(ctx)).To(HaveField("RequeueAfter", time.Minute))
		Expect(ready(ctx)).To(And(HaveField("Reason", string(v1alpha1.ReasonResourceConflict)), HaveField("Message", ContainSubstring("a-service"))))
		Expect(f.objects["Service/ns/a-service"]).To(BeIdenticalTo(client.Object(theirs)))
		Expect(applied("Deployment")).To(BeTrue())
	})

	DescribeTable("survives a panic", func(ctx context.Context, at string) {
		declare(plain)
		f.panics[at] = true
		Expect(func() { _, _ = reconciler.Reconcile(ctx, request) }).To(PanicWith("broken"))
		delete(f.panics, at)
		ended := make(chan struct{})
		go func() {
			defer GinkgoRecover()
			defer close(ended)
			reconciled(ctx)
		}()
		Eventually(ended).Should(BeClosed(), "nothing is locked any more")
		Expect(applied("Service")).To(BeTrue())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonProgressing)))
	},
		Entry("in a read of the server", "read LlamaStackDistribution"),
		Entry("in a read of the Deployment", "read Deployment"),
		Entry("in a read of the PVC", "read PersistentVolumeClaim"),
		Entry("in a write of the PVC", "write PersistentVolumeClaim"),
		Entry("in a write of the Deployment", "write Deployment"),
		Entry("in a write of the Service", "write Service"),
	)

	It("writes nothing twice while the cache is late, and reads it again soon", func(ctx context.Context) {
		declare(plain)
		f.freeze()
		reconciled(ctx)
		Expect(f.writes).To(ContainElements("PersistentVolumeClaim", "Deployment", "Service"))
		f.writes = nil
		for range 3 {
			Expect(reconciled(ctx).RequeueAfter).To(Equal(2 * time.Second))
			Expect(f.writes).To(BeEmpty())
		}
		f.stale = nil
		reconciled(ctx)
		Expect(f.writes).To(BeEmpty())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonProgressing)))
	})

	It("does not report a server that runs as gone while the cache is late", func(ctx context.Context) {
		runs(ctx)
		declare(func(w *llsdtest.Wrapper) { w.Replicas(2) })
		f.freeze()
		reconciled(ctx)
		Expect(f.writes).To(ContainElement("Deployment"))
		f.writes = nil
		reconciled(ctx)
		Expect(f.writes).To(BeEmpty())
		Expect(ready(ctx).Reason).NotTo(Equal(string(v1alpha1.ReasonReconcileError)))
	})

	It("leaves a server that runs as it is where its author made a mistake, at the same address", func(ctx context.Context) {
		runs(ctx)
		url := stored(ctx).Status.ServiceURL
		Expect(url).To(HaveSuffix(":8321"))
		declare(func(w *llsdtest.Wrapper) { w.Distribution("unknown").Port(9000) })
		reconciled(ctx)
		Expect(f.writes).To(BeEmpty())
		Expect(ready(ctx)).To(And(HaveField("Reason", string(v1alpha1.ReasonUnknownDistribution)), HaveField("ObservedGeneration", int64(2))))
		Expect(stored(ctx).Status.ServiceURL).To(Equal(url))

		declare(func(w *llsdtest.Wrapper) { w.Port(9000) })
		reconciled(ctx)
		Expect(f.writes).To(ContainElements("Deployment", "Service"))
		now.SetTime(now.Now().Add(time.Minute))
		reconciled(ctx)
		Expect(stored(ctx).Status.ServiceURL).To(HaveSuffix(":9000"))
	})

	It("has not observed an edit that cannot be gathered", func(ctx context.Context) {
		runs(ctx)
		declare(func(w *llsdtest.Wrapper) { w.UserConfig("config").Replicas(2) })
		f.objects["ConfigMap/ns/config"] = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "config", UID: "config", ResourceVersion: "1"}}
		f.failures["ConfigMap/ns/config"] = errors.New("no")
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(MatchError(ContainSubstring("ConfigMap ns/config")))
		Expect(f.writes).To(BeEmpty())
		now.SetTime(now.Now().Add(time.Minute)) // it is held back while the server serves
		_, err = reconciler.Reconcile(ctx, request)
		Expect(err).To(HaveOccurred())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonReconcileError)))
		Expect(stored(ctx).Status.ObservedGeneration).To(Equal(int64(1)))
	})

	It("applies no edit while it is paused, which the observed generation shows", func(ctx context.Context) {
		runs(ctx)
		declare(func(w *llsdtest.Wrapper) { w.Replicas(3).Annotation(v1alpha1.AnnotationPaused, "true") })
		reconciled(ctx)
		Expect(f.writes).To(BeEmpty())
		Expect(stored(ctx).Status.ObservedGeneration).To(Equal(int64(1)))

		declare(func(w *llsdtest.Wrapper) { w.Replicas(3) })
		reconciled(ctx)
		Expect(f.writes).To(ContainElement("Deployment"))
		Expect(f.objects["Deployment/ns/a"]).To(HaveField("Spec.Replicas", HaveValue(Equal(int32(3)))))
	})

	It("applies nothing to a server that is being deleted, not even what was deleted", func(ctx context.Context) {
		runs(ctx)
		delete(f.objects, "Service/ns/a-service")
		declare(func(w *llsdtest.Wrapper) { w.Deleted(metav1.NewTime(now.Now())) })
		Expect(reconciled(ctx)).To(BeZero())
		Expect(f.writes).To(BeEmpty())
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonTerminating)))
		Expect(stored(ctx).Status.Phase).To(Equal(v1alpha1.PhaseTerminating))
	})

	It("does nothing before the operator's configuration is known", func(ctx context.Context) {
		reconciler = f.newReconciler(now)
		declare(plain)
		Expect(reconciled(ctx)).To(BeZero())
		Expect(f.writes).To(BeEmpty())
		Expect(stored(ctx).Status).To(BeZero())
		reconciler.Configure(nil)
		reconciled(ctx)
		Expect(applied("Deployment")).To(BeTrue())
	})

	It("is repeated where the server itself cannot be read", func(ctx context.Context) {
		declare(plain)
		f.failures["LlamaStackDistribution/ns/a"] = errors.New("no")
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(MatchError(ContainSubstring("LlamaStackDistribution ns/a")))
		Expect(f.writes).To(BeEmpty())
	})

	It("writes no status of what it gathered when the process ends", func(parent context.Context) {
		ctx, cancel := context.WithCancel(parent)
		declare(func(w *llsdtest.Wrapper) { w.UserConfig("config") })
		f.failures["ConfigMap/ns/config"] = errors.New("cancelled")
		cancel()
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(HaveOccurred())
		Expect(stored(parent).Status).To(BeZero())
	})

	DescribeTable("whose status is not written", func(ctx context.Context, refusal error, outcome OmegaMatcher) {
		declare(plain)
		f.refusals["status"] = refusal
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).To(outcome)
		Expect(applied("Service")).To(BeTrue())
		delete(f.refusals, "status")
		f.writes = nil
		reconciled(ctx)
		Expect(f.writes).To(BeEmpty(), "the children are as they should be")
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonProgressing)))
	},
		Entry("is repeated", apierrors.NewConflict(schema.GroupResource{}, "a", errors.New("outdated")),
			MatchError(ContainSubstring("failed to write the status of LlamaStackDistribution ns/a"))),
		Entry("is not repeated where the schema refuses it", invalid("LlamaStackDistribution"), MatchError(reconcile.TerminalError(nil))),
		Entry("has no error where the server is gone", apierrors.NewNotFound(schema.GroupResource{}, "a"), Succeed()),
	)

	It("does not probe a Service that somebody leads elsewhere while the server is paused", func(ctx context.Context) {
		runs(ctx)
		service, _ := f.objects["Service/ns/a-service"].DeepCopyObject().(*corev1.Service)
		service.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "b.other.svc"}
		f.put(service)
		declare(func(w *llsdtest.Wrapper) { w.Annotation(v1alpha1.AnnotationPaused, "true") })
		reconciled(ctx)
		Expect(condition(ctx, v1alpha1.ConditionHealthCheck)).To(And(
			HaveField("Status", metav1.ConditionUnknown), HaveField("Message", ContainSubstring("ExternalName"))))
	})

	It("reports a PVC that does not exist, and applies the rest", func(ctx context.Context) {
		declare(func(w *llsdtest.Wrapper) {
			w.Edit(func(i *v1alpha1.LlamaStackDistribution) {
				i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "mine"}
			})
		})
		Expect(reconciled(ctx)).To(HaveField("RequeueAfter", time.Minute))
		Expect(ready(ctx)).To(HaveField("Reason", string(v1alpha1.ReasonClaimNotFound)))
		Expect(condition(ctx, v1alpha1.ConditionStorageReady)).To(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Message", ContainSubstring("PersistentVolumeClaim ns/mine"))))
		Expect(f.objects["Deployment/ns/a"]).To(BeAssignableToTypeOf(&appsv1.Deployment{}))
		Expect(f.objects).NotTo(HaveKey("PersistentVolumeClaim/ns/a-pvc"))
	})
})
