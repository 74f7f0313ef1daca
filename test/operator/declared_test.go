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

package operator_test

import (
	"context"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// free is a free object of a spec.
func free(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

var _ = Describe("A declared configuration", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, false) })

	// declaring is a server with one provider.
	declaring := func(name string) *llsdtest.Wrapper {
		return llsdtest.Make(name).Namespace(namespace).Distribution("starter").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{
				API: "inference", ID: "vllm", Type: "remote::vllm", Config: free(`{"base_url":"http://a","max_tokens":null}`),
				Secrets: []v1alpha1.ConfigSecret{{Field: "api_token", SecretKeyRef: v1alpha1.SecretKey{Name: "vllm", Key: "token"}}},
			}}}
		})
	}
	// mounted is the ConfigMap that the Pods mount as the declared configuration, or none.
	mounted := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) string {
		for _, volume := range deploymentOf(ctx, instance).Spec.Template.Spec.Volumes {
			if volume.Name == "configure" {
				return volume.ConfigMap.Name
			}
		}
		return ""
	}
	copies := func(ctx context.Context) []string {
		list := &corev1.ConfigMapList{}
		Expect(admin.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/component": "user-config"})).To(Succeed())
		var names []string
		for _, item := range list.Items {
			names = append(names, item.Name)
		}
		return names
	}
	writes := func(mark int64) []harness.Request {
		waitForQuiet()
		return harness.Writes(audit.In(namespace, mark))
	}

	It("is mounted, rolls the server with each edit, and goes", func(ctx context.Context) {
		plain := llsdtest.Make("plain").Namespace(namespace).Distribution("starter").Obj()
		waitForQuiet()
		mark := audit.Mark()
		create(ctx, plain)
		becomeReady(ctx, plain)
		before := len(writes(mark))

		mark, since := audit.Mark(), time.Now()
		instance := declaring("declared").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		late := lateStatuses(since)
		Expect(len(writes(mark))).To(BeNumerically("<=", before+2+late), "writes of a creation: %v", writes(mark))

		first := mounted(ctx, instance)
		data := get(ctx, namespace, first, &corev1.ConfigMap{})
		Expect(data.Immutable).To(HaveValue(BeTrue()))
		Expect(data.BinaryData).To(And(HaveLen(1), HaveKeyWithValue("configure.pyz", Not(BeEmpty()))))
		Expect(data.Data).To(And(HaveLen(1), HaveKeyWithValue("overlay.json", ContainSubstring(
			`"config":{"api_token":"${env.LLSD_INFERENCE_VLLM_API_TOKEN}","base_url":"http://a","max_tokens":null}`))))
		pod := deploymentOf(ctx, instance).Spec.Template.Spec
		Expect(pod.InitContainers).To(HaveExactElements(HaveField("Name", "configure")))
		Expect(pod.Containers[0].Env).To(ContainElements(
			corev1.EnvVar{Name: "RUN_CONFIG_PATH", Value: "/etc/llama-stack-compiled/config.yaml"},
			HaveField("ValueFrom.SecretKeyRef.Name", "vllm"),
		))

		By("editing it")
		mark, since = audit.Mark(), time.Now()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = free(`{"base_url":"http://b"}`)
		})
		Eventually(mounted).WithArguments(ctx, instance).ShouldNot(Equal(first))
		becomeReady(ctx, instance)
		late = lateStatuses(since)
		edited := len(writes(mark))
		mark = audit.Mark()
		edit(ctx, plain, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Workers = new(int32(2)) })
		Eventually(func() int { return len(deploymentOf(ctx, plain).Spec.Template.Spec.Containers[0].Env) }).Should(BeNumerically(">", 0))
		becomeReady(ctx, plain)
		Expect(edited).To(BeNumerically("<=", len(writes(mark))+3+late), "writes of an edit")

		By("keeping two generations")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = free(`{"base_url":"http://c"}`)
		})
		becomeReady(ctx, instance)
		Eventually(copies).WithArguments(ctx).Should(And(HaveLen(2), Not(ContainElement(first))))

		By("removing it")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config = nil })
		Eventually(mounted).WithArguments(ctx, instance).Should(BeEmpty())
		becomeReady(ctx, instance)
		template, want := deploymentOf(ctx, instance).Spec.Template.Spec, deploymentOf(ctx, plain).Spec.Template.Spec
		Expect(template.InitContainers).To(BeEmpty())
		Expect(template.Volumes).To(Equal(want.Volumes))
		Expect(template.Containers[0].Command).To(BeEmpty())
	})

	It("comes with the user's, which stays mounted", func(ctx context.Context) {
		create(ctx, configMap(namespace, "mine", map[string]string{"config.yaml": "version: '2'\nserver: {auth: {route_policy: [{permit: {paths: /v1/models}}]}}\n"}))
		instance := declaring("both").UserConfig("mine").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		pod := deploymentOf(ctx, instance).Spec.Template.Spec
		Expect(pod.InitContainers[0].Command).To(ContainElements("--user-config", "/etc/llama-stack/config.yaml"))
		Expect(pod.InitContainers[0].VolumeMounts).To(ContainElement(HaveField("Name", "user-config")))
		Expect(pod.Containers[0].StartupProbe.TCPSocket).NotTo(BeNil(), "the facts of the base count")
		Expect(copies(ctx)).To(HaveLen(2))
	})

	It("that cannot be used changes nothing, and is reported with its path", func(ctx context.Context) {
		instance := declaring("wrong").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		first := mounted(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = free(`{"api_token":"x"}`)
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec,
			"spec.server.config.providers[0].secrets[0].field", "config already sets api_token"))
		Expect(mounted(ctx, instance)).To(Equal(first))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config.Providers[0].Secrets = nil })
		Eventually(mounted).WithArguments(ctx, instance).ShouldNot(Equal(first))
		becomeReady(ctx, instance)
	})

	It("of more than 256 KiB is refused, and one of less is taken", func(ctx context.Context) {
		instance := declaring("large").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Patch = free(`{"a":"` + strings.Repeat("x", 256<<10) + `"}`)
		}).Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "at most 262144 are allowed"))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Patch = free(`{"a":"` + strings.Repeat("x", 250<<10) + `"}`)
		})
		becomeReady(ctx, instance)
	})

	It("without authentication is reported where the server is exposed", func(ctx context.Context) {
		instance := declaring("exposed").ExposeRoute().Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionAuthenticationRequired)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonNoAuthentication, "Ingress"))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Auth = &v1alpha1.ConfigAuth{APIKeys: []v1alpha1.SecretKey{{Name: "keys", Key: "first"}}}
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionAuthenticationRequired)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonAuthenticated))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network = nil })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionAuthenticationRequired)).Should(BeEmpty())
	})

	It("keeps a null of a free object through server-side apply", func(ctx context.Context) {
		instance := declaring("null").Obj()
		fields, err := unstructuredOf(instance)
		Expect(err).NotTo(HaveOccurred())
		applied := &unstructured.Unstructured{Object: fields}
		Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner("test"))).To(Succeed())
		stored := get(ctx, namespace, "null", &v1alpha1.LlamaStackDistribution{})
		Expect(string(stored.Spec.Server.Config.Providers[0].Config.Raw)).To(ContainSubstring(`"max_tokens":null`))
	})
})
