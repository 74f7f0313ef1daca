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
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// soon is less than the time after which the operator reconciles what nobody changed, which is a minute for what it may not write
	// and more for the answers of a server that is well, and more than a very busy machine needs for a reconcile. What happens within
	// it answers an event.
	soon = 30 * time.Second
	// still is how long specs expect that nothing changes.
	still = 2 * time.Second
)

var _ = Describe("A mistake", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, false) })

	// expectUntouched fails when the operator writes to the Deployment in spite of the mistake.
	expectUntouched := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, before *appsv1.Deployment) {
		GinkgoHelper()
		Consistently(func() string { return deploymentOf(ctx, instance).ResourceVersion }).WithTimeout(500 * time.Millisecond).Should(Equal(before.ResourceVersion))
	}

	It("in the distribution's name reports the known ones, records an Event, and does not change the running server", func(ctx context.Context) {
		instance := llsdtest.Make("named").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		before := deploymentOf(ctx, instance)
		mark := audit.Mark()

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Distribution.Name = "no-such" })

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution, "no-such", "starter", "postgres-demo"))
		Eventually(eventsOf(ctx, instance)).Should(ContainElement(HavePrefix("Warning UnknownDistribution")))
		expectUntouched(ctx, instance, before)
		Expect(harness.Writes(audit.In(namespace, mark))).To(HaveLen(1), "one status write, and no hot loop")

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Distribution.Name = "starter" })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).WithTimeout(soon).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
	})

	It("of a missing ConfigMap heals at its creation", func(ctx context.Context) {
		instance := llsdtest.Make("early").Namespace(namespace).Distribution("starter").UserConfig("late").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigNotFound, namespace+"/late", "create it"))
		Expect(exists(ctx, namespace, "early", &appsv1.Deployment{})()).To(BeFalse(), "nothing is created from an incomplete spec")

		create(ctx, configMap(namespace, "late", map[string]string{"config.yaml": "version: '2'\n"}))
		Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(instance), &appsv1.Deployment{}) }).WithTimeout(soon).Should(Succeed())
		becomeReady(ctx, instance)
	})

	It("of a missing key reports which keys exist, and does not change the running server", func(ctx context.Context) {
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("keyed").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := deploymentOf(ctx, instance)

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data = map[string]string{"run.yaml": "version: '2'\n"} })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigKeyNotFound, "config.yaml", "run.yaml"))
		expectUntouched(ctx, instance, before)

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data = map[string]string{"config.yaml": "version: '2'\n"} })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).WithTimeout(soon).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(deploymentOf(ctx, instance).Spec).To(Equal(before.Spec), "the same content rolls nothing")
	})

	DescribeTable("in what a running server refers to does not change it, is reported, and heals at once:",
		func(ctx context.Context, reason v1alpha1.Reason, texts []string, mistake func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (fix func())) {
			create(ctx,
				configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}),
				configMap(namespace, "ca", map[string]string{"a.crt": harness.NewCertificate("a")}))
			instance := llsdtest.Make("running").Namespace(namespace).Distribution("starter").UserConfig("config").CABundle("ca", "a.crt").Obj()
			create(ctx, instance)
			becomeReady(ctx, instance)
			before := deploymentOf(ctx, instance)

			fix := mistake(ctx, instance)
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, reason, texts...))
			Eventually(eventsOf(ctx, instance)).Should(ContainElement(HavePrefix("Warning " + string(reason))))
			Expect(get(ctx, namespace, "running", &v1alpha1.LlamaStackDistribution{}).Status.Phase).To(Equal(v1alpha1.PhaseFailed))
			expectUntouched(ctx, instance, before)

			fix()
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).WithTimeout(soon).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
			Expect(deploymentOf(ctx, instance).Spec).To(Equal(before.Spec), "the same content rolls nothing")
		},
		Entry("its ConfigMap is deleted", v1alpha1.ReasonUserConfigNotFound, []string{"config", "create it"}, deleted("config")),
		Entry("its configuration is no longer YAML", v1alpha1.ReasonUserConfigInvalid, []string{"config", "line"}, content("config", "config.yaml", "a: [\n")),
		Entry("it refers to another namespace's ConfigMap", v1alpha1.ReasonUserConfigOtherNS, []string{"elsewhere/config", "copy it"},
			func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() {
				point := func(namespace string) {
					edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.UserConfig.ConfigMapNamespace = namespace })
				}
				point("elsewhere")
				return func() { point("") }
			}),
		Entry("its CA bundle is deleted", v1alpha1.ReasonCABundleNotFound, []string{"ca", "a.crt"}, deleted("ca")),
		Entry("its CA bundle loses its key", v1alpha1.ReasonCABundleKeyNotFound, []string{"a.crt"}, content("ca", "a.crt", "")),
		Entry("its CA bundle is broken", v1alpha1.ReasonCABundleInvalid, []string{"ca", "a.crt"},
			content("ca", "a.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
	)

	It("of a configuration that is not YAML says where", func(ctx context.Context) {
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n\tbad: [\n"}))
		instance := llsdtest.Make("garbled").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigInvalid, "line 2", namespace+"/config"))
	})

	It("of another namespace's user ConfigMap is refused, because no Pod could mount it", func(ctx context.Context) {
		other := newNamespace(ctx, false)
		create(ctx, configMap(other, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("abroad").Namespace(namespace).Distribution("starter").UserConfigIn(other, "config").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(
			metav1.ConditionFalse, v1alpha1.ReasonUserConfigOtherNS, other+"/config", "copy it to namespace "+namespace))
	})

	It("of a missing or bad CA bundle says which key and which block, and heals", func(ctx context.Context) {
		instance := llsdtest.Make("trusting").Namespace(namespace).Distribution("starter").CABundle("ca", "a.crt", "b.crt").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonCABundleNotFound, namespace+"/ca", "a.crt, b.crt"))

		create(ctx, configMap(namespace, "ca", map[string]string{"a.crt": harness.NewCertificate("a")}))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonCABundleKeyNotFound, "b.crt"))

		broken := harness.NewCertificate("b") + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		edit(ctx, configMap(namespace, "ca", nil), func(c *corev1.ConfigMap) { c.Data["b.crt"] = broken })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonCABundleInvalid, namespace+"/ca", "b.crt", "2"))

		edit(ctx, configMap(namespace, "ca", nil), func(c *corev1.ConfigMap) { c.Data["b.crt"] = harness.NewCertificate("b") })
		Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(instance), &appsv1.Deployment{}) }).WithTimeout(soon).Should(Succeed())
		becomeReady(ctx, instance)
	})

	It("of another namespace's CA bundle is refused until the operator's ConfigMap lists the namespace", func(ctx context.Context) {
		other := newNamespace(ctx, false)
		create(ctx, configMap(other, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("shared")}))
		instance := llsdtest.Make("borrower").Namespace(namespace).Distribution("starter").CABundleIn(other, "ca").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonCABundleOtherNS, other, "ca-bundle-namespaces"))

		configureOperator(ctx, map[string]string{"ca-bundle-namespaces": "- " + other + "\n"})
		becomeReady(ctx, instance)
		Expect(deploymentOf(ctx, instance).Spec.Template.Annotations).To(HaveKey("configmap.hash/ca-bundle"))
		before := deploymentOf(ctx, instance)

		configureOperator(ctx, map[string]string{"ca-bundle-namespaces": ""})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "ca-bundle-namespaces", "stay as they are"))
		Expect(deploymentOf(ctx, instance).Spec).To(Equal(before.Spec), "the running server continues")
		Expect(get(ctx, namespace, "borrower-ca-bundle", &corev1.ConfigMap{}).Data).To(HaveKey("ca-bundle.crt"))
	})

	It("of a name that is too long is a condition", func(ctx context.Context) {
		instance := llsdtest.Make(strings.Repeat("n", 60)).Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonNameTooLong, "60"))
	})

	It("of a conflicting object does not change it, reports it and records an Event", func(ctx context.Context) {
		theirs := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "blocked-service"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}}
		create(ctx, theirs)
		instance := llsdtest.Make("blocked").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, "Service", "blocked-service"))
		after := get(ctx, namespace, "blocked-service", &corev1.Service{})
		Expect(after.ResourceVersion).To(Equal(theirs.ResourceVersion))
		Eventually(eventsOf(ctx, instance)).Should(ContainElement(And(HavePrefix("Warning ResourceConflict"), ContainSubstring("blocked-service"))))
		Expect(deploymentOf(ctx, instance)).NotTo(BeNil(), "everything else continues")
	})

	It("in an immutable field reports it with both values, and everything else continues", func(ctx context.Context) {
		instance := llsdtest.Make("shrunk").Namespace(namespace).Distribution("starter").Storage("2Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		pvc := get(ctx, namespace, "shrunk-pvc", &corev1.PersistentVolumeClaim{})
		Expect(pvc.Spec.Resources.Requests.Storage().String()).To(Equal("2Gi"))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			small := llsdtest.Make("x").Storage("1Gi").Obj().Spec.Server.Storage.Size
			i.Spec.Server.Storage.Size = small
			i.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
		})
		Eventually(func() []corev1.EnvVar { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Env }).Should(ContainElement(HaveField("Name", "A")))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonImmutableField, "spec.server.storage.size", "2Gi", "1Gi"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady))
		Expect(get(ctx, namespace, "shrunk-pvc", &corev1.PersistentVolumeClaim{}).Spec.Resources.Requests.Storage().String()).To(Equal("2Gi"), "a PVC never shrinks")

		whileDown(func() {})
		Consistently(conditionOf(ctx, instance, v1alpha1.ConditionReady)).WithTimeout(still).Should(say(metav1.ConditionFalse, v1alpha1.ReasonImmutableField))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.Size = llsdtest.Make("x").Storage("3Gi").Obj().Spec.Server.Storage.Size
		})
		becomeReady(ctx, instance)
		Eventually(func() string {
			return get(ctx, namespace, "shrunk-pvc", &corev1.PersistentVolumeClaim{}).Spec.Resources.Requests.Storage().String()
		}).Should(Equal("3Gi"))
	})

	It("is not a PVC that others grew, or that an earlier server of the name requested larger", func(ctx context.Context) {
		small := func() *v1alpha1.LlamaStackDistribution {
			return llsdtest.Make("grown").Namespace(namespace).Storage("1Gi").Retention(v1alpha1.RetentionRetain).Obj()
		}
		instance := small()
		create(ctx, instance)
		becomeReady(ctx, instance)
		pvc := get(ctx, namespace, "grown-pvc", &corev1.PersistentVolumeClaim{})
		edit(ctx, pvc, func(c *corev1.PersistentVolumeClaim) {
			c.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("5Gi")
		})
		waitForQuiet()
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage.Size = new(resource.MustParse("2Gi")) })
		becomeReady(ctx, instance)
		Expect(get(ctx, namespace, "grown-pvc", pvc).Spec.Resources.Requests.Storage().String()).To(Equal("5Gi"))

		deleteChildren(ctx, instance)
		Eventually(time.Now).Should(BeTemporally(">", pvc.CreationTimestamp.Add(time.Second)), "times have whole seconds")
		next := small()
		create(ctx, next)
		becomeReady(ctx, next)
		Expect(get(ctx, namespace, "grown-pvc", pvc).Spec.Resources.Requests.Storage().String()).To(Equal("5Gi"))
	})

	It("of a conflicting object that is being deleted ends when it is gone", func(ctx context.Context) {
		instance := llsdtest.Make("leaving").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		service := get(ctx, namespace, "leaving-service", &corev1.Service{})
		edit(ctx, service, func(s *corev1.Service) { s.Finalizers = []string{"test.llamastack.io/wait"} })
		Expect(admin.Delete(ctx, service)).To(Succeed())
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "leaving-service", "is being deleted"))
		edit(ctx, service, func(s *corev1.Service) { s.Finalizers = nil })
		Eventually(func() bool {
			return get(ctx, namespace, "leaving-service", &corev1.Service{}).UID != service.UID
		}).WithTimeout(soon).Should(BeTrue())
		becomeReady(ctx, instance)
	})

	It("in a spec that cannot be rendered reports the field and does not change the running server", func(ctx context.Context) {
		instance := llsdtest.Make("clashing").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := deploymentOf(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Volumes: []corev1.Volume{{Name: "lls-storage"}}}
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(
			metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "spec.server.podOverrides.volumes[0].name", "lls-storage"))
		expectUntouched(ctx, instance, before)
	})

	It("that the API server finds is reported with the field and no stack trace", func(ctx context.Context) {
		instance := llsdtest.Make("refused").Namespace(namespace).Distribution("starter").Env("not=legal", "x").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(And(
			say(metav1.ConditionFalse, v1alpha1.ReasonRejected, "spec.template.spec.containers[0].env", "not=legal"), Not(ContainSubstring("goroutine"))))
	})
})

