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
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An API server that fails", func() {
	for _, o := range operations() {
		It("each call once, to "+o.name+", gives the same result", o.labels(), func(ctx context.Context) {
			undisturbed := o.undisturbed(ctx)
			var runs []func()
			for _, how := range surviveFaults {
				runs = append(runs, func() {
					By(o.name + ": " + how.name)
					s := o.prepare(ctx)
					s.running.wire.choose = once(how)
					s.running.settle(ctx, s.instance)
					s.compare(undisturbed)
				})
			}
			together(runs)
		})

		It("at random, to "+o.name+", gives the same result", o.labels(), func(ctx context.Context) {
			undisturbed := o.undisturbed(ctx)
			var runs []func()
			for seed := range uint64(rounds(2, 100)) {
				runs = append(runs, func() {
					By(fmt.Sprintf("%s: seed %d", o.name, seed))
					s := o.prepare(ctx)
					s.running.wire.choose = storm(seed)
					s.running.endure(ctx, s.instance)
					s.compare(undisturbed)
				})
			}
			together(runs)
		})
	}
})

var _ = Describe("Caches that are late", func() {
	for _, o := range operations() {
		It("to "+o.name+" give the same result, and nothing is deleted or created on the way", o.labels(), func(ctx context.Context) {
			undisturbed := o.undisturbed(ctx)
			var runs []func()
			for _, missed := range []int{1, 2, 4} {
				for _, restarted := range []bool{false, true} {
					runs = append(runs, func() { o.late(ctx, missed, restarted, undisturbed) })
				}
			}
			together(runs)
		})
	}
})

var _ = Describe("Caches that catch up while a server is reconciled", func() {
	// A child that lost its label leaves the caches, and comes back when that is healed: an echo, which causes no
	// reconcile.
	It("report nothing that is no longer true", func(ctx context.Context) {
		given := full().Obj()
		s := operation{given: given, do: func(context.Context, *v1alpha1.LlamaStackDistribution) {}}.prepare(ctx)
		s.running.settle(ctx, s.instance)
		before := statusNow(ctx, s.instance)
		Expect(before.Phase).To(Equal(v1alpha1.PhaseReady))
		for caughtUp, read := false, 1; !caughtUp; read++ {
			s.running.clock.SetTime(s.running.clock.Now().Add(time.Hour)) // so that it is not contested
			for _, object := range objects.in(s.instance.Namespace) {
				if object.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy {
					object = object.DeepCopy()
					object.SetLabels(nil)
					Expect(admin.Update(ctx, object)).To(Succeed())
				}
			}
			_, err := s.running.reconcile(ctx, s.instance)
			Expect(err).NotTo(HaveOccurred())

			s.running.view.missed, s.running.view.reads = 1, read
			result, err := s.running.reconcile(ctx, s.instance)
			Expect(err).NotTo(HaveOccurred())
			caughtUp = s.running.view.reads > 0
			s.running.view.missed, s.running.view.reads = 0, 0
			Expect(statusNow(ctx, s.instance)).To(Equal(before), "caught up at read %d", read)
			for result.RequeueAfter > 0 && result.RequeueAfter <= soon {
				s.running.clock.SetTime(s.running.clock.Now().Add(result.RequeueAfter))
				result, err = s.running.reconcile(ctx, s.instance)
				Expect(err).NotTo(HaveOccurred())
			}
			Expect(statusNow(ctx, s.instance)).To(Equal(before), "caught up at read %d, and reconciled again", read)
		}
	})
})

var _ = Describe("What a server refers to and cannot be read", func() {
	It("is reported in the status, which keeps all that is known, and nothing is applied", func(ctx context.Context) {
		s := operation{given: full().Obj(), do: func(context.Context, *v1alpha1.LlamaStackDistribution) {}}.prepare(ctx)
		s.running.settle(ctx, s.instance)
		before := statusNow(ctx, s.instance)
		editSpec(ctx, s.instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.UserConfig.ConfigMapName = "other"
			i.Spec.Server.ContainerSpec.Port = 9000
		})
		s.running.wire.begin()
		s.running.wire.choose = func(_ int, line string) *fault {
			if strings.HasPrefix(line, http.MethodGet) && strings.HasSuffix(line, "/configmaps/other") {
				return &fails
			}
			return nil
		}
		for range 3 {
			_, err := s.running.reconcile(ctx, s.instance)
			Expect(err).To(MatchError(ContainSubstring("failed to read ConfigMap " + s.instance.Namespace + "/other")))
		}

		after := statusNow(ctx, s.instance)
		ready := meta.FindStatusCondition(after.Conditions, string(v1alpha1.ConditionReady))
		Expect(ready).To(And(HaveField("Reason", string(v1alpha1.ReasonReconcileError)), HaveField("Message", ContainSubstring("failed to read ConfigMap")),
			HaveField("ObservedGeneration", s.instance.Generation+1)))
		Expect(after.ObservedGeneration).To(Equal(before.ObservedGeneration), "nothing of the edit was done")
		Expect(after.ServiceURL).To(Equal(before.ServiceURL))
		Expect(after.DistributionConfig).To(Equal(before.DistributionConfig))
		Expect(after.AvailableReplicas).To(Equal(before.AvailableReplicas))
		for _, was := range before.Conditions {
			if was.Type != string(v1alpha1.ConditionReady) {
				Expect(meta.FindStatusCondition(after.Conditions, was.Type)).To(HaveField("Status", was.Status), was.Type)
			}
		}
		Expect(s.running.wire.made).To(HaveLen(1), "one status, and the same one is not written again")

		s.running.wire.choose = nil
		s.running.settle(ctx, s.instance)
		Expect(statusNow(ctx, s.instance).Phase).To(Equal(v1alpha1.PhaseReady))
	})
})

