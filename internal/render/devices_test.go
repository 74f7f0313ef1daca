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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// limits sets a limit of one resource.
func limits(name corev1.ResourceName, quantity string) func(*render.Input) {
	return func(in *render.Input) {
		in.Spec.Server.ContainerSpec.Resources.Limits = corev1.ResourceList{name: resource.MustParse(quantity)}
	}
}

// overrides sets overrides of the Pod.
func overrides(declared v1alpha1.PodOverrides) func(*render.Input) {
	return func(in *render.Input) { in.Spec.Server.PodOverrides = &declared }
}

var _ = Describe("A server with devices", func() {
	one := appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	several := appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: new(intstr.FromInt32(0)), MaxUnavailable: new(intstr.FromInt32(1)),
		},
	}

	DescribeTable("frees them before a new Pod asks for them", func(change func(*render.Input), want appsv1.DeploymentStrategy) {
		Expect(object[appsv1.Deployment](rendered(changed(change)), "Deployment").Spec.Strategy).To(Equal(want))
	},
		Entry("a GPU", limits("nvidia.com/gpu", "1"), one),
		Entry("no GPU after all", limits("nvidia.com/gpu", "0"), appsv1.DeploymentStrategy{}),
		Entry("memory alone", limits(corev1.ResourceMemory, "1Gi"), appsv1.DeploymentStrategy{}),
		Entry("what Kubernetes itself counts", limits("attachable-volumes.kubernetes.io/a", "1"), appsv1.DeploymentStrategy{}),
		Entry("a GPU of an init container", overrides(v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{
			{Name: "a", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"amd.com/gpu": resource.MustParse("1")}}},
		}}), one),
		Entry("a device of each Pod's own", overrides(v1alpha1.PodOverrides{ResourceClaims: []v1alpha1.PodResourceClaim{
			{Name: "a", ResourceClaimTemplateName: new("b")},
		}}), one),
		Entry("a device that all Pods share", overrides(v1alpha1.PodOverrides{ResourceClaims: []v1alpha1.PodResourceClaim{
			{Name: "a", ResourceClaimName: new("b")},
		}}), appsv1.DeploymentStrategy{}),
	)

	It("goes one Pod at a time where there are several", func() {
		in := changed(limits("nvidia.com/gpu", "1"))
		in.Spec.Replicas = new(int32(2))
		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.Strategy).To(Equal(several))
	})

	It("rolls as the CR says where it says so", func() {
		in := changed(limits("nvidia.com/gpu", "1"))
		in.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Strategy: "RollingUpdate"}
		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.Strategy).
			To(Equal(appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType}))
	})

	It("is stopped first with a PVC that one node can mount, however many there are", func() {
		in := changed(limits("nvidia.com/gpu", "1"))
		in.Spec.Replicas, in.Spec.Server.Storage = new(int32(2)), &v1alpha1.StorageSpec{}
		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.Strategy).To(Equal(one))
	})
})
