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

package checks_test

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Checks", func() {
	var (
		cluster  client.WithWatch
		refusal  error
		listing  error
		events   []corev1.Event
		read     int
		clock    *clocktesting.FakePassiveClock
		instance *v1alpha1.LlamaStackDistribution
		served   *appsv1.Deployment
		process  *checks.Checks
		record   checks.Record
		ended    []string
	)
	jobs := func(ctx context.Context) []batchv1.Job {
		list := &batchv1.JobList{}
		Expect(cluster.List(ctx, list, client.InNamespace("default"))).To(Succeed())
		return list.Items
	}
	newProcess := func() *checks.Checks {
		return &checks.Checks{
			Live: cluster, Writer: cluster, LiveRead: func(string) {}, Clock: clock,
			Served: func(context.Context, types.NamespacedName, types.UID) bool { return true },
			Queue:  checks.NewQueue(func(types.NamespacedName) {}),
			Ended:  func(result string) { ended = append(ended, result) },
			Events: func(context.Context, string, types.UID) ([]corev1.Event, error) {
				read++
				return events, nil
			},
		}
	}
	BeforeEach(func() {
		refusal, listing, record, ended, events, read = nil, nil, checks.Record{}, nil, nil, 0
		scheme := runtime.NewScheme()
		Expect(corev1.AddToScheme(scheme)).To(Succeed())
		Expect(batchv1.AddToScheme(scheme)).To(Succeed())
		Expect(appsv1.AddToScheme(scheme)).To(Succeed())
		cluster = fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(interceptor.Funcs{
			Create: func(ctx context.Context, through client.WithWatch, object client.Object, options ...client.CreateOption) error {
				if _, job := object.(*batchv1.Job); job && refusal != nil {
					return refusal
				}
				if object.GetUID() == "" {
					object.SetUID(types.UID(object.GetName() + "-uid"))
				}
				return through.Create(ctx, object, options...)
			},
			List: func(ctx context.Context, through client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
				if _, metadata := list.(*metav1.PartialObjectMetadataList); metadata && listing != nil {
					return listing
				}
				return through.List(ctx, list, options...)
			},
		}).Build()
		clock = clocktesting.NewFakePassiveClock(now)
		instance = llsdtest.Make("demo").UserConfig("config").UID("owner").Obj()
		served = &appsv1.Deployment{Status: appsv1.DeploymentStatus{AvailableReplicas: 1}}
		process = newProcess()
	})
	check := func(hash string) render.Check {
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: render.CheckJobName("demo", hash), Labels: map[string]string{
			v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, render.LabelComponent: render.ComponentCheck, v1alpha1.LabelCheck: hash,
		}}}
		return render.Check{Hash: hash, Job: job}
	}
	once := func(ctx context.Context, hash string) checks.Decision {
		GinkgoHelper()
		decision, err := process.Consider(ctx, checks.Request{Instance: instance, Deployment: served, Record: record, Check: check(hash), Changed: true, Known: true})
		Expect(err).NotTo(HaveOccurred())
		Expect(process.Act(ctx, instance, &decision)).To(Succeed())
		return decision
	}
	forbidden := func(why string) error {
		return apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "", errors.New(why))
	}

	It("start one Job, and read it at growing intervals", func(ctx context.Context) {
		Expect(once(ctx, newHash).RetryAfter).To(Equal(time.Second))
		Expect(jobs(ctx)).To(HaveExactElements(HaveField("OwnerReferences", HaveExactElements(HaveField("UID", types.UID("owner"))))))
		Expect(process.Busy("owner")).To(BeTrue())
		var pauses []time.Duration
		for range 4 {
			pauses = append(pauses, once(ctx, newHash).RetryAfter)
		}
		Expect(pauses).To(HaveExactElements(2*time.Second, 4*time.Second, 5*time.Second, 5*time.Second))
		Expect(jobs(ctx)).To(HaveLen(1))
	})

	It("give way without the right to use Jobs, and say which one is missing", func(ctx context.Context) {
		refusal = forbidden(`User "operator" cannot create resource "jobs" in API group "batch" in the namespace "default"`)
		listing = refusal
		Expect(once(ctx, newHash).Keep).To(BeTrue())
		decision := once(ctx, newHash)
		Expect(decision.Keep).To(BeFalse())
		Expect(decision.Reason).To(Equal(v1alpha1.ReasonNotChecked))
		Expect(decision.Message).To(ContainSubstring(`jobs in the API group "batch"`))
		Expect(ended).To(HaveExactElements("NotChecked"))
	})

	It("wait for a quota, and give way after the deadline", func(ctx context.Context) {
		refusal = forbidden("exceeded quota: jobs")
		once(ctx, newHash)
		decision := once(ctx, newHash)
		Expect(decision.Keep).To(BeTrue())
		Expect(decision.Message).To(ContainSubstring("exceeded quota"))
		clock.SetTime(now.Add(5 * time.Minute))
		decision = once(ctx, newHash)
		Expect(decision.Keep).To(BeFalse())
		Expect(decision.Reason).To(Equal(v1alpha1.ReasonNotChecked))
		Expect(decision.Message).To(ContainSubstring("exceeded quota"))
	})

	It("read seldom why volumes are not mounted, and keep the Pods where one is of nothing", func(ctx context.Context) {
		events = []corev1.Event{{Reason: "FailedMount", Message: `MountVolume.SetUp failed for volume "v" : secret "a" not found`}}
		once(ctx, newHash)
		pod := podOf(jobs(ctx)[0])
		pod.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse},
		}}
		Expect(cluster.Create(ctx, pod)).To(Succeed())
		for range 3 {
			Expect(once(ctx, newHash).Message).NotTo(ContainSubstring("FailedMount"))
		}
		Expect(read).To(BeZero())
		Expect(once(ctx, newHash).Message).To(ContainSubstring(`FailedMount: MountVolume.SetUp failed for volume "v" : secret "a" not found`))
		events = nil // they expire
		for range 7 {
			Expect(once(ctx, newHash).Message).To(ContainSubstring("FailedMount"))
		}
		Expect(read).To(Equal(2))
		clock.SetTime(now.Add(5 * time.Minute))
		decision := once(ctx, newHash)
		Expect(decision.Keep).To(BeTrue())
		Expect(decision.Reason).To(Equal(v1alpha1.ReasonInvalid))
		Expect(decision.Record.Again).To(BeTrue())
	})

	Describe("of more servers than are checked at a time", func() {
		others := func(do func(uid types.UID)) {
			for n := range checks.MostAtOnce {
				do(types.UID(strconv.Itoa(n)))
			}
		}
		BeforeEach(func(ctx context.Context) {
			others(func(uid types.UID) {
				process.Queue.Hold(uid, types.NamespacedName{Namespace: "default", Name: string(uid)})
			})
			Expect(once(ctx, newHash).Start).To(BeFalse())
			clock.SetTime(now.Add(4 * time.Minute))
		})

		It("have their whole time once they have a slot, and no more", func(ctx context.Context) {
			others(func(uid types.UID) { process.Queue.Release(uid, clock.Now()) })
			Expect(once(ctx, newHash).Start).To(BeTrue())
			clock.SetTime(now.Add(9*time.Minute - time.Second))
			Expect(once(ctx, newHash).Pending).To(BeTrue())
			clock.SetTime(now.Add(9 * time.Minute))
			Expect(once(ctx, newHash).Reason).To(Equal(v1alpha1.ReasonNotChecked))
			Expect(jobs(ctx)).To(BeEmpty())
		})

		It("wait for a slot as long, and give way", func(ctx context.Context) {
			Expect(once(ctx, newHash).Pending).To(BeTrue())
			clock.SetTime(now.Add(5 * time.Minute))
			decision := once(ctx, newHash)
			Expect(decision.Keep).To(BeFalse())
			Expect(decision.Message).To(ContainSubstring("other servers are checked first"))
		})

		It("wait anew with another edit", func(ctx context.Context) {
			Expect(once(ctx, newHash+"2").Pending).To(BeTrue())
			clock.SetTime(now.Add(9*time.Minute - time.Second))
			Expect(once(ctx, newHash+"2").Pending).To(BeTrue())
		})
	})

	It("read the Deployment before a template goes in unchecked, because the cache can be late", func(ctx context.Context) {
		live := served.DeepCopy()
		live.Namespace, live.Name = instance.Namespace, instance.Name
		Expect(cluster.Create(ctx, live)).To(Succeed())
		served.Status.AvailableReplicas = 0
		decision := once(ctx, newHash)
		Expect(decision.Keep).To(BeTrue())
		Expect(decision.Start).To(BeTrue())
	})

	It("go on with the Job of an earlier process", func(ctx context.Context) {
		once(ctx, newHash)
		process = newProcess()
		Expect(once(ctx, newHash).Start).To(BeFalse())
		Expect(jobs(ctx)).To(HaveLen(1))
	})

	It("end the Job of an earlier process that nobody needs", func(ctx context.Context) {
		once(ctx, oldHash)
		process = newProcess()
		served.Status.AvailableReplicas = 0
		once(ctx, newHash)
		Expect(jobs(ctx)).To(BeEmpty())
		Expect(process.Busy("owner")).To(BeFalse())
	})

	It("do not use the Job of another owner", func(ctx context.Context) {
		foreign := check(newHash).Job
		foreign.UID = "foreign"
		Expect(cluster.Create(ctx, foreign)).To(Succeed())
		once(ctx, newHash)
		Expect(once(ctx, newHash).Message).To(ContainSubstring("another one"))
		Expect(jobs(ctx)).To(HaveExactElements(HaveField("UID", types.UID("foreign"))))
	})

	It("leave no Job of a server that is gone", func(ctx context.Context) {
		once(ctx, newHash)
		process.Forget(ctx, "owner")
		Expect(jobs(ctx)).To(BeEmpty())
	})

	It("remember a result until the cache shows it", func(ctx context.Context) {
		once(ctx, newHash)
		pod := podOf(jobs(ctx)[0])
		Expect(cluster.Create(ctx, pod)).To(Succeed())
		first := once(ctx, newHash)
		Expect(first.Reason).To(Equal(v1alpha1.ReasonInvalid))
		again := once(ctx, newHash)
		Expect(again.Record).To(Equal(first.Record))
		Expect(again.Keep).To(BeTrue())
		Expect(jobs(ctx)).To(BeEmpty())
		process = newProcess()
		annotations, err := first.Record.Annotations()
		Expect(err).NotTo(HaveOccurred())
		record = checks.Read(annotations)
		Expect(once(ctx, newHash).Record).To(Equal(first.Record))
		Expect(jobs(ctx)).To(BeEmpty(), "nothing is checked twice")
		Expect(ended).To(HaveExactElements("Invalid"), "nor counted twice")
	})
})

// podOf is the Pod of a Job whose configuration is invalid.
func podOf(job batchv1.Job) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: job.Namespace, Name: job.Name, Labels: map[string]string{
			render.LabelComponent: render.ComponentCheck, v1alpha1.LabelCheck: job.Labels[v1alpha1.LabelCheck], batchv1.JobNameLabel: job.Name,
		},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(&job, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}}
	report := `{"result":"Invalid","findings":[{"severity":"error","path":"spec.a","message":"unknown"}]}`
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: render.CheckContainer, State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: report},
	}}}
	return pod
}
