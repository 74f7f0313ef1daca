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

package render_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// deployment is the Deployment of an input.
func deployment(in render.Input) *appsv1.Deployment {
	GinkgoHelper()
	return object[appsv1.Deployment](rendered(in), "Deployment")
}

var _ = Describe("A suspended server", func() {
	It("has no replicas, and all else that it had but an autoscaler", func() {
		for _, name := range []string{"minimal", "everything", "storage", "hpa", "pdb-min-available", "ingress"} {
			in := scenario(name)
			before := rendered(in)
			in.Spec.Suspend = true
			after := rendered(in)

			Expect(*object[appsv1.Deployment](after, "Deployment").Spec.Replicas).To(BeZero(), name)
			Expect(append(kinds(after), "HorizontalPodAutoscaler")).To(ContainElements(kinds(before)), name)
			Expect(kinds(after)).NotTo(ContainElement("HorizontalPodAutoscaler"), name)
		}
	})

	It("comes back as the same Pods", func() {
		in := scenario("everything")
		before := podTemplate(in)
		in.Spec.Suspend = true

		Expect(podTemplate(in)).To(Equal(before))
	})

	It("comes back with as many replicas as were declared", func() {
		in := changed(func(in *render.Input) { in.Spec.Replicas, in.Resuming = new(int32(3)), true })

		Expect(*deployment(in).Spec.Replicas).To(Equal(int32(3)))
	})

	It("comes back with the lower bound of its autoscaler, which then has the number to itself", func() {
		in := scenario("resuming")
		Expect(*deployment(in).Spec.Replicas).To(Equal(int32(2)))
		Expect(deployment(in).Annotations).NotTo(HaveKey(v1alpha1.AnnotationSuspended))
		in.Resuming = false

		Expect(deployment(in).Spec.Replicas).To(BeNil())
	})

	It("is marked only where an autoscaler had the number", func() {
		Expect(deployment(scenario("suspended")).Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationSuspended, "true"))
		Expect(deployment(changed(func(in *render.Input) { in.Spec.Suspend = true })).Annotations).NotTo(HaveKey(v1alpha1.AnnotationSuspended))
	})
})

var _ = Describe("A rollout", func() {
	rollout := func(declared v1alpha1.RolloutSpec) appsv1.DeploymentSpec {
		return deployment(changed(func(in *render.Input) { in.Spec.Server.Rollout = &declared })).Spec
	}

	It("is the cluster's where the CR says nothing of it", func() {
		Expect(rollout(v1alpha1.RolloutSpec{})).To(Equal(deployment(scenario("minimal")).Spec))
	})

	It("is as the CR says, even where a PVC needs another", func() {
		in := scenario("storage")
		in.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Strategy: "RollingUpdate"}
		Expect(deployment(in).Spec.Strategy).To(Equal(appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType}))

		Expect(rollout(v1alpha1.RolloutSpec{Strategy: "Recreate"}).Strategy).To(Equal(appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}))
	})

	It("has the CR's numbers, in either form, and only those", func() {
		one := rollout(v1alpha1.RolloutSpec{Strategy: "RollingUpdate", MaxSurge: new(intstr.FromInt32(2))}).Strategy.RollingUpdate
		Expect(one).To(Equal(&appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromInt32(2))}))
		other := rollout(v1alpha1.RolloutSpec{Strategy: "RollingUpdate", MaxUnavailable: new(intstr.FromString("50%"))}).Strategy.RollingUpdate
		Expect(other).To(Equal(&appsv1.RollingUpdateDeployment{MaxUnavailable: new(intstr.FromString("50%"))}))
	})

	It("has the CR's deadline, whatever the startup probe gives", func() {
		in := changed(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.StartupProbe = &v1alpha1.StartupProbe{FailureThreshold: new(int32(1000))}
			in.Spec.Server.Rollout = &v1alpha1.RolloutSpec{ProgressDeadlineSeconds: new(int32(60)), RevisionHistoryLimit: new(int32(0))}
		})

		Expect(deployment(in).Spec.ProgressDeadlineSeconds).To(HaveValue(Equal(int32(60))))
		Expect(deployment(in).Spec.RevisionHistoryLimit).To(HaveValue(BeZero()))
	})
})

