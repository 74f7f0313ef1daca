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

package operator_test

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// newCheckedNamespace makes the namespace of a spec that plays the controller of Jobs itself.
func newCheckedNamespace(ctx context.Context) string {
	GinkgoHelper()
	return newAnnotatedNamespace(ctx, harness.HoldChecksAnnotation)
}

// gaveUp is longer than a check takes whose deadline is 30 s.
const gaveUp = 2 * time.Minute

// jobsIn polls the Jobs of a namespace that are not being deleted.
func jobsIn(ctx context.Context, namespace string) func() ([]batchv1.Job, error) {
	return func() ([]batchv1.Job, error) {
		list := &batchv1.JobList{}
		err := admin.List(ctx, list, client.InNamespace(namespace))
		return list.Items, err
	}
}

// startedJob is the one Job of a namespace, once there is one.
func startedJob(ctx context.Context, namespace string) *batchv1.Job {
	GinkgoHelper()
	var jobs []batchv1.Job
	Eventually(func(g Gomega) {
		var err error
		jobs, err = jobsIn(ctx, namespace)()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(jobs).To(HaveLen(1))
	}).Should(Succeed())
	return &jobs[0]
}

// anotherJob is the one Job of a namespace, once it is another one than before.
func anotherJob(ctx context.Context, before *batchv1.Job) *batchv1.Job {
	GinkgoHelper()
	Eventually(jobsIn(ctx, before.Namespace)).Should(HaveExactElements(HaveField("UID", Not(Equal(before.UID)))))
	return startedJob(ctx, before.Namespace)
}

// ends gives a Job a Pod that has ended with a report.
func ends(ctx context.Context, job *batchv1.Job, code int32, report string) {
	GinkgoHelper()
	Expect(harness.RunJob(ctx, admin, job, harness.Terminated(code, report))).To(Succeed())
}

// podWaits gives a Job a Pod whose container waits.
func podWaits(ctx context.Context, job *batchv1.Job, reason, message string) {
	GinkgoHelper()
	state := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	Expect(harness.RunJob(ctx, admin, job, state)).To(Succeed())
}

// podOfJob is the Pod that a Job was given.
func podOfJob(ctx context.Context, job *batchv1.Job) *corev1.Pod {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(admin.List(ctx, pods, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job.Name})).To(Succeed())
	Expect(pods.Items).To(HaveLen(1))
	return &pods.Items[0]
}

// invalid is the report of a configuration with a mistake.
const invalid = `{"result":"Invalid","server":"1.5.0","package":"ogx","findings":[{"severity":"error",` +
	`"path":"spec.server.config.providers[0].config.base_ur","message":"unknown, did you mean base_url?"}],"omitted":0}`

