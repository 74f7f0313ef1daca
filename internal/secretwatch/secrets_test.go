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

package secretwatch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSecretWatch(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Watched Secrets")
}

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

// secretServer is an API server that has one Secret, or none, and knows who may read it.
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
		secrets *secretwatch.Secrets
		queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
	)
	BeforeEach(func() {
		server = &secretServer{news: watch.NewFake()}
		secrets = secretwatch.Empty(server.of)
		secrets.At(clocktesting.NewFakePassiveClock(time.Now())) // however late an answer is, it is waited for
		queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		DeferCleanup(queue.ShutDown)
		ctx, stop := context.WithCancel(context.Background())
		DeferCleanup(stop)
		Expect(secrets.Start(ctx, queue)).To(Succeed())
	})
	secretIn := func(number int) types.NamespacedName {
		return types.NamespacedName{Namespace: "ns", Name: fmt.Sprintf("secret-%d", number)}
	}
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

	It("are watched by their names, once for all servers, as long as one server uses them", func(ctx context.Context) {
		server.set(func() { server.secrets = []metav1.PartialObjectMetadata{*secretOf("u", "1")} })
		Expect(server.watches()).To(BeEmpty(), "no server uses one")

		version, denied := secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(Equal("u@1"))
		Expect(denied).To(BeEmpty())
		secrets.FollowAndWait(ctx, key("b"), mine)
		secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(server.watches()).To(Equal([]types.NamespacedName{mine}))

		secrets.Leave(key("a"))
		secrets.Leave(key("c"))
		Consistently(func() int { server.mu.Lock(); defer server.mu.Unlock(); return server.ended }).WithTimeout(100 * time.Millisecond).Should(BeZero())
		secrets.Leave(key("b"))
		Eventually(func() int { server.mu.Lock(); defer server.mu.Unlock(); return server.ended }).Should(Equal(1))
		Expect(secrets.Watched()).To(BeZero())
	})

	It("are others after an edit", func(ctx context.Context) {
		secrets.FollowAndWait(ctx, key("a"), mine)
		other := types.NamespacedName{Namespace: "ns", Name: "other"}
		secrets.FollowAndWait(ctx, key("a"), other)
		Expect(server.watches()).To(Equal([]types.NamespacedName{mine, other}))
		Expect(secrets.Watched()).To(Equal(1))
	})

	It("cause a reconcile of their servers when they change, and keep their version while they do not exist", func(ctx context.Context) {
		version, _ := secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(BeEmpty(), "there is none")
		secrets.FollowAndWait(ctx, key("b"), mine)
		Expect(woken()).To(ConsistOf("a"), "by the first answer, which b did not have to wait for")

		for i, event := range []func(){
			func() { server.news.Add(secretOf("u", "1")) },
			func() { server.news.Modify(secretOf("u", "2")) },
		} {
			event()
			Eventually(func(g Gomega) {
				version, _ := secrets.FollowAndWait(ctx, key("a"), mine)
				g.Expect(version).To(Equal([]string{"u@1", "u@2"}[i]))
			}).Should(Succeed())
			Eventually(queue.Len).Should(Equal(2))
			Expect(woken()).To(ConsistOf("a", "b"))
		}
		server.news.Delete(secretOf("u", "3"))
		Consistently(queue.Len).WithTimeout(300 * time.Millisecond).Should(BeZero())
		version, _ = secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(Equal("u@2"))
		server.news.Add(secretOf("v", "4"))
		Eventually(woken).Should(ConsistOf("a", "b"))
	})

	It("are tried again, a few times a minute, while they may not be watched", func(ctx context.Context) {
		server.set(func() { server.list = forbidden(operator) })
		version, denied := secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(BeEmpty())
		Expect(denied).To(Equal(operator))

		server.set(func() { server.list, server.secrets = nil, []metav1.PartialObjectMetadata{*secretOf("u", "1")} })
		Eventually(func(g Gomega) {
			version, denied := secrets.FollowAndWait(ctx, key("a"), mine)
			g.Expect(version).To(Equal("u@1"))
			g.Expect(denied).To(BeEmpty())
		}).WithTimeout(time.Minute).Should(Succeed())
		Eventually(woken).Should(ContainElement("a"))
	})

	It("do not count as watched if they may only be listed", func(ctx context.Context) {
		server.set(func() {
			server.secrets, server.watch = []metav1.PartialObjectMetadata{*secretOf("u", "1")}, forbidden(operator)
		})
		version, denied := secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(Equal("u@1"))
		Expect(denied).To(Equal(operator))
	})

	It("are unknown while the API server has other problems, and no permission is reported as missing", func(ctx context.Context) {
		server.set(func() { server.list = apierrors.NewInternalError(errors.New("no")) })
		version, denied := secrets.FollowAndWait(ctx, key("a"), mine)
		Expect(version).To(BeEmpty())
		Expect(denied).To(BeEmpty())
	})

	It("block no worker until the first answer, which reconciles the servers that wait for it", func(ctx context.Context) {
		answers := make(chan struct{})
		secrets := secretwatch.Empty(func(secret types.NamespacedName) toolscache.ListerWatcherWithContext {
			from, _ := server.of(secret).(*toolscache.ListWatch)
			list := from.ListWithContextFunc
			from.ListWithContextFunc = func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				<-answers
				return list(ctx, options)
			}
			return from
		})
		secrets.At(clocktesting.NewFakePassiveClock(time.Now()))
		ctx, stop := context.WithCancel(ctx)
		DeferCleanup(stop)
		Expect(secrets.Start(ctx, queue)).To(Succeed())
		for _, name := range []string{"a", "b"} {
			wait, _ := secrets.TryToFollow(key(name), mine)
			Expect(wait).To(Equal(5 * time.Second))
		}
		Expect(woken()).To(BeEmpty())
		close(answers)
		Eventually(queue.Len).Should(Equal(2))
		Expect(woken()).To(ConsistOf("a", "b"))
		wait, _ := secrets.TryToFollow(key("a"), mine)
		Expect(wait).To(BeZero())
	})

	It("are waited for during 5 s, once", func() {
		now := clocktesting.NewFakePassiveClock(time.Now())
		secrets := secretwatch.Empty(server.of)
		secrets.At(now)
		waits := func() time.Duration { wait, _ := secrets.TryToFollow(key("a"), mine); return wait }
		Expect(waits()).To(Equal(5 * time.Second))
		now.SetTime(now.Now().Add(3 * time.Second))
		Expect(waits()).To(Equal(2 * time.Second))
		now.SetTime(now.Now().Add(time.Hour))
		Expect(waits()).To(BeZero())
	})

	It("are several for one server, which waits for the last answer and leaves those that it no longer uses", func(ctx context.Context) {
		server.set(func() { server.secrets = []metav1.PartialObjectMetadata{*secretOf("u", "1")} })
		known, wait := secrets.Follow(key("a"), []string{"mine", "other"})
		Expect(known).To(HaveLen(2))
		Expect(wait).To(BeNumerically(">", 0))
		secrets.FollowAndWait(ctx, key("b"), mine)
		Eventually(func() map[string]secretwatch.State {
			known, _ := secrets.Follow(key("a"), []string{"mine", "other"})
			return known
		}).Should(
			And(HaveKeyWithValue("mine", HaveField("Version", "u@1")), HaveKeyWithValue("other", HaveField("Version", "u@1"))))
		Expect(server.watches()).To(ConsistOf(mine, types.NamespacedName{Namespace: "ns", Name: "other"}))

		secrets.Follow(key("a"), []string{"other"})
		Expect(secrets.Watched()).To(Equal(2), "another server follows the first")
		secrets.Leave(key("b"))
		Expect(secrets.Watched()).To(Equal(1))
		secrets.Follow(key("a"), nil)
		Expect(secrets.Watched()).To(BeZero())
	})

	It("have a limit for each namespace, and the next one's server is reconciled when another is no longer watched", func(ctx context.Context) {
		for i := range secretwatch.MaxPerNamespace {
			secrets.FollowAndWait(ctx, key(fmt.Sprintf("server-%d", i)), secretIn(i))
		}
		Eventually(queue.Len).Should(Equal(secretwatch.MaxPerNamespace))
		woken()
		_, beyond := secrets.TryToFollow(key("late"), secretIn(secretwatch.MaxPerNamespace))
		Expect(beyond).To(BeTrue())
		Expect(secrets.Watched()).To(Equal(secretwatch.MaxPerNamespace))
		_, beyond = secrets.TryToFollow(key("shares"), secretIn(0))
		Expect(beyond).To(BeFalse(), "one that is watched already does not count")
		elsewhere := types.NamespacedName{Namespace: "other", Name: "secret"}
		_, beyond = secrets.TryToFollow(types.NamespacedName{Namespace: "other", Name: "server"}, elsewhere)
		Expect(beyond).To(BeFalse(), "the limits of namespaces are independent")

		secrets.Leave(key("server-1"))
		Eventually(woken).Should(ContainElement("late"))
		_, beyond = secrets.TryToFollow(key("late"), secretIn(secretwatch.MaxPerNamespace))
		Expect(beyond).To(BeFalse())
	})

	It("are no longer watched when the operator has ended", func(ctx context.Context) {
		secrets.FollowAndWait(ctx, key("a"), mine)
		ending, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- secrets.Background().Start(ending) }()
		Consistently(ended).WithTimeout(50 * time.Millisecond).ShouldNot(Receive())
		end()
		Eventually(ended).Should(Receive(BeNil()))
		Expect(func() int { server.mu.Lock(); defer server.mu.Unlock(); return server.ended }()).To(Equal(1))
	})

	It("are retried at growing intervals, up to some minutes", func() {
		pauses := secretwatch.Retries()
		first, total := pauses.Step(), time.Duration(0)
		Expect(first).To(BeNumerically("~", 3*time.Second, time.Second))
		for range 20 {
			total = pauses.Step()
		}
		Expect(total).To(BeNumerically("~", 225*time.Second, 75*time.Second))
	})

	DescribeTable("name who may not watch them", func(message, user string) {
		Expect(secretwatch.UserIn(message)).To(Equal(user))
	},
		Entry("", forbidden(operator).Error(), operator),
		Entry("unless the message says otherwise", "no", "?"),
	)

	It("have no other type", func() {
		Expect(secretwatch.NewSecretWatch().Add(&corev1.Pod{})).To(MatchError(ContainSubstring("*v1.Pod")))
		Expect(secretwatch.NewSecretWatch().Replace([]any{&corev1.Pod{}}, "")).To(MatchError(ContainSubstring("*v1.Pod")))
		Expect(secretwatch.NewSecretWatch().Resync()).To(Succeed())
	})
})