var _ = Describe("Events that were missed", func() {
	It("make no difference: many edits that are seen as one have the same result as the last of them", func(ctx context.Context) {
		s := operations()[1].prepare(ctx)
		last := llsdtest.Make("demo").Replicas(3).MountPath("/data").UserConfig("other").AllowNamespaces("a").Obj()
		for _, spec := range []*llsdtest.Wrapper{llsdtest.Make("demo"), full().Replicas(0), llsdtest.Make("demo").Autoscaling(1, 9), full().CABundle("other-ca")} {
			s.edit(ctx, spec.Obj())
		}
		s.edit(ctx, last)
		s.running.settle(ctx, s.instance)
		fresh := operation{given: last, do: func(context.Context, *v1alpha1.LlamaStackDistribution) {}}.prepare(ctx)
		Expect(different(follows(fresh.instance.Namespace), follows(s.instance.Namespace))).To(BeEmpty(), "- fresh, + edited")
	})
})

var _ = Describe("An edit of one server while an upgrade rolls five others", func() {
	It("is not undone by caches that show its Deployment late", func(ctx context.Context) {
		const others = 5
		namespace := newNamespace(ctx)
		before := start(ctx, oldRelease, namespace)
		var servers []*v1alpha1.LlamaStackDistribution
		for i := range others + 1 {
			server := llsdtest.Make(fmt.Sprintf("demo-%d", i)).Namespace(namespace).Obj()
			Expect(admin.Create(ctx, server)).To(Succeed())
			before.settle(ctx, server)
			servers = append(servers, server)
		}
		after, edited := start(ctx, newRelease, namespace), servers[others]
		for _, server := range servers[:others] {
			_, err := after.reconcile(ctx, server)
			Expect(err).NotTo(HaveOccurred())
		}
		editSpec(ctx, edited, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--edited"} })
		_, err := after.reconcile(ctx, edited)
		Expect(err).NotTo(HaveOccurred())

		after.view.missed, after.view.kind = 1, "Deployment"
		since := after.wire.count()
		_, err = after.reconcile(ctx, edited)
		Expect(err).NotTo(HaveOccurred())
		Expect(after.wire.writes(since)).To(BeEmpty())
	})
})

func statusNow(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) v1alpha1.LlamaStackDistributionStatus {
	GinkgoHelper()
	now := &v1alpha1.LlamaStackDistribution{}
	Expect(controlPlane.Admin.Get(ctx, client.ObjectKeyFromObject(instance), now)).To(Succeed())
	return now.Status
}

func rounds(quick, thorough int) int {
	if *soak {
		return thorough
	}
	return quick
}

// late runs an operation with caches that miss the last changes at first, in the process that made the server or in a new one.
func (o operation) late(ctx context.Context, missed int, restarted bool, undisturbed outcome) {
	GinkgoHelper()
	By(fmt.Sprintf("%s: %d changes late, restarted: %t", o.name, missed, restarted))
	s := o.prepare(ctx)
	if restarted {
		s.running = start(ctx, o.release(), s.instance.Namespace)
	}
	s.unseen = missed > 1
	s.running.catchUp(ctx, s, missed)
	s.running.settle(ctx, s.instance)
	s.compare(undisturbed)
}

// together does things that do not touch each other, a few at a time.
func together(runs []func()) {
	const atOnce = 8
	slots, all := make(chan struct{}, atOnce), sync.WaitGroup{}
	for _, run := range runs {
		slots <- struct{}{}
		all.Go(func() {
			defer GinkgoRecover()
			defer func() { <-slots }()
			run()
		})
	}
	all.Wait()
}

// once lets every call fail the first time that it is made.
func once(how fault) func(int, string) *fault {
	failed := map[string]bool{}
	return func(_ int, line string) *fault {
		if failed[line] {
			return nil
		}
		failed[line] = true
		return &how
	}
}

// storm lets a third of the calls fail, for a while.
func storm(seed uint64) func(int, string) *fault {
	const calm = 60
	dice := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test is repeatable
	return func(call int, _ string) *fault {
		if call > calm || dice.IntN(3) > 0 {
			return nil
		}
		return &surviveFaults[dice.IntN(len(surviveFaults))]
	}
}

// endure settles after a storm.
func (p *process) endure(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for range patience {
		p.turn(ctx, instance) // most of these fail
	}
	p.wire.choose = nil
	p.settle(ctx, instance)
}

// catchUp works on a server while the caches are late, and while they catch up change by change.
func (p *process) catchUp(ctx context.Context, s *stage, missed int) {
	GinkgoHelper()
	for ; missed > 0; missed-- {
		p.view.missed = missed
		for range 2 {
			_, _ = p.reconcile(ctx, s.instance) // a conflict is an answer to what is late
			cluster(ctx, s.instance.Namespace)
		}
	}
	p.view.missed = 0
}
