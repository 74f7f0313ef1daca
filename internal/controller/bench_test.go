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
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolsevents "k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What a reconcile in which nothing changed may cost, of a server with a PVC and a configuration. Neither figure
// depends on the machine.
const (
	reconcileAllocations = 520
	reconcileBytes       = 48 << 10
)

// bench is a manager over objects in memory, which it returns as a cache does: as deep copies, unless the caller asks
// for the shared ones.
type bench struct {
	manager.Manager
	client.Client

	scheme  *k8sruntime.Scheme
	objects map[string]client.Object
	// failures are what reads of objects fail with, by the same keys.
	failures map[string]error
	version  int
}

func newBench() *bench {
	GinkgoHelper()
	all := k8sruntime.NewScheme()
	Expect(scheme.AddToScheme(all)).To(Succeed())
	Expect(v1alpha1.AddToScheme(all)).To(Succeed())
	return &bench{scheme: all, objects: map[string]client.Object{}, failures: map[string]error{}}
}

func (b *bench) GetClient() client.Client         { return b }
func (b *bench) GetAPIReader() client.Reader      { return b }
func (b *bench) GetCache() cache.Cache            { return benchCache{bench: b} }
func (b *bench) GetScheme() *k8sruntime.Scheme    { return b.scheme }
func (b *bench) GetConfig() *rest.Config          { return &rest.Config{} }
func (b *bench) GetHTTPClient() *http.Client      { return http.DefaultClient }
func (b *bench) Status() client.SubResourceWriter { return benchStatus{bench: b} }
func (b *bench) GetEventRecorder(string) recorder.EventRecorder {
	return toolsevents.NewFakeRecorder(100)
}

func (b *bench) GroupVersionKindFor(obj k8sruntime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(obj, b.scheme)
}

func (b *bench) keyOf(key client.ObjectKey, obj k8sruntime.Object) string {
	gvk, err := b.GroupVersionKindFor(obj)
	Expect(err).NotTo(HaveOccurred())
	return gvk.Kind + "/" + key.String()
}

func (b *bench) Get(_ context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	name := b.keyOf(key, obj)
	if err := b.failures[name]; err != nil {
		return err
	}
	found, ok := b.objects[name]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	if metadata, ok := obj.(*metav1.PartialObjectMetadata); ok {
		metadata.ObjectMeta = metav1.ObjectMeta{Namespace: found.GetNamespace(), Name: found.GetName(), UID: found.GetUID(), ResourceVersion: found.GetResourceVersion()}
		return nil
	}
	asked := client.GetOptions{}
	if shared := asked.ApplyOptions(options).UnsafeDisableDeepCopy; shared == nil || !*shared {
		found, _ = found.DeepCopyObject().(client.Object)
	}
	reflect.ValueOf(obj).Elem().Set(reflect.ValueOf(found).Elem())
	return nil
}

// List returns nothing: it is only called for earlier copies of a configuration.
func (*bench) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

func (b *bench) Apply(_ context.Context, config k8sruntime.ApplyConfiguration, _ ...client.ApplyOption) error {
	content, _ := config.(k8sruntime.Unstructured)
	applied := &unstructured.Unstructured{Object: content.UnstructuredContent()}
	typed, err := b.scheme.New(applied.GroupVersionKind())
	Expect(err).NotTo(HaveOccurred())
	Expect(k8sruntime.DefaultUnstructuredConverter.FromUnstructured(applied.Object, typed)).To(Succeed())
	child, _ := typed.(client.Object)
	b.put(child)
	applied.SetResourceVersion(child.GetResourceVersion())
	applied.SetUID(child.GetUID())
	return nil
}

// put stores an object as a cache does, with the next resourceVersion.
func (b *bench) put(object client.Object) {
	GinkgoHelper()
	b.version++
	object.SetResourceVersion(strconv.Itoa(b.version))
	if object.GetUID() == "" {
		object.SetUID(types.UID(object.GetResourceVersion()))
	}
	_, err := apply.CacheTransform(object)
	Expect(err).NotTo(HaveOccurred())
	b.objects[b.keyOf(client.ObjectKeyFromObject(object), object)] = object
}

