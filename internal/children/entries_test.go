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
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// rendered is an object as a rendering makes it.
func rendered(kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"kind": kind, "metadata": map[string]any{"name": name}}}
}

var _ = Describe("An entry of the table", func() {
	DescribeTable("has the fields of spec that the API server lets nobody change", func(kind string, want ...string) {
		Expect(children.Of(kind).Immutable).To(ConsistOf(want))
	},
		Entry("a Deployment", children.Deployment, "selector"),
		Entry("a PVC, which can grow", children.PersistentVolumeClaim,
			"accessModes", "dataSource", "dataSourceRef", "selector", "storageClassName", "volumeMode", "volumeName"),
		Entry("a Service", children.Service),
		Entry("an Ingress", children.Ingress),
	)

	It("reports a problem by a condition of its own, or by Ready alone", func() {
		conditions := map[string]v1alpha1.ConditionType{}
		for _, child := range children.All() {
			if child.Condition != "" {
				conditions[child.Kind] = child.Condition
			}
		}
		Expect(conditions).To(Equal(map[string]v1alpha1.ConditionType{
			children.PersistentVolumeClaim: v1alpha1.ConditionStorageReady,
			children.Deployment:            v1alpha1.ConditionDeploymentReady,
			children.Service:               v1alpha1.ConditionServiceReady,
			children.HTTPRoute:             v1alpha1.ConditionRouteReady,
			children.Route:                 v1alpha1.ConditionRouteReady,
		}))
	})

	It("holds up Pods only where they cannot start without its change", func() {
		Expect(kindsOf(func(c *children.Child) bool { return c.Stage == children.StageMounted && !c.Enough })).To(ConsistOf(children.ConfigMap))
		Expect(kindsOf(func(c *children.Child) bool { return c.Enough })).To(ConsistOf(children.ServiceAccount, children.PersistentVolumeClaim))
		Expect(kindsOf(func(c *children.Child) bool { return c.Stage < 0 || c.Stage >= children.Stages })).To(BeEmpty())
	})

	It("is read in each reconcile where a condition reports it", func() {
		Expect(kindsOf(func(c *children.Child) bool { return c.Condition != "" && !c.Observed })).To(BeEmpty())
		Expect(kindsOf(func(c *children.Child) bool { return !c.Observed })).To(ConsistOf(children.ServiceAccount, children.PodDisruptionBudget))
	})

	It("has a manifest of its kind and version, but for what has content instead", func() {
		base := filepath.Join("..", "render", "base")
		for _, child := range children.All() {
			text, err := os.ReadFile(filepath.Join(base, child.Manifest()))
			if child.Content {
				Expect(err).To(MatchError(os.ErrNotExist), child.Kind)
				continue
			}
			Expect(err).NotTo(HaveOccurred())
			manifest := &unstructured.Unstructured{}
			Expect(yaml.Unmarshal(text, manifest)).To(Succeed())
			Expect(manifest.GroupVersionKind()).To(Equal(child.GroupVersionKind))
			Expect(manifest.GetName()).To(Equal("llama-stack" + child.Suffix))
		}
		Expect(kindsOf(func(c *children.Child) bool { return c.Content })).To(ConsistOf(children.ConfigMap))
	})

	It("makes a new object each time", func() {
		for _, child := range children.All() {
			first, second := child.New(), child.New()
			first.SetName("mine")
			Expect(second.GetName()).To(BeEmpty(), child.Kind)
		}
	})

	It("keeps apart the names of servers and of kinds", func() {
		taken := map[string]string{}
		for _, server := range []string{"a", "b", "a-b"} {
			for _, child := range children.All() {
				key := child.Kind + "/" + child.Name(server)
				Expect(taken).NotTo(HaveKey(key))
				taken[key] = server
				Expect(child.Name(server)).To(HavePrefix(server))
				Expect(strings.ToLower(child.Suffix)).To(Equal(child.Suffix))
			}
		}
	})

	It("gives the names that others refer to", func() {
		Expect(children.ServiceName("mine")).To(Equal("mine-service"))
		Expect(children.PVCName("mine")).To(Equal("mine-pvc"))
		Expect(children.CABundleName("mine")).To(Equal("mine-ca-bundle"))
		Expect(children.OwnerOfPVC(children.PVCName("mine-pvc"))).To(Equal("mine-pvc"), "a server can have such a name")
	})
})

