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

package operator_test

import (
	"context"
	"maps"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	gomegatypes "github.com/onsi/gomega/types"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// newNamespace makes the namespace of one spec. With hold, Deployments in it roll out only when the spec says so.
func newNamespace(ctx context.Context, hold bool) string {
	GinkgoHelper()
	if hold {
		return newAnnotatedNamespace(ctx, harness.HoldAnnotation)
	}
	return newAnnotatedNamespace(ctx)
}

// newAnnotatedNamespace makes the namespace of one spec with annotations for the stand-ins. It has them from the start: what a stand-in
// knows of a namespace can be what it was a moment ago.
func newAnnotatedNamespace(ctx context.Context, annotations ...string) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "spec-"}}
	for _, annotation := range annotations {
		metav1.SetMetaDataAnnotation(&namespace.ObjectMeta, annotation, "true")
	}
	Expect(admin.Create(ctx, namespace)).To(Succeed())
	// What a spec leaves would be reconciled while others run: servers, and each time that Pods are watched anew, the owners of Pods
	// that no garbage collector deletes here.
	DeferCleanup(func(ctx context.Context) {
		for _, left := range []client.Object{&v1alpha1.LlamaStackDistribution{}, &corev1.Pod{}} {
			Expect(admin.DeleteAllOf(ctx, left, client.InNamespace(namespace.Name), client.GracePeriodSeconds(0))).To(Succeed())
		}
	})
	return namespace.Name
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	harness.Create(ctx, admin, objects...)
}

// edit changes an object as a user would with kubectl edit.
func edit[T client.Object](ctx context.Context, object T, change func(T)) {
	GinkgoHelper()
	harness.Edit(ctx, admin, object, change)
}

// get reads an object again until it exists.
func get[T client.Object](ctx context.Context, namespace, name string, into T) T {
	GinkgoHelper()
	return harness.Get(ctx, admin, namespace, name, into)
}

func deploymentOf(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) *appsv1.Deployment {
	GinkgoHelper()
	return get(ctx, instance.Namespace, instance.Name, &appsv1.Deployment{})
}

// statusOf polls the status of a LlamaStackDistribution.
func statusOf(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() (v1alpha1.LlamaStackDistributionStatus, error) {
	return harness.StatusOf(ctx, admin, instance)
}

// conditionOf polls one condition as "status reason: message"; it is "" while there is none for this generation.
func conditionOf(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, conditionType v1alpha1.ConditionType) func() (string, error) {
	return harness.ConditionOf(ctx, admin, instance, conditionType)
}

// say matches a condition by its status and reason, and any number of texts in its message.
func say(status metav1.ConditionStatus, reason v1alpha1.Reason, texts ...string) gomegatypes.GomegaMatcher {
	return harness.Say(status, reason, texts...)
}

// becomeReady waits until the LlamaStackDistribution is Ready for its current generation and its server was probed.
func becomeReady(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	harness.BecomeReady(ctx, admin, instance)
}

func configMap(namespace, name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: data}
}

// counted is the sum of a counter of the operator's over all series that have the label value.
func counted(name, labelValue string) float64 {
	GinkgoHelper()
	return sum(registry, name, labelValue)
}

// reconcilesTotal is how many reconciles of LlamaStackDistributions there have been in this process.
func reconcilesTotal() float64 {
	GinkgoHelper()
	return sum(ctrlmetrics.Registry, "controller_runtime_reconcile_total", "llamastackdistribution")
}

// lateStatuses is how many statuses more the operator may have written since then on a slow machine: it collects the progress of a
// rollout, but the end of one waits for only 2 s for the first answer of the server.
func lateStatuses(since time.Time) int { return int(time.Since(since) / (2 * time.Second)) }

func sum(from prometheus.Gatherer, name, labelValue string) float64 {
	GinkgoHelper()
	families, err := from.Gather()
	Expect(err).NotTo(HaveOccurred())
	total := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetValue() == labelValue {
					total += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
				}
			}
		}
	}
	return total
}

// configureOperator merges keys into the operator's ConfigMap for the time of a spec.
func configureOperator(ctx context.Context, data map[string]string) {
	GinkgoHelper()
	before := get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{}).Data
	editConfig(ctx, func(c *corev1.ConfigMap) { maps.Copy(c.Data, data) })
	DeferCleanup(func(ctx context.Context) { editConfig(ctx, func(c *corev1.ConfigMap) { c.Data = before }) })
}

// editConfig edits the operator's ConfigMap, and returns when the operator, if it runs, has read it: what is created afterwards, also by
// the next spec, is made with it.
func editConfig(ctx context.Context, change func(*corev1.ConfigMap)) {
	GinkgoHelper()
	reads := func() float64 {
		return sum(ctrlmetrics.Registry, "controller_runtime_reconcile_total", "operatorconfig")
	}
	config, seen := configMap(harness.OperatorNamespace, operatorconfig.Name, nil), reads()
	var before map[string]string
	edit(ctx, config, func(c *corev1.ConfigMap) {
		before = maps.Clone(c.Data)
		change(c)
	})
	if !down && !maps.Equal(before, config.Data) {
		Eventually(reads).Should(BeNumerically(">", seen))
	}
}

func namespaceObject(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// kindOf is the API of a kind that the operator reads or makes.
func kindOf(kind string) schema.GroupVersionKind {
	GinkgoHelper()
	for _, object := range append(manager.ManagedObjects(), &v1alpha1.LlamaStackDistribution{}) {
		gvk, err := admin.GroupVersionKindFor(object)
		Expect(err).NotTo(HaveOccurred())
		if gvk.Kind == kind {
			return gvk
		}
	}
	if child := children.Of(kind); child != nil {
		return child.GroupVersionKind
	}
	Fail("the operator makes no " + kind)
	return schema.GroupVersionKind{}
}

// unstructuredOf is an object's fields as JSON has them.
func unstructuredOf(object client.Object) (map[string]any, error) {
	return runtime.DefaultUnstructuredConverter.ToUnstructured(object.DeepCopyObject())
}