var _ = Describe("A restart", func() {
	It("is a text that the Pods carry, before one of the CR's own", func() {
		in := overriding(v1alpha1.PodOverrides{Annotations: map[string]v1alpha1.AnnotationValue{v1alpha1.AnnotationRestartedAt: "mine", "a": "b"}})
		Expect(podTemplate(in).Annotations).To(Equal(map[string]string{v1alpha1.AnnotationRestartedAt: "mine", "a": "b"}))
		in.RestartedAt = "now"

		Expect(podTemplate(in).Annotations).To(Equal(map[string]string{v1alpha1.AnnotationRestartedAt: "now", "a": "b"}))
	})
})

var _ = Describe("The autoscaler", func() {
	scaler := func(change func(*v1alpha1.AutoscalingSpec)) autoscalingv2.HorizontalPodAutoscalerSpec {
		in := scenario("hpa")
		in.Spec.Server.Autoscaling.TargetCPUUtilizationPercentage, in.Spec.Server.Autoscaling.TargetMemoryUtilizationPercentage = nil, nil
		change(in.Spec.Server.Autoscaling)
		return object[autoscalingv2.HorizontalPodAutoscaler](rendered(in), "HorizontalPodAutoscaler").Spec
	}
	requests := v1alpha1.AutoscalingMetric{Pods: &v1alpha1.MetricTarget{Name: "requests", AverageValue: resource.MustParse("20")}}

	It("has the CR's metrics instead of the CPU, unless the CR has both", func() {
		Expect(scaler(func(*v1alpha1.AutoscalingSpec) {}).Metrics).To(HaveExactElements(HaveField("Type", autoscalingv2.ResourceMetricSourceType)))

		only := scaler(func(a *v1alpha1.AutoscalingSpec) { a.Metrics = []v1alpha1.AutoscalingMetric{requests} })
		Expect(only.Metrics).To(Equal([]autoscalingv2.MetricSpec{{Type: "Pods", Pods: &autoscalingv2.PodsMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: "requests"},
			Target: autoscalingv2.MetricTarget{Type: "AverageValue", AverageValue: new(resource.MustParse("20"))},
		}}}))
		both := scaler(func(a *v1alpha1.AutoscalingSpec) {
			a.Metrics, a.TargetMemoryUtilizationPercentage = []v1alpha1.AutoscalingMetric{requests}, new(int32(80))
		})
		Expect(both.Metrics).To(HaveExactElements(HaveField("Resource.Name", BeEquivalentTo("memory")), HaveField("Pods.Metric.Name", "requests")))
	})

	It("finds a metric by its labels", func() {
		found := scaler(func(a *v1alpha1.AutoscalingSpec) {
			a.Metrics = []v1alpha1.AutoscalingMetric{{External: &v1alpha1.MetricTarget{
				Name: "queue", MatchLabels: map[string]v1alpha1.LabelValue{"queue": "jobs"}, AverageValue: resource.MustParse("1500m"),
			}}}
		})

		Expect(found.Metrics).To(HaveExactElements(And(
			HaveField("External.Metric.Selector.MatchLabels", Equal(map[string]string{"queue": "jobs"})),
			HaveField("External.Target.AverageValue", HaveValue(Equal(resource.MustParse("1500m")))))))
	})

	It("acts as fast as the cluster says, or the CR", func() {
		Expect(scaler(func(*v1alpha1.AutoscalingSpec) {}).Behavior).To(BeNil())

		behaviour := scaler(func(a *v1alpha1.AutoscalingSpec) {
			a.ScaleDown = &v1alpha1.ScalingRules{
				StabilizationWindowSeconds: new(int32(0)), SelectPolicy: "Min",
				Policies: []v1alpha1.ScalingPolicy{{Type: "Pods", Value: 1, PeriodSeconds: 60}},
			}
		}).Behavior
		Expect(behaviour.ScaleUp).To(BeNil())
		Expect(behaviour.ScaleDown).To(Equal(&autoscalingv2.HPAScalingRules{
			StabilizationWindowSeconds: new(int32(0)), SelectPolicy: new(autoscalingv2.MinChangePolicySelect),
			Policies: []autoscalingv2.HPAScalingPolicy{{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 60}},
		}))
	})
})
