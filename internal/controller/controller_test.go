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
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
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

var _ = Describe("Rollouts of a changed image", func() {
	var woken []string
	wake := func(k types.NamespacedName) { woken = append(woken, k.Name) }
	BeforeEach(func() { woken = nil })

	It("happen five at a time, and the next in the queue goes on when one is done", func() {
		rollouts := controller.NewRollouts(wake)
		for i := range controller.MaxRollouts {
			Expect(rollouts.Acquire(types.UID(strconv.Itoa(i)), key(strconv.Itoa(i)))).To(BeTrue())
		}
		Expect(rollouts.Acquire("sixth", key("sixth"))).To(BeFalse())
		Expect(rollouts.Acquire("sixth", key("sixth"))).To(BeFalse(), "asking twice takes one place in the queue")
		Expect(rollouts.Acquire("0", key("0"))).To(BeTrue(), "a turn lasts until it is over")

		rollouts.Release("0")
		Expect(woken).To(Equal([]string{"sixth"}))
		Expect(rollouts.Acquire("sixth", key("sixth"))).To(BeTrue())
	})

	It("count the servers that were rolling before a restart", func() {
		rollouts := controller.NewRollouts(wake)
		Expect(rollouts.Acquire("new", key("new"), "a", "b", "c", "d", "e")).To(BeFalse())
		Expect(rollouts.Acquire("a", key("a"), "a", "b", "c", "d", "e")).To(BeTrue(), "one of the five itself goes on")
	})

	It("include those that do not wait for a turn", func() {
		rollouts := controller.NewRollouts(wake)
		for i := range controller.MaxRollouts {
			rollouts.Acquire(types.UID(strconv.Itoa(i)), key(strconv.Itoa(i)))
		}
		rollouts.Take("edited")
		Expect(rollouts.Acquire("edited", key("edited"))).To(BeTrue(), "it has its turn")
		Expect(rollouts.Acquire("next", key("next"))).To(BeFalse())
		rollouts.Release("0")
		Expect(woken).To(BeEmpty(), "still five are rolling")
		rollouts.Release("edited")
		Expect(woken).To(Equal([]string{"next"}))
	})

	It("move on when one that was woken no longer wants its turn", func() {
		rollouts := controller.NewRollouts(wake)
		for i := range controller.MaxRollouts {
			rollouts.Acquire(types.UID(strconv.Itoa(i)), key(strconv.Itoa(i)))
		}
		rollouts.Acquire("x", key("x"))
		rollouts.Acquire("y", key("y"))
		rollouts.Release("0")
		rollouts.Release("x") // it was edited or deleted meanwhile
		Expect(woken).To(Equal([]string{"x", "y"}))
	})
})

var _ = Describe("The status that was written last", func() {
	It("counts until the cache shows it", func() {
		written := controller.NewWrittenStatuses()
		instance := llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		instance.ResourceVersion = "1"
		written.Remember(instance, v1alpha1.LlamaStackDistributionStatus{Phase: v1alpha1.PhaseReady})
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseReady))

		instance.ResourceVersion = "2"
		instance.Status.Phase = v1alpha1.PhaseFailed
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseFailed))
		instance.ResourceVersion = "1"
		Expect(written.Latest(instance).Phase).To(Equal(v1alpha1.PhaseFailed), "what the cache has shown is forgotten")
	})

	It("is held back for a while from the first change on, and no longer than the last one may wait", func() {
		written := controller.NewWrittenStatuses()
		now := time.Now()
		Expect(written.Hold("u", true, 2*time.Second, now)).To(Equal(2 * time.Second))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(time.Second))).To(Equal(time.Second))
		Expect(written.Hold("other", true, 2*time.Second, now.Add(time.Second))).To(Equal(2*time.Second), "each has its own time")
		Expect(written.Hold("u", true, 2*time.Second, now.Add(2*time.Second))).To(BeZero(), "it is written")
		Expect(written.Hold("u", true, 2*time.Second, now.Add(3*time.Second))).To(Equal(2*time.Second), "and the next one waits anew")
		Expect(written.Hold("u", true, 0, now.Add(4*time.Second))).To(BeZero(), "what may not wait does not")

		Expect(written.Hold("u", true, 5*time.Second, now.Add(5*time.Second))).To(Equal(5 * time.Second))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(9*time.Second))).To(Equal(2*time.Second), "what waits for something else has a time of its own")
	})

	It("is not held back for a change that came to nothing, nor for an object that is forgotten", func() {
		written := controller.NewWrittenStatuses()
		instance := llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		written.Latest(instance)
		now := time.Now()
		written.Hold("u", true, 2*time.Second, now)
		Expect(written.Hold("u", false, 2*time.Second, now.Add(time.Second))).To(BeZero())
		Expect(written.Hold("u", true, 2*time.Second, now.Add(time.Second))).To(Equal(2 * time.Second))
		written.Forget(key("a"))
		Expect(written.Hold("u", true, 2*time.Second, now.Add(2*time.Second))).To(Equal(2 * time.Second))
	})

	It("tells the UID of what is forgotten", func() {
		written := controller.NewWrittenStatuses()
		written.Latest(llsdtest.Make("a").Namespace("ns").UID("u").Obj())
		Expect(written.Forget(key("a"))).To(Equal(types.UID("u")))
		Expect(written.Forget(key("a"))).To(BeEmpty())
	})
})

