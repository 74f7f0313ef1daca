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

package gather_test

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/references"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// referring is a server that rolls for the ConfigMaps of its envFrom, and for those Secrets.
func referring(configMaps []string, secrets ...string) *llsdtest.Wrapper {
	return server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Generation = 1
		i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{OnReferenceChange: v1alpha1.ReferenceChangeRoll}
		for _, name := range configMaps {
			i.Spec.Server.ContainerSpec.EnvFrom = append(i.Spec.Server.ContainerSpec.EnvFrom, corev1.EnvFromSource{
				ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}},
			})
		}
		for _, name := range secrets {
			i.Spec.Server.ContainerSpec.EnvFrom = append(i.Spec.Server.ContainerSpec.EnvFrom, corev1.EnvFromSource{
				SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}},
			})
		}
	})
}

// recorded is a Deployment with this record, which is rolling or not.
func recorded(record string, rolling bool) *appsv1.Deployment {
	deployment := gather.DeploymentWith("i:1")
	deployment.Annotations = map[string]string{v1alpha1.AnnotationReferences: record}
	if !rolling {
		deployment.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
	}
	return deployment
}

var _ = Describe("The contents that the Pods carry", func() {
	content := func(value string) *configMaps {
		return &configMaps{objects: map[string]map[string]string{"ns/a": {"key": value}, "ns/b": {"key": "1"}}}
	}
	// carried is what Pods carry for the value of a ConfigMap, beside a Deployment.
	carried := func(ctx context.Context, value string, live *appsv1.Deployment) *render.References {
		GinkgoHelper()
		return beside(ctx, gathererOf(content(value)), referring([]string{"a", "b", "missing"}), defaults(), live).Input.References
	}

	It("are none without a reference", func(ctx context.Context) {
		Expect(beside(ctx, gathererOf(content("1")), referring(nil), defaults()).Input.References).To(BeNil())
	})

	It("are those of the ConfigMaps that exist", func(ctx context.Context) {
		first, second := carried(ctx, "1", nil), carried(ctx, "2", nil)
		Expect(references.Read(first.Record).ConfigMaps).To(HaveLen(2))
		Expect(first.ConfigMaps).NotTo(Or(BeEmpty(), Equal(second.ConfigMaps)))
		Expect(first.Secrets).To(BeEmpty())
	})

	It("wait for the end of a rollout that they have caused, and are not read", func(ctx context.Context) {
		first := carried(ctx, "1", nil)
		second := carried(ctx, "2", recorded(first.Record, true))
		Expect(second).NotTo(Equal(first), "the first rollout is that of the author")

		gatherer, reads := gathererOf(content("3")), 0
		gatherer.Contents = inputs.New(content("3"), func(string) { reads++ }, nil)
		during := beside(ctx, gatherer, referring([]string{"a", "b", "missing"}), defaults(), recorded(second.Record, true))
		Expect(during.Input.References).To(Equal(second))
		Expect(reads).To(BeZero())

		after := carried(ctx, "3", recorded(second.Record, false))
		Expect(after.ConfigMaps).NotTo(Equal(second.ConfigMaps))
		restarted := referring([]string{"a", "b", "missing"}).Annotation(v1alpha1.AnnotationRestartedAt, "now")
		edited := beside(ctx, gathererOf(content("3")), restarted, defaults(), recorded(second.Record, true))
		Expect(edited.Input.References.ConfigMaps).To(Equal(after.ConfigMaps))
	})

	It("stay for a ConfigMap that does not exist any more", func(ctx context.Context) {
		first := carried(ctx, "1", nil)
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/b": {"key": "1"}}})
		f := beside(ctx, gatherer, referring([]string{"a", "b", "missing"}), defaults(), recorded(first.Record, false))
		Expect(f.Input.References).To(Equal(first))
	})

	DescribeTable("have the version of a Secret", func(ctx context.Context, state secretwatch.State, changed bool, notices OmegaMatcher) {
		known := gathererOf(content("1"))
		known.Secrets = &secrets{state: secretwatch.State{Version: "7"}}
		first := beside(ctx, known, referring([]string{"a"}, "s"), defaults()).Input.References
		Expect(first.Secrets).NotTo(BeEmpty())

		gatherer := gathererOf(content("1"))
		gatherer.Secrets = &secrets{state: state}
		f := beside(ctx, gatherer, referring([]string{"a"}, "s"), defaults(), recorded(first.Record, false))
		if changed {
			Expect(f.Input.References.Secrets).NotTo(Equal(first.Secrets))
		} else {
			Expect(f.Input.References.Secrets).To(Equal(first.Secrets))
		}
		Expect(f.Input.References.ConfigMaps).To(Equal(first.ConfigMaps))
		Expect(f.Notices).To(notices)
	},
		Entry("which is the new one", secretwatch.State{Version: "8"}, true, BeEmpty()),
		Entry("which stays while it is not known", secretwatch.State{}, false, BeEmpty()),
		Entry("which stays where it may not be watched", secretwatch.State{Denied: "admin"}, false,
			ConsistOf(And(ContainSubstring("may not watch Secret ns/s"), ContainSubstring("onReferenceChange"), HaveSuffix("--user=admin")))),
		Entry("which stays where there are too many", secretwatch.State{Beyond: true}, false, ConsistOf(ContainSubstring("at most 50 Secrets in a namespace"))),
	)

	It("are waited for, and the Secret of the certificate is watched first", func(ctx context.Context) {
		gatherer, answer := gathererOf(content("1")), &secrets{wait: time.Second}
		gatherer.Secrets = answer
		f := beside(ctx, gatherer, referring([]string{"a"}, "s", "cert").ServingTLS("tls").RollOnRenewal(), defaults())
		Expect(f.Awaits).To(Equal(time.Second))
		Expect(f.Input.References).To(BeNil())
		Expect(answer.asked).To(HaveExactElements("tls", "s", "cert"))
		beside(ctx, gatherer, referring(nil, "s", "tls").ServingTLS("tls").RollOnRenewal(), defaults())
		Expect(answer.asked).To(HaveExactElements("s", "tls"))
	})

	It("are reported where there are too many", func(ctx context.Context) {
		var names []string
		for i := range references.MaxConfigMaps + 1 {
			names = append(names, fmt.Sprintf("c-%d", i))
		}
		Expect(beside(ctx, gathererOf(content("1")), referring(names), defaults()).Notices).To(ConsistOf(ContainSubstring("at most 50 ConfigMaps and 50 Secrets")))
	})

	It("are indexed by their ConfigMaps, where the server rolls for them", func() {
		instance := referring([]string{"a", "b"}).Obj()
		Expect(gather.ReferencedConfigMaps(instance)).To(ConsistOf("ns/odh-trusted-ca-bundle", "ns/a", "ns/b"))
		instance.Spec.Server.Rollout = nil
		Expect(gather.ReferencedConfigMaps(instance)).To(ConsistOf("ns/odh-trusted-ca-bundle"))
	})
})
