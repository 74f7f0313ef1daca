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

package gather_test

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Files of another user", func() {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server := func(change func(spec *v1alpha1.ServerSpec)) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Storage("1Gi").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.CreationTimestamp = metav1.NewTime(made)
			change(&i.Spec.Server)
		}).Obj()
	}
	plain := func(*v1alpha1.ServerSpec) {}
	runsAs := func(user int64) func(*v1alpha1.ServerSpec) {
		return func(spec *v1alpha1.ServerSpec) {
			spec.ContainerSpec.SecurityContext = &corev1.SecurityContext{RunAsUser: &user}
		}
	}
	pvcOf := func(age time.Duration) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a-pvc", CreationTimestamp: metav1.NewTime(made.Add(-age))}}
	}
	const hash, foreign = "llamastack.io/applied-hash", "llamastack.io/foreign-files"
	// deploymentOf has these annotations, and Pods of a user; nil is the platform's or the image's choice.
	deploymentOf := func(user *int64, annotations ...string) *appsv1.Deployment {
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}}
		for _, key := range annotations {
			deployment.Annotations[key] = "a"
		}
		deployment.Spec.Template.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: user}
		deployment.Spec.Template.Spec.Containers = []corev1.Container{{}}
		return deployment
	}

	DescribeTable("may be on a volume", func(change func(*v1alpha1.ServerSpec), deployment *appsv1.Deployment, pvc *corev1.PersistentVolumeClaim, want bool) {
		Expect(gather.Files(server(change), deployment, pvc, false)).To(Equal(want))
	},
		Entry("not of a new server", plain, nil, nil, false),
		Entry("not of a new server whose PVC is created first", plain, nil, pvcOf(0), false),
		Entry("not of a server that always ran as this user", plain, deploymentOf(new(int64(1001)), hash), pvcOf(0), false),
		Entry("not of a server without a PVC", func(spec *v1alpha1.ServerSpec) { spec.Storage = nil }, deploymentOf(nil), nil, false),
		Entry("that is older than its server", plain, nil, pvcOf(time.Second), true),
		Entry("of a server that an earlier release ran as any user", plain, deploymentOf(nil), pvcOf(0), true),
		Entry("of a server that runs as another user now", runsAs(2000), deploymentOf(new(int64(1001)), hash), pvcOf(0), true),
		Entry("of a server that ran as root", plain, deploymentOf(new(int64(0)), hash), pvcOf(0), true),
		Entry("of which that was so", plain, deploymentOf(new(int64(1001)), hash, foreign), pvcOf(0), true),
		Entry("that the operator did not make", func(spec *v1alpha1.ServerSpec) { spec.Storage = &v1alpha1.StorageSpec{ExistingClaim: "mine"} },
			deploymentOf(new(int64(1001)), hash), nil, true),
		Entry("beside the server's data", func(spec *v1alpha1.ServerSpec) {
			source := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "models"}}
			spec.PodOverrides = &v1alpha1.PodOverrides{Volumes: []corev1.Volume{{Name: "models", VolumeSource: source}}}
		}, deploymentOf(new(int64(1001)), hash), pvcOf(0), true),
	)

	It("are not on OpenShift, as long as that chooses the user", func() {
		Expect(gather.Files(server(plain), deploymentOf(nil, hash), pvcOf(0), true)).To(BeFalse())
		Expect(gather.Files(server(runsAs(0)), deploymentOf(nil, hash), pvcOf(0), true)).To(BeTrue())
	})
})
