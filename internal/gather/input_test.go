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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// flag is an operator's configuration in which NetworkPolicies are on or off.
func flag(enabled string) operatorconfig.Config {
	return configured(map[string]string{operatorconfig.KeyFeatureFlags: "enableNetworkPolicy:\n  enabled: " + enabled + "\n"})
}

// declares is a server that declares this configuration, in YAML.
func declares(config string) *llsdtest.Wrapper {
	return server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Config = &v1alpha1.ServerConfig{}
		Expect(yaml.UnmarshalStrict([]byte(config), i.Spec.Server.Config)).To(Succeed())
	})
}

var _ = Describe("What a server is rendered from", func() {
	policy := &networkingv1.NetworkPolicy{}
	policyOf := func(enabled bool) *llsdtest.Wrapper {
		return server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{Policy: &v1alpha1.PolicySpec{Enabled: &enabled}}
		})
	}
	DescribeTable("has a NetworkPolicy", func(ctx context.Context, instance *llsdtest.Wrapper, config operatorconfig.Config, live client.Object, wanted bool) {
		Expect(beside(ctx, gathererOf(&configMaps{}), instance.Image("i:1"), config, live).Input.NetworkPolicy).To(Equal(wanted))
	},
		Entry("not by default", server(), configured(nil), (*networkingv1.NetworkPolicy)(nil), false),
		Entry("not any more, where it is off", server(), flag("false"), policy, false),
		Entry("where it is on", server(), flag("true"), (*networkingv1.NetworkPolicy)(nil), true),
		Entry("where the spec says so", policyOf(true), flag("false"), (*networkingv1.NetworkPolicy)(nil), true),
		Entry("not where the spec says no", policyOf(false), flag("true"), policy, false),
		Entry("as before, where the operator's configuration is not known: with it", server(), flag("["), policy, true),
		Entry("as before, where the operator's configuration is not known: without it", server(), flag("["), (*networkingv1.NetworkPolicy)(nil), false),
	)

	It("has the selector of the Deployment, which cannot change", func(ctx context.Context) {
		labels := map[string]string{"app": "of an earlier release"}
		deployment := gather.DeploymentWith("i:1")
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		Expect(beside(ctx, gathererOf(&configMaps{}), server().Image("i:1"), defaults(), deployment).Input.Selector).To(Equal(labels))
		Expect(beside(ctx, gathererOf(&configMaps{}), server().Image("i:1"), defaults()).Input.Selector).To(BeNil())
	})

	It("resumes where it was suspended and is not any more", func(ctx context.Context) {
		deployment := gather.DeploymentWith("i:1")
		deployment.Spec.Selector = &metav1.LabelSelector{}
		deployment.Annotations = map[string]string{v1alpha1.AnnotationSuspended: "3"}
		resumes := func(suspend bool, live *appsv1.Deployment) bool {
			instance := server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = suspend })
			return beside(ctx, gathererOf(&configMaps{}), instance, defaults(), live).Input.Resuming
		}
		Expect(resumes(false, deployment)).To(BeTrue())
		Expect(resumes(true, deployment)).To(BeFalse())
		deployment.Annotations = nil
		Expect(resumes(false, deployment)).To(BeFalse())
	})

	It("has the restart that its author asked for, and the platform", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{})
		gatherer.OpenShift = true
		input := beside(ctx, gatherer, server().Image("i:1").Annotation(v1alpha1.AnnotationRestartedAt, "now"), defaults()).Input
		Expect(input).To(And(HaveField("RestartedAt", "now"), HaveField("OpenShift", true), HaveField("OperatorNamespace", "operators"), HaveField("Namespace", "ns")))
	})

	It("has labels of people, and says which are too many", func(ctx context.Context) {
		few, many := server().Image("i:1").Label("team", "b").Label("example.com/tool", "c"), server().Image("i:1")
		for i := range 40 {
			many.Label(fmt.Sprintf("label-%02d", i), "a")
		}
		f := beside(ctx, gathererOf(&configMaps{}), few, defaults())
		Expect(f.Input.Labels).To(Equal(map[string]string{"team": "b"}))
		Expect(f.Notices).To(BeEmpty())
		f = beside(ctx, gathererOf(&configMaps{}), many, defaults())
		Expect(f.Input.Labels).To(And(HaveLen(32), HaveKey("label-31"), Not(HaveKey("label-32"))))
		Expect(f.Notices).To(ConsistOf(HavePrefix("8 labels of this LlamaStackDistribution are not on its objects")))
	})

	It("is refused where a list is too long", func(ctx context.Context) {
		instance := server().Image("i:1")
		for i := range render.MaxVariables + 1 {
			instance.Env(fmt.Sprintf("V%d", i), "a")
		}
		Expect(beside(ctx, gathererOf(&configMaps{}), instance, defaults()).Problems).To(ConsistOf(And(
			HaveField("Reason", v1alpha1.ReasonInvalidSpec), HaveField("Message", ContainSubstring("spec.server.containerSpec.env")))))
	})

	DescribeTable("has timeouts of HTTPRoutes unless", func(ctx context.Context, timeouts, served, without bool) {
		gatherer := gathererOf(&configMaps{})
		gatherer.RouteTimeouts, gatherer.Serves = timeouts, func(schema.GroupVersionKind) bool { return served }
		f := beside(ctx, gatherer, server().Image("i:1"), defaults())
		Expect(f.Input.NoRouteTimeouts).To(Equal(without))
		Expect(f.Notices).To(BeEmpty(), "the spec does not ask for them")
	},
		Entry("the cluster has none", false, true, true),
		Entry("not where it has them", true, true, false),
		Entry("not where it has no HTTPRoutes", false, false, false),
	)

	DescribeTable("keeps the access modes of a PVC that exists, where the spec asks for others,", func(
		declared, live corev1.PersistentVolumeAccessMode, kept []corev1.PersistentVolumeAccessMode,
	) {
		instance := llsdtest.Make("a").Storage("1Gi").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessMode(declared)}
		}).Obj()
		input, problems := gather.PVC(instance, &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{live}}})
		Expect(input.PVCModes).To(Equal(kept))
		Expect(problems).To(BeEmpty())
	},
		Entry("for one node", corev1.ReadWriteOnce, corev1.ReadWriteMany, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}),
		Entry("for several nodes", corev1.ReadWriteMany, corev1.ReadWriteOnce, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}),
		Entry("and not where they agree", corev1.ReadWriteMany, corev1.ReadWriteMany, nil),
	)
})

