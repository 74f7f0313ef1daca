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

package turns_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// world is servers, their Deployments, and who takes turns.
type world struct {
	*cluster

	now   *clocktesting.FakePassiveClock
	done  intents
	take  *turns.Turns
	woken []string
	reads int
}

func newWorld() *world {
	w := &world{
		cluster: &cluster{servers: map[string]*v1alpha1.LlamaStackDistribution{}, deployments: map[string]*appsv1.Deployment{}},
		now:     clocktesting.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), done: intents{},
	}
	w.take = &turns.Turns{
		Cached: w.cluster, Live: w.cluster, Intents: w.done, Config: operatorconfig.NewStore(), Clock: w.now, LiveRead: func(string) { w.reads++ },
		Queue: rollouts.NewQueue(func(key types.NamespacedName) { w.woken = append(w.woken, key.Name) }, func(rollouts.Cause, int) {}),
	}
	w.atOnce("atOnce: 1\nperNamespace: 1\n")
	return w
}

// atOnce configures how many servers may roll at once.
func (w *world) atOnce(limits string) {
	w.take.Config.Update(map[string]string{operatorconfig.KeyRollouts: limits})
}

// settled adds a server that does not roll.
func (w *world) settled(names ...string) {
	for _, name := range names {
		w.servers[name], w.deployments[name] = llsdtest.Make(name).Namespace("ns").UID(name).Obj(), applied(name, "old", "")
	}
}

// rolling adds a server that has been rolling in a turn for so long.
func (w *world) rolling(name string, since time.Duration) {
	w.settled(name)
	w.deployments[name] = applied(name, "new", w.now.Now().Add(-since).Format(time.RFC3339Nano))
	w.deployments[name].Status.UpdatedReplicas = 0
}

// request is that of a server which renders another image.
func (w *world) request(name, image string) turns.Request {
	return turns.Request{
		Instance: w.servers[name], Live: w.deployments[name], Rendered: rendered(image), Author: "author", Intent: "intent", Image: image, Distribution: "starter",
		Before: w.take.Queue.Granted(types.UID(name), w.now.Now()),
	}
}

func (w *world) taken(ctx context.Context, request turns.Request) *turns.Decision {
	GinkgoHelper()
	decision, err := w.take.Take(ctx, request)
	Expect(err).NotTo(HaveOccurred())
	return &decision
}

// outcome is what became of an object of the server a.
func outcome(kind string, err error) apply.Outcome {
	return apply.Outcome{Ref: apply.Ref{GVK: appsv1.SchemeGroupVersion.WithKind(kind), Namespace: "ns", Name: "a"}, Err: err}
}

