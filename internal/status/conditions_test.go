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
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// saying is a status in which one condition has a reason.
func saying(kind v1alpha1.ConditionType, reason v1alpha1.Reason) v1alpha1.LlamaStackDistributionStatus {
	return v1alpha1.LlamaStackDistributionStatus{
		Conditions: []metav1.Condition{{Type: string(kind), Status: metav1.ConditionFalse, Reason: string(reason)}},
	}
}

var _ = Describe("The table of conditions", func() {
	DescribeTable("says which reasons are normal and need no action:", func(kind v1alpha1.ConditionType, reason v1alpha1.Reason, normal bool) {
		transitions := status.Transitions(v1alpha1.LlamaStackDistributionStatus{}, saying(kind, reason))

		Expect(transitions).To(ConsistOf(And(HaveField("Type", kind), HaveField("Reason", reason), HaveField("Normal", normal))))
	},
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonReady, true),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonProgressing, true),
		Entry(nil, v1alpha1.ConditionHealthCheck, v1alpha1.ReasonNotObserved, true),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonScaledToZero, true),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonTerminating, true),
		Entry(nil, v1alpha1.ConditionDeploymentReady, v1alpha1.ReasonDeploymentReady, true),
		Entry(nil, v1alpha1.ConditionDeploymentReady, v1alpha1.ReasonDeploymentPending, true),
		Entry(nil, v1alpha1.ConditionHealthCheck, v1alpha1.ReasonHealthCheckPassed, true),
		Entry(nil, v1alpha1.ConditionStorageReady, v1alpha1.ReasonStorageReady, true),
		Entry(nil, v1alpha1.ConditionStorageReady, v1alpha1.ReasonStoragePending, true),
		Entry(nil, v1alpha1.ConditionServiceReady, v1alpha1.ReasonServiceReady, true),
		Entry(nil, v1alpha1.ConditionServiceReady, v1alpha1.ReasonServicePending, true),
		Entry(nil, v1alpha1.ConditionDeploymentReady, v1alpha1.ReasonDeploymentFailed, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonUnhealthy, false),
		Entry(nil, v1alpha1.ConditionHealthCheck, v1alpha1.ReasonHealthCheckFailed, false),
		Entry(nil, v1alpha1.ConditionStorageReady, v1alpha1.ReasonStorageFailed, false),
		Entry(nil, v1alpha1.ConditionServiceReady, v1alpha1.ReasonServiceFailed, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonReconcileError, false),
		Entry("one that is new", v1alpha1.ConditionReady, v1alpha1.Reason("Novel"), false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonUnknownDistribution, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonRolloutFailed, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonRolledBack, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonResourceConflict, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonResourceContested, false),
		Entry(nil, v1alpha1.ConditionHealthCheck, v1alpha1.ReasonProviderError, false),
		Entry(nil, v1alpha1.ConditionReady, v1alpha1.ReasonPaused, true),
		Entry(nil, v1alpha1.ConditionPaused, v1alpha1.ReasonPaused, true),
		Entry(nil, v1alpha1.ConditionDeploymentReady, v1alpha1.ReasonScaledToZero, true),
		Entry(nil, v1alpha1.ConditionHealthCheck, v1alpha1.ReasonScaledToZero, true),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteReady, true),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRoutePending, true),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteRefused, false),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteFailed, false),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteTLSMismatch, false),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonGatewayAPIMissing, false),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteAPIMissing, false),
		Entry(nil, v1alpha1.ConditionRouteReady, v1alpha1.ReasonAPIUnavailable, false),
		Entry(nil, v1alpha1.ConditionStateShared, v1alpha1.ReasonSharedState, true),
		Entry(nil, v1alpha1.ConditionStateShared, v1alpha1.ReasonStateUnknown, true),
		Entry(nil, v1alpha1.ConditionStateShared, v1alpha1.ReasonLocalState, false),
	)

	DescribeTable("makes Events of what people wait for or must act on", func(kind v1alpha1.ConditionType, reason v1alpha1.Reason, event bool) {
		transitions := status.Transitions(v1alpha1.LlamaStackDistributionStatus{}, saying(kind, reason))

		Expect(transitions).To(ConsistOf(HaveField("Event", event)))
	},
		Entry("Ready while it progresses", v1alpha1.ConditionReady, v1alpha1.ReasonProgressing, true),
		Entry("a pause", v1alpha1.ConditionPaused, v1alpha1.ReasonPaused, true),
		Entry("a part that progresses", v1alpha1.ConditionServiceReady, v1alpha1.ReasonServicePending, false),
		Entry("a part that fails", v1alpha1.ConditionServiceReady, v1alpha1.ReasonServiceFailed, true),
	)

	It("makes no Event of a condition that is gone", func() {
		gone := status.Transitions(saying(v1alpha1.ConditionRouteReady, v1alpha1.ReasonRouteFailed), v1alpha1.LlamaStackDistributionStatus{})

		Expect(gone).To(ConsistOf(And(HaveField("To", ""), HaveField("Normal", false), HaveField("Event", false))))
	})
})

var _ = Describe("A status of which not all inputs could be read", func() {
	It("keeps the conditions that depend on them", func() {
		local := newFixture().wanting(2).with(func(in *status.Input) { in.State = status.State{Known: true, Local: []string{"a file"}} })
		before := local.compute()
		was := condition(before, v1alpha1.ConditionStateShared)
		Expect(was).To(be(metav1.ConditionFalse, v1alpha1.ReasonLocalState))

		after := newFixture().wanting(2).after(before).with(func(in *status.Input) { in.Partial = true }).compute()

		Expect(condition(after, v1alpha1.ConditionStateShared)).To(Equal(was))
	})

	It("has no such condition if it had none", func() {
		partial := newFixture().wanting(2).with(func(in *status.Input) {
			in.Partial, in.State = true, status.State{Known: true, Local: []string{"a file"}}
		})

		Expect(partial.compute().Conditions).NotTo(ContainElement(HaveField("Type", string(v1alpha1.ConditionStateShared))))
	})
})
