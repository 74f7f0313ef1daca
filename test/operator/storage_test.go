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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// newPVC is a PVC that a person created.
func newPVC(namespace, name string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
}

var _ = Describe("A PVC that is not the operator's", func() {
	using := func(namespace, pvc string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: pvc}
		}).Obj()
	}

	It("is used and never changed, also when the server is deleted", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		pvc, instance := newPVC(namespace, "data"), using(namespace, "data")
		create(ctx, pvc, instance)
		becomeReady(ctx, instance)

		Expect(deploymentOf(ctx, instance).Spec.Strategy.Type).To(Equal(appsv1.RecreateDeploymentStrategyType))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "data"))
		Expect(exists(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})()).To(BeFalse())
		Expect(admin.Delete(ctx, instance)).To(Succeed())
		Eventually(exists(ctx, namespace, "a", instance)).Should(BeFalse())
		after := get(ctx, namespace, "data", &corev1.PersistentVolumeClaim{})
		Expect(after.Spec).To(Equal(pvc.Spec))
		Expect(after.OwnerReferences).To(BeEmpty())
		Expect(after.Labels).To(BeEmpty())
	})

	It("is reported while it does not exist, and used when it does", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		instance := using(namespace, "data")
		create(ctx, instance)

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(
			say(metav1.ConditionFalse, v1alpha1.ReasonClaimNotFound, "PersistentVolumeClaim "+namespace+"/data", "create it"))
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)()).To(say(metav1.ConditionFalse, v1alpha1.ReasonStorageFailed, "create it"))

		create(ctx, newPVC(namespace, "data"))
		rollOutNow(ctx, instance) // as the cluster does once the PVC exists
		becomeReady(ctx, instance)
	})

	It("replaces the operator's, which stays, and is replaced by it again", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		create(ctx, newPVC(namespace, "data"), instance)
		becomeReady(ctx, instance)
		before := get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{})

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "data"}
		})
		Eventually(volumeOf(ctx, instance)).Should(HaveField("PersistentVolumeClaim.ClaimName", "data"))
		becomeReady(ctx, instance)
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{Ephemeral: &v1alpha1.EphemeralStorage{}}
		})
		Eventually(volumeOf(ctx, instance)).Should(HaveField("EmptyDir", Not(BeNil())))
		becomeReady(ctx, instance)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)()).To(BeEmpty())
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage = &v1alpha1.StorageSpec{} })
		Eventually(volumeOf(ctx, instance)).Should(HaveField("PersistentVolumeClaim.ClaimName", "a-pvc"))
		becomeReady(ctx, instance)
		Expect(get(ctx, namespace, "a-pvc", &corev1.PersistentVolumeClaim{}).UID).To(Equal(before.UID))
	})
})

// volumeOf polls the source of the data's volume.
func volumeOf(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() (corev1.VolumeSource, error) {
	return func() (corev1.VolumeSource, error) {
		deployment := &appsv1.Deployment{}
		err := admin.Get(ctx, client.ObjectKeyFromObject(instance), deployment)
		for _, volume := range deployment.Spec.Template.Spec.Volumes {
			if volume.Name == "lls-storage" {
				return volume.VolumeSource, err
			}
		}
		return corev1.VolumeSource{}, err
	}
}

var _ = Describe("The access modes of a PVC", func() {
	It("cannot be changed, and the strategy stays as the PVC needs it", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Storage("1Gi").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessModeReadWriteMany}
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonImmutableField, "ReadWriteOnce", "ReadWriteMany"))
		Expect(deploymentOf(ctx, instance).Spec.Strategy.Type).To(Equal(appsv1.RecreateDeploymentStrategyType))
	})
})

var _ = Describe("Replicas that do not share their state", func() {
	It("are reported as long as there are several and the configuration is local", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		config := configMap(namespace, "config", map[string]string{"config.yaml": "storage: {backends: {kv: {type: kv_sqlite}}}\n"})
		instance := llsdtest.Make("a").Namespace(namespace).UserConfig("config").Replicas(2).Obj()
		create(ctx, config, instance)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStateShared)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonLocalState, "storage.backends.kv (kv_sqlite)"))

		edit(ctx, config, func(c *corev1.ConfigMap) {
			c.Data["config.yaml"] = "storage: {backends: {kv: {type: kv_postgres}}}\n"
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStateShared)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonSharedState))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.UserConfig = nil })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStateShared)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(1)) })
		becomeReady(ctx, instance)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionStateShared)()).To(BeEmpty())
	})
})