var _ = Describe("A declared configuration", func() {
	const vllm = "providers: [{api: inference, id: v, type: 'remote::vllm', secrets: [{field: api_token, secretKeyRef: {name: s, key: k}}]}]"

	It("is a copy of its own, with variables for its secrets", func(ctx context.Context) {
		f := beside(ctx, gathererOf(&configMaps{}), declares(vllm), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.Config.CopyName).To(HavePrefix("a-config-"))
		Expect(f.Input.Config.Env).To(ConsistOf(HaveField("Name", "LLSD_INFERENCE_V_API_TOKEN")))
		Expect(f.ConfigDigest).NotTo(BeEmpty())
		Expect(f.State.Unread).To(BeFalse())
		other := beside(ctx, gathererOf(&configMaps{}), declares("apis: [inference]"), defaults())
		Expect(other.Input.Config.CopyName).NotTo(Equal(f.Input.Config.CopyName))
		Expect(other.ConfigDigest).NotTo(Equal(f.ConfigDigest))
	})

	It("requires clients to authenticate, or its base does", func(ctx context.Context) {
		authenticated := func(instance *llsdtest.Wrapper, base string) bool {
			return beside(ctx, withConfig(base), instance, defaults()).Authenticated
		}
		const open, closed = "version: '2'\n", "server:\n  auth:\n    provider_config: {type: custom}\n"
		Expect(authenticated(declares("auth: {apiKeys: [{name: s, key: k}]}"), open)).To(BeTrue())
		Expect(authenticated(declares(vllm), open)).To(BeFalse())
		Expect(authenticated(declares(vllm).UserConfig("config"), closed)).To(BeTrue())
	})

	It("is refused with the field that is wrong, and the certificates are found all the same", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/ca": {v1alpha1.DefaultCABundleKey: authority()}}})
		f := beside(ctx, gatherer, declares("resources: {shields: 1}").CABundle("ca"), defaults())
		Expect(f.Problems).To(ConsistOf(And(HaveField("Reason", v1alpha1.ReasonInvalidSpec), HaveField("Message", HavePrefix("spec.server.config.resources.shields: ")))))
		Expect(f.Input.Config).To(BeNil())
		Expect(f.Input.CABundle).NotTo(BeNil())
	})

	It("shows the certificate of its patch instead of the Secret's", func(ctx context.Context) {
		f := beside(ctx, gathererOf(&configMaps{}), declares("patch: {server: {tls_certfile: /a, tls_keyfile: /b}}").ServingTLS("cert").RollOnRenewal(), defaults())
		Expect(f.Input.Serving.Unused).To(BeTrue())
		Expect(f.Input.Config.TLS).To(BeTrue())
		Expect(f.Notices).To(ConsistOf(ContainSubstring("which the server shows instead of Secret cert")))

		f = beside(ctx, gathererOf(&configMaps{}), declares("patch: {server: {tls_certfile: /a, tls_keyfile: /b}}"), defaults())
		Expect(f.Notices).To(BeEmpty(), "there is no Secret")
	})
})

var _ = Describe("The version of the Secret that Pods carry", func() {
	pods := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"secret.version/serving-tls": "6"}}}
	DescribeTable("is", func(ctx context.Context, state secretwatch.State, live *appsv1.Deployment, version string) {
		gatherer := gathererOf(&configMaps{})
		gatherer.Secrets = &secrets{state: state}
		f := beside(ctx, gatherer, server().Image("i:1").ServingTLS("cert").RollOnRenewal(), defaults(), live)
		Expect(f.Awaits).To(BeZero())
		Expect(f.Input.Serving).To(And(HaveField("Rolls", true), HaveField("Version", version)))
	},
		Entry("the new one", secretwatch.State{Version: "7"}, pods, "7"),
		Entry("that of before, while it is not known", secretwatch.State{}, pods, "6"),
		Entry("that of before, where the operator may not watch it any more", secretwatch.State{Denied: "admin"}, pods, "6"),
		Entry("none for a new server, while it is not known", secretwatch.State{}, (*appsv1.Deployment)(nil), ""),
	)

	It("does not matter where the server does not roll for it", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{})
		gatherer.Secrets = &secrets{state: secretwatch.State{Version: "7"}}
		Expect(beside(ctx, gatherer, server().Image("i:1").ServingTLS("cert"), defaults(), pods).Input.Serving).To(Equal(&render.Serving{SecretName: "cert"}))
	})
})