var _ = Describe("A rendered object", func() {
	It("is found by its kind, the first where there are several", func() {
		first, second, other := rendered(children.ConfigMap, "first"), rendered(children.ConfigMap, "second"), rendered(children.Service, "other")
		objects := []*unstructured.Unstructured{other, first, second}
		Expect(children.Find(objects, children.ConfigMap)).To(BeIdenticalTo(first))
		Expect(children.Find(objects, children.Service)).To(BeIdenticalTo(other))
		Expect(children.Find(objects, children.Deployment)).To(BeNil())
		Expect(children.Find(nil, children.Service)).To(BeNil())
	})

	It("keeps its annotations when others are added", func() {
		object := rendered(children.Service, "mine")
		children.Annotate(object, map[string]string{"a": "1", "b": "1"})
		children.Annotate(object, map[string]string{"b": "2", "c": "2"})
		children.Annotate(object, nil)
		Expect(object.GetAnnotations()).To(Equal(map[string]string{"a": "1", "b": "2", "c": "2"}))
	})

	It("does not share its annotations", func() {
		texts := map[string]string{"a": "1"}
		object := rendered(children.Service, "mine")
		children.Annotate(object, texts)
		texts["a"] = "2"
		Expect(object.GetAnnotations()).To(HaveKeyWithValue("a", "1"))
	})
})

var _ = Describe("IsServer", func() {
	DescribeTable("recognizes a LlamaStackDistribution", func(apiVersion, kind string, want bool) {
		Expect(children.IsServer(&metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: "a", UID: "u"})).To(Equal(want))
	},
		Entry("of this version", v1alpha1.GroupVersion.String(), v1alpha1.Kind, true),
		Entry("of a later version", v1alpha1.GroupVersion.Group+"/v1", v1alpha1.Kind, true),
		Entry("but not of another group", "example.com/v1alpha1", v1alpha1.Kind, false),
		Entry("nor of a group whose name begins like it", v1alpha1.GroupVersion.Group+".example.com/v1alpha1", v1alpha1.Kind, false),
		Entry("nor of a group whose name ends like it", "x"+v1alpha1.GroupVersion.String(), v1alpha1.Kind, false),
		Entry("nor of no version", v1alpha1.GroupVersion.Group, v1alpha1.Kind, false),
		Entry("nor another kind", v1alpha1.GroupVersion.String(), "Deployment", false),
		Entry("nor no kind", v1alpha1.GroupVersion.String(), "", false),
	)
})

var _ = DescribeTable("A server whose spec is at a limit", func(kind string, wanted bool, change func(*v1alpha1.LlamaStackDistributionSpec)) {
	Expect(children.Of(kind).IsWanted(children.Demand{Spec: spec(change)})).To(Equal(wanted))
},
	Entry("has no budget with one replica", children.PodDisruptionBudget, false, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Replicas = new(int32(1)) }),
	Entry("has no budget with none", children.PodDisruptionBudget, false, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Replicas = new(int32(0)) }),
	Entry("has no budget where it scales up to one", children.PodDisruptionBudget, false, func(s *v1alpha1.LlamaStackDistributionSpec) {
		s.Replicas, s.Server.Autoscaling = new(int32(3)), &v1alpha1.AutoscalingSpec{MaxReplicas: 1}
	}),
	Entry("has the budget that it declares, with one replica", children.PodDisruptionBudget, true, func(s *v1alpha1.LlamaStackDistributionSpec) {
		s.Replicas, s.Server.PodDisruptionBudget = new(int32(1)), &v1alpha1.PodDisruptionBudgetSpec{}
	}),
	Entry("keeps its PVC while it is suspended", children.PersistentVolumeClaim, true, func(s *v1alpha1.LlamaStackDistributionSpec) {
		s.Suspend, s.Server.Storage = true, &v1alpha1.StorageSpec{}
	}),
	Entry("has no Ingress with an empty network", children.Ingress, false, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = &v1alpha1.NetworkSpec{} }),
	Entry("has no HTTPRoute with an empty network", children.HTTPRoute, false, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = &v1alpha1.NetworkSpec{} }),
	Entry("has no Route with an empty network", children.Route, false, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = &v1alpha1.NetworkSpec{} }),
	Entry("keeps its Service without replicas", children.Service, true, func(s *v1alpha1.LlamaStackDistributionSpec) { s.Replicas = new(int32(0)) }),
)
