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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// networkPolicies turns the policies on for the time of a spec.
func networkPolicies(ctx context.Context) {
	GinkgoHelper()
	configureOperator(ctx, map[string]string{"featureFlags": "enableNetworkPolicy:\n  enabled: true\n"})
}

// full has every kind of child.
func full(ctx context.Context, namespace, name string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	create(ctx,
		configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}),
		configMap(namespace, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("ca")}))
	return llsdtest.Make(name).Namespace(namespace).Distribution("starter").Replicas(2).Storage("1Gi").UserConfig("config").
		CABundle("ca").ExposeRoute().Autoscaling(2, 4).Obj()
}

// childrenOf lists every child of full, by suffix.
func childrenOf(name string) map[string]client.Object {
	return map[string]client.Object{
		name: &appsv1.Deployment{}, name + "-service": &corev1.Service{}, name + "-sa": &corev1.ServiceAccount{}, name + "-pvc": &corev1.PersistentVolumeClaim{},
		name + "-network-policy": &networkingv1.NetworkPolicy{}, name + "-pdb": &policyv1.PodDisruptionBudget{}, name + "-hpa": &autoscalingv2.HorizontalPodAutoscaler{},
		name + "-ingress": &networkingv1.Ingress{}, name + "-ca-bundle": &corev1.ConfigMap{},
	}
}

func exists(ctx context.Context, namespace, name string, object client.Object) func() bool {
	return func() bool {
		fresh, _ := object.DeepCopyObject().(client.Object)
		err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, fresh)
		return err == nil && fresh.GetDeletionTimestamp() == nil
	}
}

var _ = Describe("The children of a LlamaStackDistribution", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx, false)
		networkPolicies(ctx)
	})

	It("all exist, labelled, and controlled by it", func(ctx context.Context) {
		instance := full(ctx, namespace, "all")
		create(ctx, instance)
		becomeReady(ctx, instance)
		for name, object := range childrenOf("all") {
			child := get(ctx, namespace, name, object)
			Expect(child.GetLabels()).To(And(HaveKeyWithValue(v1alpha1.LabelManagedBy, v1alpha1.ManagedBy), HaveKeyWithValue(v1alpha1.LabelInstance, "all")), name)
			Expect(metav1.IsControlledBy(child, instance)).To(BeTrue(), name)
		}
	})

	It("are deleted when the spec no longer needs them, except PVCs, and nothing else is", func(ctx context.Context) {
		instance := full(ctx, namespace, "less")
		create(ctx, instance, configMap(namespace, "less-something", nil))
		becomeReady(ctx, instance)

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec = llsdtest.Make("less").Distribution("starter").Obj().Spec
		})
		for _, name := range []string{"less-pdb", "less-hpa", "less-ingress", "less-ca-bundle"} {
			Eventually(exists(ctx, namespace, name, childrenOf("less")[name])).Should(BeFalse(), name)
		}
		becomeReady(ctx, instance)
		for _, name := range []string{"less", "less-service", "less-sa", "less-pvc", "less-network-policy"} {
			Expect(exists(ctx, namespace, name, childrenOf("less")[name])()).To(BeTrue(), name)
		}
		for _, name := range []string{"less-something", "config", "ca"} {
			Expect(exists(ctx, namespace, name, &corev1.ConfigMap{})()).To(BeTrue(), name)
		}
		template := deploymentOf(ctx, instance).Spec.Template
		Expect(template.Spec.Volumes).To(HaveEach(HaveField("VolumeSource.EmptyDir", Not(BeNil()))))
		Expect(template.Annotations).NotTo(HaveKey(HavePrefix("configmap.hash/")))
	})

	It("are created again at once when they are deleted", func(ctx context.Context) {
		instance := full(ctx, namespace, "healed")
		create(ctx, instance)
		becomeReady(ctx, instance)
		for name, object := range childrenOf("healed") {
			child := get(ctx, namespace, name, object)
			if _, ok := child.(*corev1.PersistentVolumeClaim); ok {
				continue // protected while Pods use it, and never created again over data
			}
			before := child.GetUID()
			Expect(admin.Delete(ctx, child, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			fresh, _ := child.DeepCopyObject().(client.Object)
			Eventually(func() bool {
				err := admin.Get(ctx, client.ObjectKeyFromObject(child), fresh)
				return err == nil && fresh.GetUID() != before
			}).WithTimeout(soon).Should(BeTrue(), "%T %s", child, name)
		}
	})

	It("get the operator's fields back at once when they are edited, and keep what others add", func(ctx context.Context) {
		instance := full(ctx, namespace, "drift")
		create(ctx, instance)
		becomeReady(ctx, instance)

		edit(ctx, get(ctx, namespace, "drift-service", &corev1.Service{}), func(s *corev1.Service) {
			s.Spec.Ports[0].Port, s.Annotations = 1, map[string]string{"team": "a"}
		})
		Eventually(func() int32 { return get(ctx, namespace, "drift-service", &corev1.Service{}).Spec.Ports[0].Port }).WithTimeout(soon).Should(Equal(v1alpha1.DefaultPort))
		Expect(get(ctx, namespace, "drift-service", &corev1.Service{}).Annotations).To(HaveKeyWithValue("team", "a"))

		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].Image = "evil"
			d.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "now"
		})
		Eventually(func() string { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Image }).WithTimeout(soon).Should(Equal(starterImage))
		Expect(deploymentOf(ctx, instance).Spec.Template.Annotations).To(HaveKey("kubectl.kubernetes.io/restartedAt"))

		edit(ctx, get(ctx, namespace, "drift-ca-bundle", &corev1.ConfigMap{}), func(c *corev1.ConfigMap) { c.Data["ca-bundle.crt"] = "gone" })
		Eventually(func() string {
			return get(ctx, namespace, "drift-ca-bundle", &corev1.ConfigMap{}).Data["ca-bundle.crt"]
		}).WithTimeout(soon).Should(ContainSubstring("BEGIN CERTIFICATE"))

		edit(ctx, get(ctx, namespace, "drift-sa", &corev1.ServiceAccount{}), func(s *corev1.ServiceAccount) { delete(s.Labels, v1alpha1.LabelManagedBy) })
		Eventually(func() map[string]string { return get(ctx, namespace, "drift-sa", &corev1.ServiceAccount{}).Labels }).WithTimeout(soon).Should(HaveKey(v1alpha1.LabelManagedBy))
	})
})

