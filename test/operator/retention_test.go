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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	willBeKept    = "the PVC is kept when this is deleted"
	willBeDeleted = "when this is deleted, the PVC is deleted with it"
)

// beFree matches a PVC that neither the garbage collector nor a tool that prunes by label deletes.
func beFree() OmegaMatcher {
	return And(
		HaveField("OwnerReferences", BeEmpty()),
		HaveField("Labels", Not(HaveKey("app.kubernetes.io/instance"))),
		HaveField("Annotations", HaveKeyWithValue("argocd.argoproj.io/sync-options", "Prune=false")),
		HaveField("DeletionTimestamp", BeNil()),
	)
}

// livePVC polls a PVC.
func livePVC(ctx context.Context, namespace, name string) func() (*corev1.PersistentVolumeClaim, error) {
	return func() (*corev1.PersistentVolumeClaim, error) {
		pvc := &corev1.PersistentVolumeClaim{}
		err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, pvc)
		return pvc, err
	}
}

// staleOwner is the owner reference to an earlier server, as a restored object has it.
func staleOwner(name string) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: name, UID: uuid.NewUUID(), Controller: new(true), BlockOwnerDeletion: new(true),
	}
}

// restoredPVC is a PVC that the operator made for an earlier server.
func restoredPVC(namespace, name string, owner metav1.OwnerReference) *corev1.PersistentVolumeClaim {
	pvc := newPVC(namespace, name)
	pvc.Labels = map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelInstance: owner.Name}
	pvc.OwnerReferences = []metav1.OwnerReference{owner}
	return pvc
}

func retain(i *v1alpha1.LlamaStackDistribution) {
	i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain
}

var _ = Describe("An edit to Retain", func() {
	DescribeTable("takes effect and is reported, whatever else is wrong", func(ctx context.Context, mistake func(*v1alpha1.LlamaStackDistribution)) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady, willBeDeleted))
		before := get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})
		Expect(before.OwnerReferences).To(HaveLen(1))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			retain(i)
			mistake(i)
		})
		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(beFree())
		Expect(get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{}).UID).To(Equal(before.UID))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(ContainSubstring(willBeKept))
	},
		Entry("nothing", func(*v1alpha1.LlamaStackDistribution) {}),
		Entry("a spec that cannot be rendered", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Volumes: []corev1.Volume{{Name: "lls-storage"}}}
		}),
		Entry("a Deployment that the API server refuses", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "not=legal", Value: "x"}}
		}),
		Entry("a ConfigMap that does not exist", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.UserConfig = &v1alpha1.UserConfigSpec{ConfigMapName: "nowhere"}
		}),
		Entry("an unknown distribution", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution = v1alpha1.DistributionType{Name: "nobody-knows-it"}
		}),
		Entry("a class that cannot be changed", func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage.StorageClassName = new("other") }),
		Entry("a server that is paused", func(i *v1alpha1.LlamaStackDistribution) {
			i.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		}),
		Entry("a server that is suspended", func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = true }),
	)

	It("takes effect while the operator's ConfigMap cannot be read", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		whileDown(func() {
			configureOperator(ctx, map[string]string{"featureFlags": "enableNetworkPolicy: [", "image-overrides": "starter: ["})
			edit(ctx, instance, retain)
		})
		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(beFree())
	})

	It("takes effect on what 0.9.0 left, before that is taken over", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		var left leftovers
		whileDown(func() {
			configureOperator(ctx, recordedConfig())
			left = leave(ctx, namespace)
			edit(ctx, left.named("stored"), func(i *v1alpha1.LlamaStackDistribution) {
				retain(i)
				i.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
			})
		})
		Eventually(livePVC(ctx, namespace, "stored-pvc")).Should(beFree())
		Expect(deploymentOf(ctx, left.named("stored")).Annotations).NotTo(HaveKey("llamastack.io/applied-hash"), "or it is taken over")
	})

	It("takes effect after the deletion has begun, and if the deletion follows at once", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		leaving, gone := llsdtest.Make("leaving").Namespace(namespace).Storage("1Gi").Obj(), llsdtest.Make("gone").Namespace(namespace).Storage("1Gi").Obj()
		leaving.Finalizers = []string{"test.llamastack.io/wait"}
		create(ctx, leaving, gone)
		becomeReady(ctx, leaving)
		becomeReady(ctx, gone)

		Expect(admin.Delete(ctx, leaving)).To(Succeed())
		Eventually(conditionOf(ctx, leaving, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonTerminating))
		edit(ctx, leaving, retain)
		Eventually(livePVC(ctx, namespace, "leaving-pvc")).Should(beFree())
		edit(ctx, leaving, func(i *v1alpha1.LlamaStackDistribution) { i.Finalizers = nil })

		edit(ctx, gone, retain)
		Expect(admin.Delete(ctx, gone)).To(Succeed())
		Eventually(livePVC(ctx, namespace, "gone-pvc")).Should(beFree(), "there is no garbage collector here, which may be faster")
	})

	It("costs nothing more, and is undone completely by an edit to Delete", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		edit(ctx, instance, retain)
		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(beFree())
		becomeReady(ctx, instance)
		waitForQuiet()

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionDelete
		})
		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(And(
			HaveField("OwnerReferences", HaveLen(1)),
			HaveField("Labels", HaveKeyWithValue("app.kubernetes.io/instance", "a")),
			HaveField("Annotations", Not(HaveKey("argocd.argoproj.io/sync-options"))),
		))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady, willBeDeleted))
	})

	It("keeps a label that somebody else gives the PVC afterwards", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Retention(v1alpha1.RetentionRetain).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		pvc := get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})
		Expect(pvc).To(beFree())
		edit(ctx, pvc, func(c *corev1.PersistentVolumeClaim) { c.Labels["app.kubernetes.io/instance"] = "a" })
		Consistently(livePVC(ctx, namespace, "a-pvc")).WithTimeout(2 * time.Second).Should(HaveField("Labels", HaveKey("app.kubernetes.io/instance")))
	})
})