var _ = Describe("A server that renders other Pods", func() {
	var w *world
	BeforeEach(func() {
		w = newWorld()
		w.settled("a")
		w.rolling("z", time.Minute)
	})

	DescribeTable("does not wait", func(ctx context.Context, change func(*turns.Request)) {
		asked := w.request("a", "new")
		change(&asked)
		decision := w.taken(ctx, asked)
		Expect(decision.Waits()).To(BeFalse())
		Expect(decision.Suffix()).To(BeEmpty())
		Expect(decision.Notice).To(BeEmpty())
		containers, _, err := unstructured.NestedSlice(asked.Rendered.Object, "spec", "template", "spec", "containers")
		Expect(err).NotTo(HaveOccurred())
		Expect(containers).To(ConsistOf(HaveKeyWithValue("image", asked.Image)))
	},
		Entry("if it has no Deployment yet", func(r *turns.Request) { r.Live = nil }),
		Entry("if it has no Pods", func(r *turns.Request) { r.Live.Spec.Replicas = new(int32) }),
		Entry("if none of its Pods serves", func(r *turns.Request) {
			r.Live.Status.AvailableReplicas = 0
			r.Live.Status.Conditions = failedRollout()
		}),
		Entry("if its author changed something", func(r *turns.Request) { r.Author = "another" }),
		Entry("if its author changed something while an earlier release's Pods run", func(r *turns.Request) {
			r.Live.Annotations = nil
			r.Instance.Generation = 3
			r.Instance.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), ObservedGeneration: 2}}
		}),
		Entry("if it renders the same as before", func(r *turns.Request) { r.Rendered, r.Image = rendered("old"), "old" }),
		Entry("if it rolls in a turn already", func(r *turns.Request) {
			w.rolling("a", time.Second)
			r.Live, r.Rendered, r.Image = w.deployments["a"], rendered("newer"), "newer"
		}),
	)

	DescribeTable("waits, and says what for", func(ctx context.Context, change func(*turns.Request), says string) {
		asked := w.request("a", "new")
		change(&asked)
		decision := w.taken(ctx, asked)
		Expect(decision.Waits()).To(BeTrue())
		Expect(decision.Notice).To(Equal(says + " until fewer than 1 servers are being rolled by the operator, and fewer than 1 in namespace ns"))
	},
		Entry("of a new image", func(*turns.Request) {}, "the image of distribution starter is now new; the server keeps old"),
		Entry("of a new rendering", func(r *turns.Request) {
			r.Image = "old"
		}, "this release of the operator renders other Pods; the server keeps its Pod template"),
		Entry("of a takeover", func(r *turns.Request) { r.Live.Annotations = nil }, "the server runs as an earlier release of the operator made it"),
		Entry("of a takeover that its author has not changed since", func(r *turns.Request) {
			r.Live.Annotations = nil
			r.Instance.Generation = 2
			r.Instance.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), ObservedGeneration: 2}}
		}, "the server runs as an earlier release of the operator made it"),
		Entry("of a record that somebody destroyed", func(r *turns.Request) { r.Live.Annotations[v1alpha1.AnnotationAppliedFor] = "{" },
			"this release of the operator renders other Pods; the server keeps its Pod template"),
	)

	DescribeTable("asks again when the first turn ends", func(ctx context.Context, since []time.Duration, after time.Duration) {
		w.atOnce("atOnce: 2\nperNamespace: 2\n")
		for i, age := range since {
			w.rolling(string(rune('y'+i)), age)
		}
		Expect(w.taken(ctx, w.request("a", "new")).RetryAfter).To(Equal(after))
	},
		Entry("of one that was first", []time.Duration{time.Minute, 2 * time.Minute}, rollouts.MaxTurn-2*time.Minute),
		Entry("of one that was last", []time.Duration{2 * time.Minute, time.Minute}, rollouts.MaxTurn-2*time.Minute),
		Entry("but not in less than a second", []time.Duration{time.Minute, rollouts.MaxTurn - time.Millisecond}, time.Second),
	)

	DescribeTable("gets a turn although there is a Deployment", func(ctx context.Context, change func()) {
		Expect(w.taken(ctx, w.request("a", "new")).Waits()).To(BeTrue())
		change()
		Expect(w.taken(ctx, w.request("a", "new")).Waits()).To(BeFalse())
	},
		Entry("of nobody", func() { w.deployments["z"].OwnerReferences = nil }),
		Entry("of another kind", func() { w.deployments["z"].OwnerReferences[0].Kind = "Other" }),
		Entry("of another group's kind of the same name", func() { w.deployments["z"].OwnerReferences[0].APIVersion = "other.io/v1" }),
		Entry("of a server that is being deleted", func() { w.servers["z"].DeletionTimestamp = &metav1.Time{Time: w.now.Now()} }),
		Entry("that is being deleted", func() { w.deployments["z"].DeletionTimestamp = &metav1.Time{Time: w.now.Now()} }),
		Entry("with a turn that is no time", func() {
			w.deployments["z"].Annotations[v1alpha1.AnnotationAppliedFor] = `{"author":"author","turn":"later"}`
		}),
		Entry("with a turn that begins in years", func() { w.rolling("z", -365*24*time.Hour) }),
		Entry("whose rollout failed", func() { w.deployments["z"].Status.Conditions = failedRollout() }),
		Entry("whose rollout somebody paused", func() { w.deployments["z"].Spec.Paused = true }),
	)

	It("shares the turns of the defaults while the operator's configuration is not known", func(ctx context.Context) {
		w.take.Config = operatorconfig.NewStore()
		w.atOnce("atOnce: many\n")
		Expect(w.taken(ctx, w.request("a", "new")).Waits()).To(BeFalse())
		w.settled("b")
		Expect(w.taken(ctx, w.request("b", "new")).Notice).To(HaveSuffix("fewer than 5 servers are being rolled by the operator, and fewer than 2 in namespace ns"))
	})

	It("is not granted a turn that another has which no cache shows yet", func(ctx context.Context) {
		delete(w.deployments, "z")
		w.settled("b")
		first := w.taken(ctx, w.request("a", "new"))
		Expect(first.Waits()).To(BeFalse())
		Expect(w.taken(ctx, w.request("b", "new")).Waits()).To(BeTrue())

		again := w.request("a", "new")
		Expect(again.Before).NotTo(BeNil())
		Expect(w.taken(ctx, again).AsRead).To(BeTrue(), "it has its turn, and writes only what it has read")
		w.now.SetTime(w.now.Now().Add(rollouts.MaxTurn))
		Expect(w.taken(ctx, w.request("b", "new")).Waits()).To(BeFalse(), "it was never used")
	})

	It("does not change twice in one turn", func(ctx context.Context) {
		delete(w.deployments, "z")
		asked := w.request("a", "new")
		w.taken(ctx, asked)
		w.deployments["a"].Annotations = asked.Rendered.GetAnnotations()
		w.deployments["a"].Annotations[apply.HashAnnotation] = "hash"
		w.settled("b")
		Expect(w.taken(ctx, w.request("b", "new")).Waits()).To(BeFalse(), "a has rolled")
		Expect(w.taken(ctx, w.request("a", "newer")).Waits()).To(BeTrue())
	})
})

