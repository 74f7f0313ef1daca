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
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"k8s.io/apimachinery/pkg/util/validation"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// longest is the longest name that is allowed; 0.9.0 allowed 48 characters.
const longest = 55

var _ = Describe("The children", func() {
	DescribeTable("include everything that is rendered, in the same order", func(name string) {
		in := scenario(name)
		all := children.All()
		next := 0

		for _, object := range rendered(in) {
			for next < len(all) && all[next].GroupVersionKind != object.GroupVersionKind() {
				next++
			}
			Expect(next).To(BeNumerically("<", len(all)), "%s is no child, or not in order", object.GetKind())
			Expect(object.GetName()).To(Equal(all[next].Name(in.Name)))
			Expect(object.GetNamespace()).To(Equal(in.Namespace))
		}
	}, entries())

	It("include the CA bundle as it is rendered", func() {
		bundle, err := render.CABundleConfigMap(scenario("cabundle"), "pem")
		Expect(err).NotTo(HaveOccurred())

		Expect(bundle.GroupVersionKind()).To(Equal(children.Of(children.ConfigMap).GroupVersionKind))
		Expect(bundle.GetName()).To(Equal(children.CABundleName("example")))
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

	DescribeTable("is distinguished from other names", func(name string, want bool) {
		Expect(render.IsConfigCopyName("mine", name)).To(Equal(want))
	},
		Entry("what it gives", render.ConfigCopyName("mine", "0123456789abcdef01"), true),
		Entry("of another server", "mine-too-config-0123456789abcdef", false),
		Entry("of no hash", "mine-config-0123456789abcdeg", false),
		Entry("of a part of one", "mine-config-0123", false),
		Entry("with more to it", "mine-config-0123456789abcdef-copy", false),
		Entry("of something else", "mine-ca-bundle", false),
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
		Entry("one character too many", strings.Repeat("a", longest+1), "56 characters; create it again with a name of at most 55, such as "+strings.Repeat("a", longest)+", because"),
		Entry("a name as long as objects can have", strings.Repeat("a", validation.DNS1123SubdomainMaxLength), "253 characters"),
		Entry("a dot", "my.server", "such as my-server, because"),
	)

	It("accepts no name with which a derived name or label is invalid", func() {
		name := strings.Repeat("a", longest)
		in := scenario("everything")
		in.Name = name

		Expect(validation.IsValidLabelValue(name)).To(BeEmpty())
		Expect(validation.IsDNS1123Subdomain(render.ConfigCopyName(name, strings.Repeat("f", 64)))).To(BeEmpty())
		for _, child := range children.All() {
			Expect(validation.IsDNS1123Subdomain(child.Name(name))).To(BeEmpty(), child.Name(name))
		}
		Expect(validation.IsDNS1035Label(children.ServiceName(name))).To(BeEmpty())
	})

	It("refuses the first name with which one is", func() {
		Expect(validation.IsDNS1035Label(children.ServiceName(strings.Repeat("a", longest+1)))).NotTo(BeEmpty())
	})
})

// annotations are those that objects may have: the operator's own, and those that the CR puts on what exposes it.
func annotations(in render.Input) []string {
	found := []string{
		render.RequestedSizeAnnotation, v1alpha1.AnnotationSyncOptions, v1alpha1.AnnotationSuspended, v1alpha1.AnnotationForeignFiles,
		v1alpha1.AnnotationReferences, "secret.version/serving-tls",
	}
	if own := in.Spec.Metadata; own != nil {
		found = slices.AppendSeq(found, maps.Keys(own.Annotations))
	}
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
				HaveKeyWithValue(v1alpha1.LabelWatch, "true"),
			), object.GetKind())
			if object.GetKind() == "PersistentVolumeClaim" && in.Spec.Server.Storage.Retains() {
				continue // it outlives the server
			}
			Expect(object.GetLabels()).To(HaveKeyWithValue(v1alpha1.LabelInstance, in.Name), object.GetKind())
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