var _ = Describe("A PVC that was restored with the owner reference to an earlier server", func() {
	It("is freed under Retain, whichever is restored first", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Retention(v1alpha1.RetentionRetain).Obj()
		pvc := restoredPVC(namespace, "a-pvc", staleOwner("a"))
		create(ctx, pvc, instance)
		becomeReady(ctx, instance)
		Expect(get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})).To(And(beFree(), HaveField("UID", pvc.UID)))

		later := llsdtest.Make("b").Namespace(namespace).Storage("1Gi").Retention(v1alpha1.RetentionRetain).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		}).Obj()
		create(ctx, later)
		Eventually(conditionOf(ctx, later, v1alpha1.ConditionReady)).ShouldNot(BeEmpty())
		create(ctx, restoredPVC(namespace, "b-pvc", staleOwner("b")))
		Eventually(livePVC(ctx, namespace, "b-pvc")).Should(beFree())
	})

	It("is freed where existingClaim names it, also the PVC of another server's name, unless that server exists", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		other := llsdtest.Make("other").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, restoredPVC(namespace, "former-pvc", staleOwner("former")), other)
		becomeReady(ctx, other)
		using := func(name, pvc string) *v1alpha1.LlamaStackDistribution {
			return llsdtest.Make(name).Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
				i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: pvc}
			}).Obj()
		}
		heir, guest := using("heir", "former-pvc"), using("guest", "other-pvc")
		create(ctx, heir, guest)

		Eventually(livePVC(ctx, namespace, "former-pvc")).Should(beFree())
		becomeReady(ctx, guest)
		Eventually(conditionOf(ctx, guest, v1alpha1.ConditionStorageReady)).Should(ContainSubstring("the PVC is deleted with LlamaStackDistribution other"))
		Expect(get(ctx, namespace, "other-pvc", &corev1.PersistentVolumeClaim{}).OwnerReferences).To(ConsistOf(HaveField("UID", other.UID)))
	})
})