// deleted is the mistake of deleting a ConfigMap of the server's namespace.
func deleted(name string) func(context.Context, *v1alpha1.LlamaStackDistribution) func() {
	return func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() {
		GinkgoHelper()
		before := get(ctx, instance.Namespace, name, &corev1.ConfigMap{})
		Expect(admin.Delete(ctx, before)).To(Succeed())
		return func() { create(ctx, configMap(before.Namespace, name, before.Data)) }
	}
}

// content is the mistake of writing something else into a key of a ConfigMap; "" removes the key.
func content(name, key, wrong string) func(context.Context, *v1alpha1.LlamaStackDistribution) func() {
	return func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() {
		GinkgoHelper()
		right := get(ctx, instance.Namespace, name, &corev1.ConfigMap{}).Data[key]
		write := func(text string) {
			edit(ctx, configMap(instance.Namespace, name, nil), func(c *corev1.ConfigMap) {
				delete(c.Data, key)
				if text != "" {
					c.Data = map[string]string{key: text}
				}
			})
		}
		write(wrong)
		return func() { write(right) }
	}
}

// eventsOf polls the Events about a LlamaStackDistribution as "type reason: note".
func eventsOf(ctx context.Context, instance client.Object) func() ([]string, error) {
	return func() ([]string, error) {
		list := &eventsv1.EventList{}
		if err := admin.List(ctx, list, client.InNamespace(instance.GetNamespace())); err != nil {
			return nil, err
		}
		var found []string
		for i := range list.Items {
			if list.Items[i].Regarding.Name == instance.GetName() {
				found = append(found, list.Items[i].Type+" "+list.Items[i].Reason+": "+list.Items[i].Note)
			}
		}
		return found, nil
	}
}
