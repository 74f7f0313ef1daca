//go:build perf

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

package perf_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	fleet = "fleet"
	// memberBudget is for the live heap of the five children of a plain server with a PVC, and all that belongs to
	// them.
	memberBudget = 25 * kibi
	// contentBudget is for the identities of a ConfigMap that is referred to and of its copy, and for what was found in
	// it: the same whatever its size.
	contentBudget = 10 * kibi
	// slowdown is how much longer than a plain client the operator may take.
	slowdown    = 3
	repairLimit = time.Second
	stillness   = 30 * time.Second
	// perKind is how many children of each kind are damaged in each way.
	perKind = 5
)

// fleetHeap is the live heap of an operator that has started with all servers of the fleet.
var fleetHeap float64

// describeFleet measures an operator with many servers.
func describeFleet() {
	It("creates many servers nearly as fast as a plain client applies their objects", func(ctx context.Context) {
		newNamespace(ctx, "plain")
		newNamespace(ctx, fleet)
		operator.stop() // it would reconcile what the plain client creates
		var plain time.Duration
		for range 2 { // the first time warms the API server up
			plain = plainClient(ctx, "plain", fleetSize)
			purge(ctx, "plain")
		}
		operator.start()
		waitForQuiet()
		inParallel(fleetSize, func(number int) { create(ctx, userConfigOf(member(fleet, number).Obj())) })
		waitForQuiet()

		start := time.Now()
		inParallel(fleetSize, func(number int) { create(ctx, member(fleet, number).Obj()) })
		Eventually(func() int { return count(ctx, fleet, &appsv1.DeploymentList{}) }).Should(Equal(fleetSize))
		took := time.Since(start)
		becomeReady(ctx, fleet, fleetSize)

		figuref("creating 200 servers (budget: 3 times a plain client)", "%.1f s, a plain client %.1f s: %.2f times; Ready after %.1f s",
			took.Seconds(), plain.Seconds(), took.Seconds()/plain.Seconds(), time.Since(start).Seconds())
		Expect(took).To(BeNumerically("<=", slowdown*plain))
	})

	It("sends nothing while all servers are Ready", func() {
		waitForQuiet()
		mark := audit.Mark()
		Consistently(func() []harness.Request { return audit.Since(mark) }).WithTimeout(stillness).WithPolling(time.Second).Should(BeEmpty())
		figuref("steady state with 200 servers (budget 0)", "%d requests in %s", len(audit.Since(mark)), stillness)
	})

	It("finds quickly that nothing is left to do", describeNothingToDo)
	describeRepair()
	It("reads little and writes nothing when it restarts", describeRestart)

	It("needs little memory for each server with a configuration", func() { // after a restart, which leaves nothing of how they were made
		fleetHeap = operator.liveHeap()
		each := (fleetHeap - oneHeap) / fleetSize
		figuref("memory, each server with a user configuration", "%.1f KiB of live heap, which is %.1f MiB with %d servers; %.1f MiB of its own",
			each/kibi, fleetHeap/mebi, fleetSize, operator.resident("RssAnon")/mebi)
		Expect(each).To(BeNumerically("<=", memberBudget+contentBudget))
	})
}

// describeNothingToDo has every server reconciled once with nothing changed.
func describeNothingToDo(ctx context.Context) {
	seconds := func() float64 {
		return operator.counter("controller_runtime_reconcile_time_seconds_sum", `controller="llamastackdistribution"`)
	}
	rendered := func() float64 { return operator.counter("llama_stack_operator_renders_total", `source="rendered"`) }
	waitForQuiet()
	mark, reconciles, before, renders := audit.Mark(), operator.reconciles(), seconds(), rendered()

	touch(ctx, fleet, fleetSize)
	Eventually(operator.reconciles).Should(BeNumerically(">=", reconciles+fleetSize))
	waitForQuiet()

	figuref("a reconcile with nothing to do", "%.0f µs on average, %d requests, %.0f renders",
		1e6*(seconds()-before)/(operator.reconciles()-reconciles), len(audit.Since(mark)), rendered()-renders)
	Expect(audit.Since(mark)).To(BeEmpty())
	Expect(rendered()).To(Equal(renders))
}

