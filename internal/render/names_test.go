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
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"k8s.io/apimachinery/pkg/util/validation"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// longest is the longest name that is allowed; 0.9.0 allowed 48 characters.
const longest = 55

var _ = Describe("Children", func() {
	It("are named as 0.9.0 named them, and those that it did not have in the same way", func() {
		children := render.Children("mine")
		names := make([]string, 0, len(children))
		for _, child := range children {
			names = append(names, child.GVK.Kind+" "+child.Name)
		}

		Expect(names).To(Equal([]string{
			"ServiceAccount mine-sa",
			"PersistentVolumeClaim mine-pvc",
			"ConfigMap mine-ca-bundle",
			"Service mine-service",
			"NetworkPolicy mine-network-policy",
			"PodDisruptionBudget mine-pdb",
			"Deployment mine",
			"HorizontalPodAutoscaler mine-hpa",
			"Ingress mine-ingress",
			"HTTPRoute mine-httproute",
			"Route mine-route",
		}))
	})

	It("keep the claim, and nothing else", func() {
		for _, child := range render.Children("mine") {
			Expect(child.Keep).To(Equal(child.GVK.Kind == "PersistentVolumeClaim"), child.Name)
		}
	})

	DescribeTable("include everything that is rendered, in the same order", func(name string) {
		in := scenario(name)
		children := render.Children(in.Name)
		next := 0

		for _, object := range rendered(in) {
			for next < len(children) && children[next].GVK != object.GroupVersionKind() {
				next++
			}
			Expect(next).To(BeNumerically("<", len(children)), "%s is no child, or not in order", object.GetKind())
			Expect(object.GetName()).To(Equal(children[next].Name))
			Expect(object.GetNamespace()).To(Equal(in.Namespace))
		}
	}, entries())

	It("include the Service and the CA bundle, whose names others need", func() {
		names := map[string]string{}
		for _, child := range render.Children("mine") {
			names[child.GVK.Kind] = child.Name
		}

		Expect(names).To(HaveKeyWithValue("Service", render.ServiceName("mine")))
		Expect(names).To(HaveKeyWithValue("ConfigMap", render.CABundleName("mine")))
	})

	It("include the CA bundle as it is rendered", func() {
		bundle, err := render.CABundleConfigMap(scenario("cabundle"), "pem")
		Expect(err).NotTo(HaveOccurred())

		Expect(render.Children("example")).To(ContainElement(
			render.Child{GVK: bundle.GroupVersionKind(), Name: bundle.GetName()}))
	})
})

var _ = Describe("ConfigCopyName", func() {
	DescribeTable("is the name, and the start of the hash", func(hash, want string) {
		Expect(render.ConfigCopyName("mine", hash)).To(Equal(want))
	},
		Entry("of sixteen characters", "0123456789abcdef", "mine-config-0123456789abcdef"),
		Entry("of a whole SHA-256", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "mine-config-0123456789abcdef"),
		Entry("of a short one", "0123", "mine-config-0123"),
	)
})

var _ = Describe("CheckName", func() {
	DescribeTable("accepts", func(name string) {
		Expect(render.CheckName(name)).To(Succeed())
	},
		Entry("a plain name", "mine"),
		Entry("one character", "a"),
		Entry("a leading digit, which the Service's rule of later clusters allows", "1st-server"),
		Entry("what 0.9.0 accepted at most", strings.Repeat("a", 48)),
		Entry("the longest", strings.Repeat("a", longest)),
	)

	DescribeTable("refuses, and says what is allowed,", func(name, found string) {
		err := render.CheckName(name)

		Expect(err).To(MatchError(And(ContainSubstring(name), ContainSubstring(found), ContainSubstring("at most 55"),
			ContainSubstring("<name>-service"), ContainSubstring("create it again"))))
	},
		Entry("one character too many", strings.Repeat("a", longest+1), "56 characters"),
		Entry("a name as long as objects can have", strings.Repeat("a", validation.DNS1123SubdomainMaxLength), "253 characters"),
		Entry("a dot", "my.server", "dot"),
	)

	It("accepts no name with which a derived name or label is invalid", func() {
		name := strings.Repeat("a", longest)
		in := scenario("everything")
		in.Name = name

		Expect(validation.IsValidLabelValue(name)).To(BeEmpty())
		Expect(validation.IsDNS1123Subdomain(render.ConfigCopyName(name, strings.Repeat("f", 64)))).To(BeEmpty())
		for _, child := range render.Children(name) {
			Expect(validation.IsDNS1123Subdomain(child.Name)).To(BeEmpty(), child.Name)
			if child.GVK.Kind == "Service" {
				Expect(validation.IsDNS1035Label(child.Name)).To(BeEmpty(), child.Name)
			}
		}
	})

	It("refuses the first name with which one is", func() {
		for _, child := range render.Children(strings.Repeat("a", longest+1)) {
			if child.GVK.Kind == "Service" {
				Expect(validation.IsDNS1035Label(child.Name)).NotTo(BeEmpty())
			}
		}
	})
})

// annotations are those that objects may have: the operator's own, and those that the CR puts on what exposes it.
func annotations(in render.Input) []string {
	found := []string{render.RequestedSizeAnnotation, v1alpha1.AnnotationSuspended, "secret.version/serving-tls"}
	network := in.Spec.Network
	switch {
	case network == nil:
	case network.Ingress != nil:
		found = slices.AppendSeq(found, maps.Keys(network.Ingress.Annotations))
	case network.HTTPRoute != nil:
		found = slices.AppendSeq(found, maps.Keys(network.HTTPRoute.Annotations))
	case network.Route != nil:
		found = slices.AppendSeq(found, maps.Keys(network.Route.Annotations))
	}
	return found
}

var _ = Describe("Labels", func() {
	DescribeTable("mark every object", func(name string) {
		in := scenario(name)

		for _, object := range rendered(in) {
			Expect(object.GetLabels()).To(And(
				HaveKeyWithValue(v1alpha1.LabelManagedBy, v1alpha1.ManagedBy),
				HaveKeyWithValue(v1alpha1.LabelPartOf, v1alpha1.PartOf),
				HaveKeyWithValue(v1alpha1.LabelInstance, in.Name),
				HaveKeyWithValue(v1alpha1.LabelWatch, "true"),
			), object.GetKind())
		}
	}, entries())

	DescribeTable("owner references, status and server-side fields are nobody's but the cluster's", func(name string) {
		for _, object := range rendered(scenario(name)) {
			Expect(object.GetOwnerReferences()).To(BeEmpty())
			Expect(object.Object).NotTo(HaveKey("status"))
			Expect(object.GetUID()).To(BeEmpty())
			Expect(object.GetResourceVersion()).To(BeEmpty())
			for key := range object.GetAnnotations() {
				Expect(key).To(BeElementOf(annotations(scenario(name))), object.GetKind())
			}
		}
	}, entries())
})
