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
	"path"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// keysOf are the keys by which server-side apply identifies the elements of a Deployment's lists.
func keysOf(template corev1.PodTemplateSpec) map[string][]string {
	keys := map[string][]string{}
	for _, volume := range template.Spec.Volumes {
		keys["volumes"] = append(keys["volumes"], volume.Name)
	}
	for _, constraint := range template.Spec.TopologySpreadConstraints {
		keys["constraints"] = append(keys["constraints"], constraint.TopologyKey+string(constraint.WhenUnsatisfiable))
	}
	for _, variable := range template.Spec.Containers[0].Env {
		keys["env"] = append(keys["env"], variable.Name)
	}
	for _, mount := range template.Spec.Containers[0].VolumeMounts {
		keys["mounts"] = append(keys["mounts"], path.Clean(mount.MountPath))
	}
	return keys
}

var _ = Describe("Every Deployment", func() {
	DescribeTable("has no key twice in a list, which server-side apply rejects", func(name string) {
		for list, keys := range keysOf(podTemplate(scenario(name))) {
			seen := map[string]bool{}
			for _, key := range keys {
				Expect(seen).NotTo(HaveKey(key), "%s twice in %s", key, list)
				seen[key] = true
			}
		}
	}, entries())

	DescribeTable("has Pods that its selector finds, and so do all others", func(name string) {
		objects := rendered(scenario(name))
		deployment := object[appsv1.Deployment](objects, "Deployment")
		labels := deployment.Spec.Template.Labels
		selector := deployment.Spec.Selector.MatchLabels

		Expect(selector).NotTo(BeEmpty())
		for key, value := range selector {
			Expect(labels).To(HaveKeyWithValue(key, value))
		}
		Expect(labels).To(HaveKeyWithValue(v1alpha1.LabelApp, v1alpha1.AppName))
		Expect(object[corev1.Service](objects, "Service").Spec.Selector).To(Equal(selector))
		for _, kind := range kinds(objects) {
			switch kind {
			case "NetworkPolicy":
				Expect(object[networkingv1.NetworkPolicy](objects, kind).Spec.PodSelector.MatchLabels).To(Equal(selector))
			case "PodDisruptionBudget":
				Expect(object[policyv1.PodDisruptionBudget](objects, kind).Spec.Selector.MatchLabels).To(Equal(selector))
			}
		}
	}, entries())

	DescribeTable("has every volume that it mounts", func(name string) {
		template := podTemplate(scenario(name))
		names := keysOf(template)["volumes"]

		for _, mount := range template.Spec.Containers[0].VolumeMounts {
			Expect(names).To(ContainElement(mount.Name))
		}
	}, entries())

	DescribeTable("agrees with the others about the port", func(name string) {
		objects := rendered(scenario(name))
		container := object[appsv1.Deployment](objects, "Deployment").Spec.Template.Spec.Containers[0].Ports[0]
		port := container.ContainerPort
		service := object[corev1.Service](objects, "Service").Spec.Ports[0]

		Expect(container.Name).To(Equal("http"), "the Service leads to it by that name while the number changes")
		Expect(service.Name).To(Equal("http"))
		Expect(service.Port).To(Equal(port))
		Expect(service.TargetPort.IntVal).To(Equal(port))
		for _, kind := range kinds(objects) {
			switch kind {
			case "NetworkPolicy":
				Expect(object[networkingv1.NetworkPolicy](objects, kind).Spec.Ingress[0].Ports[0].Port.IntVal).To(Equal(port))
			case "Ingress":
				backend := object[networkingv1.Ingress](objects, kind).Spec.Rules[0].HTTP.Paths[0].Backend.Service
				Expect(backend.Port).To(Equal(networkingv1.ServiceBackendPort{Name: service.Name}))
				Expect(backend.Name).To(Equal(object[corev1.Service](objects, "Service").Name))
			}
		}
	}, entries())
})

// scale is what an input says about replicas, and what is to come of it.
type scale struct {
	replicas    *int32
	autoscaling *v1alpha1.AutoscalingSpec
	// declared is the Deployment's replicas; nil: left out.
	declared *int32
	// low and high are the autoscaler's bounds; 0: there is none.
	low, high int32
	// spread says that there are a budget, constraints and anti-affinity.
	spread bool
}

