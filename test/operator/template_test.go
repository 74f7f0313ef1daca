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
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The Pods of a server", func() {
	It("have no links to Services, no token, only Linux nodes, and a volume for temporary files", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Replicas(2).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		spec := deploymentOf(ctx, instance).Spec.Template.Spec
		Expect(spec.EnableServiceLinks).To(HaveValue(BeFalse()))
		Expect(spec.AutomountServiceAccountToken).To(HaveValue(BeFalse()))
		Expect(get(ctx, namespace, "a-sa", &corev1.ServiceAccount{}).AutomountServiceAccountToken).To(HaveValue(BeFalse()))
		Expect(spec.NodeSelector).To(Equal(map[string]string{"kubernetes.io/os": "linux"}))
		Expect(spec.SecurityContext.FSGroupChangePolicy).To(HaveValue(Equal(corev1.FSGroupChangeOnRootMismatch)))
		Expect(spec.Containers[0].VolumeMounts).To(ContainElement(corev1.VolumeMount{Name: "lls-tmp", MountPath: "/tmp"}))
		budget := get(ctx, namespace, "a-pdb", &policyv1.PodDisruptionBudget{})
		Expect(budget.Spec.UnhealthyPodEvictionPolicy).To(HaveValue(Equal(policyv1.AlwaysAllow)))
	})

	It("have a token if the configuration names it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).UserConfig("config").Obj()
		create(ctx, configMap(namespace, "config", map[string]string{
			"config.yaml": "server: {auth: {provider_config: {type: kubernetes, tls_cafile: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}}}\n",
		}), instance)
		becomeReady(ctx, instance)
		token := func() *bool { return deploymentOf(ctx, instance).Spec.Template.Spec.AutomountServiceAccountToken }
		Expect(token()).To(HaveValue(BeTrue()))

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = "version: 2\n" })
		Eventually(token).Should(HaveValue(BeFalse()))
	})

	It("are stopped before new ones start if they have a GPU, and start first again without", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		strategy := func() appsv1.DeploymentStrategyType { return deploymentOf(ctx, instance).Spec.Strategy.Type }
		Expect(strategy()).To(Equal(appsv1.RollingUpdateDeploymentStrategyType))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			withSpec(i, "server: {containerSpec: {resources: {limits: {nvidia.com/gpu: 1}}}}")
		})
		Eventually(strategy).Should(Equal(appsv1.RecreateDeploymentStrategyType))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(2)) })
		Eventually(func() appsv1.DeploymentStrategy { return deploymentOf(ctx, instance).Spec.Strategy }).Should(And(
			HaveField("Type", appsv1.RollingUpdateDeploymentStrategyType), HaveField("RollingUpdate.MaxSurge.IntVal", BeZero()),
			HaveField("RollingUpdate.MaxUnavailable.IntVal", BeEquivalentTo(1))))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Resources = corev1.ResourceRequirements{}
		})
		Eventually(func() string { return deploymentOf(ctx, instance).Spec.Strategy.RollingUpdate.MaxSurge.String() }).Should(Equal("25%"))
	})

	It("keep the labels of the ResourceClaims that are created for them", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Obj()
		withSpec(instance, "server: {podOverrides: {volumes: [{name: scratch, ephemeral: {volumeClaimTemplate: {"+
			"metadata: {labels: {backup: 'no'}, annotations: {tier: scratch}}, "+
			"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]}}")
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Volumes).To(ContainElement(And(
			HaveField("Name", "scratch"), HaveField("Ephemeral.VolumeClaimTemplate.ObjectMeta", And(
				HaveField("Labels", HaveKeyWithValue("backup", "no")), HaveField("Annotations", HaveKeyWithValue("tier", "scratch")))))))
	})

	It("get ownership of all files of their volume when another user may have written them, and keep it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		policy := func() corev1.PodFSGroupChangePolicy {
			return *deploymentOf(ctx, instance).Spec.Template.Spec.SecurityContext.FSGroupChangePolicy
		}
		Expect(policy()).To(Equal(corev1.FSGroupChangeOnRootMismatch))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			withSpec(i, "server: {podOverrides: {securityContext: {runAsUser: 2000}}}")
		})
		Eventually(policy).Should(Equal(corev1.FSGroupChangeAlways))
		becomeReady(ctx, instance)
		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.SecurityContext.FSGroupChangePolicy = new(corev1.FSGroupChangeOnRootMismatch)
		})
		Eventually(policy).Should(Equal(corev1.FSGroupChangeAlways))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			withSpec(i, "server: {podOverrides: {securityContext: {fsGroupChangePolicy: OnRootMismatch}}}")
		})
		Eventually(policy).Should(Equal(corev1.FSGroupChangeOnRootMismatch))
	})

	It("do not listen on a port of the configuration, which the status reports", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).UserConfig("config").Obj()
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "server: {port: 9000}\n"}), instance)
		becomeReady(ctx, instance)
		ready := conditionOf(ctx, instance, v1alpha1.ConditionReady)
		Eventually(ready).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "server.port 9000", "listens on port 8321", "spec.server.containerSpec.port"))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Port = 9000 })
		Eventually(ready).ShouldNot(ContainSubstring("server.port"))
	})
})