var _ = Describe("The PVC of the server's own name", func() {
	It("is freed where existingClaim names it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "a-pvc"}
		})
		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(And(beFree(), HaveField("UID", before.UID), HaveField("Spec", before.Spec)))
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady, willBeKept))
		deleteChildren(ctx, instance)
		Consistently(livePVC(ctx, namespace, "a-pvc")).WithTimeout(time.Second).Should(beFree())
	})

	It("is freed where existingClaim names it and its label is gone", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		whilePaused(ctx, instance, func() {
			edit(ctx, get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{}), func(c *corev1.PersistentVolumeClaim) { c.Labels = nil })
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
				i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "a-pvc"}
			})
			Eventually(livePVC(ctx, namespace, "a-pvc")).Should(beFree())
		})
	})

	It("is taken over with its data if a person created it, by the command in the condition", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, newPVC(namespace, "a-pvc"), instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(And(
			say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, "set spec.server.storage to {existingClaim: a-pvc}"), Not(ContainSubstring("remove"))))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "a-pvc"}
		})
		becomeReady(ctx, instance)
		Expect(get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})).To(And(
			HaveField("OwnerReferences", BeEmpty()), HaveField("Labels", BeEmpty()), HaveField("Annotations", BeEmpty())))
	})

	It("cannot be deleted, reports what cannot be changed about it", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessModeReadWriteMany}
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(And(
			say(metav1.ConditionFalse, v1alpha1.ReasonImmutableField, "existingClaim"), Not(ContainSubstring("delete"))))
	})
})

// whilePaused runs a function while the server is paused.
func whilePaused(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, do func()) {
	GinkgoHelper()
	edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
		i.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
	})
	Eventually(conditionOf(ctx, instance, v1alpha1.ConditionPaused)).Should(HavePrefix("True"))
	do()
	edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Annotations = nil })
}

var _ = Describe("Two servers on one PVC", func() {
	using := func(namespace, name, pvc string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make(name).Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: pvc}
		}).Obj()
	}
	sharedWith := func(texts ...string) OmegaMatcher {
		return say(metav1.ConditionFalse, v1alpha1.ReasonLocalState, texts...)
	}

	It("are reported as long as there are two, whoever created it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		first, second, third := using(namespace, "first", "data"), using(namespace, "second", "data"), using(namespace, "third", "data")
		create(ctx, newPVC(namespace, "data"), first)
		becomeReady(ctx, first)
		Expect(conditionOf(ctx, first, v1alpha1.ConditionStateShared)()).To(BeEmpty())

		create(ctx, second)
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionStateShared)).Should(sharedWith("LlamaStackDistribution second", "PersistentVolumeClaim data"))
		Eventually(conditionOf(ctx, second, v1alpha1.ConditionStateShared)).Should(sharedWith("LlamaStackDistribution first"))
		create(ctx, third)
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionStateShared)).Should(sharedWith("several other LlamaStackDistributions"))
		Eventually(conditionOf(ctx, third, v1alpha1.ConditionStateShared)).Should(sharedWith("several other LlamaStackDistributions"))
		edit(ctx, third, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = true })
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionStateShared)).Should(sharedWith("LlamaStackDistribution second"))
		Expect(admin.Delete(ctx, second)).To(Succeed())
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionStateShared)).Should(BeEmpty())
	})

	It("are reported if one of them owns it, also after a restart", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		owner, guest := llsdtest.Make("owner").Namespace(namespace).Storage("1Gi").Obj(), using(namespace, "guest", "owner-pvc")
		create(ctx, owner, guest)
		becomeReady(ctx, owner)
		Eventually(conditionOf(ctx, owner, v1alpha1.ConditionStateShared)).Should(sharedWith("LlamaStackDistribution guest", "PersistentVolumeClaim owner-pvc"))
		Eventually(conditionOf(ctx, guest, v1alpha1.ConditionStateShared)).Should(sharedWith("LlamaStackDistribution owner"))
		whileDown(func() {})
		Consistently(conditionOf(ctx, owner, v1alpha1.ConditionStateShared)).WithTimeout(time.Second).Should(sharedWith("LlamaStackDistribution guest"))

		edit(ctx, owner, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage = nil })
		Eventually(conditionOf(ctx, guest, v1alpha1.ConditionStateShared)).Should(BeEmpty())
	})
})

