//go:build e2e

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

package e2e_test

import (
	"context"
	"net/http"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// onlyPod is the one Pod of a namespace.
func onlyPod(ctx context.Context, namespace string) *corev1.Pod {
	GinkgoHelper()
	var pods []corev1.Pod
	Eventually(func(g Gomega) {
		var err error
		pods, err = podsOf(ctx, namespace)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pods).To(HaveLen(1))
	}).WithTimeout(podStarts).Should(Succeed())
	return &pods[0]
}

// misbehave sets how a stand-in answers from now on, without its Service, which may have no endpoint.
func misbehave(ctx context.Context, namespace, behaviour string) {
	GinkgoHelper()
	pod := onlyPod(ctx, namespace)
	Eventually(func() error {
		return ask(ctx, askPod(pod, http.MethodPost, "/control").SetHeader(contentType, jsonType).Body([]byte(behaviour)), nil)
	}).Should(Succeed())
}

// often is a probe with a period of seconds.
func often() *v1alpha1.Probe {
	one, two := int32(1), int32(2)
	return &v1alpha1.Probe{PeriodSeconds: &one, TimeoutSeconds: &one, FailureThreshold: &two}
}

const (
	unwell = `{"faults": {"/v1/health": {"code": 503}}}`
	well   = `{"faults": {}}`
)

var _ = Describe("What a CR sets for its Pods", func() {
	It("runs before the server starts, beside it, and with the content of other objects", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "behaviour"}, StringData: map[string]string{"STAND_IN_BEHAVIOUR": `{"version": "0.4.2"}`}})
		server := standIn(namespace, "pods", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Env = nil
			i.Spec.Server.ContainerSpec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "behaviour"}}}}
			i.Spec.Server.ContainerSpec.Lifecycle = &v1alpha1.Lifecycle{PreStop: &v1alpha1.LifecycleHook{Sleep: &v1alpha1.SleepAction{Seconds: 1}}}
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{
				Labels:       map[string]v1alpha1.LabelValue{"team": "ai"},
				NodeSelector: map[string]v1alpha1.LabelValue{corev1.LabelOSStable: "linux"},
				Tolerations:  []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}},
				InitContainers: []v1alpha1.InitContainer{
					{Name: "before", Args: []v1alpha1.Argument{"-help"}},
					{Name: "beside", Args: []v1alpha1.Argument{"inference"}, RestartPolicy: corev1.ContainerRestartPolicyAlways},
				},
			}
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		pod := onlyPod(ctx, namespace)
		Expect(pod.Labels).To(HaveKeyWithValue("team", "ai"))
		Expect(pod.Status.InitContainerStatuses).To(HaveExactElements(
			And(HaveField("Name", "before"), HaveField("State.Terminated.ExitCode", int32(0))),
			And(HaveField("Name", "beside"), HaveField("State.Running", Not(BeNil())))))
		Eventually(statusOf(ctx, server)).WithTimeout(observed).Should(HaveField("Version.LlamaStackServerVersion", "0.4.2"), "from the Secret")
	})

	It("removes a server that does not answer from its Service, and adds it again", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := standIn(namespace, "readiness", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.ReadinessProbe = often()
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		misbehave(ctx, namespace, unwell)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionDeploymentReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending))
		misbehave(ctx, namespace, well)
		becomeReady(ctx, server)
		Expect(onlyPod(ctx, namespace).Status.ContainerStatuses).To(HaveEach(HaveField("RestartCount", BeZero())))
	})

	It("restarts a server that hangs, if the spec says so", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := standIn(namespace, "liveness", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.LivenessProbe = often()
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		misbehave(ctx, namespace, `{"faults": {"*": {"hang": true}}}`)
		Eventually(func() []corev1.ContainerStatus { return onlyPod(ctx, namespace).Status.ContainerStatuses }).WithTimeout(serverStarts).
			Should(HaveEach(And(HaveField("RestartCount", BeNumerically(">=", 1)), HaveField("Ready", BeTrue()))))
		becomeReady(ctx, server)
	})

	It("keeps its data in a PVC that the user created, which outlives the server", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		pvc := &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "data"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			},
		}
		server := standIn(namespace, "existing", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "data"}
		}).Obj()
		create(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonClaimNotFound))

		create(ctx, pvc)
		becomeReady(ctx, server)
		Expect(get(ctx, namespace, "data", pvc).Status.Phase).To(Equal(corev1.ClaimBound))
		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, namespace) }).Should(BeEmpty())
		Consistently(func() *metav1.Time { return get(ctx, namespace, "data", pvc).DeletionTimestamp }).Should(BeNil())
	})

	It("stops while it is suspended", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := standIn(namespace, "suspended", "").Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = true })
		Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, namespace) }).Should(BeEmpty())
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero))
		before := get(ctx, namespace, "suspended", &appsv1.Deployment{}).Annotations["deployment.kubernetes.io/revision"]
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = false })
		becomeReady(ctx, server)
		answer(ctx, server)
		Expect(revision(ctx, server)).To(Equal(before), "the same Pods as before")
	})
})