var _ = Describe("The waker", func() {
	It("queues what it is told, also before the controller has started", func() {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		waker := &controller.Waker{}
		waker.Wake(key("early"))
		Expect(waker.Start(context.Background(), queue)).To(Succeed())
		waker.Wake(key("late"))
		Expect(queue.Len()).To(Equal(2))
	})
})

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
		Entry("the one that its label names, where nobody controls it", labelled(), request),
		Entry("one, where the label names its controlling owner", controlled(labelled(), ours), request),
		Entry("both, where the label names another", controlled(labelled(), other), []reconcile.Request{request[0], {NamespacedName: key("b")}}),
		Entry("the one that its label names, where another kind controls it",
			controlled(labelled(), metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "b"}), request),
		Entry("the one that its label names, where the same kind of another group controls it",
			controlled(labelled(), metav1.OwnerReference{APIVersion: "other.io/v1", Kind: "LlamaStackDistribution", Name: "b"}), request),
		Entry("nobody, without either", &corev1.Service{}, []reconcile.Request{}),
	)

	It("wakes the owner that it was taken from, whatever its labels are now, and the one that it was given to", func() {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		before := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours)
		after := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, other)
		controller.Gathered(controller.Owners).Update(context.Background(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, queue)
		Eventually(queue.Len).Should(Equal(2))
	})

	It("wakes its owner once for all that happens in quick succession, and at once when it is deleted", func() {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		child := controlled(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}, ours)
		gathered := controller.Gathered(controller.Owners)
		gathered.Create(context.Background(), event.CreateEvent{Object: child}, queue)
		gathered.Update(context.Background(), event.UpdateEvent{ObjectOld: child, ObjectNew: child}, queue)
		Expect(queue.Len()).To(BeZero())
		Eventually(queue.Len).Should(Equal(1))
		request, _ := queue.Get()
		queue.Done(request)
		gathered.Delete(context.Background(), event.DeleteEvent{Object: child}, queue)
		Expect(queue.Len()).To(Equal(1))
	})

	It("lets servers that are still to be made go first", func() {
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

	It("wakes its owner when somebody else changed it, and not for our own write or a resync", func() {
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
	before := llsdtest.Make("a").Namespace("ns").UID("u").Generation(1)

	DescribeTable("wakes the operator", func(after *llsdtest.Wrapper, expected bool) {
		edits := 0
		predicate := controller.Declared(func(_, _ *v1alpha1.LlamaStackDistribution) { edits++ })
		old := llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Obj()
		Expect(predicate.Update(event.UpdateEvent{ObjectOld: old, ObjectNew: after.Obj()})).To(Equal(expected))
		Expect(edits).To(BeEquivalentTo(after.Obj().Generation - old.Generation))
	},
		Entry("with a new generation", llsdtest.Make("a").Namespace("ns").UID("u").Generation(2), true),
		Entry("with a deletion", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Deleted(metav1.NewTime(time.Unix(1, 0))), true),
		Entry("with an annotation of ours", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Annotation("llamastack.io/x", "y"), true),
		Entry("as another object of the same name", llsdtest.Make("a").Namespace("ns").UID("v").Generation(1), true),
		Entry("not with another's annotation", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Annotation("kubectl.kubernetes.io/x", "y"), false),
		Entry("not with a label", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Label("team", "b"), false),
		Entry("not with a status", llsdtest.Make("a").Namespace("ns").UID("u").Generation(1).Status(v1alpha1.LlamaStackDistributionStatus{Phase: v1alpha1.PhaseReady}), false),
	)

	It("is printed for people where that is asked for", func() {
		out := &bytes.Buffer{}
		controller.LogEdit(out)(before.Obj(), llsdtest.Make("a").Namespace("ns").Image("other").Obj())
		Expect(out.String()).To(And(ContainSubstring("ns/a"), MatchRegexp(`(?m)^\+.*"image": "other"`)))
	})

	It("is found by every ConfigMap that it refers to, and by its namespace's bundle", func() {
		instance := llsdtest.Make("a").Namespace("ns").UserConfig("config").CABundleIn("shared", "ca").Obj()
		Expect(controller.ReferencedConfigMaps(instance)).To(ConsistOf("ns/config", "shared/ca", "ns/odh-trusted-ca-bundle"))
		Expect(controller.ReferencedConfigMaps(&corev1.Pod{})).To(BeEmpty())
	})
})

var _ = Describe("The hash of a content", func() {
	hash := func(data map[string]string, binary map[string][]byte) string {
		return controller.ContentHash(&corev1.ConfigMap{Data: data, BinaryData: binary})
	}
	It("depends on keys and values alone", func() {
		base := hash(map[string]string{"a": "1", "b": "2"}, nil)
		Expect(hash(map[string]string{"b": "2", "a": "1"}, nil)).To(Equal(base))
		Expect(hash(map[string]string{"a": "1"}, map[string][]byte{"b": []byte("2")})).NotTo(Equal(base))
		Expect(hash(map[string]string{"a": "1\n\"b\"=\"2\""}, nil)).NotTo(Equal(base))
		Expect(hash(map[string]string{"a": "2", "b": "1"}, nil)).NotTo(Equal(base))
	})
})

var _ = Describe("What became of an object", func() {
	ref := apply.Ref{GVK: appsv1.SchemeGroupVersion.WithKind("Deployment"), Namespace: "ns", Name: "a"}
	DescribeTable("is", func(err error, reason v1alpha1.Reason, kind status.ProblemKind) {
		problem := controller.ProblemOf(apply.Outcome{Ref: ref, Err: err})
		Expect(problem.Reason).To(Equal(reason))
		Expect(problem.Kind).To(Equal(kind))
		Expect(problem.About).To(Equal(status.AboutDeployment))
		Expect(problem.Message).To(Equal(err.Error()))
	},
		Entry("the user's where it belongs to another", &apply.ConflictError{Ref: ref, Holder: "Pod/x"}, v1alpha1.ReasonResourceConflict, status.User),
		Entry("the user's where a field may not change", &apply.ImmutableError{Ref: ref, Field: "spec.selector", Old: "a", New: "b"}, v1alpha1.ReasonImmutableField, status.User),
		Entry("the user's where the API server refuses it", &apply.RejectedError{Ref: ref, Reason: "spec.x: bad"}, v1alpha1.ReasonRejected, status.User),
		Entry("the user's where somebody else decides, too", &apply.ContestedError{Ref: ref, Manager: "argocd", Fields: []string{"spec.replicas"}},
			v1alpha1.ReasonResourceContested, status.User),
		Entry("the cluster's otherwise", errors.New("failed to reach it"), v1alpha1.ReasonReconcileError, status.Cluster),
	)

	DescribeTable("tells of 0.9.0 where that is who decides, too", func(name, manager string, told bool) {
		problem := controller.ProblemOf(apply.Outcome{Err: &apply.ContestedError{Ref: apply.Ref{Name: name}, Manager: manager}})
		Expect(strings.Contains(problem.Message, "0.9.0")).To(Equal(told), problem.Message)
	},
		Entry("a Deployment that it applies", "demo", "demo", true),
		Entry("another child that it applies", "demo-service", "demo", true),
		Entry("an Ingress that it replaces", "demo-ingress", "manager", true),
		Entry("another's", "demo", "kubectl-edit", false),
		Entry("one whose name begins alike", "demonstration", "demo", false),
	)
})

var _ = DescribeTable("What is blocked is looked at again, less and less often,", func(status metav1.ConditionStatus, age, expected time.Duration) {
	now := time.Now()
	instance := llsdtest.Make("a").Obj()
	if status != "" {
		instance.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: status, LastTransitionTime: metav1.NewTime(now.Add(-age))}}
	}
	Expect(controller.BlockedFor(instance, now)).To(Equal(expected))
},
	Entry("when nothing is told yet", metav1.ConditionStatus(""), time.Duration(0), time.Minute),
	Entry("when it has just been found", metav1.ConditionFalse, time.Second, time.Minute),
	Entry("when it has been so for a while", metav1.ConditionFalse, 4*time.Minute, 4*time.Minute),
	Entry("when it has been so for long", metav1.ConditionFalse, 24*time.Hour, 10*time.Minute),
	Entry("when the server has been ready for long", metav1.ConditionTrue, 24*time.Hour, time.Minute),
)

var _ = Describe("A Deployment", func() {
	It("names the image of the server's container, not of a sidecar", func() {
		d := &appsv1.Deployment{}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "proxy", Image: "p"}, {Name: "llama-stack", Image: "s"}}
		Expect(controller.RunningImage(d, llsdtest.Make("a").ContainerName("llama-stack").Obj())).To(Equal("s"))
		Expect(controller.RunningImage(d, llsdtest.Make("a").ContainerName("renamed").Obj())).To(Equal("p"))
		Expect(controller.RunningImage(nil, llsdtest.Make("a").Obj())).To(BeEmpty())
	})
})
