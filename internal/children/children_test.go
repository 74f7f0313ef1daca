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

package children_test

import (
	"slices"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestChildren(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Children Suite")
}

// kindsOf are the kinds of the children that a condition holds for.
func kindsOf(holds func(*children.Child) bool) []string {
	var found []string
	for _, child := range children.All() {
		if holds(&child) {
			found = append(found, child.Kind)
		}
	}
	return found
}

var _ = Describe("The table of children", func() {
	It("names them as 0.9.0 did, and new ones in the same way", func() {
		names := make([]string, 0, len(children.All()))
		for _, child := range children.All() {
			names = append(names, child.Kind+" "+child.Name("mine"))
		}

		Expect(names).To(Equal([]string{
			"ServiceAccount mine-sa",
			"PersistentVolumeClaim mine-pvc",
			"ConfigMap mine-ca-bundle",
			"Deployment mine",
			"Service mine-service",
			"NetworkPolicy mine-network-policy",
			"PodDisruptionBudget mine-pdb",
			"HorizontalPodAutoscaler mine-hpa",
			"Ingress mine-ingress",
			"HTTPRoute mine-httproute",
			"Route mine-route",
		}))
	})

	It("has one entry for each kind", func() {
		kinds := kindsOf(func(*children.Child) bool { return true })
		Expect(slices.Compact(slices.Sorted(slices.Values(kinds)))).To(HaveLen(len(kinds)))
	})

	It("keeps the PVC, and nothing else", func() {
		Expect(kindsOf(func(c *children.Child) bool { return c.Kept })).To(ConsistOf(children.PersistentVolumeClaim))
	})

	It("has the stages in their order", func() {
		stage := children.StageMounted
		for _, child := range children.All() {
			Expect(child.Stage).To(BeNumerically(">=", stage), child.Kind)
			stage = child.Stage
		}
		Expect(kindsOf(func(c *children.Child) bool { return c.Stage == children.StagePods })).To(ConsistOf(children.Deployment))
	})

	It("has a Go type in the scheme for each API that every cluster has", func() {
		for _, child := range children.All() {
			if child.Optional() {
				Expect(child.New()).To(BeAssignableToTypeOf(&unstructured.Unstructured{}), child.Kind)
				Expect(child.New().GetObjectKind().GroupVersionKind()).To(Equal(child.GroupVersionKind))
				Expect(child.AddToScheme).To(BeNil())
				Expect(child.Marker.Name).To(HaveSuffix(child.Group))
				continue
			}
			scheme := runtime.NewScheme()
			Expect(child.AddToScheme(scheme)).To(Succeed())
			gvks, _, err := scheme.ObjectKinds(child.New())
			Expect(err).NotTo(HaveOccurred())
			Expect(gvks).To(ConsistOf(child.GroupVersionKind))
		}
	})

	DescribeTable("says which children a server has", func(demand children.Demand, want ...string) {
		if demand.Spec == nil {
			demand.Spec = &v1alpha1.LlamaStackDistributionSpec{}
		}
		always := []string{children.ServiceAccount, children.Deployment, children.Service}
		Expect(kindsOf(func(c *children.Child) bool { return c.IsWanted(demand) })).To(ConsistOf(append(always, want...)))
	},
		Entry("of an empty spec", children.Demand{}),
		Entry("with a NetworkPolicy", children.Demand{NetworkPolicy: true}, children.NetworkPolicy),
		Entry("with certificates", children.Demand{CABundle: true}, children.ConfigMap),
		Entry("with storage", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Server.Storage = &v1alpha1.StorageSpec{}
		})}, children.PersistentVolumeClaim),
		Entry("on an existing PVC", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "data"}
		})}),
		Entry("with a budget", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Server.PodDisruptionBudget = &v1alpha1.PodDisruptionBudgetSpec{}
		})}, children.PodDisruptionBudget),
		Entry("of two replicas", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Replicas = new(int32(2)) })},
			children.PodDisruptionBudget),
		Entry("with an autoscaler", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: 3}
		})}, children.PodDisruptionBudget, children.HorizontalPodAutoscaler),
		Entry("with an autoscaler that has no upper bound", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Server.Autoscaling = &v1alpha1.AutoscalingSpec{}
		})}),
		Entry("with an autoscaler, suspended", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Suspend, s.Server.Autoscaling = true, &v1alpha1.AutoscalingSpec{MaxReplicas: 3}
		})}, children.PodDisruptionBudget),
		Entry("with an Ingress", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Network = &v1alpha1.NetworkSpec{ExposeRoute: true}
		})}, children.Ingress),
		Entry("with an HTTPRoute", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Network = &v1alpha1.NetworkSpec{HTTPRoute: &v1alpha1.HTTPRouteSpec{}}
		})}, children.HTTPRoute),
		Entry("with a Route", children.Demand{Spec: spec(func(s *v1alpha1.LlamaStackDistributionSpec) {
			s.Network = &v1alpha1.NetworkSpec{Route: &v1alpha1.RouteSpec{}}
		})}, children.Route),
	)

	It("finds an entry by its kind, and by its group", func() {
		Expect(children.Of("Pod")).To(BeNil())
		Expect(children.Of(children.Deployment).Group).To(Equal("apps"))
		Expect(children.OfGroup(schema.GroupKind{Group: "apps", Kind: children.Deployment})).To(Equal(children.Of(children.Deployment)))
		Expect(children.OfGroup(schema.GroupKind{Group: "extensions", Kind: children.Ingress})).To(BeNil(), "a kind of the same name in another group")
	})
})

var _ = Describe("OwnerOfPVC", func() {
	It("is the server that the PVC is named after", func() {
		Expect(children.OwnerOfPVC(children.PVCName("mine"))).To(Equal("mine"))
		Expect(children.OwnerOfPVC("data")).To(BeEmpty())
		Expect(children.OwnerOfPVC("-pvc")).To(BeEmpty())
	})
})

func spec(change func(*v1alpha1.LlamaStackDistributionSpec)) *v1alpha1.LlamaStackDistributionSpec {
	s := &v1alpha1.LlamaStackDistributionSpec{}
	change(s)
	return s
}
