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

package sources_test

import (
	"context"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSources(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Sources")
}

var _ = BeforeSuite(func() { utilruntime.ReallyCrash = false }) // as the manager has it

var _ = Describe("The waker", func() {
	It("queues what is requested, also before the controller has started", func() {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		waker := &sources.Waker{}
		waker.Wake(types.NamespacedName{Namespace: "ns", Name: "early"})
		Expect(waker.Start(context.Background(), queue)).To(Succeed())
		waker.Wake(types.NamespacedName{Namespace: "ns", Name: "late"})
		Expect(queue.Len()).To(Equal(2))
	})
})

var _ = Describe("A request that is queued soon", func() {
	request := func(name string) reconcile.Request {
		return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "ns", Name: name}}
	}

	It("is queued once for changes in quick succession", func() {
		clock := clocktesting.NewFakeClock(time.Now())
		queue := workqueue.NewTypedRateLimitingQueueWithConfig(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request](),
			workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Clock: clock})
		defer queue.ShutDown()
		for range 3 {
			sources.EnqueueSoon(queue, request("a"))
		}
		Expect(queue.Len()).To(BeZero())
		Eventually(func() int { clock.Step(sources.Delay); return queue.Len() }).Should(Equal(1))
	})

	It("comes after one that is queued at once", func() {
		queue := priorityqueue.New[reconcile.Request]("test")
		defer queue.ShutDown()
		sources.EnqueueSoon(queue, request("changed"))
		Eventually(queue.Len).Should(Equal(1))
		queue.Add(request("new"))
		first, _, _ := queue.GetWithPriority()
		second, _, _ := queue.GetWithPriority()
		Expect([]reconcile.Request{first, second}).To(Equal([]reconcile.Request{request("new"), request("changed")}))
	})
})
