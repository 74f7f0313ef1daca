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

package sharers_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sharers"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSharers(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Sharers")
}

// countingQueue counts what is added to it.
type countingQueue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	added []string
}

func (q *countingQueue) Add(request reconcile.Request) { q.added = append(q.added, request.Name) }

// take returns what was added since the last call.
func (q *countingQueue) take() []string {
	added := q.added
	q.added = nil
	return added
}

// servers are those in a cache.
type servers []*v1alpha1.LlamaStackDistribution

func (s servers) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	for _, server := range s {
		if found, ok := into.(*v1alpha1.LlamaStackDistribution); ok && server.Name == key.Name {
			server.DeepCopyInto(found)
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (servers) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

var _ = Describe("The servers on one PVC", func() {
	using := func(name, pvc string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make(name).Namespace("apps").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: pvc}
		}).Obj()
	}
	data := types.NamespacedName{Namespace: "apps", Name: "data"}

	It("are requeued when another is added or removed, as long as they are few", func(ctx context.Context) {
		index, queue := sharers.New(nil), &countingQueue{}
		first, second, third := using("first", "data"), using("second", "data"), using("third", "data")

		index.Create(ctx, event.CreateEvent{Object: first}, queue)
		queue.take()
		index.Create(ctx, event.CreateEvent{Object: second}, queue)
		Expect(queue.take()).To(ContainElements("first", "second"))
		Expect(index.On(data, "first")).To(ConsistOf("second"))
		index.Create(ctx, event.CreateEvent{Object: third}, queue)
		Expect(queue.take()).To(ContainElements("first", "second", "third"))
		Expect(index.On(data, "first")).To(ConsistOf("second", "third"))

		stopped := third.DeepCopy()
		stopped.Spec.Suspend = true
		index.Update(ctx, event.UpdateEvent{ObjectOld: third, ObjectNew: stopped}, queue)
		Expect(queue.take()).To(ContainElements("first", "second"))
		index.Update(ctx, event.UpdateEvent{ObjectOld: stopped, ObjectNew: stopped}, queue)
		Expect(queue.take()).To(BeEmpty(), "nothing about its data has changed")
		index.Delete(ctx, event.DeleteEvent{Object: second}, queue)
		Expect(queue.take()).To(ContainElement("first"))
		Expect(index.On(data, "first")).To(BeEmpty())
		index.Delete(ctx, event.DeleteEvent{Object: stopped}, queue)
		index.Delete(ctx, event.DeleteEvent{Object: first}, queue)
		Expect(index.Size()).To(BeZero())
	})

	It("requeue the server that the PVC is named after, and are requeued by it", func(ctx context.Context) {
		index, queue := sharers.New(nil), &countingQueue{}
		owner := llsdtest.Make("owner").Namespace("apps").Storage("1Gi").Obj()
		index.Create(ctx, event.CreateEvent{Object: owner}, queue)
		Expect(queue.take()).To(BeEmpty())
		Expect(index.Size()).To(BeZero(), "a server with its own PVC costs nothing")

		index.Create(ctx, event.CreateEvent{Object: using("guest", "owner-pvc")}, queue)
		Expect(queue.take()).To(ContainElement("owner"))
		index.Delete(ctx, event.DeleteEvent{Object: owner}, queue)
		Expect(queue.take()).To(ContainElement("guest"))
	})

	It("cost each the same, however many there are", func(ctx context.Context) {
		const many = 2000
		index, queue := sharers.New(nil), &countingQueue{}
		for i := range many {
			index.Create(ctx, event.CreateEvent{Object: using(fmt.Sprintf("server-%d", i), "data")}, queue)
		}
		for i := range many {
			index.Delete(ctx, event.DeleteEvent{Object: using(fmt.Sprintf("server-%d", i), "data")}, queue)
		}

		Expect(len(queue.take())).To(BeNumerically("<", 5*many))
		Expect(index.Size()).To(BeZero())
	})

	It("are those that name it and the one that it is named after, as long as that has its data on it", func(ctx context.Context) {
		owner := llsdtest.Make("owner").Namespace("apps").Storage("1Gi").Obj()
		index, guest := sharers.New(servers{owner}), using("guest", "owner-pvc")
		index.Create(ctx, event.CreateEvent{Object: guest}, &countingQueue{})
		Expect(index.Others(ctx, owner)).To(ConsistOf("guest"))
		Expect(index.Others(ctx, guest)).To(ConsistOf("owner"))
		owner.Spec.Suspend = true
		Expect(index.Others(ctx, guest)).To(BeEmpty(), "a server that is stopped writes nothing")
		Expect(index.Others(ctx, llsdtest.Make("guest").Namespace("apps").Obj())).To(BeEmpty(), "a server without a PVC")
	})

	It("are named, at most two", func(ctx context.Context) {
		index, queue := sharers.New(nil), &countingQueue{}
		for i := range 9 {
			index.Create(ctx, event.CreateEvent{Object: using(fmt.Sprintf("server-%d", i), "data")}, queue)
		}

		Expect(index.On(data, "server-1")).To(And(HaveLen(2), Not(ContainElement("server-1"))))
	})
})
