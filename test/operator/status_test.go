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
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// situation is a state of a server, with its status.
type situation struct {
	// spec beside a distribution, as YAML.
	spec string
	// server is the stand-in for the server; nil is a healthy one.
	server http.Handler
	// drive causes the situation, after the creation.
	drive func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution)

	ready  OmegaMatcher
	phase  v1alpha1.DistributionPhase
	health OmegaMatcher
}

var _ = Describe("The status of a LlamaStackDistribution", func() {
	DescribeTable("tells", func(ctx context.Context, is situation) {
		namespace := newNamespace(ctx, true)
		instance := llsdtest.Make("seen").Namespace(namespace).Obj()
		withSpec(instance, is.spec)
		if is.server != nil {
			servers.Replace(namespace, "seen", is.server)
		}
		create(ctx, instance)
		if is.drive != nil {
			is.drive(ctx, instance)
		}
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(is.ready)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(is.health)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(is.ready, "also when the health is known")
		reported := get(ctx, namespace, "seen", &v1alpha1.LlamaStackDistribution{})
		Expect(reported.Status.Phase).To(Equal(is.phase))
		Expect(reported.Status.ObservedGeneration).To(Equal(reported.Generation))
		for _, condition := range reported.Status.Conditions {
			Expect(condition.ObservedGeneration).To(Equal(reported.Generation), condition.Type)
		}
	},
		Entry("a server that is being created", situation{
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonProgressing), phase: v1alpha1.PhaseInitializing, health: unobserved(),
		}),
		Entry("a server that rolls to a new template", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				rollOutNow(ctx, instance)
				becomeReady(ctx, instance)
				edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Port = 9000 })
				reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, AvailableReplicas: 0})
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "0 of 1 replicas updated"), phase: v1alpha1.PhaseInitializing, health: unobserved(),
		}),
		Entry("a server that answers", situation{
			drive: rollOutNow,
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonReady), phase: v1alpha1.PhaseReady,
			health: say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed),
		}),
		Entry("as many replicas as the autoscaler wants", situation{
			spec: "server: {autoscaling: {maxReplicas: 4}}",
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				scaleDeployment(ctx, instance, 3)
				rollOutNow(ctx, instance)
			},
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonReady), phase: v1alpha1.PhaseReady,
			health: say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed),
		}),
		Entry("fewer replicas than the autoscaler wants", situation{
			spec: "server: {autoscaling: {maxReplicas: 4}}",
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				scaleDeployment(ctx, instance, 3)
				reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 2})
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "3 of 3 replicas updated, 2 available"), phase: v1alpha1.PhaseInitializing,
			health: say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed),
		}),
		Entry("a server that the operator cannot reach", situation{
			server: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), drive: rollOutNow,
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonReady, "not observed", "cannot reach"), phase: v1alpha1.PhaseReady, health: unobserved(),
		}),
		Entry("a server that answers 401", limited(http.StatusUnauthorized)),
		Entry("a server that answers 403", limited(http.StatusForbidden)),
		Entry("a server that answers 429", limited(http.StatusTooManyRequests)),
		Entry("a server with a provider in error", situation{
			server: harness.Answer(map[string]string{
				"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"0.7.3"}`,
				"/v1/providers": `{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{},"health":{"status":"Error","message":"gone"}}]}`,
			}), drive: rollOutNow,
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonReady, "inference/vllm"), phase: v1alpha1.PhaseReady,
			health: say(metav1.ConditionFalse, v1alpha1.ReasonProviderError, "inference/vllm"),
		}),
		Entry("a server that reports that it is unhealthy", situation{
			server: harness.Answer(map[string]string{"/v1/health": `{"status":"Error"}`}), drive: rollOutNow,
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, "Error"), phase: v1alpha1.PhaseFailed,
			health: say(metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed),
		}),
		Entry("a server of no replicas", situation{
			spec: "replicas: 0", drive: rollOutNow,
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "spec.replicas"), phase: v1alpha1.PhasePending,
			health: say(metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero),
		}),
		Entry("a server that is being stopped", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				rollOutNow(ctx, instance)
				becomeReady(ctx, instance)
				edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = true })
				reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1})
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, "its Pods have not all terminated"), phase: v1alpha1.PhasePending,
			health: say(metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero),
		}),
		Entry("a server whose autoscaler is suspended", situation{
			spec: "server: {autoscaling: {maxReplicas: 4}}",
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				rollOutNow(ctx, instance)
				becomeReady(ctx, instance)
				scaleDeployment(ctx, instance, 0)
				rollOutNow(ctx, instance)
			},
			ready: say(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "scale the Deployment"), phase: v1alpha1.PhasePending,
			health: say(metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero),
		}),
		Entry("a rollout that does not progress, with the Pod's reason", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				rollOutNow(ctx, instance)
				becomeReady(ctx, instance)
				edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
					i.Spec.Server.Distribution = v1alpha1.DistributionType{Image: "quay.io/no/such:image"}
				})
				Eventually(deploymentNow(ctx, instance)).Should(haveImage("quay.io/no/such:image")) // which the Pod is made of
				waitingPod(ctx, instance, "ImagePullBackOff", "no such image")
				reportRollout(ctx, instance, appsv1.DeploymentStatus{
					Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 1,
					Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}},
				})
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, "ImagePullBackOff: no such image"), phase: v1alpha1.PhaseFailed,
			health: say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed),
		}),
		Entry("a rollout in progress, with the Pod's reason, long before it has failed", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1})
				waitingPod(ctx, instance, "CreateContainerConfigError", `secret "tokens" not found`)
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "0 available", `CreateContainerConfigError: secret "tokens" not found`), phase: v1alpha1.PhaseInitializing,
			health: unobserved(),
		}),
		Entry("a rollout whose Pods a quota keeps out", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				reportRollout(ctx, instance, appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{{
					Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: `pods "seen-1" is forbidden: exceeded quota: small`,
				}}})
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, "FailedCreate", "exceeded quota: small"), phase: v1alpha1.PhaseFailed,
			health: unobserved(),
		}),
		Entry("a mistake while the old server serves", situation{
			drive: func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
				rollOutNow(ctx, instance)
				becomeReady(ctx, instance)
				edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Distribution.Name = "no-such" })
			},
			ready: say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution, "no-such"), phase: v1alpha1.PhaseFailed,
			health: say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed),
		}),
	)

	It("reports the server's version, its providers without their configuration, the image, the Pods and the addresses", func(ctx context.Context) {
		instance := llsdtest.Make("known").Namespace(newNamespace(ctx, false)).Replicas(2).ExposeRoute().Obj()
		began := time.Now().Truncate(time.Second) // times have whole seconds
		create(ctx, instance)
		becomeReady(ctx, instance)
		reported := get(ctx, instance.Namespace, "known", &v1alpha1.LlamaStackDistribution{})
		text, err := json.Marshal(reported)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).NotTo(ContainSubstring("secret"), "configurations of providers carry secrets")
		status := reported.Status
		Expect(status.Version.LlamaStackServerVersion).To(Equal("0.7.3"))
		Expect(status.Version.OperatorVersion).To(Equal(operatorVersion))
		Expect(status.Version.LastUpdated.Time).To(And(BeTemporally(">=", began), BeTemporally("<=", time.Now())))
		Expect(status.DistributionConfig.ActiveDistribution).To(Equal("starter"))
		Expect(status.DistributionConfig.AvailableDistributions).To(HaveKeyWithValue("starter", starterImage))
		Expect(status.DistributionConfig.Providers).To(ConsistOf(HaveField("ProviderID", "vllm")))
		Expect(status.Image).To(Equal(starterImage))
		Expect([]int32{status.Replicas, status.AvailableReplicas}).To(Equal([]int32{2, 2}))
		Expect(status.Selector).To(Equal("app=llama-stack,app.kubernetes.io/instance=known"))
		Expect(status.ServiceURL).To(Equal("http://known-service." + instance.Namespace + ".svc.cluster.local:8321"))
		Expect(status.RouteURL).To(HaveValue(BeEmpty()), "no load balancer has reported its address")
	})

	It("reports why Pods do not run at once and once, without reading them, and no longer when they run", func(ctx context.Context) {
		instance := llsdtest.Make("pulling").Namespace(newNamespace(ctx, true)).Obj()
		create(ctx, instance)
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "1 of 1 replicas updated"))
		waitForQuiet()
		mark := audit.Mark()

		pod := waitingPod(ctx, instance, "ErrImagePull", "no such image")
		stuck := say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "ImagePullBackOff: no such image")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(stuck)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionDeploymentReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, "ImagePullBackOff"))
		for range 3 {
			waits(ctx, pod, "ImagePullBackOff", "Back-off pulling image")
			waits(ctx, pod, "ErrImagePull", "no such image, again")
		}
		Consistently(conditionOf(ctx, instance, v1alpha1.ConditionReady)).WithTimeout(3 * time.Second).Should(stuck)
		Expect(audit.In(instance.Namespace, mark)).To(ConsistOf(HaveField("Verb", "patch")), "one status write, and no read")

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution = v1alpha1.DistributionType{Image: "good:1"}
		})
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1})
		Eventually(time.Now).Should(BeTemporally(">", pod.CreationTimestamp.Add(time.Second)), "times have whole seconds")
		waitingPod(ctx, instance, "ContainerCreating", "")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(And(
			say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "1 of 1 replicas updated"), Not(ContainSubstring("ImagePullBackOff"))), "the next template's Pod has no problem so far")
	})

	It("moves a transition time with the status of its condition, and with nothing else", func(ctx context.Context) {
		instance := llsdtest.Make("timed").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		wrong := func(name string) metav1.Condition {
			GinkgoHelper()
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Distribution.Name = name })
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution, name))
			return *meta.FindStatusCondition(get(ctx, instance.Namespace, "timed", &v1alpha1.LlamaStackDistribution{}).Status.Conditions, string(v1alpha1.ConditionReady))
		}
		first := wrong("one")
		Eventually(time.Now).Should(BeTemporally(">", first.LastTransitionTime.Add(time.Second)), "times have whole seconds")
		second := wrong("two")
		Expect(second.LastTransitionTime).To(Equal(first.LastTransitionTime))
		Expect(second.Message).NotTo(Equal(first.Message))
	})
})

