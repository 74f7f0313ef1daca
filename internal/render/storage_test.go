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

package render_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// stored is the minimal input with storage.
func stored(storage v1alpha1.StorageSpec) render.Input {
	GinkgoHelper()
	return changed(func(in *render.Input) { in.Spec.Server.Storage = &storage })
}

var _ = Describe("The PVC", func() {
	pvc := func(storage v1alpha1.StorageSpec) *corev1.PersistentVolumeClaim {
		return object[corev1.PersistentVolumeClaim](rendered(stored(storage)), "PersistentVolumeClaim")
	}

	It("has the cluster's class and one node at a time, unless the CR says otherwise", func() {
		Expect(pvc(v1alpha1.StorageSpec{}).Spec.StorageClassName).To(BeNil())
		Expect(pvc(v1alpha1.StorageSpec{}).Spec.AccessModes).To(Equal([]corev1.PersistentVolumeAccessMode{"ReadWriteOnce"}))

		own := pvc(v1alpha1.StorageSpec{StorageClassName: new("shared"), AccessModes: []v1alpha1.AccessMode{"ReadWriteMany", "ReadOnlyMany"}})
		Expect(own.Spec.StorageClassName).To(HaveValue(Equal("shared")))
		Expect(own.Spec.AccessModes).To(Equal([]corev1.PersistentVolumeAccessMode{"ReadWriteMany", "ReadOnlyMany"}))
	})

	It("has no class where the CR says that it has none", func() {
		Expect(pvc(v1alpha1.StorageSpec{StorageClassName: new("")}).Spec.StorageClassName).To(HaveValue(BeEmpty()))
	})

	It("carries nothing by which others prune where it outlives its server", func() {
		kept := pvc(v1alpha1.StorageSpec{RetentionPolicy: v1alpha1.RetentionRetain})
		Expect(kept.Labels).NotTo(HaveKey("app.kubernetes.io/instance"))
		Expect(kept.Labels).To(HaveKeyWithValue("app.kubernetes.io/managed-by", "llama-stack-operator"), "or the operator does not see it")
		Expect(kept.Annotations).To(HaveKeyWithValue("argocd.argoproj.io/sync-options", "Prune=false"))

		dropped := pvc(v1alpha1.StorageSpec{RetentionPolicy: v1alpha1.RetentionDelete})
		Expect(dropped.Labels).To(HaveKeyWithValue("app.kubernetes.io/instance", "example"), "as 0.9.0 has it")
		Expect(dropped.Annotations).NotTo(HaveKey("argocd.argoproj.io/sync-options"))
	})

	It("is not rendered where there is another, or a directory", func() {
		for _, name := range []string{"storage-existing", "storage-ephemeral", "minimal"} {
			Expect(kinds(rendered(scenario(name)))).NotTo(ContainElement("PersistentVolumeClaim"), name)
		}
	})
})

var _ = Describe("The data's volume", func() {
	It("is the existing PVC", func() {
		Expect(volume(scenario("storage-existing"), "lls-storage").VolumeSource).To(Equal(corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
		}))
	})

	It("is a directory of the size that the CR allows", func() {
		Expect(volume(scenario("storage-ephemeral"), "lls-storage").VolumeSource).To(Equal(corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("5Gi"))},
		}))
		Expect(volume(stored(v1alpha1.StorageSpec{Ephemeral: &v1alpha1.EphemeralStorage{}}), "lls-storage").EmptyDir.SizeLimit).To(BeNil())
	})

	It("is where the CR says, whatever it is", func() {
		for _, name := range []string{"storage-existing", "storage-ephemeral"} {
			Expect(mounts(scenario(name))).To(HaveKeyWithValue("/data", "lls-storage"), name)
		}
	})
})

var _ = Describe("New Pods", func() {
	DescribeTable("wait for the old ones to stop only where the volume cannot be shared", func(
		storage *v1alpha1.StorageSpec, live []corev1.PersistentVolumeAccessMode, want appsv1.DeploymentStrategyType,
	) {
		in := changed(func(in *render.Input) { in.Spec.Server.Storage, in.PVCModes = storage, live })

		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.Strategy).To(Equal(appsv1.DeploymentStrategy{Type: want}))
	},
		Entry("no storage", nil, nil, appsv1.DeploymentStrategyType("")),
		Entry("a directory", &v1alpha1.StorageSpec{Ephemeral: &v1alpha1.EphemeralStorage{}}, nil, appsv1.DeploymentStrategyType("")),
		Entry("a PVC", &v1alpha1.StorageSpec{}, nil, appsv1.RecreateDeploymentStrategyType),
		Entry("a PVC of one Pod", modes("ReadWriteOncePod"), nil, appsv1.RecreateDeploymentStrategyType),
		Entry("a PVC that is shared", modes("ReadWriteMany"), nil, appsv1.DeploymentStrategyType("")),
		Entry("a PVC that the spec alone shares", modes("ReadWriteMany"), []corev1.PersistentVolumeAccessMode{"ReadWriteOnce"}, appsv1.RecreateDeploymentStrategyType),
		Entry("a PVC that the live modes alone share", modes("ReadWriteOnce"), []corev1.PersistentVolumeAccessMode{"ReadWriteMany"}, appsv1.DeploymentStrategyType("")),
		Entry("another PVC, of which nothing is known", &v1alpha1.StorageSpec{ExistingClaim: "data"}, nil, appsv1.RecreateDeploymentStrategyType),
		Entry("another PVC, which the spec declares shared", &v1alpha1.StorageSpec{ExistingClaim: "data", AccessModes: []v1alpha1.AccessMode{"ReadWriteMany"}},
			nil, appsv1.DeploymentStrategyType("")),
	)
})

// modes is storage with these access modes.
func modes(names ...v1alpha1.AccessMode) *v1alpha1.StorageSpec {
	return &v1alpha1.StorageSpec{AccessModes: names}
}
