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

package faults_test

import (
	"context"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// operation is a change of an existing server that the operator has to follow.
type operation struct {
	name string
	// given is the server before the change; nil if there is none yet.
	given *v1alpha1.LlamaStackDistribution
	// do is the change. It does nothing for an upgrade.
	do func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution)
	// ends says that the server is deleted. A process that does not know it yet may make an object once more, which is collected as
	// the first was.
	ends bool
	// after is the release of the operator that follows it.
	after release
	// often is whether "make test" tries everything on it; "make test-full" does so on the others.
	often bool
}

// labels leave the specs of most operations to "make test-full".
func (o operation) labels() Labels {
	if o.often {
		return Label()
	}
	return Label(harness.Exhaustive)
}

func full() *llsdtest.Wrapper {
	return llsdtest.Make("demo").Replicas(2).Storage("1Gi").UserConfig("config").CABundle("ca").ExposeRoute().Autoscaling(2, 4)
}

// rollingBack is a server whose failed rollouts are undone.
func rollingBack() *llsdtest.Wrapper {
	return llsdtest.Make("demo").Image("registry.example/starts:1").UserConfig("config").CABundle("ca").Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Rollback: v1alpha1.RollbackAutomatic}
	})
}

func operations() []operation {
	edit := func(change func(*v1alpha1.LlamaStackDistribution)) func(context.Context, *v1alpha1.LlamaStackDistribution) {
		return func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) { editSpec(ctx, instance, change) }
	}
	return []operation{
		{name: "create", often: true, do: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
			GinkgoHelper()
			made := full().Namespace(instance.Namespace).Obj()
			Expect(admin.Create(ctx, made)).To(Succeed())
		}},
		{name: "take over from 0.9.0", do: leave},
		{name: "update", often: true, given: full().Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Port = 9000
			i.Spec.Server.ContainerSpec.Args = []string{"--new"}
			i.Spec.Server.UserConfig.ConfigMapName = "other"
			i.Spec.Server.TLSConfig = nil
			i.Spec.Server.Autoscaling = nil
			i.Spec.Network.ExposeRoute = false
		})},
		{name: "refuse", often: true, given: llsdtest.Make("demo").Image("registry.example/starts:1").UserConfig("config").Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution.Image = refuses
		})},
		{name: "scale", given: llsdtest.Make("demo").Replicas(1).Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			three := int32(3)
			i.Spec.Replicas = &three
		})},
		{name: "hand replicas to an autoscaler", given: llsdtest.Make("demo").Replicas(3).Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Autoscaling = full().Obj().Spec.Server.Autoscaling
		})},
		{name: "give storage", given: llsdtest.Make("demo").UserConfig("config").Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{}
		})},
		{name: "grow and retain storage", given: llsdtest.Make("demo").Storage("1Gi").Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			size := resource.MustParse("2Gi")
			i.Spec.Server.Storage.Size, i.Spec.Server.Storage.RetentionPolicy = &size, v1alpha1.RetentionRetain
		})},
		{name: "remove storage", given: llsdtest.Make("demo").Storage("1Gi").Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = nil
		})},
		{name: "roll back", given: rollingBack().Obj(), do: edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution.Image = neverStarts
			i.Spec.Server.ContainerSpec.Port = 9000
			i.Spec.Server.UserConfig.ConfigMapName = "other"
			i.Spec.Server.TLSConfig = nil
		})},
		{name: "upgrade the operator", given: full().Obj(), do: func(context.Context, *v1alpha1.LlamaStackDistribution) {}, after: newRelease},
		{name: "delete", ends: true, given: full().Retention(v1alpha1.RetentionRetain).Obj(), do: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
			GinkgoHelper()
			Expect(admin.Delete(ctx, instance, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		}},
		{name: "delete and create again", ends: true, given: full().Obj(), do: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
			GinkgoHelper()
			Expect(admin.Delete(ctx, instance)).To(Succeed())
			Expect(admin.Create(ctx, llsdtest.Make("demo").Namespace(instance.Namespace).Storage("1Gi").Obj())).To(Succeed())
		}},
	}
}

func editSpec(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, change func(*v1alpha1.LlamaStackDistribution)) {
	GinkgoHelper()
	current := &v1alpha1.LlamaStackDistribution{}
	Expect(controlPlane.Admin.Get(ctx, client.ObjectKeyFromObject(instance), current)).To(Succeed())
	change(current)
	Expect(admin.Update(ctx, current)).To(Succeed())
}

func (o operation) release() release {
	if o.after == (release{}) {
		return oldRelease
	}
	return o.after
}

// stage is one run of an operation, at the moment after it happened and before the operator has seen it.
type stage struct {
	operation

	instance *v1alpha1.LlamaStackDistribution
	// running is the process that made the server, or for another release one that has just started.
	running *process
	// generation is the one that the Deployment had.
	generation int64
	// unseen says that the caches lacked the Deployment, so that its server counted as new, whose template is not checked.
	unseen bool
}

// prepare makes the server of an operation, in a namespace of its own, and lets the operation happen.
func (o operation) prepare(ctx context.Context) *stage {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	s := &stage{operation: o, running: start(ctx, oldRelease, namespace), instance: llsdtest.Make("demo").Namespace(namespace).Obj()}
	if o.given != nil {
		s.instance = o.given.DeepCopy()
		s.instance.Namespace = namespace
		Expect(admin.Create(ctx, s.instance)).To(Succeed())
		s.running.settle(ctx, s.instance)
	}
	s.generation = s.rolls()
	if o.release() != oldRelease {
		s.running = start(ctx, o.release(), namespace)
	}
	o.do(ctx, s.instance)
	s.running.wire.begin()
	return s
}

// rolls is the generation of the Deployment: how often its spec has changed.
func (s *stage) rolls() int64 {
	for _, object := range objects.in(s.instance.Namespace) {
		if object.GetKind() == "Deployment" {
			return object.GetGeneration()
		}
	}
	return 0
}

// outcome is the result of an undisturbed run of an operation.
type outcome struct {
	state     map[string]any
	calls     []string
	rolls     int64
	deletions map[string]int
}

// undisturbed runs an operation without any fault.
func (o operation) undisturbed(ctx context.Context) outcome {
	GinkgoHelper()
	s := o.prepare(ctx)
	s.running.settle(ctx, s.instance)
	return outcome{
		state: state(s.instance.Namespace), calls: s.running.wire.calls,
		rolls: s.rolls() - s.generation, deletions: objects.deletions(s.instance.Namespace),
	}
}

// compare fails unless a disturbed run has the same result: the same objects, no more rollouts, nothing deleted that
// the other run did not delete.
func (s *stage) compare(with outcome) {
	GinkgoHelper()
	wanted, found := with.state, state(s.instance.Namespace)
	if s.unseen {
		wanted, found = withoutCheck(wanted), withoutCheck(found)
	}
	Expect(different(wanted, found)).To(BeEmpty(), "- undisturbed, + disturbed")
	Expect(s.rolls()-s.generation).To(BeNumerically("<=", with.rolls), "the Deployment changed more often")
	if s.ends {
		return
	}
	for name, count := range objects.deletions(s.instance.Namespace) {
		if strings.HasPrefix(name, "Pod/") { // the garbage collector deletes those of checks
			continue
		}
		Expect(count).To(BeNumerically("<=", with.deletions[name]), "deletions of "+name)
	}
}

// edit replaces the whole spec.
func (s *stage) edit(ctx context.Context, to *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	editSpec(ctx, s.instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec = *to.Spec.DeepCopy() })
}
