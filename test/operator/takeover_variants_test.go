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
	"encoding/json"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mergePatch changes an object as somebody else.
func mergePatch(ctx context.Context, object client.Object, patch string, options ...client.PatchOption) {
	GinkgoHelper()
	Expect(admin.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)), options...)).To(Succeed())
}

var _ = Describe("A cluster that 0.9.0 left in a less tidy state", Ordered, ContinueOnFailure, func() {
	var (
		left      leftovers
		namespace string
		binding   *rbacv1.ClusterRoleBinding
	)
	named := func(name string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make(name).Namespace(namespace).Obj()
	}
	child := func(ctx context.Context, name string) client.Object {
		GinkgoHelper()
		found, ok := left.children[name]
		Expect(ok).To(BeTrue(), name)
		return get(ctx, namespace, found.GetName(), found.DeepCopy())
	}
	BeforeAll(func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		whileDown(func() {
			configureOperator(ctx, recordedConfig())
			left = leave(ctx, namespace)
			mergePatch(ctx, child(ctx, "PersistentVolumeClaim/stored-pvc"), `{"metadata":{"ownerReferences":null}}`)
			mergePatch(ctx, child(ctx, "Service/ported-service"), `{"metadata":{"ownerReferences":null,"labels":null}}`)
			mergePatch(ctx, child(ctx, "Deployment/minimal"), `{"metadata":{"labels":null}}`)
			mergePatch(ctx, child(ctx, "Ingress/exposed-ingress"), `{"spec":{"ingressClassName":"nginx"}}`, client.FieldOwner("manager"))
			edit(ctx, named("configured"), func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage = &v1alpha1.StorageSpec{} })
			edit(ctx, named("trusted"), func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig = nil })
			edit(ctx, named("everything"), func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.UserConfig = nil })
			binding = &rbacv1.ClusterRoleBinding{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "legacy-", Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}},
				RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:openshift:scc:anyuid"},
				Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "scaled-sa"}},
			}
			create(ctx, binding)
			DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, binding)).To(Succeed()) })
			edit(ctx, namespaceObject(namespace), func(n *corev1.Namespace) { delete(n.Annotations, harness.HoldAnnotation) })
		})
		for _, instance := range left.instances {
			takenOver(ctx, instance)
			if instance.Name != "ported" {
				becomeReady(ctx, instance)
			}
		}
	})

	It("gets a PVC without an owner adopted, and not created again", func(ctx context.Context) {
		before := left.children["PersistentVolumeClaim/stored-pvc"]
		after := get(ctx, namespace, "stored-pvc", &corev1.PersistentVolumeClaim{})
		Expect(after.UID).To(Equal(before.GetUID()))
		Expect(metav1.GetControllerOf(after)).To(HaveField("Name", "stored"))
		Expect(volumesOf(ctx, named("stored"))).To(ContainElement(HaveField("PersistentVolumeClaim.ClaimName", "stored-pvc")))
	})

	It("does not change an object that nothing marks as the operator's, which is reported", func(ctx context.Context) {
		Eventually(conditionOf(ctx, named("ported"), v1alpha1.ConditionReady)).Should(
			say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, "Service "+namespace+"/ported-service", "remove or rename it"))
		after := get(ctx, namespace, "ported-service", &corev1.Service{})
		Expect(after.UID).To(Equal(left.children["Service/ported-service"].GetUID()))
		Expect(after.OwnerReferences).To(BeEmpty())
		Expect(after.Annotations).To(BeEmpty())
	})

	It("takes over an object that only its owner marks as the operator's, with its labels", func(ctx context.Context) {
		after := deploymentOf(ctx, named("minimal"))
		Expect(after.UID).To(Equal(left.children["Deployment/minimal"].GetUID()))
		Expect(after.Labels).To(HaveKeyWithValue(v1alpha1.LabelManagedBy, v1alpha1.ManagedBy))
	})

	It("gets strategy Recreate if the new storage was not possible in 0.9.0", func(ctx context.Context) {
		Expect(left.children["Deployment/configured"].Object["spec"]).To(HaveKeyWithValue("strategy", HaveKey("rollingUpdate")))
		Expect(deploymentOf(ctx, named("configured")).Spec.Strategy).To(Equal(appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}))
	})

	It("keeps the class that admission gave an Ingress", func(ctx context.Context) {
		Expect(get(ctx, namespace, "exposed-ingress", &networkingv1.Ingress{}).Spec.IngressClassName).To(HaveValue(Equal("nginx")))
	})

	It("loses volumes that only 0.9.0 added", func(ctx context.Context) {
		Expect(volumeNames(volumesOf(ctx, named("trusted")))).NotTo(ContainElement("ca-bundle"))
		Eventually(exists(ctx, namespace, "trusted-ca-bundle", &corev1.ConfigMap{})).Should(BeFalse())
		Expect(volumeNames(volumesOf(ctx, named("everything")))).To(And(ContainElement("ca-bundle"), ContainElement("extra"), Not(ContainElement("user-config"))))
	})

	It("loses, from then on, each field that leaves the spec", func(ctx context.Context) {
		everything := named("everything")
		edit(ctx, everything, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Env, i.Spec.Server.PodOverrides, i.Spec.Server.TLSConfig = nil, nil, nil
			i.Spec.Server.ContainerSpec.Port = 0
		})
		Eventually(func() []string { return volumeNames(volumesOf(ctx, everything)) }).Should(ConsistOf("lls-storage", "lls-tmp"))
		Expect(deploymentOf(ctx, everything).Spec.Template.Spec.ServiceAccountName).To(Equal("everything-sa"))
		Eventually(func() []corev1.ServicePort {
			return get(ctx, namespace, "everything-service", &corev1.Service{}).Spec.Ports
		}).
			Should(ConsistOf(HaveField("Port", BeEquivalentTo(8321))))
		becomeReady(ctx, everything)
	})

	It("keeps a ClusterRoleBinding, which is reported on OpenShift on the servers that it is for", func(ctx context.Context) {
		Expect(get(ctx, "", binding.Name, &rbacv1.ClusterRoleBinding{}).ResourceVersion).To(Equal(binding.ResourceVersion))
		if *onOpenShift {
			Eventually(eventsOf(ctx, named("scaled"))).Should(ContainElement(And(
				HavePrefix("Warning LegacyBinding"), ContainSubstring("kubectl delete clusterrolebinding "+binding.Name))))
		}
	})
})

