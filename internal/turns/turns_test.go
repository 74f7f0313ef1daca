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
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Turns")
}

// cluster has servers and their Deployments by name, in the namespace "ns".
type cluster struct {
	servers     map[string]*v1alpha1.LlamaStackDistribution
	deployments map[string]*appsv1.Deployment
	err         error
}

func (c *cluster) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if c.err != nil {
		return c.err
	}
	switch into := into.(type) {
	case *v1alpha1.LlamaStackDistribution:
		if found := c.servers[key.Name]; found != nil {
			found.DeepCopyInto(into)
			return nil
		}
	case *appsv1.Deployment:
		if found := c.deployments[key.Name]; found != nil {
			found.DeepCopyInto(into)
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

// List has those that the index finds.
func (c *cluster) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	deployments, _ := list.(*appsv1.DeploymentList)
	for _, deployment := range c.deployments {
		if len(turns.Held(deployment)) > 0 {
			deployments.Items = append(deployments.Items, *deployment)
		}
	}
	return c.err
}

// intents are those that have settled.
type intents map[string]bool

func (i intents) Settled(_ types.UID, intent string) bool { return i[intent] }
func (intents) Completed(types.UID, string) bool          { return false }

// template is a Pod template with an image.
func template(image string) map[string]any {
	return map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "llama-stack", "image": image}},
		"volumes":    []any{map[string]any{"name": "config", "configMap": map[string]any{"name": "a-config-1"}}},
	}}
}

func rendered(image string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"kind": children.Deployment, "spec": map[string]any{"template": template(image)}}}
}

// applied is the Deployment of a server as the operator has applied it, in a turn or, where that is empty, without one.
func applied(name, image, turn string) *appsv1.Deployment {
	GinkgoHelper()
	packed, err := podtemplate.Pack(template(image))
	Expect(err).NotTo(HaveOccurred())
	annotations, err := rollouts.Record{Author: "author", Image: image, Turn: turn, Template: packed.Hash}.Annotations(packed)
	Expect(err).NotTo(HaveOccurred())
	annotations[apply.HashAnnotation] = "hash"
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: name, Generation: 1, Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: name, UID: types.UID(name), Controller: new(true),
			}},
		},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1, ReadyReplicas: 1},
	}
}

