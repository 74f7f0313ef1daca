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

package apply_test

import (
	"context"
	"reflect"
	"runtime"
	"strconv"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Budgets of a reconcile that finds nothing to do, for nine children. They do not depend on the machine.
const (
	// settledAllocations is for one check of the versions in the cache.
	settledAllocations = 40
	// compareAllocations is for a comparison of each child with what it should be, after something else in it changed.
	compareAllocations = 6000
)

// store is cache, API reader and writer in one, for what the engine itself costs.
type store struct {
	client.Client

	objects map[string]client.Object
	version int
}

func (s *store) Get(_ context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	kinds, _, err := scheme.Scheme.ObjectKinds(obj)
	if err != nil { // metadata only
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	found, ok := s.objects[kinds[0].Kind+key.String()]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	asked := client.GetOptions{}
	if shared := asked.ApplyOptions(options).UnsafeDisableDeepCopy; shared == nil || !*shared {
		found, _ = found.DeepCopyObject().(client.Object)
	}
	reflect.ValueOf(obj).Elem().Set(reflect.ValueOf(found).Elem()) // as a cache does
	return nil
}

func (s *store) Apply(_ context.Context, config k8sruntime.ApplyConfiguration, _ ...client.ApplyOption) error {
	content, _ := config.(k8sruntime.Unstructured)
	obj := &unstructured.Unstructured{Object: content.UnstructuredContent()}
	s.version++
	obj.SetResourceVersion(strconv.Itoa(s.version))
	obj.SetUID(types.UID(strconv.Itoa(s.version)))
	return s.put(obj)
}

func (s *store) put(obj *unstructured.Unstructured) error {
	typed, err := scheme.Scheme.New(obj.GroupVersionKind())
	if err != nil {
		return err
	}
	if err := k8sruntime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed); err != nil {
		return err
	}
	if _, err := apply.CacheTransform(typed); err != nil {
		return err
	}
	s.objects[obj.GetKind()+client.ObjectKeyFromObject(obj).String()] = typed.(client.Object)
	return nil
}

func (s *store) GroupVersionKindFor(obj k8sruntime.Object) (schema.GroupVersionKind, error) {
	kinds, _, err := scheme.Scheme.ObjectKinds(obj)
	return kinds[0], err
}

func benchEngine() (*store, *apply.Engine) {
	s := &store{objects: map[string]client.Object{}}
	return s, apply.New(apply.Options{
		Scheme: scheme.Scheme, Cache: s, Live: s, Writer: s, ManagedLabel: apply.Label{Key: managedKey, Value: managedValue},
	})
}

func request(namespace, uid string) apply.Request {
	w := &world{namespace: namespace}
	owner := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: ownerName, UID: types.UID(uid)}}
	return apply.Request{Owner: owner, OwnerGVK: ownerGVK, Intent: "intent", Stages: []apply.Stage{{Objects: w.all()}}}
}

// BenchmarkSettled is what a reconcile costs in which nothing changed: 9 objects of an owner.
func BenchmarkSettled(b *testing.B) {
	RegisterTestingT(b)
	_, engine := benchEngine()
	r := request("ns", "u")
	engine.Apply(b.Context(), r)
	for b.Loop() {
		if !engine.Settled("u", "intent") {
			b.Fatal("not settled")
		}
	}
}

// BenchmarkCompare is what it costs to find 9 objects unchanged that somebody has touched.
func BenchmarkCompare(b *testing.B) {
	RegisterTestingT(b)
	compare := comparison(b.Context())
	for b.Loop() {
		compare()
	}
}

// comparison is an Apply of what is in place already, in another version.
func comparison(ctx context.Context) func() {
	s, engine := benchEngine()
	r := request("ns", "u")
	engine.Apply(ctx, r)
	return func() {
		for _, obj := range s.objects {
			s.version++
			obj.SetResourceVersion(strconv.Itoa(s.version))
		}
		for _, o := range engine.Apply(ctx, r) {
			Expect(o.Action).To(Equal(apply.ActionUnchanged), "%v", o)
		}
	}
}

var _ = Describe("The cost of nothing to do", func() {
	It("is a check of the versions, and no copy of an object", func(ctx context.Context) {
		_, engine := benchEngine()
		engine.Apply(ctx, request("ns", "u"))
		settled := func() {
			if !engine.Settled("u", "intent") {
				Fail("there was something to do")
			}
		}
		Expect(testing.AllocsPerRun(100, settled)).To(BeNumerically("<=", settledAllocations))
	})

	It("is within its budget where each object has to be compared", func(ctx context.Context) {
		Expect(testing.AllocsPerRun(20, comparison(ctx))).To(BeNumerically("<=", compareAllocations))
	})
})

// BenchmarkMemory reports what the engine remembers of an owner with 9 objects.
func BenchmarkMemory(b *testing.B) {
	RegisterTestingT(b)
	const owners = 1000
	s, engine := benchEngine()
	engine.Apply(b.Context(), request("first", "first")) // parses the schema
	s.objects = map[string]client.Object{}
	before := heap()
	for i := range owners {
		engine.Apply(b.Context(), request("ns"+strconv.Itoa(i), strconv.Itoa(i)))
		s.objects = map[string]client.Object{}
	}
	perOwner := float64(heap()-before) / owners
	for b.Loop() {
		runtime.KeepAlive(engine)
	}
	b.ReportMetric(perOwner, "B/owner")
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	stats := runtime.MemStats{}
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
