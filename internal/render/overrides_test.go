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
	policyv1 "k8s.io/api/policy/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// overriding is the minimal input with overrides of the Pod.
func overriding(overrides v1alpha1.PodOverrides) render.Input {
	GinkgoHelper()
	return changed(func(in *render.Input) { in.Spec.Server.PodOverrides = &overrides })
}

// prefersNodes is an affinity to nodes.
func prefersNodes() *corev1.NodeAffinity {
	term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "gpu", Operator: corev1.NodeSelectorOpExists}}}
	return &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term}}}
}

var _ = Describe("The Pods' labels", func() {
	It("are the CR's and those that the Service finds the Pods by, which no selector asks for more than", func() {
		in := overriding(v1alpha1.PodOverrides{Labels: map[string]v1alpha1.LabelValue{"team": "ai"}})

		Expect(podTemplate(in).Labels).To(Equal(map[string]string{"app": "llama-stack", "app.kubernetes.io/instance": "example", "team": "ai"}))
		objects := rendered(in)
		want := map[string]string{"app": "llama-stack", "app.kubernetes.io/instance": "example"}
		Expect(object[appsv1.Deployment](objects, "Deployment").Spec.Selector.MatchLabels).To(Equal(want))
		Expect(object[corev1.Service](objects, "Service").Spec.Selector).To(Equal(want))
	})

	It("keep what a live Deployment selects by, whatever the CR says", func() {
		in := overriding(v1alpha1.PodOverrides{Labels: map[string]v1alpha1.LabelValue{"app": "mine", "tier": "mine"}})
		in.Selector = map[string]string{"tier": "servers"}
		in.Spec.Replicas = new(int32(2))

		Expect(podTemplate(in).Labels).To(Equal(map[string]string{"app": "llama-stack", "app.kubernetes.io/instance": "example", "tier": "servers"}))
		Expect(object[policyv1.PodDisruptionBudget](rendered(in), "PodDisruptionBudget").Spec.Selector.MatchLabels).To(Equal(in.Selector))
	})
})

var _ = Describe("The Pods' annotations", func() {
	It("are the CR's beside the operator's, which win", func() {
		in := scenario("everything")
		in.Spec.Server.PodOverrides.Annotations = map[string]v1alpha1.AnnotationValue{"a": "b", "configmap.hash/user-config": "mine"}

		Expect(podTemplate(in).Annotations).To(Equal(map[string]string{
			"a": "b", "configmap.hash/user-config": "9f86d081884c7d65", "configmap.hash/ca-bundle": "60303ae22b998861",
		}))
	})

	It("name the security context constraints that the CR wants, on OpenShift", func() {
		in := scenario("openshift")
		Expect(podTemplate(in).Annotations).To(HaveKeyWithValue("openshift.io/required-scc", "restricted-v2"))
		in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Annotations: map[string]v1alpha1.AnnotationValue{"openshift.io/required-scc": "nonroot-v2"}}

		Expect(podTemplate(in).Annotations).To(HaveKeyWithValue("openshift.io/required-scc", "nonroot-v2"))
	})
})

var _ = Describe("The affinity", func() {
	affinity := func(replicas int32, own *corev1.Affinity) *corev1.Affinity {
		in := overriding(v1alpha1.PodOverrides{Affinity: own})
		in.Spec.Replicas = &replicas
		return podTemplate(in).Spec.Affinity
	}

	It("of one replica is the CR's alone", func() {
		Expect(affinity(1, nil)).To(BeNil())
		Expect(affinity(1, &corev1.Affinity{})).To(BeNil())
		Expect(affinity(1, &corev1.Affinity{NodeAffinity: prefersNodes()})).To(Equal(&corev1.Affinity{NodeAffinity: prefersNodes()}))
	})

	It("keeps the operator's preference for nodes without another replica, unless the CR has one", func() {
		both := affinity(2, &corev1.Affinity{NodeAffinity: prefersNodes()})
		Expect(both.NodeAffinity).To(Equal(prefersNodes()))
		Expect(both.PodAntiAffinity).To(Equal(affinity(2, nil).PodAntiAffinity))

		own := &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "rack"}}}
		Expect(affinity(2, &corev1.Affinity{PodAntiAffinity: own}).PodAntiAffinity).To(Equal(own))
	})

	It("is without that preference where the CR has an empty one", func() {
		Expect(affinity(2, &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}})).To(BeNil())
	})
})