var _ = Describe("Replicas", func() {
	DescribeTable("decide about the Deployment, the autoscaler and the spread", func(s scale) {
		in := changed(func(in *render.Input) {
			in.Spec.Replicas = s.replicas
			in.Spec.Server.Autoscaling = s.autoscaling
		})
		objects := rendered(in)
		deployment := object[appsv1.Deployment](objects, "Deployment")

		Expect(deployment.Spec.Replicas).To(Equal(s.declared))
		if s.high == 0 {
			Expect(kinds(objects)).NotTo(ContainElement("HorizontalPodAutoscaler"))
		} else {
			autoscaler := object[autoscalingv2.HorizontalPodAutoscaler](objects, "HorizontalPodAutoscaler")
			Expect(*autoscaler.Spec.MinReplicas).To(Equal(s.low))
			Expect(autoscaler.Spec.MaxReplicas).To(Equal(s.high))
			Expect(autoscaler.Spec.ScaleTargetRef.Name).To(Equal(deployment.Name))
		}
		if !s.spread {
			Expect(kinds(objects)).NotTo(ContainElement("PodDisruptionBudget"))
			Expect(deployment.Spec.Template.Spec.TopologySpreadConstraints).To(BeEmpty())
			Expect(deployment.Spec.Template.Spec.Affinity).To(BeNil())
			return
		}
		Expect(object[policyv1.PodDisruptionBudget](objects, "PodDisruptionBudget").Spec.MaxUnavailable.IntVal).To(BeEquivalentTo(1))
		Expect(deployment.Spec.Template.Spec.TopologySpreadConstraints).To(HaveLen(3))
		Expect(deployment.Spec.Template.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution).To(HaveLen(1))
	},
		Entry("none declared", scale{declared: new(int32(1))}),
		Entry("one", scale{replicas: new(int32(1)), declared: new(int32(1))}),
		Entry("none wanted", scale{replicas: new(int32(0)), declared: new(int32(0))}),
		Entry("two", scale{replicas: new(int32(2)), declared: new(int32(2)), spread: true}),
		Entry("one, and more by the autoscaler", scale{
			replicas: new(int32(1)), autoscaling: &v1alpha1.AutoscalingSpec{MaxReplicas: 3}, low: 1, high: 3, spread: true,
		}),
		Entry("the autoscaler cannot add any", scale{
			replicas: new(int32(1)), autoscaling: &v1alpha1.AutoscalingSpec{MaxReplicas: 1}, low: 1, high: 1,
		}),
		Entry("none wanted, but the autoscaler has a lower bound of one", scale{
			replicas: new(int32(0)), autoscaling: &v1alpha1.AutoscalingSpec{MaxReplicas: 3}, low: 1, high: 3, spread: true,
		}),
		Entry("the autoscaler's lower bound is the greater", scale{
			replicas: new(int32(2)), autoscaling: &v1alpha1.AutoscalingSpec{MinReplicas: new(int32(3)), MaxReplicas: 5}, low: 3, high: 5, spread: true,
		}),
		Entry("the declared number is the greater", scale{
			replicas: new(int32(4)), autoscaling: &v1alpha1.AutoscalingSpec{MinReplicas: new(int32(3)), MaxReplicas: 5}, low: 4, high: 5, spread: true,
		}),
		Entry("an autoscaler without an upper bound is none", scale{
			replicas: new(int32(2)), autoscaling: &v1alpha1.AutoscalingSpec{MinReplicas: new(int32(3))}, declared: new(int32(2)), spread: true,
		}),
	)

	It("are spread by the constraints of the CR where it has any, and still prefer other nodes", func() {
		template := podTemplate(scenario("topology"))

		Expect(template.Spec.TopologySpreadConstraints).To(Equal([]corev1.TopologySpreadConstraint{{
			MaxSkew:           2,
			TopologyKey:       corev1.LabelTopologyZone,
			WhenUnsatisfiable: corev1.DoNotSchedule,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelInstance: "example"}},
		}}))
		Expect(template.Spec.Affinity).NotTo(BeNil())
	})

	It("constraints of the CR are there for one replica, too", func() {
		in := scenario("topology")
		in.Spec.Replicas = new(int32(1))

		Expect(podTemplate(in).Spec.TopologySpreadConstraints).To(HaveLen(1))
		Expect(podTemplate(in).Spec.Affinity).To(BeNil())
	})
})

