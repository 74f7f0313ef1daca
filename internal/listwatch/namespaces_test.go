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

package listwatch_test

import (
	"context"
	"maps"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A watch of several namespaces", func() {
	var (
		versions map[string]string
		mu       sync.Mutex
		began    map[string]string
		watches  map[string]*watch.FakeWatcher
	)

	pod := func(namespace, name string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: "120"}}
	}
	in := func(namespace string) *toolscache.ListWatch {
		return &toolscache.ListWatch{
			ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
				return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: versions[namespace]}, Items: []corev1.Pod{*pod(namespace, "listed")}}, nil
			},
			WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
				mu.Lock()
				defer mu.Unlock()
				began[namespace] = options.ResourceVersion
				return watches[namespace], nil
			},
		}
	}

	BeforeEach(func() {
		versions = map[string]string{"a": "99", "b": "101"}
		began = map[string]string{}
		watches = map[string]*watch.FakeWatcher{"a": watch.NewFakeWithChanSize(8, false), "b": watch.NewFakeWithChanSize(8, false)}
	})

	from := func() map[string]string {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(began)
	}

	start := func() watch.Interface {
		GinkgoHelper()
		both := listwatch.In([]string{"b", "a"}, in)
		list, err := toolscache.ToListerWatcherWithContext(both).ListWithContext(GinkgoT().Context(), metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(meta.ExtractList(list)).To(ConsistOf(pod("a", "listed"), pod("b", "listed")))
		read, err := meta.ListAccessor(list)
		Expect(err).NotTo(HaveOccurred())
		Expect(read.GetResourceVersion()).To(Equal("99"), "the older of both, compared as numbers")
		news, err := toolscache.ToListerWatcherWithContext(both).WatchWithContext(GinkgoT().Context(), metav1.ListOptions{ResourceVersion: "99"})
		Expect(err).NotTo(HaveOccurred())
		Eventually(from).Should(Equal(map[string]string{"a": "99", "b": "99"}))
		return news
	}

	It("lists and watches them as one, without missing a change", func() {
		news := start()
		defer news.Stop()
		watches["a"].Add(pod("a", "new"))
		Eventually(news.ResultChan()).Should(Receive(Equal(watch.Event{Type: watch.Added, Object: pod("a", "new")})))
		watches["b"].Action(watch.Bookmark, pod("", ""))
		watches["b"].Delete(pod("b", "listed"))
		Eventually(news.ResultChan()).Should(Receive(HaveField("Type", watch.Deleted)), "a bookmark would speak for the other namespace")
	})

	It("starts again as a whole when one of them cannot continue", func() {
		news := start()
		defer news.Stop()
		gone := apierrors.NewResourceExpired("too old").ErrStatus
		watches["b"].Error(&gone)
		var last watch.Event
		Eventually(news.ResultChan()).Should(Receive(&last))
		Expect(last.Type).To(Equal(watch.Error))
		Expect(apierrors.IsResourceExpired(apierrors.FromObject(last.Object))).To(BeTrue())
		Eventually(news.ResultChan()).Should(BeClosed())
	})

	It("ends when the watch is stopped", func() {
		news := start()
		news.Stop()
		Eventually(news.ResultChan()).Should(BeClosed())
		Eventually(watches["a"].IsStopped).Should(BeTrue())
		Eventually(watches["b"].IsStopped).Should(BeTrue())
	})
})