var _ = Describe("A configuration that is checked", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newCheckedNamespace(ctx) })

	// declaring is a server with one provider.
	declaring := func(name, config string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make(name).Namespace(namespace).Distribution("starter").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{API: "inference", ID: "vllm", Type: "remote::vllm", Config: free(config)}}}
		}).Obj()
	}
	redeclare := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, config string) {
		GinkgoHelper()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config.Providers[0].Config = free(config) })
	}
	ready := func(ctx context.Context, name string) *v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		instance := declaring(name, `{"base_url":"http://a"}`)
		create(ctx, instance)
		becomeReady(ctx, instance)
		return instance
	}
	template := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() corev1.PodTemplateSpec {
		return func() corev1.PodTemplateSpec { return deploymentOf(ctx, instance).Spec.Template }
	}
	valid := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() (string, error) {
		return conditionOf(ctx, instance, v1alpha1.ConditionConfigValid)
	}
	noJob := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(jobsIn(ctx, namespace)).Should(BeEmpty())
	}

	It("is not checked before there is anything to lose", func(ctx context.Context) {
		mark := audit.Mark()
		instance := ready(ctx, "first")
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotChecked))
		Expect(audit.In(namespace, mark)).NotTo(ContainElement(HaveField("URI", ContainSubstring("/jobs"))))
	})

	It("replaces the Pods when it is valid", func(ctx context.Context) {
		instance := ready(ctx, "valid")
		before := template(ctx, instance)()
		redeclare(ctx, instance, `{"base_url":"http://b"}`)

		job := startedJob(ctx, namespace)
		Expect(job.OwnerReferences).To(HaveExactElements(And(HaveField("UID", instance.UID), HaveField("Controller", HaveValue(BeTrue())))))
		Expect(job.Name).To(HavePrefix("valid-check-"))
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonChecking))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "ConfigValid"))
		Consistently(template(ctx, instance)).WithTimeout(time.Second).Should(Equal(before))

		ends(ctx, job, 0, harness.ValidReport)
		Eventually(template(ctx, instance)).ShouldNot(Equal(before))
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonValid, "ogx 1.5.0"))
		becomeReady(ctx, instance)
		noJob(ctx)
	})

	It("keeps the Pods when it is invalid, also over a restart of the operator, until an edit repairs it", func(ctx context.Context) {
		instance := ready(ctx, "invalid")
		before := template(ctx, instance)()
		redeclare(ctx, instance, `{"base_ur":"http://b"}`)
		job := startedJob(ctx, namespace)
		ends(ctx, job, 1, invalid)

		refused := say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, "spec.server.config.providers[0].config.base_ur: unknown, did you mean base_url?")
		Eventually(valid(ctx, instance)).Should(refused)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).To(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "base_ur", "ConfigValid"))
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionAvailable)()).To(HavePrefix("True "))
		noJob(ctx)

		By("scaling it")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(2)) })
		Eventually(func() *int32 { return deploymentOf(ctx, instance).Spec.Replicas }).Should(HaveValue(Equal(int32(2))))
		Eventually(valid(ctx, instance)).Should(refused)

		By("restarting the operator")
		waitForQuiet()
		mark := audit.Mark()
		whileDown(func() {})
		waitForQuiet()
		Expect(harness.Writes(audit.In(namespace, mark))).To(BeEmpty())
		Expect(template(ctx, instance)()).To(Equal(before))

		By("repairing it")
		redeclare(ctx, instance, `{"base_url":"http://b"}`)
		ends(ctx, startedJob(ctx, namespace), 0, harness.ValidReport)
		Eventually(template(ctx, instance)).ShouldNot(Equal(before))
		becomeReady(ctx, instance)
		noJob(ctx)
	})

	It("is checked anew when it is edited meanwhile, and not any more when that is undone", func(ctx context.Context) {
		instance := ready(ctx, "edited")
		before := template(ctx, instance)()
		redeclare(ctx, instance, `{"base_url":"http://b"}`)
		job := startedJob(ctx, namespace)
		redeclare(ctx, instance, `{"base_url":"http://c"}`)
		next := anotherJob(ctx, job)
		ends(ctx, job, 1, invalid) // which is too late
		Consistently(valid(ctx, instance)).WithTimeout(time.Second).ShouldNot(HavePrefix("False"))
		Expect(next.Name).NotTo(Equal(job.Name))

		redeclare(ctx, instance, `{"base_url":"http://a"}`)
		noJob(ctx)
		becomeReady(ctx, instance)
		Expect(template(ctx, instance)()).To(Equal(before))
	})

	It("is checked again when somebody deletes the Job, and leaves none when the server is deleted", func(ctx context.Context) {
		instance := ready(ctx, "deleted")
		redeclare(ctx, instance, `{"base_url":"http://b"}`)
		job := startedJob(ctx, namespace)
		harness.RemoveJob(ctx, admin, job)
		next := anotherJob(ctx, job)
		Expect(next.Name).To(Equal(job.Name))

		Expect(admin.Delete(ctx, instance)).To(Succeed())
		noJob(ctx)
	})

	// late is a server whose check waits for something until its deadline.
	late := func(ctx context.Context, reason, message string) (*v1alpha1.LlamaStackDistribution, corev1.PodTemplateSpec) {
		GinkgoHelper()
		instance := ready(ctx, "late")
		before := template(ctx, instance)()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{CheckDeadline: "30s"}
			i.Spec.Server.Config.Providers[0].Config = free(`{"base_url":"http://b"}`)
		})
		job := startedJob(ctx, namespace)
		Expect(job.Spec.ActiveDeadlineSeconds).To(HaveValue(Equal(int64(30))))
		podWaits(ctx, job, reason, message)
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonChecking, message))
		Expect(template(ctx, instance)()).To(Equal(before))
		return instance, before
	}

	It("waits for what has nothing to do with it, and gives way", func(ctx context.Context) {
		instance, before := late(ctx, "CreateContainerError", "context deadline exceeded")
		Eventually(valid(ctx, instance)).WithTimeout(gaveUp).
			Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotChecked, "30s", "context deadline exceeded"))
		Eventually(template(ctx, instance)).ShouldNot(Equal(before))
		noJob(ctx)
	})

	It("waits for a reference that does not exist, and keeps the Pods without it", func(ctx context.Context) {
		instance, before := late(ctx, "CreateContainerConfigError", `secret "vllm" not found`)
		Eventually(valid(ctx, instance)).WithTimeout(gaveUp).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, `secret "vllm" not found`))
		noJob(ctx)
		Consistently(template(ctx, instance)).WithTimeout(time.Second).Should(Equal(before))
	})

	It("waits for a volume of a Secret that does not exist, and keeps the Pods without it", func(ctx context.Context) {
		const message = `MountVolume.SetUp failed for volume "keys" : secret "missing" not found`
		instance := ready(ctx, "volume")
		before := template(ctx, instance)()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{CheckDeadline: "30s"}
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{
				Volumes:      []corev1.Volume{{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "missing"}}}},
				VolumeMounts: []corev1.VolumeMount{{Name: "keys", MountPath: "/keys"}},
			}
		})
		job := startedJob(ctx, namespace)
		podWaits(ctx, job, "ContainerCreating", "")
		pod := podOfJob(ctx, job)
		pod.Status.Conditions = []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse},
		}
		Expect(admin.Status().Update(ctx, pod)).To(Succeed())
		create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "e-"}, Reason: "FailedMount", Type: corev1.EventTypeWarning, Message: message,
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: pod.Name, UID: pod.UID}, LastTimestamp: metav1.Now(),
		})
		Eventually(valid(ctx, instance)).WithTimeout(gaveUp).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, message))
		noJob(ctx)
		Consistently(template(ctx, instance)).WithTimeout(time.Second).Should(Equal(before))
	})

	It("has the warnings of the Pods until it is checked", func(ctx context.Context) {
		instance := ready(ctx, "warned")
		Expect(valid(ctx, instance)()).To(say(metav1.ConditionUnknown, v1alpha1.ReasonNotChecked))
		pod := waitingPod(ctx, instance, "ContainerCreating", "")
		state := harness.Terminated(0, `{"result":"ValidWithWarnings","findings":[{"severity":"warning","path":"spec.server.config.apis","message":"left out"}]}`)
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: v1alpha1.ConfigureContainerName, State: state}}
		Expect(admin.Status().Update(ctx, pod)).To(Succeed())
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonValidWithWarnings, "spec.server.config.apis: left out"))
		becomeReady(ctx, instance)

		redeclare(ctx, instance, `{"base_url":"http://b"}`)
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonChecking))
		ends(ctx, startedJob(ctx, namespace), 0, harness.ValidReport)
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonValid))
	})

	It("keeps the Pods while its image cannot be pulled", func(ctx context.Context) {
		instance := ready(ctx, "image")
		before := template(ctx, instance)()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution = v1alpha1.DistributionType{Image: "registry.example/starter:mistyped"}
		})
		job := startedJob(ctx, namespace)
		Expect(job.Spec.Template.Spec.Containers[0].Image).To(Equal("registry.example/starter:mistyped"))
		podWaits(ctx, job, "ImagePullBackOff", "not found")
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonImageUnavailable, "not found"))
		noJob(ctx)
		Consistently(template(ctx, instance)).WithTimeout(time.Second).Should(Equal(before))
	})

	It("is not checked where the spec says so", func(ctx context.Context) {
		instance := declaring("never", `{"base_url":"http://a"}`)
		instance.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Check: v1alpha1.CheckNever}
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := template(ctx, instance)()
		redeclare(ctx, instance, `{"base_url":"http://b"}`)
		Eventually(template(ctx, instance)).ShouldNot(Equal(before))
		becomeReady(ctx, instance)
		Expect(valid(ctx, instance)()).To(BeEmpty())
		Expect(jobsIn(ctx, namespace)()).To(BeEmpty())
	})

	It("is checked on request, and rolls nothing", func(ctx context.Context) {
		instance := ready(ctx, "asked")
		before := template(ctx, instance)()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			metav1.SetMetaDataAnnotation(&i.ObjectMeta, v1alpha1.AnnotationCheck, "run-1")
		})
		ends(ctx, startedJob(ctx, namespace), 1, invalid)
		Eventually(statusOf(ctx, instance)).Should(HaveField("AnsweredCheck", "run-1"))
		Expect(valid(ctx, instance)()).To(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, "base_ur"))
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		noJob(ctx)

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Annotations[v1alpha1.AnnotationCheck] = "run-2" })
		ends(ctx, startedJob(ctx, namespace), 0, harness.ValidReport)
		Eventually(statusOf(ctx, instance)).Should(HaveField("AnsweredCheck", "run-2"))
		Expect(valid(ctx, instance)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonValid))
		Expect(template(ctx, instance)()).To(Equal(before))
		noJob(ctx)
	})

	It("is also that of the user alone", func(ctx context.Context) {
		create(ctx, configMap(namespace, "config", map[string]string{v1alpha1.UserConfigKey: "version: 2\n"}))
		instance := llsdtest.Make("own").Namespace(namespace).UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := template(ctx, instance)()
		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data[v1alpha1.UserConfigKey] = "version: 2\nserver: {}\n" })

		job := startedJob(ctx, namespace)
		pod := job.Spec.Template.Spec
		Expect(pod.Containers[0].Command).To(ContainElements("check", "--user-config", "/etc/llama-stack/config.yaml"))
		for _, volume := range pod.Volumes {
			if volume.ConfigMap != nil {
				get(ctx, namespace, volume.ConfigMap.Name, &corev1.ConfigMap{})
			}
		}
		ends(ctx, job, 1, invalid)
		Eventually(valid(ctx, instance)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid))
		Expect(template(ctx, instance)()).To(Equal(before))

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data[v1alpha1.UserConfigKey] = "version: 2\nserver: {port: 8321}\n" })
		ends(ctx, startedJob(ctx, namespace), 0, harness.ValidReport)
		Eventually(template(ctx, instance)).ShouldNot(Equal(before))
		becomeReady(ctx, instance)
		noJob(ctx)
	})

	It("takes at most three writes more", func(ctx context.Context) {
		instance := ready(ctx, "cost")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Check: v1alpha1.CheckNever}
		})
		waitForQuiet()
		cost := func(config string, during func()) ([]string, int) {
			mark, since := audit.Mark(), time.Now()
			redeclare(ctx, instance, config)
			during()
			becomeReady(ctx, instance)
			late := lateStatuses(since)
			waitForQuiet()
			var writes []string
			for _, one := range harness.Writes(audit.In(namespace, mark)) {
				writes = append(writes, fmt.Sprintf("%s %s", one.Verb, one.URI))
			}
			return writes, late
		}
		cost(`{"base_url":"http://x"}`, func() {}) // from now on, each edit deletes the oldest copy
		without, _ := cost(`{"base_url":"http://b"}`, func() {})
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Rollout = nil })
		waitForQuiet()
		with, late := cost(`{"base_url":"http://c"}`, func() { ends(ctx, startedJob(ctx, namespace), 0, harness.ValidReport) })
		Expect(len(with)).To(BeNumerically("<=", len(without)+3+late), "with: %v\nwithout: %v", with, without)
	})
})

