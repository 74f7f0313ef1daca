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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A PVC", func() {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	// pvcOf requests 5Gi; asked is what it records, and age how much older it is than its LlamaStackDistribution.
	pvcOf := func(asked string, age time.Duration) *corev1.PersistentVolumeClaim {
		pvc := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a-pvc", CreationTimestamp: metav1.NewTime(made.Add(-age))}}
		pvc.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
		if asked != "" {
			pvc.Annotations = map[string]string{"llamastack.io/requested-size": asked}
		}
		return pvc
	}
	instance := func(size string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Storage(size).Edit(func(i *v1alpha1.LlamaStackDistribution) { i.CreationTimestamp = metav1.NewTime(made) }).Obj()
	}

	DescribeTable("does not shrink because of", func(size string, pvc *corev1.PersistentVolumeClaim, live, before string, complaint OmegaMatcher) {
		input, problems := gather.PVC(instance(size), pvc)
		Expect(text(input.PVCSize)).To(Equal(live))
		Expect(text(input.RequestedSize)).To(Equal(before))
		Expect(problems).To(complaint)
	},
		Entry("a spec that requests the same", "5Gi", pvcOf("5Gi", 0), "", "", BeEmpty()),
		Entry("a spec that requests more", "6Gi", pvcOf("5Gi", 0), "", "", BeEmpty()),
		Entry("a spec that requests less than before", "2Gi", pvcOf("5Gi", 0), "5Gi", "5Gi", ConsistOf(And(
			HaveField("Reason", v1alpha1.ReasonImmutableField),
			HaveField("Message", And(ContainSubstring("spec.server.storage.size"), ContainSubstring("from 5Gi to 2Gi")))))),
		Entry("a spec that requests less than the default, which it requested before", "2Gi", pvcOf("10Gi", 0), "5Gi", "10Gi", HaveLen(1)),
		Entry("somebody who has expanded it", "2Gi", pvcOf("2Gi", 0), "5Gi", "", BeEmpty()),
		Entry("an earlier LlamaStackDistribution that requested more", "2Gi", pvcOf("5Gi", time.Second), "5Gi", "", BeEmpty()),
		Entry("a spec of an earlier release, which recorded nothing", "2Gi", pvcOf("", 0), "5Gi", "", BeEmpty()),
		Entry("a record that is not a size", "2Gi", pvcOf("big", 0), "5Gi", "", BeEmpty()),
		Entry("anything if it does not exist", "2Gi", nil, "", "", BeEmpty()),
	)

	It("is ignored if the spec requests none", func() {
		input, problems := gather.PVC(llsdtest.Make("a").Obj(), pvcOf("5Gi", 0))
		Expect(input.PVCSize).To(BeNil())
		Expect(problems).To(BeEmpty())
	})
})

func text(size *resource.Quantity) string {
	if size == nil {
		return ""
	}
	return size.String()
}
