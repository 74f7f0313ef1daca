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

package status_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("ConfigValid", func(check status.Check, wanted metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
	check.Known, check.Applies = true, true
	instance := llsdtest.Make("x").UserConfig("config").Defaulted().Obj()
	found := meta.FindStatusCondition(status.Compute(status.Input{Instance: instance, Check: check}).Conditions, string(v1alpha1.ConditionConfigValid))
	Expect(found).NotTo(BeNil())
	Expect(found.Status).To(Equal(wanted))
	Expect(found.Reason).To(Equal(string(reason)))
	Expect(found.Message).To(ContainSubstring(message))
},
	Entry("is unknown before the first check", status.Check{}, metav1.ConditionUnknown, v1alpha1.ReasonNotChecked, "5m0s"),
	Entry("is unknown during a check", status.Check{Reason: v1alpha1.ReasonChecking, Message: "a"}, metav1.ConditionUnknown, v1alpha1.ReasonChecking, "a"),
	Entry("is true", status.Check{Reason: v1alpha1.ReasonValid, Message: "a"}, metav1.ConditionTrue, v1alpha1.ReasonValid, "a"),
	Entry("is true with warnings", status.Check{Reason: v1alpha1.ReasonValidWithWarnings, Message: "a"}, metav1.ConditionTrue, v1alpha1.ReasonValidWithWarnings, "a"),
	Entry("is false", status.Check{Reason: v1alpha1.ReasonInvalid, Message: "a", Keeps: true}, metav1.ConditionFalse, v1alpha1.ReasonInvalid, "a; the Pods keep"),
	Entry("is false without an image", status.Check{Reason: v1alpha1.ReasonImageUnavailable, Message: "a"}, metav1.ConditionFalse, v1alpha1.ReasonImageUnavailable, "a"),
	Entry("is unknown without a result", status.Check{Reason: v1alpha1.ReasonNotChecked, Message: "a"}, metav1.ConditionUnknown, v1alpha1.ReasonNotChecked, "a"),
)

var _ = Describe("A check", func() {
	compute := func(instance *v1alpha1.LlamaStackDistribution, check status.Check) v1alpha1.LlamaStackDistributionStatus {
		return status.Compute(status.Input{Instance: instance, Check: check})
	}
	It("that is not known leaves the condition and the answer as they are", func() {
		instance := llsdtest.Make("x").UserConfig("config").Defaulted().Generation(1).Obj()
		instance.Status = compute(instance, status.Check{Known: true, Applies: true, Reason: v1alpha1.ReasonValid, Answered: "run"})
		instance.Generation = 2
		next := compute(instance, status.Check{})
		found := meta.FindStatusCondition(next.Conditions, string(v1alpha1.ConditionConfigValid))
		Expect(found.Reason).To(Equal(string(v1alpha1.ReasonValid)))
		Expect(found.ObservedGeneration).To(Equal(int64(1)))
		Expect(next.AnsweredCheck).To(Equal("run"))
	})

	It("that is not made has no condition", func() {
		instance := llsdtest.Make("x").UserConfig("config").Defaulted().Obj()
		instance.Status = compute(instance, status.Check{Known: true, Applies: true})
		Expect(meta.FindStatusCondition(compute(instance, status.Check{Known: true}).Conditions, string(v1alpha1.ConditionConfigValid))).To(BeNil())
	})
})