var _ = Describe("The labels of a LlamaStackDistribution", func() {
	It("are set on its objects if they have no prefix, and restart nothing", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").UserConfig("config").Obj()
		instance.Labels = map[string]string{"cost-center": "cc-1", "argocd.argoproj.io/instance": "apps"}
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}), instance)
		becomeReady(ctx, instance)
		objects := func() []client.Object {
			copies := &corev1.ConfigMapList{}
			Expect(admin.List(ctx, copies, client.InNamespace(namespace), client.MatchingLabels{render.LabelComponent: render.ComponentUserConfig})).To(Succeed())
			Expect(copies.Items).To(HaveLen(1))
			return []client.Object{
				deploymentOf(ctx, instance), get(ctx, namespace, "a-service", &corev1.Service{}), get(ctx, namespace, "a-sa", &corev1.ServiceAccount{}),
				get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{}), &copies.Items[0],
			}
		}
		each := func(matcher OmegaMatcher) {
			GinkgoHelper()
			Eventually(func() []map[string]string {
				var labels []map[string]string
				for _, one := range objects() {
					labels = append(labels, one.GetLabels())
				}
				return labels
			}).Should(HaveEach(matcher))
		}
		each(And(HaveKeyWithValue("cost-center", "cc-1"), Not(HaveKey("argocd.argoproj.io/instance"))))
		template := deploymentOf(ctx, instance).Spec.Template

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Labels["cost-center"] = "cc-2" })
		each(HaveKeyWithValue("cost-center", "cc-2"))
		edit(ctx, get(ctx, namespace, "a-service", &corev1.Service{}), func(s *corev1.Service) { delete(s.Labels, "cost-center") })
		each(HaveKeyWithValue("cost-center", "cc-2"))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			withSpec(i, "metadata: {labels: {cost-center: cc-3}, annotations: {example.com/owner: me}}")
		})
		each(HaveKeyWithValue("cost-center", "cc-3"))
		Expect(objects()).To(HaveEach(WithTransform(client.Object.GetAnnotations, HaveKeyWithValue("example.com/owner", "me"))))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Labels, i.Spec.Metadata = nil, nil })
		each(Not(HaveKey("cost-center")))
		Expect(objects()).To(HaveEach(WithTransform(client.Object.GetAnnotations, Not(HaveKey("example.com/owner")))))
		Expect(deploymentOf(ctx, instance).Spec.Template).To(Equal(template))
	})

	It("cost nothing if they are a tool's", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		const edits = 20 // each would cause a reconcile
		before := reconcilesTotal()
		for run := range edits {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
				i.Labels = map[string]string{"example.com/run": strconv.Itoa(run)}
			})
		}
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Labels["team"] = "ai" })
		Eventually(func() map[string]string { return deploymentOf(ctx, instance).Labels }).Should(HaveKeyWithValue("team", "ai"))
		waitForQuiet()
		Expect(reconcilesTotal()-before).To(BeNumerically("<", edits/2),
			"one that applies the label, the news of the Deployment, which may come in two parts, and what else happens")
	})

	It("are refused as spec.metadata if no object can have them, and what runs stays", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { withSpec(i, "{replicas: 2, metadata: {labels: {'a b': c}}}") })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "spec.metadata.labels", "a b"))
		Expect(deploymentOf(ctx, instance).Spec.Replicas).To(HaveValue(BeEquivalentTo(1)))
	})
})

var _ = Describe("An HTTPRoute of a cluster with an older Gateway API", func() {
	It("is created without timeouts, and gets them with the newer one", func(ctx context.Context) {
		const name = "httproutes.gateway.networking.k8s.io"
		newer := filepath.Join(harness.RoutingCRDs(), "httproutes.yaml")
		older := withoutTimeouts(newer)
		DeferCleanup(func(ctx context.Context) {
			setDefinition(ctx, newer, name, false)
			setDefinition(ctx, newer, name, true)
		})
		setDefinition(ctx, newer, name, false)
		setDefinition(ctx, older, name, true)
		namespace := newNamespace(ctx, false)
		instance := exposed(namespace, "httpRoute: {parentRefs: [{name: public}], timeouts: {request: 10m}}")
		create(ctx, instance)
		becomeReady(ctx, instance)
		timeout := func() string {
			route := get(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))
			rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
			Expect(err).NotTo(HaveOccurred())
			rule, _ := rules[0].(map[string]any)
			text, _, err := unstructured.NestedString(rule, "timeouts", "request")
			Expect(err).NotTo(HaveOccurred())
			return text
		}
		Eventually(exists(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))).Should(BeTrue())
		Expect(timeout()).To(BeEmpty())
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(ContainSubstring("install the Gateway API 1.2"))

		replaceDefinition(ctx, newer)
		Eventually(timeout).Should(Equal("10m"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).ShouldNot(ContainSubstring("Gateway API"))
	})
})

// withoutTimeouts is a copy of a definition of HTTPRoutes whose rules have no timeouts.
func withoutTimeouts(definition string) string {
	GinkgoHelper()
	text, err := os.ReadFile(definition)
	Expect(err).NotTo(HaveOccurred())
	var fields map[string]any
	Expect(yaml.Unmarshal(text, &fields)).To(Succeed())
	removed := 0
	var walk func(node any)
	walk = func(node any) {
		switch node := node.(type) {
		case map[string]any:
			if _, ok := node["timeouts"]; ok {
				delete(node, "timeouts")
				removed++
			}
			for _, child := range node {
				walk(child)
			}
		case []any:
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(fields)
	Expect(removed).To(BeNumerically(">", 0))
	older := filepath.Join(GinkgoT().TempDir(), "httproutes.yaml")
	text, err = yaml.Marshal(fields)
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Contains(string(text), "timeouts:")).To(BeFalse())
	Expect(os.WriteFile(older, text, 0o600)).To(Succeed())
	return older
}

// replaceDefinition replaces a definition that is served with the content of a file.
func replaceDefinition(ctx context.Context, file string) {
	GinkgoHelper()
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	wanted, live := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(text, &wanted.Object)).To(Succeed())
	live.SetGroupVersionKind(wanted.GroupVersionKind())
	live.SetName(wanted.GetName())
	edit(ctx, live, func(u *unstructured.Unstructured) { u.Object["spec"] = wanted.Object["spec"] })
}
