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

package manager_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("An informer", func() {
	// atOnce is less than the pause after the second attempt, which is 1.6 s at least.
	const atOnce = time.Second

	DescribeTable("ends at once while the API server is not reachable", func(failure error) {
		var asked atomic.Int32
		informer := manager.NewInformer(&toolscache.ListWatch{
			ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return nil, failure },
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
				asked.Add(1)
				return nil, failure
			},
		}, &corev1.Pod{}, 0, toolscache.Indexers{})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			informer.RunWithContext(ctx)
		}()
		Eventually(asked.Load).WithTimeout(time.Minute).Should(BeNumerically(">=", 2), "it tries again")

		cancel()
		Eventually(ended).WithTimeout(atOnce).Should(BeClosed())
	},
		Entry("nobody listens", syscall.ECONNREFUSED),
		Entry("too many requests", apierrors.NewTooManyRequestsError("later")),
		Entry("it answers with a failure", apierrors.NewInternalError(context.DeadlineExceeded)),
	)

	It("streams its list where the API server can, and follows it", func() {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b", ResourceVersion: "1"}}
		events := watch.NewFakeWithChanSize(2, false)
		informer := manager.NewInformer(&toolscache.ListWatch{
			ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
				return nil, apierrors.NewMethodNotSupported(corev1.Resource("pods"), http.MethodGet)
			},
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return events, nil },
		}, &corev1.Pod{}, 0, toolscache.Indexers{})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go informer.RunWithContext(ctx)
		events.Add(pod)
		events.Action(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: "2", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		}})
		Eventually(informer.GetStore().ListKeys).Should(ConsistOf("a/b"))
	})
})