var _ = Describe("Content by reference", func() {
	It("rolls the Pods when it really changes, keeps two generations of it, and mounts a copy", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\nimage_name: v0\n", "extra": "x"}))
		instance := llsdtest.Make("rolled").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		mounted := func() string {
			for _, volume := range deploymentOf(ctx, instance).Spec.Template.Spec.Volumes {
				if volume.ConfigMap != nil {
					return volume.ConfigMap.Name
				}
			}
			return ""
		}
		first := mounted()
		copied := get(ctx, namespace, first, &corev1.ConfigMap{})
		Expect(*copied.Immutable).To(BeTrue())
		Expect(copied.Data).To(HaveKeyWithValue("extra", "x"), "all keys are copied")

		for i := 1; i <= 3; i++ {
			before := mounted()
			edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = fmt.Sprintf("version: '2'\nimage_name: v%d\n", i) })
			Eventually(mounted).WithTimeout(soon).ShouldNot(Equal(before))
			becomeReady(ctx, instance)
		}
		Eventually(exists(ctx, namespace, first, &corev1.ConfigMap{})).Should(BeFalse())
		Expect(exists(ctx, namespace, mounted(), &corev1.ConfigMap{})()).To(BeTrue())
	})

	It("uses the namespace's own CA bundle by itself, and gives its path to the server in five ways", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("found").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		generation := deploymentOf(ctx, instance).Generation

		certificate := harness.NewCertificate("odh")
		create(ctx, configMap(namespace, "odh-trusted-ca-bundle", map[string]string{"a.crt": certificate, "b.crt": certificate, "blank.crt": " \n"}))
		Eventually(exists(ctx, namespace, "found-ca-bundle", &corev1.ConfigMap{})).WithTimeout(soon).Should(BeTrue())
		Expect(get(ctx, namespace, "found-ca-bundle", &corev1.ConfigMap{}).Data["ca-bundle.crt"]).To(Equal(certificate), "deduplicated")
		Eventually(func() int64 { return deploymentOf(ctx, instance).Generation }).Should(BeNumerically(">", generation))
		for _, variable := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"} {
			named := And(HaveField("Name", variable), HaveField("Value", "/etc/ssl/certs/ca-bundle/ca-bundle.crt"))
			Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Env).To(ContainElement(named), variable)
		}
		generation = deploymentOf(ctx, instance).Generation
		becomeReady(ctx, instance)

		edit(ctx, configMap(namespace, "odh-trusted-ca-bundle", nil), func(c *corev1.ConfigMap) { c.Labels = map[string]string{"a": "b"} })
		Consistently(func() int64 { return deploymentOf(ctx, instance).Generation }).WithTimeout(time.Second).Should(Equal(generation), "a metadata edit rolls nothing")

		Expect(admin.Delete(ctx, configMap(namespace, "odh-trusted-ca-bundle", nil))).To(Succeed())
		Eventually(exists(ctx, namespace, "found-ca-bundle", &corev1.ConfigMap{})).Should(BeFalse())
	})
})