var _ = Describe("kubectl scale", func() {
	It("reads and sets the number of replicas", func(ctx context.Context) {
		instance := llsdtest.Make("scaled").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		scale := &autoscalingv1.Scale{}
		Expect(admin.SubResource("scale").Get(ctx, instance, scale)).To(Succeed())
		Expect(scale.Status.Selector).To(Equal("app=llama-stack,app.kubernetes.io/instance=scaled"))
		Expect(scale.Status.Replicas).To(BeEquivalentTo(1))

		Eventually(func() error { // the operator may write the status meanwhile
			if err := admin.SubResource("scale").Get(ctx, instance, scale); err != nil {
				return err
			}
			scale.Spec.Replicas = 3
			return admin.SubResource("scale").Update(ctx, instance, client.WithSubResourceBody(scale))
		}).Should(Succeed())
		Eventually(func() int32 { return *deploymentOf(ctx, instance).Spec.Replicas }).Should(BeEquivalentTo(3))
		Eventually(func() int32 {
			Expect(admin.SubResource("scale").Get(ctx, instance, scale)).To(Succeed())
			return scale.Status.Replicas
		}).Should(BeEquivalentTo(3))
		becomeReady(ctx, instance)
	})
})

func unobserved() OmegaMatcher { return say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved) }

