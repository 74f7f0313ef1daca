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
	"fmt"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// tooMuchMemory is an edit of the kind that only the API server refuses: a request above its limit.
func tooMuchMemory(i *v1alpha1.LlamaStackDistribution) {
	i.Spec.Server.ContainerSpec.Resources = corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
	}
}

func withPolicy(i *v1alpha1.LlamaStackDistribution) {
	i.Spec.Network = &v1alpha1.NetworkSpec{Policy: &v1alpha1.PolicySpec{Enabled: new(true)}}
}

func lessMemory(i *v1alpha1.LlamaStackDistribution) {
	i.Spec.Server.ContainerSpec.Resources = corev1.ResourceRequirements{}
}

// quotaOf makes a quota of ConfigMaps or of storage that is used up. What counts the use is not there, so that the spec does. It
// returns when the API server applies the quota: what it admits before that is not tried again.
func quotaOf(ctx context.Context, namespace string, what corev1.ResourceName, hard int) *corev1.ResourceQuota {
	GinkgoHelper()
	list := corev1.ResourceList{what: resource.MustParse(strconv.Itoa(hard))}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "few"}, Spec: corev1.ResourceQuotaSpec{Hard: list}}
	create(ctx, quota)
	setUsed(ctx, quota, hard)
	Eventually(admitted(namespace)).WithContext(ctx).Should(MatchError(ContainSubstring("exceeded quota: few")))
	return quota
}

// endQuota deletes a quota, and returns when the API server no longer applies it: what it refuses before that is tried again after
// a minute.
func endQuota(ctx context.Context, quota *corev1.ResourceQuota) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, quota)).To(Succeed())
	Eventually(admitted(quota.Namespace)).WithContext(ctx).Should(Succeed())
}

// admitted polls whether a namespace takes one more ConfigMap and one more PVC. Admission reads quotas from caches, which lag behind
// on a busy machine.
func admitted(namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, object := range []client.Object{configMap(namespace, "probe", nil), newPVC(namespace, "probe")} {
			if err := admin.Create(ctx, object, client.DryRunAll); err != nil {
				return err
			}
		}
		return nil
	}
}

func setUsed(ctx context.Context, quota *corev1.ResourceQuota, used int) {
	GinkgoHelper()
	Eventually(func() error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(quota), quota); err != nil {
			return err
		}
		quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{}
		for what := range quota.Spec.Hard {
			quota.Status.Used[what] = resource.MustParse(strconv.Itoa(used))
		}
		return admin.Status().Update(ctx, quota)
	}).Should(Succeed())
}