// settle does what a cluster does: it rolls the Deployments out, and binds the PVCs.
func (b *bench) settle() {
	GinkgoHelper()
	for _, object := range b.objects {
		switch child := object.(type) {
		case *appsv1.Deployment:
			child.Generation = 1
			child.Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
			b.put(child)
		case *corev1.PersistentVolumeClaim:
			child.Status.Phase = corev1.ClaimBound
			b.put(child)
		}
	}
}

type benchCache struct {
	cache.Cache

	bench *bench
}

func (c benchCache) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	return c.bench.Get(ctx, key, obj, options...)
}

type benchStatus struct {
	client.SubResourceWriter

	bench *bench
}

func (s benchStatus) Patch(_ context.Context, obj client.Object, _ client.Patch, _ ...client.SubResourcePatchOption) error {
	written, _ := obj.DeepCopyObject().(client.Object)
	s.bench.put(written)
	return nil
}

// starterImage is an environment in which the distribution starter has an image.
func starterImage(name string) string {
	return map[string]string{"RELATED_IMAGE_STARTER": "registry.example/starter:1"}[name]
}

// reconciler works on these objects, with an operator's ConfigMap that has the defaults.
func (b *bench) reconciler(now clock.PassiveClock) *controller.Reconciler {
	GinkgoHelper()
	counted, err := metrics.Register(prometheus.NewRegistry())
	Expect(err).NotTo(HaveOccurred())
	reconciler, err := controller.NewReconciler(controller.Parts{Manager: b, References: b.GetCache(), Namespace: "operator"},
		controller.Options{Version: "1.2.3", Getenv: starterImage, Metrics: counted, Clock: now})
	Expect(err).NotTo(HaveOccurred())
	reconciler.Configure(nil)
	return reconciler
}

// unchanged is a reconcile of a server that is Ready, and fails when it writes or has another result.
func unchanged() func() {
	GinkgoHelper()
	ctx, b, now := context.Background(), newBench(), clocktesting.NewFakePassiveClock(time.Now())
	reconciler := b.reconciler(now)
	b.objects["ConfigMap/ns/config"] = &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "config", UID: "config", ResourceVersion: "1"}, Data: map[string]string{v1alpha1.UserConfigKey: "version: '2'\n"},
	}
	instance := llsdtest.Make("a").Namespace("ns").UID("u").Distribution("starter").Storage("1Gi").UserConfig("config").Defaulted().Obj()
	instance.Generation = 1
	b.put(instance)

	request := reconcile.Request{NamespacedName: key("a")}
	again := func() {
		_, err := reconciler.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
	}
	again()
	b.settle()
	again()
	now.SetTime(now.Now().Add(time.Minute)) // changes are held back for a while
	again()
	again() // it has seen what it wrote
	last := &v1alpha1.LlamaStackDistribution{}
	Expect(b.Get(ctx, request.NamespacedName, last)).To(Succeed())
	Expect(meta.IsStatusConditionTrue(last.Status.Conditions, string(v1alpha1.ConditionReady))).To(BeTrue(), "%+v", last.Status.Conditions)
	version := b.version
	return func() {
		_, err := reconciler.Reconcile(ctx, request)
		if err != nil || b.version != version {
			Fail("the reconcile wrote something, or failed")
		}
	}
}

func BenchmarkReconcileUnchanged(b *testing.B) {
	RegisterTestingT(b)
	reconcile := unchanged()
	b.ReportAllocs()
	for b.Loop() {
		reconcile()
	}
}

var _ = Describe("The cost of a reconcile in which nothing changed", func() {
	It("is within its budget", func() {
		const runs = 100
		reconcile := unchanged()
		Expect(testing.AllocsPerRun(runs, reconcile)).To(BeNumerically("<=", reconcileAllocations), "allocations")

		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			reconcile()
		}
		runtime.ReadMemStats(&after)
		Expect((after.TotalAlloc-before.TotalAlloc)/runs).To(BeNumerically("<=", reconcileBytes), "bytes")
	})
})
