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

package tenants_test

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// mostSlower is, with -timing, how much longer a good tenant may wait beside a hostile one than alone.
	mostSlower = 2.0
	// tries are the attempts: other load of the machine, such as a pause of seconds, must not decide.
	tries = 4
)

// newNamespace is that of one tenant.
func newNamespace(ctx context.Context, name string) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}
	harness.Create(ctx, admin, namespace)
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
	return namespace.Name
}

// wait is what a good tenant waits for, and what the operator asked the API server for meanwhile.
type wait struct {
	took   time.Duration
	writes int
}

func (w wait) String() string { return fmt.Sprintf("%.2f s and %d writes", w.took.Seconds(), w.writes) }

// goodWork creates, edits and heals a server.
func goodWork(ctx context.Context) wait {
	GinkgoHelper()
	namespace, mark, since := newNamespace(ctx, "good"), audit.Mark(), time.Now()
	server := llsdtest.Make("server").Namespace(namespace).Storage("1Gi").Obj()
	harness.Create(ctx, admin, server)
	harness.BecomeReady(ctx, admin, server)

	deployment := &appsv1.Deployment{}
	harness.Edit(ctx, admin, server, func(s *v1alpha1.LlamaStackDistribution) {
		s.Spec.Server.ContainerSpec.Env = append(s.Spec.Server.ContainerSpec.Env, corev1.EnvVar{Name: "EDITED", Value: "yes"})
	})
	Eventually(func() ([]corev1.EnvVar, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(server), deployment)
		return deployment.Spec.Template.Spec.Containers[0].Env, err
	}).Should(ContainElement(HaveField("Name", "EDITED")))
	harness.BecomeReady(ctx, admin, server)

	service := harness.Get(ctx, admin, namespace, server.Name+"-service", &corev1.Service{})
	Expect(admin.Delete(ctx, service)).To(Succeed())
	Eventually(func() (types.UID, error) {
		healed := &corev1.Service{}
		err := admin.Get(ctx, client.ObjectKeyFromObject(service), healed)
		return healed.UID, err
	}).ShouldNot(Or(BeEmpty(), Equal(service.UID)))
	harness.BecomeReady(ctx, admin, server)
	done := wait{time.Since(since), len(harness.Writes(audit.In(namespace, mark)))}
	Expect(admin.Delete(ctx, server)).To(Succeed())
	return done
}

// blocksNobody expects that a hostile tenant does not affect a good one: each of its steps ends in time, with no more
// writes, and no reconcile of any tenant blocks a worker.
func blocksNobody(ctx context.Context, hostile func(context.Context)) {
	GinkgoHelper()
	var alone, beside wait
	held := 0
	for range tries {
		before := harness.HeldReconciles()
		alone = goodWork(ctx)
		func() {
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			hostile(ctx)
			beside = goodWork(ctx)
		}()
		held = harness.HeldReconciles() - before
		AddReportEntry(fmt.Sprintf("a good server: %s alone, %s beside; %d MiB in use", alone, beside, used.most()>>20))
		if held == 0 && (!*timing || beside.took.Seconds() <= mostSlower*alone.took.Seconds()) {
			break
		}
	}
	if *timing {
		Expect(beside.took.Seconds()).To(BeNumerically("<=", mostSlower*alone.took.Seconds()), "%s alone, %s beside", alone, beside)
	}
	Expect(held).To(BeZero(), "reconciles that blocked a worker")
	late := max(0, int((beside.took-alone.took)/answerPatience))
	Expect(beside.writes).To(BeNumerically("<=", alone.writes+statusWrites+late), "%s alone, %s beside", alone, beside)
}

// statusWrites are those of which there can be some more or fewer, by what is seen together.
const statusWrites = 4

// answerPatience is the least time for which the operator waits before it writes another status of a rollout that gets on.
const answerPatience = 2 * time.Second

// memory is what the process uses.
type memory struct{ peak atomic.Uint64 }

// measureMemory samples every few milliseconds, until the suite ends.
func measureMemory() *memory {
	m := &memory{}
	ctx, stop := context.WithCancel(context.Background())
	DeferCleanup(stop)
	go func() {
		samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
		ticks := time.NewTicker(2 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			metrics.Read(samples)
			m.peak.Store(max(m.peak.Load(), samples[0].Value.Uint64()+samples[1].Value.Uint64()))
		}
	}()
	return m
}

func (m *memory) most() uint64 { return m.peak.Load() }