var _ = Describe("A server whose rendered Pods differ because of the operator", func() {
	var (
		now  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		in   *cluster
		done intents
		take *turns.Turns
	)
	BeforeEach(func() {
		in = &cluster{servers: map[string]*v1alpha1.LlamaStackDistribution{}, deployments: map[string]*appsv1.Deployment{}}
		for _, name := range []string{"a", "b"} {
			in.servers[name] = llsdtest.Make(name).Namespace("ns").UID(name).Obj()
		}
		in.deployments["a"] = applied("a", "old", "")
		done = intents{}
		take = &turns.Turns{
			Cached: in, Live: in, Intents: done, Queue: rollouts.NewQueue(func(types.NamespacedName) {}, func(rollouts.Cause, int) {}),
			Config: operatorconfig.NewStore(), Clock: clocktesting.NewFakePassiveClock(now), LiveRead: func(string) {},
		}
		take.Config.Update(map[string]string{"rollouts": "atOnce: 1\nperNamespace: 1\n"})
	})
	request := func(image string) turns.Request {
		return turns.Request{
			Instance: in.servers["a"], Live: in.deployments["a"], Rendered: rendered(image), Author: "author", Intent: "intent", Image: image, Distribution: "starter",
		}
	}
	imageOf := func(object *unstructured.Unstructured) any {
		containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
		Expect(err).NotTo(HaveOccurred())
		container, _ := containers[0].(map[string]any)
		return container["image"]
	}
	// taken has b roll in a turn.
	taken := func() {
		in.deployments["b"] = applied("b", "new", now.Add(-time.Minute).Format(time.RFC3339))
		in.deployments["b"].Status.UpdatedReplicas = 0
	}

	It("rolls in a free turn, which the Deployment records", func(ctx context.Context) {
		asked := request("new")
		decision, err := take.Take(ctx, asked)
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Waits()).To(BeFalse())
		Expect(decision.AsRead).To(BeTrue())
		Expect(decision.Image("new", "old")).To(Equal("new"))
		Expect(imageOf(asked.Rendered)).To(Equal("new"))
		Expect(asked.Rendered.GetAnnotations()[v1alpha1.AnnotationAppliedFor]).To(ContainSubstring(now.Format(time.RFC3339)))
	})

	It("keeps its template while another has the turn, and what that mounts", func(ctx context.Context) {
		taken()
		asked := request("new")
		decision, err := take.Take(ctx, asked)
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Waits()).To(BeTrue())
		Expect(decision.Notice).To(And(HavePrefix("the image of distribution starter is now new; the server keeps old"), ContainSubstring("fewer than 1 in namespace ns")))
		Expect(decision.Image("new", "running")).To(Equal("old"))
		Expect(decision.ConfigMaps).To(ConsistOf("a-config-1"))
		Expect(decision.Suffix()).To(HavePrefix("/keeps "))
		Expect(decision.RetryAfter).To(Equal(rollouts.MaxTurn - time.Minute))
		Expect(imageOf(asked.Rendered)).To(Equal("old"))
	})

	It("is not applied again while it waits as before", func(ctx context.Context) {
		taken()
		first, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		done["intent"+first.Suffix()] = true
		again, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		Expect(again.Settled).To(BeTrue())
	})

	It("is held as a whole where the template that was applied last is not known", func(ctx context.Context) {
		taken()
		in.deployments["a"].Annotations[v1alpha1.AnnotationAppliedTemplate] += "x"
		decision, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Held).To(BeTrue())
	})

	It("is held as an earlier release made it", func(ctx context.Context) {
		taken()
		in.deployments["a"].Annotations = nil
		decision, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Held).To(BeTrue())
		Expect(decision.Notice).To(HavePrefix("the server runs as an earlier release of the operator made it"))
		Expect(decision.Image("new", "running")).To(Equal("running"))
	})

	It("needs no turn for what its author changed", func(ctx context.Context) {
		taken()
		asked := request("new")
		asked.Author = "edited"
		decision, err := take.Take(ctx, asked)
		Expect(err).NotTo(HaveOccurred())
		Expect(decision).To(BeZero())
	})

	DescribeTable("gets the turn of another", func(ctx context.Context, end func()) {
		taken()
		end()
		decision, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Waits()).To(BeFalse())
	},
		Entry("that has rolled", func() { in.deployments["b"].Status.UpdatedReplicas = 1 }),
		Entry("that is gone", func() { delete(in.servers, "b") }),
		Entry("that was made anew", func() { in.servers["b"].UID = "another" }),
		Entry("whose time is over", func() {
			in.deployments["b"] = applied("b", "new", now.Add(-rollouts.MaxTurn).Format(time.RFC3339))
			in.deployments["b"].Status.UpdatedReplicas = 0
		}),
	)

	It("fails where the cluster does not show turns", func(ctx context.Context) {
		in.err = errors.New("no")
		_, err := take.Take(ctx, request("new"))
		Expect(err).To(MatchError(HavePrefix("failed to list the Deployments that have a turn")))
		Expect(take.Advance(ctx)).To(Succeed(), "nobody waits")
	})

	DescribeTable("returns the turn where the Deployment was refused", func(ctx context.Context, outcome error, returned bool) {
		decision, err := take.Take(ctx, request("new"))
		Expect(err).NotTo(HaveOccurred())
		ref := apply.Ref{GVK: appsv1.SchemeGroupVersion.WithKind(children.Deployment), Namespace: "ns", Name: "a"}
		take.Return(in.servers["a"], decision, []apply.Outcome{{Ref: ref, Err: outcome}})
		Expect(take.Queue.Granted("a", now) == nil).To(Equal(returned))
		Expect(take.End(ctx, in.servers["a"], decision)).To(Succeed())
	},
		Entry("by the API server", &apply.RejectedError{Reason: "no"}, true),
		Entry("not when it was applied", nil, false),
		Entry("not when it may have been", errors.New("connection lost"), false),
	)
})

var _ = Describe("The index of turns", func() {
	It("has the Deployments that show a turn and roll", func() {
		rolls := applied("a", "new", "2026-01-02T03:04:05Z")
		rolls.Status.UpdatedReplicas = 0
		Expect(turns.Held(rolls)).To(HaveLen(1))
		Expect(turns.Held(applied("a", "new", "2026-01-02T03:04:05Z"))).To(BeEmpty(), "it has rolled")
		Expect(turns.Held(applied("a", "old", ""))).To(BeEmpty(), "it has no turn")
		Expect(turns.Held(&corev1.Pod{})).To(BeEmpty())
	})
})
