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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
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

// serverPod is a Pod of a template of the server "a", so many seconds old, that waits for a reason; "" is one that runs.
func serverPod(name, template string, age int, reason string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(1000-age), 0)),
		Labels: map[string]string{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: "a", "pod-template-hash": template},
	}}
	if reason != "" {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
	}
	return pod
}

// listsFirst is a client whose watches do not begin with what is there already.
type listsFirst struct{}

func (listsFirst) IsWatchListSemanticsUnSupported() bool { return true }

var _ = Describe("The Pods of a server", func() {
	var (
		pods  *controller.Pods
		queue workqueue.TypedRateLimitingInterface[reconcile.Request]
		news  *watch.FakeWatcher

		events  []corev1.Event
		failure error
	)
	BeforeEach(func() {
		events, failure = nil, nil
		news = watch.NewFake()
		pods = controller.EmptyPods(toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc:  func(context.Context, metav1.ListOptions) (runtime.Object, error) { return &corev1.PodList{}, nil },
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return news, nil },
		}, listsFirst{}), func(context.Context, string, types.UID) ([]corev1.Event, error) { return events, failure })
		queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		DeferCleanup(queue.ShutDown)
	})
	trouble := func() string { return pods.Trouble(key("a")) }
	see := func(seen ...*corev1.Pod) {
		GinkgoHelper()
		for _, pod := range seen {
			Expect(pods.Update(pod)).To(Succeed())
		}
	}
	// woken says whether the server was woken since the last time.
	woken := func() int {
		count := queue.Len()
		for range count {
			request, _ := queue.Get()
			queue.Done(request)
		}
		return count
	}

	It("are in no trouble while there are none, and those of others are none of its business", func() {
		Expect(trouble()).To(BeEmpty())
		other := serverPod("p", "1", 1, "ErrImagePull")
		other.Labels[v1alpha1.LabelInstance] = "b"
		see(other)
		Expect(trouble()).To(BeEmpty())
		Expect(pods.Trouble(key("b"))).To(Equal("ImagePullBackOff"))
	})

	It("are told of by the first in the alphabet, whatever the order they come in", func() {
		see(serverPod("p1", "1", 1, "InvalidImageName"), serverPod("p2", "1", 2, "CreateContainerError"), serverPod("p3", "1", 3, ""))
		Expect(trouble()).To(Equal("CreateContainerError"))
		Expect(pods.Delete(serverPod("p2", "1", 2, ""))).To(Succeed())
		Expect(trouble()).To(Equal("InvalidImageName"))
		see(serverPod("p1", "1", 1, ""))
		Expect(trouble()).To(BeEmpty())
	})

	It("count as far as they are of the newest template", func() {
		see(serverPod("old", "1", 60, "CreateContainerError"))
		Expect(trouble()).To(Equal("CreateContainerError"))
		see(serverPod("new", "2", 1, ""))
		Expect(trouble()).To(BeEmpty(), "the mistake was mended")
		see(serverPod("old", "1", 60, "InvalidImageName"))
		Expect(trouble()).To(BeEmpty())
		Expect(pods.Delete(serverPod("new", "2", 1, ""))).To(Succeed())
		Expect(trouble()).To(Equal("InvalidImageName"), "it was taken back")
	})

	It("are forgotten when a list no longer has them", func() {
		see(serverPod("gone", "1", 1, "InvalidImageName"))
		Expect(pods.Replace([]any{serverPod("there", "1", 2, "CreateContainerError")}, "")).To(Succeed())
		Expect(trouble()).To(Equal("CreateContainerError"))
		Expect(pods.Replace(nil, "")).To(Succeed())
		Expect(trouble()).To(BeEmpty())
	})

	It("wake it when their trouble changes, and not for anything else", func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		Expect(pods.Start(ctx, queue)).To(Succeed())
		Expect(pods.WaitForSync(ctx)).To(Succeed())
		news.Add(serverPod("p", "1", 1, ""))
		news.Modify(serverPod("p", "1", 1, "ContainerCreating"))
		news.Modify(serverPod("p", "1", 1, "ErrImagePull"))
		Eventually(woken).Should(Equal(1))
		Expect(trouble()).To(Equal("ImagePullBackOff"))

		news.Modify(serverPod("p", "1", 1, "ImagePullBackOff"))
		news.Add(serverPod("q", "1", 1, "ErrImagePull"))
		Consistently(woken).Should(BeZero(), "it is the same trouble")
		news.Delete(serverPod("p", "1", 1, "ImagePullBackOff"))
		news.Delete(serverPod("q", "1", 1, "ErrImagePull"))
		Eventually(woken).Should(Equal(1))
		Expect(trouble()).To(BeEmpty())
	})

	Describe("whose volumes are not mounted", func() {
		type timer struct {
			pause time.Duration
			do    func(context.Context)
		}
		var timers []timer
		mounting := func(name, uid string) *corev1.Pod {
			pod := serverPod(name, "1", 1, "ContainerCreating")
			pod.UID, pod.Status.Phase = types.UID(uid), corev1.PodPending
			pod.Status.Conditions = []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse},
			}
			return pod
		}
		failed := func(message string) []corev1.Event { return []corev1.Event{{Reason: "FailedMount", Message: message}} }
		// ring does what is due next, and says after how long that was.
		ring := func(ctx context.Context) time.Duration {
			GinkgoHelper()
			Expect(timers).NotTo(BeEmpty())
			next := timers[0]
			timers = timers[1:]
			next.do(ctx)
			return next.pause
		}
		BeforeEach(func() {
			timers = nil
			pods.Later(func(pause time.Duration, do func(context.Context)) { timers = append(timers, timer{pause, do}) })
			see(mounting("p", "1"))
		})

		It("are in the trouble that the Events about them tell, which are read ever more rarely", func(ctx context.Context) {
			Expect(trouble()).To(BeEmpty())
			events = failed("secret not found")
			Expect(ring(ctx)).To(Equal(10 * time.Second))
			Expect(trouble()).To(Equal("FailedMount: secret not found"))
			see(mounting("p", "1"))
			Expect(trouble()).To(Equal("FailedMount: secret not found"), "the Pod itself has nothing to say")
			Expect(timers).To(HaveLen(1))

			events = failed("no such key")
			Expect(ring(ctx)).To(Equal(20 * time.Second))
			Expect(trouble()).To(Equal("FailedMount: no such key"))
			for range 10 {
				ring(ctx)
			}
			Expect(ring(ctx)).To(Equal(5 * time.Minute))
		})

		It("are not asked about once they run, are gone, or are others", func(ctx context.Context) {
			events = failed("secret not found")
			for _, change := range []func(){
				func() { see(serverPod("p", "1", 1, "")) },
				func() { Expect(pods.Delete(mounting("p", "1"))).To(Succeed()) },
			} {
				timers = nil
				see(serverPod("p", "1", 1, ""), mounting("p", "1"))
				change()
				ring(ctx)
				Expect(trouble()).To(BeEmpty())
				Expect(timers).To(BeEmpty())
			}
			see(mounting("p", "2"))
			ring(ctx)
			Expect(trouble()).To(Equal("FailedMount: secret not found"))
		})

		It("stay in the trouble that they are in when the Events cannot be read", func(ctx context.Context) {
			events = failed("secret not found")
			ring(ctx)
			failure = errors.New("no")
			ring(ctx)
			Expect(trouble()).To(Equal("FailedMount: secret not found"))
			Expect(timers).To(HaveLen(1))
		})
	})

	It("are told how to get a certificate where they wait for one", func() {
		const missing = `FailedMount: MountVolume.SetUp failed for volume "serving-tls" : secret "mine" not found`
		serving := &render.Serving{SecretName: "mine"}
		Expect(controller.WithAdvice(missing, serving)).To(Equal(missing +
			": create Secret mine, which spec.server.tlsConfig.serving names, with the keys tls.crt and tls.key"))
		Expect(controller.WithAdvice(missing, nil)).To(Equal(missing))
		Expect(controller.WithAdvice("FailedMount: volume \"other\"", serving)).To(Equal("FailedMount: volume \"other\""))
	})

	It("are waited for as long as the controller's start may take", func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		Expect(pods.WaitForSync(ctx)).To(MatchError(ContainSubstring("failed to list Pods")))
	})

	It("are never anything else", func() {
		Expect(pods.Add(&corev1.Service{})).To(MatchError(ContainSubstring("*v1.Service")))
		Expect(pods.Delete(&corev1.Service{})).To(MatchError(ContainSubstring("*v1.Service")))
		Expect(pods.Replace([]any{&corev1.Service{}}, "")).To(MatchError(ContainSubstring("*v1.Service")))
	})

	It("are stripped while a list of them is being read of all that is not looked at", func() {
		pod := serverPod("p", "1", 1, "ErrImagePull")
		pod.Spec.NodeName, pod.Annotations = "node", map[string]string{"a": "b"}
		stripped, err := pods.Transformer()(pod)
		Expect(err).NotTo(HaveOccurred())
		Expect(stripped).To(Equal(serverPod("p", "1", 1, "ErrImagePull")))
		Expect(pods.Resync()).To(Succeed())
	})
})
