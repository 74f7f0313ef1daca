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

package apply_test

import (
	"strings"
	"unsafe"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("SharingTransform", func() {
	// starting makes a Deployment whose texts are in memory of their own.
	starting := func(texts ...string) *appsv1.Deployment {
		words := make([]string, len(texts))
		for i, text := range texts {
			words[i] = strings.Clone(text)
		}
		deployment := &appsv1.Deployment{}
		deployment.Spec.Template.Spec.Containers = []corev1.Container{{Command: words, Args: []string{strings.Clone(texts[0])}}}
		return deployment
	}
	container := func(deployment *appsv1.Deployment) corev1.Container {
		return deployment.Spec.Template.Spec.Containers[0]
	}
	script, other := strings.Repeat("run; ", 100), strings.Repeat("wait; ", 100)

	It("keeps a text of commands once, and changes none", func() {
		transform := apply.SharingTransform()
		first, second := starting(script, "sh", other), starting(other, "sh", script)
		for _, deployment := range []*appsv1.Deployment{first, second} {
			out, err := transform(deployment)
			Expect(err).NotTo(HaveOccurred())
			Expect(out).To(BeIdenticalTo(deployment))
		}

		Expect(container(first).Command).To(Equal([]string{script, "sh", other}))
		Expect(container(second).Command).To(Equal([]string{other, "sh", script}))
		Expect(unsafe.StringData(container(second).Command[2])).To(BeIdenticalTo(unsafe.StringData(container(first).Command[0])))
		Expect(unsafe.StringData(container(second).Args[0])).To(BeIdenticalTo(unsafe.StringData(container(first).Command[2])))
	})

	It("keeps only so many", func() {
		transform := apply.SharingTransform()
		first := starting(script)
		_, err := transform(first)
		Expect(err).NotTo(HaveOccurred())
		for n := range 600 {
			_, err := transform(starting(strings.Repeat("x", n)))
			Expect(err).NotTo(HaveOccurred())
		}
		last := starting(script)
		_, err = transform(last)
		Expect(err).NotTo(HaveOccurred())

		Expect(unsafe.StringData(container(last).Command[0])).NotTo(BeIdenticalTo(unsafe.StringData(container(first).Command[0])))
	})

	It("keeps the texts of labels and annotations once, and changes none", func() {
		transform := apply.SharingTransform()
		labels := func() map[string]string {
			return map[string]string{strings.Clone("app.kubernetes.io/part-of"): strings.Clone("llama-stack")}
		}
		first, second := starting(script), starting(script)
		for _, deployment := range []*appsv1.Deployment{first, second} {
			deployment.Labels, deployment.Annotations, deployment.Spec.Template.Labels = labels(), labels(), labels()
			_, err := transform(deployment)
			Expect(err).NotTo(HaveOccurred())
		}

		known := texts(first.Labels)
		for _, shared := range []map[string]string{first.Annotations, first.Spec.Template.Labels, second.Labels, second.Annotations, second.Spec.Template.Labels} {
			Expect(shared).To(Equal(labels()))
			Expect(texts(shared)).To(Equal(known))
		}
		Expect(texts(labels())).NotTo(Equal(known))
		Expect(second.Spec.Template.Annotations).To(BeNil())
	})

	It("is a CacheTransform", func() {
		configMap := &corev1.ConfigMap{Data: map[string]string{"a": "1"}}
		out, err := apply.SharingTransform()(configMap)
		Expect(err).NotTo(HaveOccurred())
		Expect(out.(*corev1.ConfigMap).Data).To(BeEmpty())
	})
})

// texts are the addresses of the texts of a map's first pair.
func texts(pairs map[string]string) [2]uintptr {
	for key, value := range pairs {
		return [2]uintptr{uintptr(unsafe.Pointer(unsafe.StringData(key))), uintptr(unsafe.Pointer(unsafe.StringData(value)))}
	}
	return [2]uintptr{}
}
