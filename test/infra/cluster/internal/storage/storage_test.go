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

package storage_test

import (
	"context"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/storage"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func pvc(requests, has string) *corev1.PersistentVolumeClaim {
	class := storage.ClassName
	made := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "claim"},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class,
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			VolumeName:       "volume",
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(requests)}},
		},
	}

	if has != "" {
		made.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(has)}
	}

	return made
}

func volume(size string) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "volume"},
		Spec:       corev1.PersistentVolumeSpec{Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
	}
}

var _ = Describe("Folders", func() {
	var folders storage.Folders

	BeforeEach(func() { folders = storage.Folders{Root: GinkgoT().TempDir()} })

	provisionWith := func(ctx context.Context, name string, parameters map[string]string) *corev1.PersistentVolume {
		GinkgoHelper()

		keep := corev1.PersistentVolumeReclaimRetain
		made, state, err := folders.Provision(ctx, controller.ProvisionOptions{
			StorageClass: &storagev1.StorageClass{ReclaimPolicy: &keep, Parameters: parameters}, PVName: name, PVC: pvc("3Gi", ""), SelectedNodeName: "node",
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(state).To(Equal(controller.ProvisioningFinished))

		return made
	}

	provision := func(ctx context.Context, name string) *corev1.PersistentVolume {
		GinkgoHelper()

		return provisionWith(ctx, name, nil)
	}

	It("make a shared volume for every node", func(ctx SpecContext) {
		made := provisionWith(ctx, "pvc-1", map[string]string{"shared": "true"})
		Expect(made.Spec.Local.Path).To(Equal(filepath.Join(folders.Root, "pvc-1")))
		Expect(made.Spec.NodeAffinity.Required.NodeSelectorTerms).To(HaveExactElements(HaveField("MatchExpressions",
			HaveExactElements(HaveField("Key", corev1.LabelOSStable)))))
	})

	It("make a volume on the chosen node that honours fsGroup", func(ctx SpecContext) {
		made := provision(ctx, "pvc-1")
		Expect(made.Name).To(Equal("pvc-1"))
		Expect(made.Spec.HostPath).To(BeNil())
		Expect(made.Spec.Local.Path).To(Equal(filepath.Join(folders.Root, "pvc-1")))
		Expect(made.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values).To(Equal([]string{"node"}))
		Expect(made.Spec.Capacity.Storage().String()).To(Equal("3Gi"))
		Expect(made.Spec.AccessModes).To(Equal([]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}))
		Expect(made.Spec.PersistentVolumeReclaimPolicy).To(Equal(corev1.PersistentVolumeReclaimRetain))

		info, err := os.Stat(made.Spec.Local.Path)
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode()).To(Equal(os.ModeDir | 0o755))
	})

	It("are deleted with what they hold", func(ctx SpecContext) {
		made := provision(ctx, "pvc-1")
		Expect(os.WriteFile(filepath.Join(made.Spec.Local.Path, "data"), nil, 0o600)).To(Succeed())
		Expect(folders.Delete(ctx, made)).To(Succeed())
		Expect(folders.Delete(ctx, made)).To(Succeed(), "again")
		Expect(made.Spec.Local.Path).NotTo(BeAnExistingFile())
		Expect(folders.Root).To(BeADirectory())
	})
})

var _ = Describe("EnsureClasses", func() {
	It("makes a default class and one of shared volumes, once", func(ctx SpecContext) {
		client := fake.NewClientset()
		Expect(storage.EnsureClasses(ctx, client)).To(Succeed())
		Expect(storage.EnsureClasses(ctx, client)).To(Succeed())

		classes, err := client.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(classes.Items).To(HaveLen(2))

		shared, standard := classes.Items[0], classes.Items[1]
		Expect(standard.Name).To(Equal(storage.ClassName))
		Expect(standard.Annotations).To(HaveKeyWithValue("storageclass.kubernetes.io/is-default-class", "true"))
		Expect(*standard.VolumeBindingMode).To(Equal(storagev1.VolumeBindingWaitForFirstConsumer))
		Expect(*standard.AllowVolumeExpansion).To(BeTrue())
		Expect(standard.Parameters).To(BeEmpty())

		Expect(shared.Name).To(Equal(storage.SharedClassName))
		Expect(shared.Annotations).To(BeEmpty())
		Expect(shared.Parameters).To(HaveKeyWithValue("shared", "true"))
	})
})

var _ = Describe("Run", func() {
	// sizes runs the controllers with a PVC and its volume and returns a function that reads both sizes.
	sizes := func(ctx context.Context, given *corev1.PersistentVolumeClaim) func() ([]string, error) {
		GinkgoHelper()

		client := fake.NewClientset(given, volume("1Gi"))
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)

		go func() { ended <- storage.Run(running, client, GinkgoT().TempDir()) }()

		DeferCleanup(func() {
			stop()
			Eventually(ended, "1m").Should(Receive(BeNil()))
		})

		return func() ([]string, error) {
			pv, err := client.CoreV1().PersistentVolumes().Get(ctx, "volume", metav1.GetOptions{})
			if err != nil {
				return nil, err
			}

			pvc, err := client.CoreV1().PersistentVolumeClaims("default").Get(ctx, "claim", metav1.GetOptions{})
			if err != nil {
				return nil, err
			}

			return []string{pv.Spec.Capacity.Storage().String(), pvc.Status.Capacity.Storage().String()}, nil
		}
	}

	It("gives a bound PVC what it requests", func(ctx SpecContext) {
		Eventually(sizes(ctx, pvc("3Gi", "1Gi")), "1m").Should(Equal([]string{"3Gi", "3Gi"}))
	})

	It("gives a PVC of a shared volume what it requests, too", func(ctx SpecContext) {
		shared, class := pvc("3Gi", "1Gi"), storage.SharedClassName
		shared.Spec.StorageClassName = &class
		Eventually(sizes(ctx, shared), "1m").Should(Equal([]string{"3Gi", "3Gi"}))
	})

	It("does not change a PVC that has enough", func(ctx SpecContext) {
		Consistently(sizes(ctx, pvc("1Gi", "1Gi")), "300ms").Should(Equal([]string{"1Gi", "1Gi"}))
	})

	It("does not change another class's PVC", func(ctx SpecContext) {
		other, class := pvc("3Gi", "1Gi"), "other"
		other.Spec.StorageClassName = &class
		Consistently(sizes(ctx, other), "300ms").Should(Equal([]string{"1Gi", "1Gi"}))
	})

	It("does not change a PVC that is not bound yet", func(ctx SpecContext) {
		Consistently(sizes(ctx, pvc("3Gi", "")), "300ms").Should(Equal([]string{"1Gi", "0"}))
	})
})