func failedRollout() []appsv1.DeploymentCondition {
	return []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse}}
}

var _ = Describe("The template of a server that waits", func() {
	var w *world
	BeforeEach(func() {
		w = newWorld()
		w.settled("a")
		w.rolling("z", time.Minute)
	})

	It("is read from the API server, and not again once it was applied", func(ctx context.Context) {
		first := w.taken(ctx, w.request("a", "new"))
		Expect(w.reads).To(Equal(1))
		w.done["intent"+first.Suffix()] = true
		Expect(w.taken(ctx, w.request("a", "new"))).To(And(HaveField("Settled", true), HaveField("Held", false)))
		Expect(w.reads).To(Equal(1))
	})

	It("has the record with which it was applied", func(ctx context.Context) {
		asked := w.request("a", "new")
		w.taken(ctx, asked)
		for _, key := range []string{v1alpha1.AnnotationAppliedFor, v1alpha1.AnnotationAppliedTemplate} {
			Expect(asked.Rendered.GetAnnotations()).To(HaveKeyWithValue(key, w.deployments["a"].Annotations[key]))
		}
	})

	It("is an error of the cluster where the API server does not return it", func(ctx context.Context) {
		w.take.Live = &cluster{err: errors.New("no")}
		decision, err := w.take.Take(ctx, w.request("a", "new"))
		Expect(err).To(MatchError("failed to read Deployment ns/a: no"))
		Expect(decision.Waits()).To(BeTrue())
	})

	DescribeTable("holds the server as a whole where the Deployment", func(ctx context.Context, change func(*appsv1.Deployment)) {
		live := w.deployments["a"].DeepCopy()
		change(live)
		w.take.Live = &cluster{deployments: map[string]*appsv1.Deployment{"a": live}}
		asked := w.request("a", "new")
		Expect(w.taken(ctx, asked).Held).To(BeTrue())
		Expect(asked.Rendered).To(Equal(rendered("new")), "nothing is half done")
	},
		Entry("has a template that was too long for it", func(d *appsv1.Deployment) {
			hash, _, _ := strings.Cut(d.Annotations[v1alpha1.AnnotationAppliedTemplate], ":")
			d.Annotations[v1alpha1.AnnotationAppliedTemplate] = hash + ":"
		}),
		Entry("has another template than the cache shows", func(d *appsv1.Deployment) { d.Annotations = applied("a", "other", "").Annotations }),
		Entry("has lost its annotations", func(d *appsv1.Deployment) { d.Annotations = nil }),
	)

	It("is needed", func(ctx context.Context) {
		asked := w.request("a", "new")
		asked.Rendered = &unstructured.Unstructured{Object: map[string]any{"kind": children.Deployment, "spec": map[string]any{}}}
		_, err := w.take.Take(ctx, asked)
		Expect(err).To(MatchError(HavePrefix("failed to read the template of the rendered Deployment")))
	})
})

