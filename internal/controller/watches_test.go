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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A ConfigMap", func() {
	changed := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "config"}}

	It("concerns the servers that the index finds for it", func(ctx context.Context) {
		reader := &indexed{names: []string{"a", "b"}}
		Expect(controller.Users(reader)(ctx, changed)).To(ConsistOf(reconcile.Request{NamespacedName: key("a")}, reconcile.Request{NamespacedName: key("b")}))
		Expect(reader.asked).To(Equal("references=ns/config"))
	})

	It("concerns nobody where the index fails", func(ctx context.Context) {
		Expect(controller.Users(&indexed{names: []string{"a"}, err: errors.New("no")})(ctx, changed)).To(BeEmpty())
	})
})

// indexed is a cache that finds servers by an index.
type indexed struct {
	client.Reader

	names []string
	err   error
	asked string
}

func (i *indexed) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := client.ListOptions{}
	i.asked = asked.ApplyOptions(options).FieldSelector.String()
	found, _ := list.(*v1alpha1.LlamaStackDistributionList)
	for _, name := range i.names {
		found.Items = append(found.Items, *llsdtest.Make(name).Namespace("ns").Obj())
	}
	return i.err
}

var _ = Describe("A PVC that was restored", func() {
	DescribeTable("is seen", func(owner *metav1.OwnerReference, atOnce bool) {
		queue, soon := newQueue()
		defer queue.ShutDown()
		var pvc client.Object = &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a-pvc"}}
		if owner != nil {
			pvc = controlled(pvc, *owner)
		}
		controller.Gathered(controller.Owners).Create(context.Background(), event.CreateEvent{Object: pvc}, queue)
		if atOnce {
			Expect(queue.Len()).To(Equal(1), "the garbage collector is about to delete it")
			return
		}
		Expect(queue.Len()).To(BeZero())
		Eventually(soon).Should(Equal(1))
	},
		Entry("at once with the owner of before", &metav1.OwnerReference{APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution", Name: "a", UID: "before"}, true),
		Entry("soon without an owner", nil, false),
		Entry("soon with an owner of another kind", &metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "a", UID: "x"}, false),
	)
})
