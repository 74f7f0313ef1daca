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
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// secretServer is an API server that has one Secret, or none, and knows who may look at it.
type secretServer struct {
	mu      sync.Mutex
	secrets []metav1.PartialObjectMetadata
	list    error
	watch   error
	asked   []types.NamespacedName
	news    *watch.FakeWatcher
	ended   int
}

func (s *secretServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// watches are the Secrets of which a watch was begun.
func (s *secretServer) watches() []types.NamespacedName {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]types.NamespacedName(nil), s.asked...)
}

func (s *secretServer) of(secret types.NamespacedName) toolscache.ListerWatcherWithContext {
	s.set(func() { s.asked = append(s.asked, secret) })
	return &toolscache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return &metav1.PartialObjectMetadataList{Items: s.secrets}, s.list
		},
		WatchFuncWithContext: func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			context.AfterFunc(ctx, func() { s.set(func() { s.ended++ }) })
			return s.news, s.watch
		},
	}
}

// secretOf is the metadata of a Secret.
func secretOf(uid, version string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "mine", UID: types.UID(uid), ResourceVersion: version}}
}

func forbidden(user string) error {
	return apierrors.NewForbidden(corev1.Resource("secrets"), "mine", errors.New(`User "`+user+`" cannot list resource "secrets"`))
}