var _ = Describe("A ConfigMap that a person cloned from one of the operator's", func() {
	It("stays, whatever its name, labels and owner", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\nimage_name: v0\n"}))
		instance := llsdtest.Make("a").Namespace(namespace).UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		list := &corev1.ConfigMapList{}
		Expect(admin.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/component": "user-config"})).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		first := list.Items[0].Name
		clones := []string{"a-config-mine", "mine", "a-config-0123456789abcdef", "a-ca-bundle"}
		for _, name := range clones {
			clone := get(ctx, namespace, first, &corev1.ConfigMap{})
			clone.ObjectMeta = metav1.ObjectMeta{
				Namespace: namespace, Name: name, Labels: clone.Labels, Annotations: clone.Annotations, OwnerReferences: clone.OwnerReferences,
			}
			create(ctx, clone)
		}

		hash := configHash(ctx, instance)()
		for i := 1; i <= 3; i++ {
			edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = fmt.Sprintf("version: '2'\nimage_name: v%d\n", i) })
			Eventually(configHash(ctx, instance)).ShouldNot(Equal(hash))
			becomeReady(ctx, instance)
			hash = configHash(ctx, instance)()
		}
		Eventually(exists(ctx, namespace, first, &corev1.ConfigMap{})).Should(BeFalse(), "the operator's own one is deleted")
		waitForQuiet()
		for _, name := range clones {
			Expect(exists(ctx, namespace, name, &corev1.ConfigMap{})()).To(BeTrue(), name)
		}
	})
})

// configHash polls the hash of the configuration in the Pods.
func configHash(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() string {
	return func() string {
		return deploymentOf(ctx, instance).Spec.Template.Annotations["configmap.hash/user-config"]
	}
}

var _ = Describe("An object that has lost the operator's label", func() {
	unlabel := func(ctx context.Context, object client.Object) {
		GinkgoHelper()
		edit(ctx, object, func(o client.Object) {
			labels := o.GetLabels()
			delete(labels, v1alpha1.LabelManagedBy)
			o.SetLabels(labels)
		})
	}

	It("is recognized: a PVC that others grew keeps its size and its label comes back", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		whileDown(func() {
			pvc := get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})
			edit(ctx, pvc, func(c *corev1.PersistentVolumeClaim) {
				c.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("5Gi")
			})
			unlabel(ctx, pvc)
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Port = 9000 })
		})

		Eventually(livePVC(ctx, namespace, "a-pvc")).Should(HaveField("Labels", HaveKey(v1alpha1.LabelManagedBy)))
		becomeReady(ctx, instance)
		Expect(get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{}).Spec.Resources.Requests.Storage().String()).To(Equal("5Gi"))
		reasons, err := eventReasons(ctx, instance)
		Expect(err).NotTo(HaveOccurred())
		Expect(reasons).NotTo(ContainElement("Warning ImmutableField"))
	})

	It("is recognized: a Deployment that was rolled back does not roll again", func(ctx context.Context) {
		instance := rollingBack(newNamespace(ctx, true)).Replicas(2).Obj()
		create(ctx, instance)
		serveNow(ctx, instance)
		setImage(ctx, instance, badImage)
		Eventually(deploymentNow(ctx, instance)).Should(haveImage(badImage))
		waitingPod(ctx, instance, "ImagePullBackOff", "no such image")
		giveUp(ctx, instance, time.Now())
		Eventually(deploymentNow(ctx, instance)).Should(haveImage(goodImage))
		rollOutNow(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack))
		waitForQuiet()
		before := deploymentOf(ctx, instance).Generation

		unlabel(ctx, deploymentOf(ctx, instance))
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Labels", HaveKey(v1alpha1.LabelManagedBy)))
		waitForQuiet()
		Expect(deploymentOf(ctx, instance).Generation).To(Equal(before), "nothing was rolled twice")
	})
})