func volumesOf(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) []corev1.Volume {
	GinkgoHelper()
	return deploymentOf(ctx, instance).Spec.Template.Spec.Volumes
}

var _ = Describe("The operator's ConfigMap in another namespace than the operator's", func() {
	It("is not read, which is reported on the one that is", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, operatorconfig.Name, recordedConfig()))
		ours := get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
		DeferCleanup(func(ctx context.Context) {
			edit(ctx, ours, func(c *corev1.ConfigMap) { c.Data = operatorconfig.Defaults() })
		})
		whileDown(func() { Expect(admin.Delete(ctx, ours)).To(Succeed()) })
		Eventually(func() (string, error) {
			made := &corev1.ConfigMap{}
			err := admin.Get(ctx, client.ObjectKeyFromObject(ours), made)
			return made.Data[operatorconfig.KeyFeatureFlags], err
		}).Should(Equal(operatorconfig.Defaults()[operatorconfig.KeyFeatureFlags]))
		Eventually(eventsOf(ctx, ours)).Should(ContainElement(And(HavePrefix("Warning OperatorConfigElsewhere"), ContainSubstring(namespace))))
	})
})

var _ = Describe("0.9.0 that was left running", func() {
	It("is detected, reported and not contested, and what it wrote is healed when it is gone", func(ctx context.Context) {
		instance := llsdtest.Make("minimal").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		stop := keepApplying(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceContested,
			`field manager "minimal"`, "startupProbe", "release 0.9.0 of this operator", "scale its Deployment to 0"))
		Eventually(eventsOf(ctx, instance)).Should(ContainElement(HavePrefix("Warning ResourceContested")))
		before := deploymentOf(ctx, instance).Generation
		Expect(before).To(BeNumerically("<", 20), "each of the two wrote a few times")
		Consistently(func() int64 { return deploymentOf(ctx, instance).Generation }).WithTimeout(2 * time.Second).Should(Equal(before))

		stop()
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Env).To(ContainElement(HaveField("Name", "LLAMA_STACK_CONFIG")))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--at-once"} })
		becomeReady(ctx, instance)
		after := deploymentOf(ctx, instance)
		Expect(after.Spec.Template.Spec.Containers[0].Env).NotTo(ContainElement(HaveField("Name", "LLAMA_STACK_CONFIG")))
		Expect(after.ManagedFields).NotTo(ContainElement(HaveField("Manager", "minimal")))
	})
})

// keepApplying applies what 0.9.0 had of a Deployment whenever that has changed, as 0.9.0 does, until it is stopped.
func keepApplying(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() {
	GinkgoHelper()
	theirs := &unstructured.Unstructured{}
	for _, record := range records(childRecords, "deploy.json") {
		if record.GetName() == instance.Name {
			text, err := json.Marshal(map[string]any{
				"apiVersion": record.GetAPIVersion(), "kind": record.GetKind(), "spec": record.Object["spec"],
				"metadata": map[string]any{"name": instance.Name, "namespace": instance.Namespace},
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(theirs.UnmarshalJSON(text)).To(Succeed())
		}
	}
	Expect(theirs.GetName()).NotTo(BeEmpty())
	unstructured.RemoveNestedField(theirs.Object, "spec", "strategy")
	unstructured.RemoveNestedField(theirs.Object, "spec", "replicas")
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() {
		for tick := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			_ = admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(theirs.DeepCopy()), client.FieldOwner(instance.Name), client.ForceOwnership)
		}
	})
	stop := sync.OnceFunc(func() { cancel(); done.Wait() })
	DeferCleanup(stop)
	return stop
}