// limited is a server that is alive and refuses the operator's requests.
func limited(code int) situation {
	return situation{
		server: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }), drive: rollOutNow,
		ready: say(metav1.ConditionTrue, v1alpha1.ReasonReady, "not observed", strconv.Itoa(code)), phase: v1alpha1.PhaseReady, health: unobserved(),
	}
}

// rollOutNow completes the rollout of a server whose namespace is held.
func rollOutNow(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	awaitObserved(ctx, instance) // the spec may ask for another number of replicas than before
	wanted := int32(1)
	if replicas := deploymentOf(ctx, instance).Spec.Replicas; replicas != nil {
		wanted = *replicas
	}
	reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: wanted, UpdatedReplicas: wanted, AvailableReplicas: wanted})
}

// reportRollout writes the status of the Deployment that the operator has made of the current spec.
func reportRollout(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, status appsv1.DeploymentStatus) {
	GinkgoHelper()
	awaitObserved(ctx, instance)
	Eventually(func() error {
		deployment := deploymentOf(ctx, instance)
		status.ObservedGeneration, status.ReadyReplicas = deployment.Generation, status.AvailableReplicas
		deployment.Status = status
		return admin.Status().Update(ctx, deployment)
	}).Should(Succeed())
}

// awaitObserved waits until the operator has applied the current spec, and said so.
func awaitObserved(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(func() int64 {
		return get(ctx, instance.Namespace, instance.Name, &v1alpha1.LlamaStackDistribution{}).Status.ObservedGeneration
	}).Should(BeNumerically(">=", instance.Generation))
}

// scaleDeployment is what a HorizontalPodAutoscaler does.
func scaleDeployment(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, replicas int32) {
	GinkgoHelper()
	deployment := deploymentOf(ctx, instance)
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	Expect(admin.SubResource("scale").Update(ctx, deployment, client.WithSubResourceBody(scale))).To(Succeed())
}

// waitingPod makes a Pod of the server's current template whose container does not start.
func waitingPod(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, reason, message string) *corev1.Pod {
	GinkgoHelper()
	deployment := deploymentOf(ctx, instance)
	template := deployment.Spec.Template
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Namespace, pod.GenerateName = instance.Namespace, instance.Name+"-"
	pod.Labels = maps.Clone(template.Labels)
	pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = strconv.FormatInt(deployment.Generation, 10)
	create(ctx, pod)
	waits(ctx, pod, reason, message)
	return pod
}

// waits is what the kubelet reports about a container that does not start.
func waits(ctx context.Context, pod *corev1.Pod, reason, message string) {
	GinkgoHelper()
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
	}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
}