var _ = Describe("An edit", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, false) })

	specsOf := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, objects map[string]client.Object) map[string]string {
		GinkgoHelper()
		specs := map[string]string{}
		for suffix, object := range objects {
			specs[suffix] = fmt.Sprint(specOf(get(ctx, namespace, instance.Name+suffix, object)))
		}
		return specs
	}

	It("that the API server refuses in the Deployment changes nothing that points at the Pods, and reports what stays", func(ctx context.Context) {
		instance := llsdtest.Make("halved").Namespace(namespace).Distribution("starter").Replicas(2).Edit(withPolicy).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		all := map[string]client.Object{
			"": &appsv1.Deployment{}, "-service": &corev1.Service{}, "-network-policy": &networkingv1.NetworkPolicy{}, "-pdb": &policyv1.PodDisruptionBudget{},
		}
		waitForQuiet()
		before, mark := specsOf(ctx, instance, all), audit.Mark()

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			tooMuchMemory(i)
			i.Spec.Server.ContainerSpec.Port = 9000
			i.Spec.Server.PodDisruptionBudget = nil
			i.Spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: 5}
			i.Spec.Replicas = new(int32(1))
		})

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected,
			"Deployment "+namespace+"/halved", "less than or equal to memory limit", "stay as they are", "Service", "NetworkPolicy", "HorizontalPodAutoscaler"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
		Consistently(func() map[string]string { return specsOf(ctx, instance, all) }).WithTimeout(still).Should(Equal(before))
		Expect(exists(ctx, namespace, "halved-hpa", &autoscalingv2.HorizontalPodAutoscaler{})()).To(BeFalse())
		Expect(statusOf(ctx, instance)()).To(HaveField("ServiceURL", HaveSuffix(":8321")), "the port of its Pods")
		Expect(len(harness.Writes(audit.In(namespace, mark)))).To(BeNumerically("<=", 4), "replicas that are handed over, two attempts, one status, and no hot loop")

		Expect(admin.Delete(ctx, get(ctx, namespace, "halved-pdb", &policyv1.PodDisruptionBudget{}))).To(Succeed())
		Eventually(exists(ctx, namespace, "halved-pdb", &policyv1.PodDisruptionBudget{})).Should(BeTrue(), "the edit does not change it")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { lessMemory(i) })
		becomeReady(ctx, instance)
		Eventually(func() []corev1.ServicePort {
			return get(ctx, namespace, "halved-service", &corev1.Service{}).Spec.Ports
		}).Should(
			HaveExactElements(HaveField("Port", int32(9000))))
		Eventually(exists(ctx, namespace, "halved-hpa", &autoscalingv2.HorizontalPodAutoscaler{})).Should(BeTrue())
		Expect(statusOf(ctx, instance)()).To(HaveField("ServiceURL", HaveSuffix(":9000")))
	})

	It("that is refused does not prevent that other fields are healed, and removes nothing", func(ctx context.Context) {
		instance := llsdtest.Make("healed").Namespace(namespace).Distribution("starter").ExposeRoute().Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			tooMuchMemory(i)
			i.Spec.Network.ExposeRoute = false
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "Ingress"))
		Expect(exists(ctx, namespace, "healed-ingress", &networkingv1.Ingress{})()).To(BeTrue())

		service := get(ctx, namespace, "healed-service", &corev1.Service{})
		Expect(admin.Delete(ctx, service)).To(Succeed())
		Eventually(func() bool { return get(ctx, namespace, "healed-service", &corev1.Service{}).UID != service.UID }).WithTimeout(soon).Should(BeTrue())

		edit(ctx, instance, lessMemory)
		becomeReady(ctx, instance)
		Eventually(exists(ctx, namespace, "healed-ingress", &networkingv1.Ingress{})).Should(BeFalse())
	})

	It("whose copy of the configuration a quota refuses does not change the Deployment, whatever the strategy", func(ctx context.Context) {
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("full").Namespace(namespace).Distribution("starter").UserConfig("config").Storage("1Gi").Obj()
		instance.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Check: v1alpha1.CheckNever} // which would keep the template anyway
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := deploymentOf(ctx, instance)
		Expect(before.Spec.Strategy.Type).To(Equal(appsv1.RecreateDeploymentStrategyType))
		quota := quotaOf(ctx, namespace, "count/configmaps", 3)

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = "version: '2'\nimage_name: next\n" })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "exceeded quota: few", "stay as they are: Deployment"))
		Consistently(func() string { return deploymentOf(ctx, instance).ResourceVersion }).WithTimeout(still).Should(Equal(before.ResourceVersion))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))

		endQuota(ctx, quota)
		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = "version: '2'\nimage_name: last\n" })
		Eventually(func() int64 { return deploymentOf(ctx, instance).Generation }).Should(BeNumerically(">", before.Generation))
		becomeReady(ctx, instance)
	})

	It("creates the copy of its configuration if old copies fill a quota, and keeps those that Pods mount", func(ctx context.Context) {
		next := func(name string) {
			edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = "version: '2'\nimage_name: " + name + "\n" })
		}
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("crowded").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		first := copyOf(deploymentOf(ctx, instance))
		next("second")
		Eventually(func() string { return copyOf(deploymentOf(ctx, instance)) }).ShouldNot(Equal(first))
		becomeReady(ctx, instance)
		second := copyOf(deploymentOf(ctx, instance))
		pods := replicaSetOf(deploymentOf(ctx, instance), "1", first, 1)
		create(ctx, pods)
		Expect(exists(ctx, namespace, first, &corev1.ConfigMap{})()).To(BeTrue(), "two generations are kept")
		quota := quotaOf(ctx, namespace, "count/configmaps", 3)
		waitForQuiet()
		mark := audit.Mark()

		next("third")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "exceeded quota: few"))
		waitForQuiet()
		Expect(exists(ctx, namespace, first, &corev1.ConfigMap{})()).To(BeTrue(), "Pods mount it")
		Expect(len(harness.Writes(audit.In(namespace, mark)))).To(BeNumerically("<=", 4), "no hot loop")

		Expect(admin.Delete(ctx, pods)).To(Succeed())
		next("fourth")
		Eventually(exists(ctx, namespace, first, &corev1.ConfigMap{})).Should(BeFalse())
		setUsed(ctx, quota, 2)
		Eventually(func() string { return copyOf(deploymentOf(ctx, instance)) }).ShouldNot(Equal(second), "as soon as the quota allows it")
		becomeReady(ctx, instance)
		Expect(exists(ctx, namespace, second, &corev1.ConfigMap{})()).To(BeTrue(), "the generation before")
	})

	It("of a configuration, repeated, leaves few copies, whatever ReplicaSets without Pods mount", func(ctx context.Context) {
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("many").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		var mounted []string
		for attempt := range 6 {
			last := ""
			if len(mounted) > 0 {
				last = mounted[len(mounted)-1]
				edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) {
					c.Data["config.yaml"] = fmt.Sprintf("version: '2'\nimage_name: v%d\n", attempt)
				})
			}
			Eventually(func() string { return copyOf(get(ctx, namespace, "many", &appsv1.Deployment{})) }).ShouldNot(Equal(last))
			becomeReady(ctx, instance)
			deployment := deploymentOf(ctx, instance)
			mounted = append(mounted, copyOf(deployment))
			create(ctx, replicaSetOf(deployment, strconv.Itoa(attempt+1), copyOf(deployment), 0))
		}
		copies := func() int {
			list := &corev1.ConfigMapList{}
			Expect(admin.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelInstance: "many"})).To(Succeed())
			return len(list.Items)
		}
		Eventually(copies).Should(BeNumerically("<=", 3))
		for _, kept := range mounted[4:] {
			Expect(exists(ctx, namespace, kept, &corev1.ConfigMap{})()).To(BeTrue(), kept)
		}
	})

	It("that removes a CA bundle keeps it until no Pod mounts it", func(ctx context.Context) {
		held := newNamespace(ctx, true)
		create(ctx, configMap(held, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("ca")}))
		instance := llsdtest.Make("trusting").Namespace(held).Distribution("starter").CABundle("ca").Obj()
		create(ctx, instance)
		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		generation := deploymentOf(ctx, instance).Generation
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig = nil })
		Eventually(func() int64 { return deploymentOf(ctx, instance).Generation }).Should(BeNumerically(">", generation))
		Consistently(exists(ctx, held, "trusting-ca-bundle", &corev1.ConfigMap{})).WithTimeout(still).Should(BeTrue())
		rollOutNow(ctx, instance)
		Eventually(exists(ctx, held, "trusting-ca-bundle", &corev1.ConfigMap{})).Should(BeFalse())
	})

	It("of a PVC that is refused does not stop anything else, while a PVC that cannot be created does", func(ctx context.Context) {
		quota := quotaOf(ctx, namespace, "count/persistentvolumeclaims", 0)
		instance := llsdtest.Make("claimless").Namespace(namespace).Distribution("starter").Storage("1Gi").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "exceeded quota: few", "Deployment", "Service"))
		Consistently(exists(ctx, namespace, "claimless", &appsv1.Deployment{})).WithTimeout(still).Should(BeFalse())

		endQuota(ctx, quota)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--again"} })
		becomeReady(ctx, instance)

		quota = quotaOf(ctx, namespace, "requests.storage", 1<<30)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.Size = new(resource.MustParse("9Gi"))
			i.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "exceeded quota: few"))
		Eventually(func() []corev1.EnvVar { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Env }).Should(ContainElement(HaveField("Name", "A")))
		endQuota(ctx, quota)
	})

	It("moves a variable that somebody else also set to a Secret and back, and keeps what only they set", func(ctx context.Context) {
		instance := llsdtest.Make("tokened").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		byHand := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"llama-stack","env":[{"name":"TOKEN","value":"abc"},{"name":"OTHER","value":"1"}]}]}}}}`)
		Expect(admin.Patch(ctx, deploymentOf(ctx, instance), client.RawPatch(types.StrategicMergePatchType, byHand), client.FieldOwner("kubectl-set"))).To(Succeed())
		fromSecret := &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "token"}, Key: "token"}}
		for _, variable := range []corev1.EnvVar{{Name: "TOKEN", Value: "abc"}, {Name: "TOKEN", ValueFrom: fromSecret}, {Name: "TOKEN", Value: "abc"}} {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{variable} })
			Eventually(func() []corev1.EnvVar { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Env }).Should(
				ContainElements(variable, corev1.EnvVar{Name: "OTHER", Value: "1"}))
			becomeReady(ctx, instance)
		}
	})

	It("together with a mistake does not change the URL in the status", func(ctx context.Context) {
		instance := llsdtest.Make("mistaken").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution.Name = "no-such"
			i.Spec.Server.ContainerSpec.Port = 9000
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution))
		Consistently(statusOf(ctx, instance)).WithTimeout(still).Should(HaveField("ServiceURL", HaveSuffix(":8321")))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
	})
})

func specOf(object client.Object) any {
	GinkgoHelper()
	fields, err := unstructuredOf(object)
	Expect(err).NotTo(HaveOccurred())
	return fields["spec"]
}

// copyOf is the ConfigMap that a Deployment's Pods mount.
func copyOf(deployment *appsv1.Deployment) string {
	for _, volume := range deployment.Spec.Template.Spec.Volumes {
		if volume.ConfigMap != nil {
			return volume.ConfigMap.Name
		}
	}
	return ""
}

// replicaSetOf is what the Deployment's controller makes of a template that mounts a ConfigMap.
func replicaSetOf(deployment *appsv1.Deployment, revision, mounted string, pods int32) *appsv1.ReplicaSet {
	template := *deployment.Spec.Template.DeepCopy()
	for i := range template.Spec.Volumes {
		if source := template.Spec.Volumes[i].ConfigMap; source != nil {
			source.Name = mounted
		}
	}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: deployment.Namespace, Name: deployment.Name + "-" + revision, Labels: template.Labels,
			Annotations: map[string]string{"deployment.kubernetes.io/revision": revision},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: &pods, Selector: deployment.Spec.Selector, Template: template},
	}
}
