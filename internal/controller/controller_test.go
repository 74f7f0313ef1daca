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
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestController(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controller")
}

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

// newQueue is a queue with a clock of its own, and what lets the time pass until something is queued that is to be soon, and returns
// the length of the queue then.
func newQueue() (workqueue.TypedRateLimitingInterface[reconcile.Request], func() int) {
	now := clocktesting.NewFakeClock(time.Now())
	queue := workqueue.NewTypedRateLimitingQueueWithConfig(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request](),
		workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Clock: now})
	return queue, func() int { now.Step(sources.Delay); return queue.Len() }
}

func controlled(object client.Object, by metav1.OwnerReference) client.Object {
	yes := true
	by.Controller = &yes
	object.SetOwnerReferences([]metav1.OwnerReference{by})
	return object
}

var _ = Describe("A child", func() {
	ours := metav1.OwnerReference{APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution", Name: "a", UID: "u"}
	other := metav1.OwnerReference{APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution", Name: "b", UID: "v"}
	labelled := func() client.Object {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a-pvc", Labels: map[string]string{v1alpha1.LabelInstance: "a"}}}
	}
	request := []reconcile.Request{{NamespacedName: key("a")}}

	DescribeTable("concerns", func(object client.Object, expected []reconcile.Request) {
		Expect(controller.Owners(context.Background(), object)).To(Equal(expected))
	},
		Entry("the controlling owner", controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours), request),
		Entry("the one that its label names, if nobody controls it", labelled(), request),
		Entry("one, where the label names its controlling owner", controlled(labelled(), ours), request),
		Entry("both, where the label names another", controlled(labelled(), other), []reconcile.Request{request[0], {NamespacedName: key("b")}}),
		Entry("the one that its label names, where another kind controls it",
			controlled(labelled(), metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "b"}), request),
		Entry("the one that its label names, where the same kind of another group controls it",
			controlled(labelled(), metav1.OwnerReference{APIVersion: "other.io/v1", Kind: "LlamaStackDistribution", Name: "b"}), request),
		Entry("nobody, without either", &corev1.Service{}, []reconcile.Request{}),
	)

	It("reconciles its former owner, whatever its labels are now, and its new owner", func() {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		before := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours)
		after := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, other)
		controller.Gathered(controller.Owners).Update(context.Background(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, queue)
		Eventually(queue.Len).Should(Equal(2))
	})

	It("reconciles its owner once for changes in quick succession, and at once when it is deleted", func() {
		queue, soon := newQueue()
		defer queue.ShutDown()
		child := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours)
		gathered := controller.Gathered(controller.Owners)
		gathered.Create(context.Background(), event.CreateEvent{Object: child}, queue)
		gathered.Update(context.Background(), event.UpdateEvent{ObjectOld: child, ObjectNew: child}, queue)
		Expect(queue.Len()).To(BeZero())
		Eventually(soon).Should(Equal(1))
		request, _ := queue.Get()
		queue.Done(request)
		gathered.Delete(context.Background(), event.DeleteEvent{Object: child}, queue)
		Expect(queue.Len()).To(Equal(1))
	})

	It("lets servers that are not created yet go first", func() {
		queue := priorityqueue.New[reconcile.Request]("test")
		defer queue.ShutDown()
		child := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours)
		controller.Gathered(controller.Owners).Update(context.Background(), event.UpdateEvent{ObjectOld: child, ObjectNew: child}, queue)
		Eventually(queue.Len).Should(Equal(1))
		made := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "ns", Name: "new"}}
		queue.Add(made)

		first, _, _ := queue.GetWithPriority()
		second, _, _ := queue.GetWithPriority()
		Expect([]reconcile.Request{first, second}).To(Equal([]reconcile.Request{made, request[0]}))
	})

	It("reconciles its owner when somebody else changed it, and not for the operator's own write or a resync", func() {
		echo := false
		foreign := controller.Foreign(func(client.Object) bool { return echo })
		before := &corev1.Service{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1"}}
		after := &corev1.Service{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "2"}}
		Expect(foreign.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})).To(BeTrue())
		Expect(foreign.Create(event.CreateEvent{Object: after})).To(BeTrue())
		Expect(foreign.Update(event.UpdateEvent{ObjectOld: after, ObjectNew: after})).To(BeFalse())
		echo = true
		Expect(foreign.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})).To(BeFalse())
		Expect(foreign.Create(event.CreateEvent{Object: after})).To(BeFalse())
		Expect(foreign.Delete(event.DeleteEvent{Object: after})).To(BeTrue(), "a deletion is never an echo")
	})
})

var _ = Describe("An edit of a LlamaStackDistribution", func() {
	DescribeTable("causes a reconcile", func(after *llsdtest.Wrapper, expected bool) {
		edits := 0
		predicate := controller.Declared(func(_, _ *v1alpha1.LlamaStackDistribution) { edits++ })
		old := llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Obj()
		Expect(predicate.Update(event.UpdateEvent{ObjectOld: old, ObjectNew: after.Obj()})).To(Equal(expected))
		Expect(edits).To(BeEquivalentTo(after.Obj().Generation - old.Generation))
	},
		Entry("with a new generation", llsdtest.Make("a").Namespace("ns").UID("u").Generation(2), true),
		Entry("with a deletion", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Deleted(metav1.NewTime(time.Unix(1, 0))), true),
		Entry("with an annotation of the operator", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Annotation("llamastack.io/x", "y"), true),
		Entry("as another object of the same name", llsdtest.Make("a").Namespace("ns").UID("v").Generation(1), true),
		Entry("not with another's annotation", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Annotation("kubectl.kubernetes.io/x", "y"), false),
		Entry("with a label that its objects inherit", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Label("team", "b"), true),
		Entry("not with a label of a tool", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Label("argocd.argoproj.io/instance", "b"), false),
		Entry("not with a status", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Status(v1alpha1.LlamaStackDistributionStatus{Phase: v1alpha1.PhaseReady}), false),
	)
})

var _ = DescribeTable("What is blocked is reconciled again, less and less often,", func(status metav1.ConditionStatus, age, expected time.Duration) {
	now := time.Now()
	instance := llsdtest.Make("a").Obj()
	if status != "" {
		instance.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: status, LastTransitionTime: metav1.NewTime(now.Add(-age))}}
	}
	Expect(controller.BlockedFor(instance, now)).To(Equal(expected))
},
	Entry("without a condition", metav1.ConditionStatus(""), time.Duration(0), time.Minute),
	Entry("when it has just been found", metav1.ConditionFalse, time.Second, time.Minute),
	Entry("when it has been so for a while", metav1.ConditionFalse, 4*time.Minute, 4*time.Minute),
	Entry("when it has been so for long", metav1.ConditionFalse, 24*time.Hour, 10*time.Minute),
	Entry("when the server has been ready for long", metav1.ConditionTrue, 24*time.Hour, time.Minute),
)