var _ = Describe("Deleting a LlamaStackDistribution", func() {
	It("leaves a PVC under Retain without an owner, and the next server of the name uses it again and reports it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		keep := func() *v1alpha1.LlamaStackDistribution {
			return llsdtest.Make("kept").Namespace(namespace).Distribution("starter").Storage("1Gi").Retention(v1alpha1.RetentionRetain).Obj()
		}
		instance := keep()
		create(ctx, instance)
		becomeReady(ctx, instance)
		pvc := get(ctx, namespace, "kept-pvc", &corev1.PersistentVolumeClaim{})
		Expect(pvc.OwnerReferences).To(BeEmpty())

		deleteChildren(ctx, instance)
		Eventually(func() time.Duration { return time.Since(pvc.CreationTimestamp.Time) }).Should(BeNumerically(">", 2*time.Second), "creation times are in seconds")
		again := keep()
		create(ctx, again)
		becomeReady(ctx, again)
		Expect(get(ctx, namespace, "kept-pvc", &corev1.PersistentVolumeClaim{}).UID).To(Equal(pvc.UID))
		Eventually(conditionOf(ctx, again, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "kept-pvc was there before"))
		Eventually(eventsOf(ctx, again)).Should(ContainElement(HavePrefix("Normal ClaimReused")))
	})

	It("deletes a PVC under Delete, by its owner reference, and the policy can change", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("dropped").Namespace(namespace).Distribution("starter").Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		owners := func() []metav1.OwnerReference {
			return get(ctx, namespace, "dropped-pvc", &corev1.PersistentVolumeClaim{}).OwnerReferences
		}
		Expect(owners()).To(HaveLen(1))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain
		})
		Eventually(owners).Should(BeEmpty())
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionDelete
		})
		Eventually(owners).Should(HaveLen(1))
	})

	It("is reported while it lasts, and applies nothing any more", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("going").Namespace(namespace).Distribution("starter").Obj()
		instance.Finalizers = []string{"test.llamastack.io/wait"}
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(admin.Delete(ctx, instance)).To(Succeed())
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonTerminating))
		Eventually(statusOf(ctx, instance)).Should(HaveField("Phase", v1alpha1.PhaseTerminating))

		Expect(admin.Delete(ctx, get(ctx, namespace, "going-service", &corev1.Service{}))).To(Succeed())
		Consistently(exists(ctx, namespace, "going-service", &corev1.Service{})).WithTimeout(time.Second).Should(BeFalse())
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Finalizers = nil })
	})
})

// deleteChildren deletes a LlamaStackDistribution and, in the place of the garbage collector, what it controls.
func deleteChildren(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, instance)).To(Succeed())
	Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(instance), &v1alpha1.LlamaStackDistribution{}))
	}).Should(BeTrue())
	// An operator that does not know yet would make again what is deleted, for an owner that is gone.
	Eventually(seriesOf(instance.Namespace)).ShouldNot(ContainElement(ContainSubstring("llamastackdistribution=%q", instance.Name)))
	for name, object := range childrenOf(instance.Name) {
		if admin.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: name}, object) == nil && metav1.IsControlledBy(object, instance) {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, object))).To(Succeed())
		}
	}
}