// touch causes a reconcile of the servers of a namespace.
func touch(ctx context.Context, namespace string, servers int) {
	GinkgoHelper()
	inParallel(servers, func(number int) {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"llamastack.io/look-again":"now"}}}`))
		Expect(admin.Patch(ctx, member(namespace, number).Obj(), patch)).To(Succeed())
	})
}

// describeRepair damages children of several servers and takes the time until each is as it was.
func describeRepair() {
	kinds := map[string]func(*v1alpha1.LlamaStackDistribution) client.Object{
		"Deployment": func(i *v1alpha1.LlamaStackDistribution) client.Object { return named(&appsv1.Deployment{}, i, "") },
		"Service":    func(i *v1alpha1.LlamaStackDistribution) client.Object { return named(&corev1.Service{}, i, "-service") },
		"ServiceAccount": func(i *v1alpha1.LlamaStackDistribution) client.Object {
			return named(&corev1.ServiceAccount{}, i, "-sa")
		},
	}
	for _, kind := range []string{"Deployment", "Service", "ServiceAccount"} {
		It(fmt.Sprintf("restores a %s at once", kind), func(ctx context.Context) {
			waitForQuiet()
			var deleted, edited []time.Duration
			for n := range perKind {
				instance := member(fleet, 10*n+7).Obj()
				deleted = append(deleted, timeUntilRepaired(ctx, kinds[kind](instance), remove))
				edited = append(edited, timeUntilRepaired(ctx, kinds[kind](instance), editLabels))
			}
			reportRepair(kind+" deleted", deleted)
			reportRepair(kind+" edited", edited)
		})
	}
}

func named(object client.Object, instance *v1alpha1.LlamaStackDistribution, suffix string) client.Object {
	object.SetNamespace(instance.Namespace)
	object.SetName(instance.Name + suffix)
	return object
}

// timeUntilRepaired damages an object and waits until it is there with the labels that it had.
func timeUntilRepaired(ctx context.Context, object client.Object, damage func(context.Context, client.Object)) time.Duration {
	GinkgoHelper()
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	label, version := object.GetLabels()[v1alpha1.LabelInstance], object.GetResourceVersion()
	damage(ctx, object)
	start := time.Now()
	Eventually(func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		g.Expect(object.GetLabels()).To(HaveKeyWithValue(v1alpha1.LabelInstance, label))
		g.Expect(object.GetResourceVersion()).NotTo(Equal(version))
	}).WithPolling(2 * time.Millisecond).Should(Succeed())
	return time.Since(start)
}

func remove(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, object)).To(Succeed())
}

func editLabels(ctx context.Context, object client.Object) {
	GinkgoHelper()
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"metadata":{"labels":{%q:"somebody-else"}}}`, v1alpha1.LabelInstance))
	Expect(admin.Patch(ctx, object, patch)).To(Succeed())
}

func reportRepair(what string, times []time.Duration) {
	GinkgoHelper()
	slices.Sort(times)
	longest := times[len(times)-1]
	figuref(what+", among 200 servers (budget 1 s)", "back after %d ms (median of %d), %d ms at most", times[len(times)/2].Milliseconds(), len(times), longest.Milliseconds())
	Expect(longest).To(BeNumerically("<", repairLimit))
}

// describeRestart ends the operator and counts the requests of the next one.
func describeRestart(ctx context.Context) {
	waitForQuiet()
	mark := audit.Mark()
	all, took := restart(ctx)

	seen := sortOut(audit.Since(mark))
	figuref("a restart with 200 servers (budget: 0 writes, one read per ConfigMap that is referred to)",
		"%d writes, %d reads of single objects for %d ConfigMaps, %d lists, %d of discovery; all servers reconciled after %.1f s",
		len(seen.writes), len(seen.gets), all, len(seen.lists), len(seen.discovery), took.Seconds())
	Expect(seen.writes).To(BeEmpty())
	Expect(len(seen.gets)).To(BeNumerically("<=", all), "%v", seen.gets)
	Expect(seen.gets).To(HaveEach(HaveField("Resource", "configmaps")))
	Expect(len(seen.lists)).To(BeNumerically("<=", maxLists), "%v", seen.lists)
	Expect(len(seen.discovery)).To(BeNumerically("<=", maxDiscovery), "%v", seen.discovery)
}

// restart ends the operator and waits until the next one has reconciled all servers. It returns how many there are and
// how long that took.
func restart(ctx context.Context) (int, time.Duration) {
	GinkgoHelper()
	operator.stop()
	start := time.Now()
	operator.start()
	all := count(ctx, "", &v1alpha1.LlamaStackDistributionList{})
	Eventually(operator.reconciles).Should(BeNumerically(">=", all))
	took := time.Since(start)
	waitForProbes(ctx)
	waitForQuiet()
	return all, took
}

const (
	// maxLists: one for each informer. Each kind of child, the LlamaStackDistributions, the referenced ConfigMaps, the
	// operator's ConfigMap and the CustomResourceDefinition that identifies OpenShift; and two each for HTTPRoutes and
	// Routes: whether they are served, and a watch for the time when they are.
	maxLists = 9 + 4 + 2*2
	// maxDiscovery: the groups, which identify OpenShift.
	maxDiscovery = 2
)
