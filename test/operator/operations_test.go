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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// deploymentNow polls a Deployment.
func deploymentNow(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() (*appsv1.Deployment, error) {
	return func() (*appsv1.Deployment, error) {
		deployment := &appsv1.Deployment{}
		return deployment, admin.Get(ctx, client.ObjectKeyFromObject(instance), deployment)
	}
}

// annotate sets an annotation of a LlamaStackDistribution, or removes it where the value is "".
func annotate(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, key, value string) {
	GinkgoHelper()
	edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
		delete(i.Annotations, key)
		if value != "" {
			metav1.SetMetaDataAnnotation(&i.ObjectMeta, key, value)
		}
	})
}

var _ = Describe("A suspended server", func() {
	suspend := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, value bool) {
		GinkgoHelper()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = value })
	}

	It("stops, keeps its data and its URL, and starts again unchanged", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Replicas(2).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := deploymentOf(ctx, instance)

		suspend(ctx, instance, true)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "spec.suspend"))
		Expect(deploymentOf(ctx, instance).Spec.Replicas).To(HaveValue(BeZero()))
		Expect(exists(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})()).To(BeTrue())
		Expect(exists(ctx, namespace, "a-service", &corev1.Service{})()).To(BeTrue())
		Expect(statusOf(ctx, instance)()).To(HaveField("ServiceURL", Not(BeEmpty())))

		suspend(ctx, instance, false)
		becomeReady(ctx, instance)
		Expect(deploymentOf(ctx, instance).Spec.Replicas).To(HaveValue(Equal(int32(2))))
		Expect(deploymentOf(ctx, instance).Spec.Template).To(Equal(before.Spec.Template))
	})

	It("gives the number of replicas back to its autoscaler, at the lower bound", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Autoscaling(3, 5).Obj()
		create(ctx, instance)
		Eventually(exists(ctx, namespace, "a-hpa", &autoscalingv2.HorizontalPodAutoscaler{})).Should(BeTrue())

		suspend(ctx, instance, true)
		Eventually(exists(ctx, namespace, "a-hpa", &autoscalingv2.HorizontalPodAutoscaler{})).Should(BeFalse())
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Replicas", HaveValue(BeZero())))
		suspend(ctx, instance, false)
		Eventually(exists(ctx, namespace, "a-hpa", &autoscalingv2.HorizontalPodAutoscaler{})).Should(BeTrue())
		Eventually(deploymentNow(ctx, instance)).Should(And(
			HaveField("Spec.Replicas", HaveValue(Equal(int32(3)))),
			HaveField("Annotations", Not(HaveKey(v1alpha1.AnnotationSuspended)))))

		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(4)) }) // as the autoscaler does
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(deploymentOf(ctx, instance).Spec.Replicas).To(HaveValue(Equal(int32(4))))
	})
})

var _ = Describe("A paused server", func() {
	It("does not change, reports it, and follows its spec when the pause ends", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		annotate(ctx, instance, v1alpha1.AnnotationPaused, "true")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionPaused)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonPaused, v1alpha1.AnnotationPaused))
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		by := deploymentOf(ctx, instance)
		edit(ctx, by, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "quay.io/somebody/else:1" })
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Port = 9000 })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonPaused, v1alpha1.AnnotationPaused))
		Expect(statusOf(ctx, instance)()).To(HaveField("ObservedGeneration", instance.Generation-1), "nothing was done for this one yet")
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0]).To(And(
			HaveField("Image", "quay.io/somebody/else:1"), HaveField("Ports", HaveExactElements(HaveField("ContainerPort", int32(8321))))))

		annotate(ctx, instance, v1alpha1.AnnotationPaused, "")
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template.Spec.Containers", HaveExactElements(And(
			HaveField("Image", Not(Equal("quay.io/somebody/else:1"))), HaveField("Ports", HaveExactElements(HaveField("ContainerPort", int32(9000))))))))
		becomeReady(ctx, instance)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionPaused)()).To(BeEmpty())
	})

	It("is not created while it is paused from the start", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Annotation(v1alpha1.AnnotationPaused, "true").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonPaused))
		Expect(exists(ctx, instance.Namespace, "a", &appsv1.Deployment{})()).To(BeFalse())

		annotate(ctx, instance, v1alpha1.AnnotationPaused, "false")
		becomeReady(ctx, instance)
	})
})

var _ = Describe("A restart", func() {
	It("is requested by an annotation, or as kubectl does", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		annotate(ctx, instance, v1alpha1.AnnotationRestartedAt, "2026-11-25T12:00:00Z")
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template.Annotations", HaveKeyWithValue(v1alpha1.AnnotationRestartedAt, "2026-11-25T12:00:00Z")))
		const byKubectl = "kubectl.kubernetes.io/restartedAt"
		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) {
			metav1.SetMetaDataAnnotation(&d.Spec.Template.ObjectMeta, byKubectl, "now")
		})
		annotate(ctx, instance, v1alpha1.AnnotationRestartedAt, "again")
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template.Annotations", And(
			HaveKeyWithValue(v1alpha1.AnnotationRestartedAt, "again"), HaveKeyWithValue(byKubectl, "now"))))
	})
})
