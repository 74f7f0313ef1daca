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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmanager "sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// release is what an operator is built with.
type release struct {
	version string
	starter string
}

var (
	oldRelease = release{version: "1.0.0", starter: "registry.example/starter:1"}
	newRelease = release{version: "1.1.0", starter: "registry.example/starter:2"}
)

func (r release) getenv(name string) string {
	if name == "RELATED_IMAGE_STARTER" {
		return r.starter
	}
	return ""
}

// process is an operator with an empty memory whose reconciler a test calls.
type process struct {
	wire       *wire
	view       *view
	clock      *clocktesting.FakePassiveClock
	reconciler reconcile.Reconciler
}

// start makes a process whose caches are filled, and which sees one namespace.
func start(ctx context.Context, of release, namespace string) *process {
	GinkgoHelper()
	p := &process{wire: &wire{mirror: objects}, view: &view{mirror: objects, namespace: namespace}, clock: clocktesting.NewFakePassiveClock(time.Now())}
	base := controlPlane.OperatorConfig()
	whole := &view{mirror: objects, whole: true}
	mgr := &stillManager{Manager: unstarted, view: p.view, client: p.wire.client(base, p.view), live: p.wire.client(base, nil)}
	Expect(controller.Setup(ctx, controller.Parts{
		Manager: mgr, References: &view{mirror: objects, everything: true}, OperatorConfig: whole,
		Children: manager.ManagedObjects(), Namespace: harness.OperatorNamespace,
	}, controller.Options{Version: of.version, Getenv: of.getenv, Metrics: counted, Clock: p.clock})).To(Succeed())
	Expect(mgr.reconcilers).To(HaveLen(2))
	p.reconciler = mgr.reconcilers[0]
	_, err := mgr.reconcilers[1].Reconcile(ctx, request(harness.OperatorNamespace, operatorconfig.Name))
	Expect(err).NotTo(HaveOccurred())
	p.wire.begin()
	return p
}

func request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Namespace: namespace, Name: name}}
}

// reconcile reconciles one LlamaStackDistribution once. A panic is a failure of the test, whatever was broken.
func (p *process) reconcile(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (reconcile.Result, error) {
	GinkgoHelper()
	result, err := p.reconciler.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(instance)})
	if err != nil {
		Expect(err.Error()).NotTo(ContainSubstring("panic"))
	}
	return result, err
}

// patience is how often a server may have to be reconciled until all is done.
const patience = 40

// settle reconciles a LlamaStackDistribution until nothing changes any more.
func (p *process) settle(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for range patience {
		if p.turn(ctx, instance) {
			return
		}
	}
	since := p.wire.count()
	result, err := p.reconcile(ctx, instance)
	Fail(fmt.Sprintf("%s does not settle: the next reconcile writes %v, requeues after %s, error: %v", instance.Namespace, p.wire.writes(since), result.RequeueAfter, err))
}

// turn reconciles a LlamaStackDistribution once, lets the cluster do its part, and lets the time pass that the operator
// wants to wait, if that is short. It returns whether there is nothing left to do.
func (p *process) turn(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) bool {
	GinkgoHelper()
	before := objects.changed(instance.Namespace)
	result, err := p.reconcile(ctx, instance)
	cluster(ctx, instance.Namespace)
	if objects.changed(instance.Namespace) != before || err != nil {
		return false
	}
	if result.RequeueAfter == 0 || result.RequeueAfter > soon {
		return true
	}
	p.clock.SetTime(p.clock.Now().Add(result.RequeueAfter))
	return false
}

// soon is the delay of a requeue for what the caches do not show yet, or for a status that the operator gathers. A
// later requeue waits for something that no test removes.
const soon = 6 * time.Second

// stillManager lends the reconcilers what a manager has, and keeps what they add to it instead of running it.
type stillManager struct {
	ctrlmanager.Manager

	view         *view
	client, live client.Client
	reconcilers  []reconcile.Reconciler
}

func (m *stillManager) GetCache() cache.Cache                          { return m.view }
func (m *stillManager) GetClient() client.Client                       { return m.client }
func (m *stillManager) GetAPIReader() client.Reader                    { return m.live }
func (m *stillManager) GetFieldIndexer() client.FieldIndexer           { return m.view }
func (m *stillManager) GetEventRecorder(string) recorder.EventRecorder { return silent{} }

func (m *stillManager) Add(runnable ctrlmanager.Runnable) error {
	if reconciler, ok := runnable.(reconcile.Reconciler); ok {
		m.reconcilers = append(m.reconcilers, reconciler)
	}
	return nil
}

type silent struct{}

func (silent) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}
func (silent) AnnotatedEventf(runtime.Object, runtime.Object, map[string]string, string, string, string, string, ...any) {
}
