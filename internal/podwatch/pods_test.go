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

package podwatch_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
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

func TestPodWatch(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Why Pods do not run")
}

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

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
		pods  *podwatch.Pods
		queue workqueue.TypedRateLimitingInterface[reconcile.Request]
		news  *watch.FakeWatcher

		events  []corev1.Event
		failure error
	)
	BeforeEach(func() {
		events, failure = nil, nil
		news = watch.NewFake()
		pods = podwatch.Empty(toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
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

	It("have no problem while there are none, and ignore those of others", func() {
		Expect(trouble()).To(BeEmpty())
		other := serverPod("p", "1", 1, "ErrImagePull")
		other.Labels[v1alpha1.LabelInstance] = "b"
		see(other)
		Expect(trouble()).To(BeEmpty())
		Expect(pods.Trouble(key("b"))).To(Equal("ImagePullBackOff"))
	})

	It("are reported by the first in the alphabet, whatever their order is", func() {
		see(serverPod("p1", "1", 1, "InvalidImageName"), serverPod("p2", "1", 2, "CreateContainerError"), serverPod("p3", "1", 3, ""))
		Expect(trouble()).To(Equal("CreateContainerError"))
		Expect(pods.Delete(serverPod("p2", "1", 2, ""))).To(Succeed())
		Expect(trouble()).To(Equal("InvalidImageName"))
		see(serverPod("p1", "1", 1, ""))
		Expect(trouble()).To(BeEmpty())
	})

	It("only count if they have the newest template", func() {
		see(serverPod("old", "1", 60, "CreateContainerError"))
		Expect(trouble()).To(Equal("CreateContainerError"))
		see(serverPod("new", "2", 1, ""))
		Expect(trouble()).To(BeEmpty(), "the error is fixed")
		see(serverPod("old", "1", 60, "InvalidImageName"))
		Expect(trouble()).To(BeEmpty())
		Expect(pods.Delete(serverPod("new", "2", 1, ""))).To(Succeed())
		Expect(trouble()).To(Equal("InvalidImageName"), "the edit was reverted")
	})

	It("are forgotten when a list no longer has them", func() {
		see(serverPod("gone", "1", 1, "InvalidImageName"))
		Expect(pods.Replace([]any{serverPod("there", "1", 2, "CreateContainerError")}, "")).To(Succeed())
		Expect(trouble()).To(Equal("CreateContainerError"))
		Expect(pods.Replace(nil, "")).To(Succeed())
		Expect(trouble()).To(BeEmpty())
	})

	It("cause a reconcile when their problem changes, and for nothing else", func(ctx context.Context) {
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
		Consistently(woken).Should(BeZero(), "it is the same problem")
		news.Delete(serverPod("p", "1", 1, "ImagePullBackOff"))
		news.Delete(serverPod("q", "1", 1, "ErrImagePull"))
		Eventually(woken).Should(Equal(1))
		Expect(trouble()).To(BeEmpty())
	})

	It("have the warnings of the newest one that has compiled its configuration", func(ctx context.Context) {
		compiled := func(name string, age int, warning string) *corev1.Pod {
			pod := serverPod(name, "1", age, "")
			message := `{"findings":[{"severity":"warning","path":"","message":"` + warning + `"}]}`
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: v1alpha1.ConfigureContainerName, Ready: true, State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{Message: message},
			}}}
			return pod
		}
		Expect(pods.Start(ctx, queue)).To(Succeed())
		Expect(pods.WaitForSync(ctx)).To(Succeed())
		news.Add(compiled("old", 60, "before"))
		Eventually(woken).Should(Equal(1))
		news.Add(compiled("new", 2, "now"))
		Eventually(func() string { return pods.Warnings(key("a")) }).Should(Equal("now"))
		Eventually(woken).Should(Equal(1))
		news.Add(serverPod("starts", "1", 1, ""))
		news.Add(compiled("oldest", 90, "long ago"))
		Consistently(woken).Should(BeZero(), "nothing changed")
		Expect(pods.Warnings(key("a"))).To(Equal("now"))
	})

	It("are read about at a limited rate for others, too", func(ctx context.Context) {
		events = []corev1.Event{{Reason: "FailedMount"}}
		answered := 0
		for range 100 {
			found, err := pods.Events(ctx, "default", "a")
			Expect(err).NotTo(HaveOccurred())
			answered += len(found)
		}
		Expect(answered).To(BeNumerically("~", 20, 5))
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

		It("have the problem that Events report, which are read at growing intervals", func(ctx context.Context) {
			Expect(trouble()).To(BeEmpty())
			events = failed("secret not found")
			Expect(ring(ctx)).To(Equal(10 * time.Second))
			Expect(trouble()).To(Equal("FailedMount: secret not found"))
			see(mounting("p", "1"))
			Expect(trouble()).To(Equal("FailedMount: secret not found"), "the status of the Pod has no problem")
			Expect(timers).To(HaveLen(1))

			events = failed("no such key")
			Expect(ring(ctx)).To(Equal(20 * time.Second))
			Expect(trouble()).To(Equal("FailedMount: no such key"))
			for range 10 {
				ring(ctx)
			}
			Expect(ring(ctx)).To(Equal(5 * time.Minute))
		})

		It("are not investigated once they run, are gone, or are others", func(ctx context.Context) {
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

		It("keep their problem while the Events cannot be read", func(ctx context.Context) {
			events = failed("secret not found")
			ring(ctx)
			failure = errors.New("no")
			ring(ctx)
			Expect(trouble()).To(Equal("FailedMount: secret not found"))
			Expect(timers).To(HaveLen(1))
		})
	})

	Describe("whose status does not show the cause", func() {
		type timer struct {
			pause time.Duration
			do    func(context.Context)
		}
		var timers []timer
		running := func(name string, seen ...func(*corev1.Pod)) *corev1.Pod {
			pod := serverPod(name, "1", 1, "")
			pod.UID, pod.Status.Phase = types.UID(name), corev1.PodRunning
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
			for _, change := range seen {
				change(pod)
			}
			return pod
		}
		ready := func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].Ready = true
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}
		crashed := func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "Error"}
		}
		ring := func(ctx context.Context) time.Duration {
			GinkgoHelper()
			Expect(timers).NotTo(BeEmpty())
			next := timers[0]
			timers = timers[1:]
			next.do(ctx)
			return next.pause
		}
		probeFailed := corev1.Event{Reason: "Unhealthy", Message: "Startup probe failed: connection refused"}
		BeforeEach(func() {
			timers = nil
			pods.Later(func(pause time.Duration, do func(context.Context)) { timers = append(timers, timer{pause, do}) })
			pods.Now(time.Unix(1000, 0))
		})

		It("report in the kubelet's words why they are not ready, until they are", func(ctx context.Context) {
			events = []corev1.Event{probeFailed}
			see(running("p"))
			Expect(trouble()).To(BeEmpty())
			Expect(ring(ctx)).To(Equal(20 * time.Second))
			Expect(trouble()).To(Equal("Unhealthy: Startup probe failed: connection refused"))
			see(running("p", ready))
			Expect(trouble()).To(BeEmpty())
			ring(ctx)
			Expect(timers).To(BeEmpty())
		})

		It("report that a probe or a hook ended their container", func(ctx context.Context) {
			events = []corev1.Event{probeFailed}
			see(running("p", crashed))
			ring(ctx)
			Expect(trouble()).To(Equal("Restarted: the container ended with exit code 137 (Error)"), "it may have ended by itself")
			events = append(events, corev1.Event{Reason: "Killing", Message: "Container llama-stack failed startup probe, will be restarted"})
			ring(ctx)
			Expect(trouble()).To(Equal("Restarted: the container ended with exit code 137 (Error); Unhealthy: Startup probe failed: connection refused"))
		})

		It("are investigated once at a time, however often they become ready and unready", func(ctx context.Context) {
			for range 5 {
				see(running("p"), running("p", ready))
			}
			see(running("p"))
			for range 5 {
				ring(ctx)
			}
			Expect(timers).To(HaveLen(1), "the questions before are closed")
			ring(ctx)
			Expect(timers).To(HaveLen(1))
		})

		It("are investigated at a limited rate", func(ctx context.Context) {
			read := 0
			pods.Read(func(context.Context, string, types.UID) ([]corev1.Event, error) {
				read++
				return nil, nil
			})
			for i := range 100 {
				see(running("p" + strconv.Itoa(i)))
			}
			for range 100 {
				ring(ctx)
			}
			Expect(read).To(BeNumerically("~", 20, 5))
			Expect(timers).To(HaveLen(100))
			Expect(timers[99].pause).To(Equal(5*time.Second), "tried again")
		})

		It("report that they do not terminate, after their grace period", func(ctx context.Context) {
			going := func(pod *corev1.Pod) {
				pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &metav1.Time{Time: time.Unix(1030, 0)}, new(int64(30))
				pod.Finalizers, pod.Spec.NodeName = []string{"example.com/held"}, "node-1"
			}
			see(running("p", going))
			Expect(pods.Leaving(key("a"))).To(BeEmpty())
			Expect(ring(ctx)).To(Equal(45 * time.Second))
			Expect(pods.Leaving(key("a"))).To(Equal("Terminating: Pod p on node node-1 has been terminating since 1970-01-01T00:16:40Z: " +
				"the controller that set finalizer example.com/held must remove it"))
			Expect(timers).To(BeEmpty(), "its Events are not read")
			see(running("p", going, func(pod *corev1.Pod) { pod.Finalizers = nil }))
			Expect(pods.Leaving(key("a"))).To(ContainSubstring("add the taint"))
			Expect(pods.Delete(running("p"))).To(Succeed())
			Expect(pods.Leaving(key("a"))).To(BeEmpty())
		})
	})

	Describe("that have failed for good", func() {
		evicted := func(name string, age int, message string) *corev1.Pod {
			pod := serverPod(name, "1", age, "")
			pod.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: message}
			return pod
		}

		It("report why, until another one serves instead", func() {
			see(evicted("p1", 60, "too much"), serverPod("p2", "1", 1, ""))
			Expect(trouble()).To(Equal("Evicted: too much"))
			next := serverPod("p2", "1", 1, "")
			next.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
			see(next)
			Expect(trouble()).To(BeEmpty())
			see(serverPod("p2", "1", 1, ""))
			Expect(trouble()).To(BeEmpty(), "it is not reported again")
		})

		It("have the same problem, and few of them are kept", func(ctx context.Context) {
			Expect(pods.Start(ctx, queue)).To(Succeed())
			Expect(pods.WaitForSync(ctx)).To(Succeed())
			for i := range 300 {
				see(evicted(fmt.Sprintf("p%03d", i), 500-i, fmt.Sprintf("Container c was using %dKi", 1000+i)))
			}
			Expect(trouble()).To(Equal("Evicted: Container c was using 1000Ki"))
			Expect(pods.Known(key("a"))).To(Equal(4))
			Eventually(woken).Should(Equal(1))
		})
	})

	It("leave a server when their label names another one", func() {
		see(serverPod("p", "1", 1, "InvalidImageName"))
		moved := serverPod("p", "1", 1, "InvalidImageName")
		moved.Labels[v1alpha1.LabelInstance] = "b"
		see(moved)
		Expect(trouble()).To(BeEmpty())
		Expect(pods.Trouble(key("b"))).To(Equal("InvalidImageName"))
		Expect(pods.Delete(moved)).To(Succeed())
		Expect(pods.Trouble(key("b"))).To(BeEmpty())
	})

	It("are waited for as long as the controller's start may take", func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		Expect(pods.WaitForSync(ctx)).To(MatchError(ContainSubstring("failed to list Pods")))
	})

	It("have no other type", func() {
		Expect(pods.Add(&corev1.Service{})).To(MatchError(ContainSubstring("*v1.Service")))
		Expect(pods.Delete(&corev1.Service{})).To(MatchError(ContainSubstring("*v1.Service")))
		Expect(pods.Replace([]any{&corev1.Service{}}, "")).To(MatchError(ContainSubstring("*v1.Service")))
	})

	It("are stripped of all unused fields while a list of them is read", func() {
		pod := serverPod("p", "1", 1, "ErrImagePull")
		pod.Spec.NodeName, pod.Annotations = "node", map[string]string{"a": "b"}
		stripped, err := pods.Transformer()(pod)
		Expect(err).NotTo(HaveOccurred())
		expected := serverPod("p", "1", 1, "ErrImagePull")
		expected.Spec.NodeName = "node" // which the report of a Pod that does not go names
		Expect(stripped).To(Equal(expected))
		Expect(pods.Resync()).To(Succeed())
	})
})