var _ = Describe("The Secrets that servers roll for", func() {
	const operator = "system:serviceaccount:operators:operator"
	mine := types.NamespacedName{Namespace: "ns", Name: "mine"}
	var (
		server  *secretServer
		secrets *controller.Secrets
		queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
	)
	BeforeEach(func() {
		server = &secretServer{news: watch.NewFake()}
		secrets = controller.EmptySecrets(server.of)
		queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		DeferCleanup(queue.ShutDown)
		ctx, stop := context.WithCancel(context.Background())
		DeferCleanup(stop)
		Expect(secrets.Start(ctx, queue)).To(Succeed())
	})
	// woken says which servers were woken since the last time.
	woken := func() []string {
		var names []string
		for range queue.Len() {
			request, _ := queue.Get()
			queue.Done(request)
			names = append(names, request.Name)
		}
		return names
	}

	It("are watched by their names, once for all servers, for as long as one follows them", func(ctx context.Context) {
		server.set(func() { server.secrets = []metav1.PartialObjectMetadata{*secretOf("u", "1")} })
		Expect(server.watches()).To(BeEmpty(), "nobody follows one")

		version, denied := secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(Equal("u@1"))
		Expect(denied).To(BeEmpty())
		secrets.Follow(ctx, key("b"), mine)
		secrets.Follow(ctx, key("a"), mine)
		Expect(server.watches()).To(Equal([]types.NamespacedName{mine}))

		secrets.Leave(key("a"))
		secrets.Leave(key("c"))
		Consistently(func() int { server.mu.Lock(); defer server.mu.Unlock(); return server.ended }).WithTimeout(100 * time.Millisecond).Should(BeZero())
		secrets.Leave(key("b"))
		Eventually(func() int { server.mu.Lock(); defer server.mu.Unlock(); return server.ended }).Should(Equal(1))
		Expect(secrets.Watched()).To(BeZero())
	})

	It("are others after an edit", func(ctx context.Context) {
		secrets.Follow(ctx, key("a"), mine)
		other := types.NamespacedName{Namespace: "ns", Name: "other"}
		secrets.Follow(ctx, key("a"), other)
		Expect(server.watches()).To(Equal([]types.NamespacedName{mine, other}))
		Expect(secrets.Watched()).To(Equal(1))
	})

	It("wake their servers when they change, and keep their version while they are away", func(ctx context.Context) {
		version, _ := secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(BeEmpty(), "there is none")
		secrets.Follow(ctx, key("b"), mine)
		Expect(woken()).To(BeEmpty())

		for i, event := range []func(){
			func() { server.news.Add(secretOf("u", "1")) },
			func() { server.news.Modify(secretOf("u", "2")) },
		} {
			event()
			Eventually(func(g Gomega) {
				version, _ := secrets.Follow(ctx, key("a"), mine)
				g.Expect(version).To(Equal([]string{"u@1", "u@2"}[i]))
			}).Should(Succeed())
			Eventually(queue.Len).Should(Equal(2))
			Expect(woken()).To(ConsistOf("a", "b"))
		}
		server.news.Delete(secretOf("u", "3"))
		Consistently(queue.Len).WithTimeout(300 * time.Millisecond).Should(BeZero())
		version, _ = secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(Equal("u@2"))
		server.news.Add(secretOf("v", "4"))
		Eventually(woken).Should(ConsistOf("a", "b"))
	})

	It("are tried again, a few times a minute, while they may not be watched", func(ctx context.Context) {
		server.set(func() { server.list = forbidden(operator) })
		version, denied := secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(BeEmpty())
		Expect(denied).To(Equal(operator))

		server.set(func() { server.list, server.secrets = nil, []metav1.PartialObjectMetadata{*secretOf("u", "1")} })
		Eventually(func(g Gomega) {
			version, denied := secrets.Follow(ctx, key("a"), mine)
			g.Expect(version).To(Equal("u@1"))
			g.Expect(denied).To(BeEmpty())
		}).WithTimeout(10 * time.Second).Should(Succeed())
		Eventually(woken).Should(ContainElement("a"))
	})

	It("are not said to be watched where they may be listed only", func(ctx context.Context) {
		server.set(func() {
			server.secrets, server.watch = []metav1.PartialObjectMetadata{*secretOf("u", "1")}, forbidden(operator)
		})
		version, denied := secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(Equal("u@1"))
		Expect(denied).To(Equal(operator))
	})

	It("are unknown while the API server has other troubles, and nobody is blamed", func(ctx context.Context) {
		server.set(func() { server.list = apierrors.NewInternalError(errors.New("no")) })
		version, denied := secrets.Follow(ctx, key("a"), mine)
		Expect(version).To(BeEmpty())
		Expect(denied).To(BeEmpty())
	})

	It("are not waited for by a server that is no longer looked at", func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		version, denied := controller.EmptySecrets(server.of).Follow(ctx, key("a"), mine)
		Expect(version + denied).To(BeEmpty())
	})

	It("are tried at growing pauses, up to some minutes", func() {
		pauses := controller.SecretRetries()
		first, total := pauses.Step(), time.Duration(0)
		Expect(first).To(BeNumerically("~", 3*time.Second, time.Second))
		for range 20 {
			total = pauses.Step()
		}
		Expect(total).To(BeNumerically("~", 225*time.Second, 75*time.Second))
	})

	DescribeTable("are allowed by a command that names the operator as the API server does", func(user, who string) {
		Expect(controller.Allowing("ns", user)).To(Equal("kubectl -n ns create rolebinding llama-stack-k8s-operator-llsd-secret-watcher-role " +
			"--clusterrole=llama-stack-k8s-operator-llsd-secret-watcher-role " + who))
	},
		Entry("as a ServiceAccount", operator, "--serviceaccount=operators:operator"),
		Entry("as somebody", "admin", "--user=admin"),
		Entry("not at all", "?", "--serviceaccount=home:llama-stack-k8s-operator-controller-manager"),
	)

	DescribeTable("tell who may not watch them", func(message, user string) {
		Expect(controller.UserIn(message)).To(Equal(user))
	},
		Entry("", forbidden(operator).Error(), operator),
		Entry("unless the message says otherwise", "no", "?"),
	)

	It("are never anything else", func() {
		Expect(controller.NewSecretWatch().Add(&corev1.Pod{})).To(MatchError(ContainSubstring("*v1.Pod")))
		Expect(controller.NewSecretWatch().Replace([]any{&corev1.Pod{}}, "")).To(MatchError(ContainSubstring("*v1.Pod")))
		Expect(controller.NewSecretWatch().Resync()).To(Succeed())
	})
})