var _ = Describe("The autoscaler's metrics", func() {
	DescribeTable("are the targets", func(cpu, memory *int32, want map[corev1.ResourceName]int32) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{
				MaxReplicas: 3, TargetCPUUtilizationPercentage: cpu, TargetMemoryUtilizationPercentage: memory,
			}
		})

		got := map[corev1.ResourceName]int32{}
		for _, metric := range object[autoscalingv2.HorizontalPodAutoscaler](rendered(in), "HorizontalPodAutoscaler").Spec.Metrics {
			Expect(metric.Type).To(Equal(autoscalingv2.ResourceMetricSourceType))
			Expect(metric.Resource.Target.Type).To(Equal(autoscalingv2.UtilizationMetricType))
			got[metric.Resource.Name] = *metric.Resource.Target.AverageUtilization
		}

		Expect(got).To(Equal(want))
	},
		Entry("none: CPU at 80 %", nil, nil, map[corev1.ResourceName]int32{"cpu": 80}),
		Entry("CPU", new(int32(60)), nil, map[corev1.ResourceName]int32{"cpu": 60}),
		Entry("memory alone", nil, new(int32(70)), map[corev1.ResourceName]int32{"memory": 70}),
		Entry("both", new(int32(60)), new(int32(70)), map[corev1.ResourceName]int32{"cpu": 60, "memory": 70}),
	)
})

var _ = Describe("The PVC", func() {
	DescribeTable("has the size asked for, and never less than there is", func(asked, live, want string) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.Storage = &v1alpha1.StorageSpec{}
			if asked != "" {
				in.Spec.Server.Storage.Size = new(resource.MustParse(asked))
			}
			if live != "" {
				in.PVCSize = new(resource.MustParse(live))
			}
		})

		pvc := object[corev1.PersistentVolumeClaim](rendered(in), "PersistentVolumeClaim")

		size := pvc.Spec.Resources.Requests[corev1.ResourceStorage]
		Expect(size.String()).To(Equal(want))
		Expect(pvc.Spec.AccessModes).To(ConsistOf(corev1.ReadWriteOnce))
		Expect(pvc.Spec.StorageClassName).To(BeNil(), "the cluster's default class")
	},
		Entry("the default", "", "", "10Gi"),
		Entry("as asked", "5Gi", "", "5Gi"),
		Entry("growing", "20Gi", "5Gi", "20Gi"),
		Entry("not shrinking", "5Gi", "20Gi", "20Gi"),
		Entry("not shrinking to the default", "", "20Gi", "20Gi"),
		Entry("the same, spelled otherwise", "5Gi", "5120Mi", "5Gi"),
	)

	DescribeTable("records the largest size that was asked for", func(asked, before, want string) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.Storage = &v1alpha1.StorageSpec{Size: new(resource.MustParse(asked))}
			in.PVCSize = new(resource.MustParse("50Gi"))
			if before != "" {
				in.RequestedSize = new(resource.MustParse(before))
			}
		})
		pvc := object[corev1.PersistentVolumeClaim](rendered(in), "PersistentVolumeClaim")
		Expect(pvc.Annotations).To(HaveKeyWithValue(render.RequestedSizeAnnotation, want))
	},
		Entry("for the first time", "5Gi", "", "5Gi"),
		Entry("more than before", "20Gi", "5Gi", "20Gi"),
		Entry("less than before", "5Gi", "20Gi", "20Gi"),
	)

	It("makes updates release it first", func() {
		Expect(object[appsv1.Deployment](rendered(scenario("storage")), "Deployment").Spec.Strategy.Type).To(Equal(appsv1.RecreateDeploymentStrategyType))
		Expect(object[appsv1.Deployment](rendered(scenario("minimal")), "Deployment").Spec.Strategy).To(BeZero(), "left to the API's default")
	})
})

var _ = Describe("The budget", func() {
	DescribeTable("is the CR's", func(name string, low, high any) {
		spec := object[policyv1.PodDisruptionBudget](rendered(scenario(name)), "PodDisruptionBudget").Spec

		if low == nil {
			Expect(spec.MinAvailable).To(BeNil())
		} else {
			Expect(spec.MinAvailable.String()).To(Equal(low))
		}
		if high == nil {
			Expect(spec.MaxUnavailable).To(BeNil())
		} else {
			Expect(spec.MaxUnavailable.String()).To(Equal(high))
		}
	},
		Entry("minAvailable in percent", "pdb-min-available", "50%", nil),
		Entry("maxUnavailable as a number", "pdb-max-unavailable", nil, "2"),
		Entry("neither, for one replica", "pdb-empty", nil, "1"),
	)
})
