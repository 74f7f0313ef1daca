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
	"maps"
	"reflect"
	"strings"
	"unsafe"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

	It("keeps each text of a command once, and changes none", func() {
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

	It("keeps a limited number", func() {
		transform := apply.SharingTransform()
		first := starting(script)
		_, err := transform(first)
		Expect(err).NotTo(HaveOccurred())
		for n := range 4000 {
			_, err := transform(starting(strings.Repeat("x", n)))
			Expect(err).NotTo(HaveOccurred())
		}
		last := starting(script)
		_, err = transform(last)
		Expect(err).NotTo(HaveOccurred())

		Expect(unsafe.StringData(container(last).Command[0])).NotTo(BeIdenticalTo(unsafe.StringData(container(first).Command[0])))
	})

	It("keeps each text of labels and annotations once, and changes none", func() {
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

	// labelled makes what a server has of one set of labels, each in a map of its own.
	labelled := func(server string) (*appsv1.Deployment, *corev1.Service, *policyv1.PodDisruptionBudget) {
		labels := func() map[string]string { return map[string]string{"app": "llama-stack", "instance": server} }
		selector := func() *metav1.LabelSelector { return &metav1.LabelSelector{MatchLabels: labels()} }
		deployment := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Selector: selector()}}
		deployment.Spec.Template.Labels = labels()
		deployment.Spec.Template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{LabelSelector: selector()}, {}, {LabelSelector: selector()}}
		deployment.Spec.Template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{PodAffinityTerm: corev1.PodAffinityTerm{LabelSelector: selector()}}},
		}}
		return deployment, &corev1.Service{Spec: corev1.ServiceSpec{Selector: labels()}},
			&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Labels: labels()}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector()}}
	}
	// sets are all sets of labels of a server.
	sets := func(deployment *appsv1.Deployment, service *corev1.Service, budget *policyv1.PodDisruptionBudget) []map[string]string {
		pod := deployment.Spec.Template.Spec
		return []map[string]string{
			deployment.Spec.Selector.MatchLabels, deployment.Spec.Template.Labels,
			pod.TopologySpreadConstraints[0].LabelSelector.MatchLabels, pod.TopologySpreadConstraints[2].LabelSelector.MatchLabels,
			pod.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.LabelSelector.MatchLabels,
			service.Spec.Selector, budget.Labels, budget.Spec.Selector.MatchLabels,
		}
	}
	address := func(set map[string]string) uintptr { return reflect.ValueOf(set).Pointer() }

	It("keeps a set of labels and selectors once, and changes none", func() {
		transform := apply.SharingTransform()
		addresses := map[string]uintptr{}
		for _, server := range []string{"a", "b"} {
			deployment, service, budget := labelled(server)
			for _, object := range []any{deployment, service, budget} {
				Expect(transform(object)).To(BeIdenticalTo(object))
			}
			addresses[server] = address(service.Spec.Selector)
			for _, set := range sets(deployment, service, budget) {
				Expect(set).To(Equal(map[string]string{"app": "llama-stack", "instance": server}))
				Expect(address(set)).To(Equal(addresses[server]))
			}
			Expect(deployment.Spec.Template.Spec.TopologySpreadConstraints[1].LabelSelector).To(BeNil())
		}
		Expect(addresses["a"]).NotTo(Equal(addresses["b"]))
	})

	DescribeTable("keeps sets of labels as they are", func(first, second map[string]string) {
		transform := apply.SharingTransform()
		for _, labels := range []map[string]string{first, second, first, second} {
			object := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)}}
			Expect(transform(object)).To(HaveField("ObjectMeta.Labels", Equal(labels)))
		}
	},
		Entry("that are the same text when joined", map[string]string{"a": "b", "c": "d"}, map[string]string{"a": "bcd"}),
		Entry("with quotes, which selectors can have", map[string]string{"a": `b""c`}, map[string]string{"a": "b", "": "c"}),
		Entry("none, and an empty one", map[string]string(nil), map[string]string{}),
	)

	It("keeps the quantities of many servers once, and changes none", func() {
		transform := apply.SharingTransform()
		list := func(cpu, memory string) corev1.ResourceList {
			return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
		}
		small, large := starting(script), starting(script)
		small.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: list("1", "1Gi"), Limits: list("1", "2Gi")}
		large.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: list("1", "2Gi"), Limits: list("2", "2Gi")}
		pvc := &corev1.PersistentVolumeClaim{Status: corev1.PersistentVolumeClaimStatus{Capacity: list("1", "1Gi")}}
		pvc.Spec.Resources.Requests = list("1", "1Gi")
		for _, object := range []any{small, large, pvc} {
			Expect(transform(object)).To(BeIdenticalTo(object))
		}

		first, second := container(small).Resources, container(large).Resources
		Expect([]corev1.ResourceList{first.Requests, first.Limits, second.Requests, second.Limits, pvc.Spec.Resources.Requests, pvc.Status.Capacity}).
			To(Equal([]corev1.ResourceList{list("1", "1Gi"), list("1", "2Gi"), list("1", "2Gi"), list("2", "2Gi"), list("1", "1Gi"), list("1", "1Gi")}))
		for _, shared := range []corev1.ResourceList{pvc.Spec.Resources.Requests, pvc.Status.Capacity} {
			Expect(reflect.ValueOf(shared).Pointer()).To(Equal(reflect.ValueOf(first.Requests).Pointer()))
		}
		Expect(reflect.ValueOf(second.Requests).Pointer()).To(Equal(reflect.ValueOf(first.Limits).Pointer()))
	})

	It("keeps annotations apart, for a digest is added to those of a ConfigMap", func() {
		transform := apply.SharingTransform()
		annotated := func() *corev1.ConfigMap {
			pairs := func() map[string]string { return map[string]string{"a": "b"} }
			return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Labels: pairs(), Annotations: pairs()}, Data: map[string]string{"a": "1"}}
		}
		for range 2 {
			configMap := annotated()
			Expect(transform(configMap)).To(BeIdenticalTo(configMap))
			Expect(configMap.Labels).To(Equal(map[string]string{"a": "b"}))
			Expect(configMap.Annotations).To(HaveLen(2))
		}
	})

	It("keeps each message of conditions once, except those about one server", func() {
		transform := apply.SharingTransform()
		reporting := func(name string) *v1alpha1.LlamaStackDistribution {
			instance := &v1alpha1.LlamaStackDistribution{ObjectMeta: metav1.ObjectMeta{Name: name}}
			for _, message := range []string{"all is well", "server-a cannot be reached"} {
				instance.Status.Conditions = append(instance.Status.Conditions, metav1.Condition{
					Type: strings.Clone("Ready"), Status: metav1.ConditionStatus(strings.Clone("True")), Reason: strings.Clone("Ready"), Message: strings.Clone(message),
				})
			}
			return instance
		}
		first, second := reporting("server-a"), reporting("server-a")
		for _, instance := range []*v1alpha1.LlamaStackDistribution{first, second} {
			Expect(transform(instance)).To(BeIdenticalTo(instance))
			Expect(instance).To(Equal(reporting("server-a")))
		}

		one, other := first.Status.Conditions, second.Status.Conditions
		for i := range one {
			Expect(unsafe.StringData(other[i].Type)).To(BeIdenticalTo(unsafe.StringData(one[i].Type)))
			Expect(unsafe.StringData(other[i].Reason)).To(BeIdenticalTo(unsafe.StringData(one[i].Reason)))
			Expect(unsafe.StringData(string(other[i].Status))).To(BeIdenticalTo(unsafe.StringData(string(one[i].Status))))
		}
		Expect(unsafe.StringData(other[0].Message)).To(BeIdenticalTo(unsafe.StringData(one[0].Message)))
		Expect(unsafe.StringData(other[1].Message)).NotTo(BeIdenticalTo(unsafe.StringData(one[1].Message)))
	})

	It("keeps each message of servers about their providers once, and changes none", func() {
		transform := apply.SharingTransform()
		listing := func(config string) *v1alpha1.LlamaStackDistribution {
			instance := &v1alpha1.LlamaStackDistribution{}
			instance.Status.DistributionConfig.Providers = []v1alpha1.ProviderInfo{
				{
					API: strings.Clone("inference"), ProviderID: strings.Clone("vllm"), ProviderType: strings.Clone("remote::vllm"),
					Config: &apiextensionsv1.JSON{Raw: []byte(config)}, Health: v1alpha1.ProviderHealthStatus{Status: strings.Clone("OK")},
				},
				{API: "inference"},
			}
			return instance
		}
		first, second, changed := listing("{}"), listing("{}"), listing(`{"a":1}`)
		for config, instance := range map[string]*v1alpha1.LlamaStackDistribution{"{}": first, `{"a":1}`: changed} {
			Expect(transform(instance)).To(BeIdenticalTo(instance))
			Expect(instance).To(Equal(listing(config)))
		}
		Expect(transform(second)).To(Equal(listing("{}")))

		one, other := first.Status.DistributionConfig.Providers[0], second.Status.DistributionConfig.Providers[0]
		Expect(other.Config).To(BeIdenticalTo(one.Config))
		Expect(unsafe.StringData(other.ProviderType)).To(BeIdenticalTo(unsafe.StringData(one.ProviderType)))
	})

	It("keeps no text that is longer than what servers have in common", func() {
		transform := apply.SharingTransform()
		service := func() *corev1.Service {
			return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"long": strings.Repeat("x", 17<<10)}}}
		}
		first, second := service(), service()
		for _, object := range []*corev1.Service{first, second} {
			Expect(transform(object)).To(BeIdenticalTo(object))
		}
		Expect(texts(second.Annotations)[0]).To(Equal(texts(first.Annotations)[0]))
		Expect(texts(second.Annotations)[1]).NotTo(Equal(texts(first.Annotations)[1]))
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