var _ = Describe("A stop", func() {
	stopping := func(lifecycle *v1alpha1.Lifecycle, seconds *int64) *int64 {
		in := overriding(v1alpha1.PodOverrides{TerminationGracePeriodSeconds: seconds})
		in.Spec.Server.ContainerSpec.Lifecycle = lifecycle
		return podTemplate(in).Spec.TerminationGracePeriodSeconds
	}
	sleep := &v1alpha1.Lifecycle{PreStop: &v1alpha1.LifecycleHook{Sleep: &v1alpha1.SleepAction{Seconds: 45}}}
	command := &v1alpha1.Lifecycle{PreStop: &v1alpha1.LifecycleHook{Exec: &v1alpha1.ExecAction{Command: []v1alpha1.Argument{"/drain"}}}}

	It("takes as long as the cluster says, and longer by the wait before it", func() {
		Expect(stopping(nil, nil)).To(BeNil())
		Expect(stopping(command, nil)).To(BeNil())
		Expect(stopping(&v1alpha1.Lifecycle{PostStart: sleep.PreStop}, nil)).To(BeNil())
		Expect(stopping(sleep, nil)).To(HaveValue(Equal(int64(75))))
	})

	It("takes as long as the CR says, above all", func() {
		Expect(stopping(sleep, new(int64(50)))).To(HaveValue(Equal(int64(50))))
	})

	It("runs what the CR says before", func() {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.Lifecycle = command })

		Expect(container(in).Lifecycle).To(Equal(&corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/drain"}}}}))
	})
})

var _ = Describe("Init containers", func() {
	It("run the server's image with its security context, and what they say themselves", func() {
		in := scenario("init-containers")

		inits := podTemplate(in).Spec.InitContainers
		Expect(inits).To(HaveLen(2))
		Expect(inits[0].Image).To(Equal(in.Image))
		Expect(inits[1].Image).To(Equal("registry.example.com/proxy:1"))
		Expect(inits[1].RestartPolicy).To(HaveValue(Equal(corev1.ContainerRestartPolicyAlways)))
		for _, one := range inits {
			Expect(one.SecurityContext).To(Equal(container(in).SecurityContext), one.Name)
		}
	})

	It("have each variable once, the last one", func() {
		env := podTemplate(scenario("init-containers")).Spec.InitContainers[0].Env

		Expect(env).To(HaveLen(2))
		Expect(env).To(ContainElement(corev1.EnvVar{Name: "SOURCE", Value: "last"}))
	})

	It("leave the server's container alone", func() {
		in := scenario("init-containers")
		without := scenario("init-containers")
		without.Spec.Server.PodOverrides = nil

		Expect(container(in)).To(Equal(container(without)))
	})
})

var _ = Describe("Empty overrides", func() {
	It("change nothing", func() {
		in := overriding(v1alpha1.PodOverrides{
			Labels: map[string]v1alpha1.LabelValue{}, Annotations: map[string]v1alpha1.AnnotationValue{}, NodeSelector: map[string]v1alpha1.LabelValue{},
			Tolerations: []corev1.Toleration{}, Affinity: &corev1.Affinity{}, ImagePullSecrets: []v1alpha1.LocalReference{},
			InitContainers: []v1alpha1.InitContainer{}, ResourceClaims: []v1alpha1.PodResourceClaim{},
		})
		in.Spec.Server.ContainerSpec.EnvFrom = []corev1.EnvFromSource{}

		Expect(bytesOf(in)).To(Equal(bytesOf(scenario("minimal"))))
	})
})
