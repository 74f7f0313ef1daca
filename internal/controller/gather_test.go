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

package controller_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A claim", func() {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	// claimOf requests 5Gi; asked is what it records, and age how much older it is than its LlamaStackDistribution.
	claimOf := func(asked string, age time.Duration) *corev1.PersistentVolumeClaim {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a-pvc", CreationTimestamp: metav1.NewTime(made.Add(-age))}}
		claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
		if asked != "" {
			claim.Annotations = map[string]string{"llamastack.io/requested-size": asked}
		}
		return claim
	}
	instance := func(size string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Storage(size).Edit(func(i *v1alpha1.LlamaStackDistribution) { i.CreationTimestamp = metav1.NewTime(made) }).Obj()
	}

	DescribeTable("is not asked to shrink by", func(size string, claim *corev1.PersistentVolumeClaim, live, before string, complaint OmegaMatcher) {
		input, problems := controller.GatherClaim(instance(size), claim)
		Expect(text(input.ClaimSize)).To(Equal(live))
		Expect(text(input.RequestedSize)).To(Equal(before))
		Expect(problems).To(complaint)
	},
		Entry("a spec that asks for the same", "5Gi", claimOf("5Gi", 0), "", "", BeEmpty()),
		Entry("a spec that asks for more", "6Gi", claimOf("5Gi", 0), "", "", BeEmpty()),
		Entry("a spec that asks for less than it did", "2Gi", claimOf("5Gi", 0), "5Gi", "5Gi", ConsistOf(And(
			HaveField("Reason", v1alpha1.ReasonImmutableField),
			HaveField("Message", And(ContainSubstring("spec.server.storage.size"), ContainSubstring("from 5Gi to 2Gi")))))),
		Entry("a spec that asks for less than the default, which it asked for before", "2Gi", claimOf("10Gi", 0), "5Gi", "10Gi", HaveLen(1)),
		Entry("somebody who has grown it", "2Gi", claimOf("2Gi", 0), "5Gi", "", BeEmpty()),
		Entry("an earlier LlamaStackDistribution that asked for more", "2Gi", claimOf("5Gi", time.Second), "5Gi", "", BeEmpty()),
		Entry("a spec of an earlier release, which recorded nothing", "2Gi", claimOf("", 0), "5Gi", "", BeEmpty()),
		Entry("a record that is no size", "2Gi", claimOf("big", 0), "5Gi", "", BeEmpty()),
		Entry("nobody where there is none", "2Gi", nil, "", "", BeEmpty()),
	)

	It("is nobody's business where the spec asks for none", func() {
		input, problems := controller.GatherClaim(llsdtest.Make("a").Obj(), claimOf("5Gi", 0))
		Expect(input.ClaimSize).To(BeNil())
		Expect(problems).To(BeEmpty())
	})
})

func text(size *resource.Quantity) string {
	if size == nil {
		return ""
	}
	return size.String()
}

var _ = Describe("What is found in a content", func() {
	It("is found once for all who ask, and remembered", func() {
		contents := controller.NewContents(nil, nil)
		var found atomic.Int32
		begin := make(chan struct{})
		find := func() (string, error) {
			<-begin
			found.Add(1)
			contents.Remember("key", "finding")
			return "finding", nil
		}
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() {
				defer GinkgoRecover()
				Expect(controller.Once(contents, "key", find)).To(Equal("finding"))
			})
		}
		close(begin)
		asking.Wait()
		Expect(controller.Once(contents, "key", find)).To(Equal("finding"))
		Expect(found.Load()).To(BeEquivalentTo(1))
	})

	It("is looked for again after an error", func() {
		contents := controller.NewContents(nil, nil)
		failure := errors.New("lost")
		_, err := controller.Once(contents, "key", func() (string, error) { return "", failure })
		Expect(err).To(MatchError(failure))
		Expect(controller.Once(contents, "key", func() (string, error) { return "finding", nil })).To(Equal("finding"))
	})
})