var _ = Describe("Checks of many servers", func() {
	It("are five at a time, and two of a namespace while others wait", func(ctx context.Context) {
		namespaces := []string{newCheckedNamespace(ctx), newCheckedNamespace(ctx), newCheckedNamespace(ctx)}
		var all []*v1alpha1.LlamaStackDistribution
		for _, namespace := range namespaces {
			for i := range 3 {
				instance := llsdtest.Make(fmt.Sprintf("many-%d", i)).Namespace(namespace).Distribution("starter").Edit(func(i *v1alpha1.LlamaStackDistribution) {
					i.Spec.Server.Config = &v1alpha1.ServerConfig{Base: v1alpha1.ConfigBaseImage}
				}).Obj()
				create(ctx, instance)
				all = append(all, instance)
			}
		}
		for _, instance := range all {
			becomeReady(ctx, instance)
		}
		for _, instance := range all {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config.Patch = free(`{"logging":{}}`) })
		}
		running := func() []batchv1.Job {
			var jobs []batchv1.Job
			for _, namespace := range namespaces {
				found, err := jobsIn(ctx, namespace)()
				Expect(err).NotTo(HaveOccurred())
				jobs = append(jobs, found...)
			}
			return jobs
		}
		Eventually(running).Should(HaveLen(5))
		Consistently(running).WithTimeout(time.Second).Should(HaveLen(5))
		for left := len(all); left > 0; left-- {
			var jobs []batchv1.Job
			Eventually(func() []batchv1.Job { jobs = running(); return jobs }).Should(HaveLen(min(left, 5)))
			ends(ctx, &jobs[0], 0, harness.ValidReport)
			Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(&jobs[0]), &batchv1.Job{}) }).ShouldNot(Succeed())
		}
		for _, instance := range all {
			becomeReady(ctx, instance)
		}
	})
})
