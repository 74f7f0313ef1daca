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
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// withMetadata is a scenario with metadata of the CR's own, and the label team that it inherits.
func withMetadata(name string, labels map[string]v1alpha1.LabelValue, annotations map[string]v1alpha1.ShortAnnotation) render.Input {
	GinkgoHelper()
	in := scenario(name)
	in.Labels = map[string]string{"team": "ai"}
	in.Spec.Metadata = &v1alpha1.ChildMetadata{Labels: labels, Annotations: annotations}
	return in
}

// contents are the ConfigMaps of an input that has both.
func contents(in render.Input) []*unstructured.Unstructured {
	GinkgoHelper()
	copied, err := render.UserConfigCopy(in, map[string]string{"config.yaml": "a"}, nil)
	Expect(err).NotTo(HaveOccurred())
	bundle, err := render.CABundleConfigMap(in, "pem")
	Expect(err).NotTo(HaveOccurred())
	return []*unstructured.Unstructured{copied, bundle}
}

var _ = Describe("Labels and annotations of one's own", func() {
	It("are on every object, and on no Pod", func() {
		in := withMetadata("everything", map[string]v1alpha1.LabelValue{"cost-center": "cc-1"}, map[string]v1alpha1.ShortAnnotation{"example.com/owner": "me"})

		for _, one := range append(rendered(in), contents(in)...) {
			Expect(one.GetLabels()).To(And(HaveKeyWithValue("cost-center", "cc-1"), HaveKeyWithValue("team", "ai")), one.GetKind())
			Expect(one.GetAnnotations()).To(HaveKeyWithValue("example.com/owner", "me"), one.GetKind())
		}
		Expect(podTemplate(in)).To(Equal(podTemplate(scenario("everything"))), "an edit of a label restarts no server")
	})

	It("replace none of the operator's, in no selector either", func() {
		in := withMetadata("everything", map[string]v1alpha1.LabelValue{
			"app": "mine", "app.kubernetes.io/instance": "mine", "app.kubernetes.io/managed-by": "Helm", "llamastack.io/watch": "false",
		}, map[string]v1alpha1.ShortAnnotation{"llamastack.io/requested-size": "1Ti"})
		plain := withMetadata("everything", nil, nil)

		for i, one := range append(rendered(in), contents(in)...) {
			want := append(rendered(plain), contents(plain)...)[i]
			for key, value := range want.GetLabels() {
				Expect(one.GetLabels()).To(HaveKeyWithValue(key, value), one.GetKind())
			}
			for key, value := range want.GetAnnotations() {
				Expect(one.GetAnnotations()).To(HaveKeyWithValue(key, value), one.GetKind())
			}
		}
		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.Selector).
			To(Equal(object[appsv1.Deployment](rendered(plain), "Deployment").Spec.Selector))
	})

	It("come after those of one kind of object", func() {
		in := withMetadata("ingress", map[string]v1alpha1.LabelValue{"team": "mine"}, map[string]v1alpha1.ShortAnnotation{"a": "b", "cert-manager.io/cluster-issuer": "mine"})
		in.Spec.Network = &v1alpha1.NetworkSpec{Ingress: &v1alpha1.IngressSpec{Annotations: map[string]v1alpha1.AnnotationValue{"cert-manager.io/cluster-issuer": "internal"}}}

		for _, one := range rendered(in) {
			Expect(one.GetLabels()).To(HaveKeyWithValue("team", "mine"), "the spec goes before what is inherited")
			if one.GetKind() == "Ingress" {
				Expect(one.GetAnnotations()).To(And(HaveKeyWithValue("a", "b"), HaveKeyWithValue("cert-manager.io/cluster-issuer", "internal")))
			}
		}
	})

	It("do not have Argo CD prune a PVC that outlives its server", func() {
		in := withMetadata("minimal", map[string]v1alpha1.LabelValue{"argocd.argoproj.io/instance": "apps", "cost-center": "cc-1"},
			map[string]v1alpha1.ShortAnnotation{"argocd.argoproj.io/tracking-id": "apps", "argocd.argoproj.io/sync-options": "Prune=true"})
		in.Spec.Server.Storage = &v1alpha1.StorageSpec{RetentionPolicy: v1alpha1.RetentionRetain}

		pvc := object[corev1.PersistentVolumeClaim](rendered(in), "PersistentVolumeClaim")
		Expect(pvc.Labels).To(And(HaveKeyWithValue("cost-center", "cc-1"), Not(HaveKey("argocd.argoproj.io/instance"))))
		Expect(pvc.Annotations).To(And(
			HaveKeyWithValue("argocd.argoproj.io/sync-options", "Prune=false"), Not(HaveKey("argocd.argoproj.io/tracking-id"))))
		Expect(object[corev1.Service](rendered(in), "Service").Labels).To(HaveKeyWithValue("argocd.argoproj.io/instance", "apps"))
	})

	DescribeTable("are refused with a key that no object can have:", func(labels, annotations []string, field string) {
		metadata := &v1alpha1.ChildMetadata{Labels: map[string]v1alpha1.LabelValue{}, Annotations: map[string]v1alpha1.ShortAnnotation{}}
		for _, key := range labels {
			metadata.Labels[key] = "a"
		}
		for _, key := range annotations {
			metadata.Annotations[key] = "a"
		}
		_, err := renderer().Render(changed(func(in *render.Input) { in.Spec.Metadata = metadata }))

		var invalid *render.SpecError
		Expect(err).To(BeAssignableToTypeOf(invalid))
		Expect(err).To(MatchError(And(HavePrefix(field+": "), ContainSubstring("use a name such as cost-center"))))
		Expect(len(err.Error())).To(BeNumerically("<", 600))
	},
		Entry("a label with a space", []string{"cost center"}, nil, "spec.metadata.labels"),
		Entry("a label of two slashes", []string{"a/b/c"}, nil, "spec.metadata.labels"),
		Entry("an empty label", []string{""}, nil, "spec.metadata.labels"),
		Entry("a long label", []string{strings.Repeat("a", 1<<20)}, nil, "spec.metadata.labels"),
		Entry("an annotation with a space", nil, []string{"a b"}, "spec.metadata.annotations"),
	)

	It("may have an annotation in capitals", func() {
		Expect(rendered(withMetadata("minimal", nil, map[string]v1alpha1.ShortAnnotation{"Example.com/A": "b"}))).NotTo(BeEmpty())
	})
})

var _ = Describe("Inherited labels", func() {
	DescribeTable("are those that people set", func(labels, want map[string]string) {
		inherited, more := render.InheritedLabels(labels)
		Expect(inherited).To(Equal(want))
		Expect(more).To(BeZero())
	},
		Entry("none", nil, nil),
		Entry("without a prefix", map[string]string{"cost-center": "a"}, map[string]string{"cost-center": "a"}),
		Entry("not the one that finds the Pods", map[string]string{"app": "a"}, nil),
		Entry("not those of tools, which would take our objects for theirs", map[string]string{
			"argocd.argoproj.io/instance": "a", "kustomize.toolkit.fluxcd.io/name": "a", "app.kubernetes.io/instance": "a", "helm.sh/chart": "a", "example.com/a": "b",
		}, nil),
	)

	It("are the first 32", func() {
		labels := map[string]string{}
		for i := range 40 {
			labels[fmt.Sprintf("a%02d", i)] = "b"
		}
		inherited, more := render.InheritedLabels(labels)
		Expect(inherited).To(And(HaveLen(32), HaveKey("a31"), Not(HaveKey("a32"))))
		Expect(more).To(Equal(8))
	})
})