var _ = Describe("A turn that ends", func() {
	var (
		w     *world
		first *turns.Decision
	)
	BeforeEach(func(ctx context.Context) {
		w = newWorld()
		w.settled("a", "b", "c")
		first = w.taken(ctx, w.request("a", "new"))
		for _, name := range []string{"b", "c"} {
			Expect(w.taken(ctx, w.request(name, "new")).Waits()).To(BeTrue())
		}
		Expect(w.woken).To(BeEmpty())
	})

	DescribeTable("is that of the next where the Deployment was not written:", func(ctx context.Context, outcomes ...apply.Outcome) {
		w.take.Return(w.servers["a"], *first, outcomes)
		Expect(w.take.End(ctx, w.servers["a"], *first)).To(Succeed())
		Expect(w.woken).To(Equal([]string{"b"}), "first come, first served")
		Expect(w.taken(ctx, w.request("b", "new")).Waits()).To(BeFalse())
	},
		Entry("nothing was applied"),
		Entry("it was refused", outcome(children.Deployment, &apply.RejectedError{Reason: "no"})),
		Entry("what it mounts was refused", outcome(children.PersistentVolumeClaim, &apply.RejectedError{Reason: "no"})),
		Entry("what it mounts was applied", outcome(children.PersistentVolumeClaim, nil)),
	)

	DescribeTable("is not that of the next where the Deployment may have been written:", func(ctx context.Context, outcomes ...apply.Outcome) {
		w.take.Return(w.servers["a"], *first, outcomes)
		Expect(w.take.End(ctx, w.servers["a"], *first)).To(Succeed())
		Expect(w.woken).To(BeEmpty())
		Expect(w.taken(ctx, w.request("b", "new")).Waits()).To(BeTrue())
	},
		Entry("it was", outcome(children.Deployment, nil)),
		Entry("the API server did not answer", outcome(children.Deployment, errors.New("timeout"))),
		Entry("a Service was refused later", outcome(children.Deployment, nil), outcome(children.Service, &apply.RejectedError{Reason: "no"})),
	)

	It("is not returned by a server that waits", func(ctx context.Context) {
		waits := w.taken(ctx, w.request("b", "new"))
		w.take.Return(w.servers["a"], *waits, nil)
		Expect(w.take.Queue.Granted("a", w.now.Now())).NotTo(BeNil())
		Expect(w.take.End(ctx, w.servers["b"], *waits)).To(Succeed())
		w.take.Queue.Forget(rollouts.ServerOf(w.servers["a"]))
		Expect(w.take.Advance(ctx)).To(Succeed())
		Expect(w.woken).To(Equal([]string{"b"}), "it has kept its place")
	})

	It("is that of the next when the server is gone from the cache", func(ctx context.Context) {
		delete(w.servers, "a")
		Expect(w.take.Advance(ctx)).To(Succeed())
		Expect(w.woken).To(Equal([]string{"b"}))
	})

	It("is an error of the cluster where the cache fails, and goes to the next later", func(ctx context.Context) {
		w.take.Return(w.servers["a"], *first, nil)
		w.err = errors.New("no")
		Expect(w.take.End(ctx, w.servers["a"], *first)).To(MatchError(HavePrefix("failed to list the Deployments that have a turn from the cache")))
		Expect(w.woken).To(BeEmpty())
		w.err = nil
		Expect(w.take.Advance(ctx)).To(Succeed())
		Expect(w.woken).To(Equal([]string{"b"}))
	})
})
