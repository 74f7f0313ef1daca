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
	"errors"
	"maps"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// faulty is a bench whose writes fail, whose calls panic, and whose cache is late.
type faulty struct {
	*bench

	// refusals are what writes fail with, by kind; "status" is that of the status.
	refusals map[string]error
	// panics are the calls that panic: "read " or "write ", and the kind.
	panics map[string]bool
	// stale is the cache while it is late; nil is one that is not.
	stale map[string]client.Object
	// writes are the kinds that were applied, in this order.
	writes []string
}

func newFaulty() *faulty {
	return &faulty{bench: newBench(), refusals: map[string]error{}, panics: map[string]bool{}}
}

func (f *faulty) GetClient() client.Client         { return faultyCache{faulty: f} }
func (f *faulty) GetAPIReader() client.Reader      { return f }
func (f *faulty) GetCache() cache.Cache            { return benchCache{bench: f.bench} }
func (f *faulty) Status() client.SubResourceWriter { return faultyStatus{faulty: f} }

func (f *faulty) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	f.panicAt("read", obj)
	err := f.bench.Get(ctx, key, obj, options...)
	if metadata, ok := obj.(*metav1.PartialObjectMetadata); ok && err == nil {
		found := f.objects[f.keyOf(key, obj)]
		metadata.SetLabels(found.GetLabels())
		metadata.SetAnnotations(found.GetAnnotations())
		metadata.SetOwnerReferences(found.GetOwnerReferences())
	}
	return err
}

func (f *faulty) Apply(ctx context.Context, config k8sruntime.ApplyConfiguration, options ...client.ApplyOption) error {
	content, _ := config.(k8sruntime.Unstructured)
	applied := &unstructured.Unstructured{Object: content.UnstructuredContent()}
	f.panicAt("write", applied)
	f.writes = append(f.writes, applied.GetKind())
	if err := f.refusals[applied.GetKind()]; err != nil {
		return err
	}
	return f.bench.Apply(ctx, config, options...)
}

func (f *faulty) panicAt(what string, obj client.Object) {
	gvk, err := f.GroupVersionKindFor(obj)
	Expect(err).NotTo(HaveOccurred())
	if f.panics[what+" "+gvk.Kind] {
		panic("broken")
	}
}

// Patch changes nothing: it is only called for managedFields, which no object here has.
func (*faulty) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return nil
}

// freeze has the cache show what there is now.
func (f *faulty) freeze() { f.stale = maps.Clone(f.objects) }

// faultyCache is a client that reads from the cache.
type faultyCache struct{ *faulty }

func (c faultyCache) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	c.panicAt("read", obj)
	if c.stale == nil {
		return c.bench.Get(ctx, key, obj, options...)
	}
	late := &bench{scheme: c.scheme, objects: c.stale, failures: c.failures}
	return late.Get(ctx, key, obj, options...)
}

type faultyStatus struct {
	client.SubResourceWriter

	faulty *faulty
}

func (s faultyStatus) Patch(ctx context.Context, obj client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	if err := s.faulty.refusals["status"]; err != nil {
		return err
	}
	return s.faulty.bench.Status().Patch(ctx, obj, patch, options...)
}

// newReconciler has no configuration of the operator yet.
func (f *faulty) newReconciler(now *clocktesting.FakePassiveClock) *controller.Reconciler {
	GinkgoHelper()
	counted, err := metrics.Register(prometheus.NewRegistry())
	Expect(err).NotTo(HaveOccurred())
	reconciler, err := controller.NewReconciler(controller.Parts{Manager: f, References: f.GetCache(), Namespace: "operator"},
		controller.Options{Version: "1.2.3", Getenv: starterImage, Metrics: counted, Clock: now})
	Expect(err).NotTo(HaveOccurred())
	return reconciler
}

func forbidden(kind string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: strings.ToLower(kind) + "s"}, "a", errors.New(`admission webhook "policy.example" denied the request: no`))
}

func invalid(kind string) error {
	return apierrors.NewInvalid(schema.GroupKind{Kind: kind}, "a", field.ErrorList{field.Invalid(field.NewPath("spec", "x"), 1, "wrong")})
}
