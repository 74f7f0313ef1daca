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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Available", func() {
	DescribeTable("says whether at least one Pod serves", func(f *fixture, value metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
		got := condition(f.compute(), v1alpha1.ConditionAvailable)

		Expect(got).To(be(value, reason))
		Expect(got.Message).To(Equal(message))
	},
		Entry("of a server that is as declared", newFixture(), metav1.ConditionTrue, v1alpha1.ReasonAvailable, "At least one Pod serves"),
		Entry("before there is a Deployment", newFixture().notDeployed(), metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "No Pod is available"),
		Entry("while no Pod is available", newFixture().deployed(1, 1, 0), metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "No Pod is available"),
		Entry("while old Pods serve during a rollout", newFixture().wanting(2).deployed(3, 1, 2), metav1.ConditionTrue, v1alpha1.ReasonAvailable, "At least one Pod serves"),
		Entry("without a Service", newFixture().with(func(in *status.Input) { in.Service = nil }),
			metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "Service is being created"),
		Entry("that is stopped", newFixture().wanting(0).deployed(0, 0, 0), metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, "No replicas are wanted"),
		Entry("that is being stopped, and still serves", newFixture().wanting(0).deployed(1, 1, 1), metav1.ConditionTrue, v1alpha1.ReasonAvailable, "At least one Pod serves"),
	)

	DescribeTable("is True while Ready is False of a server that serves, but not as declared", func(f *fixture) {
		got := f.compute()

		Expect(condition(got, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionFalse))
		Expect(condition(got, v1alpha1.ConditionAvailable).Status).To(Equal(metav1.ConditionTrue))
	},
		Entry("because a person must change something", newFixture().with(func(in *status.Input) {
			in.Problems = []status.Problem{{Reason: v1alpha1.ReasonUserConfigNotFound, Kind: status.User, Message: "gone"}}
		})),
		Entry("because a rollout failed, and old Pods remain", newFixture().wanting(2).deployed(3, 1, 2).stuck()),
		Entry("because it was rolled back", newFixture().with(func(in *status.Input) { in.RolledBack = "ImagePullBackOff" })),
		Entry("because it is being deleted", newFixture().deleted()),
	)

	It("makes no Event: Ready reports what people wait for", func() {
		transitions := status.Transitions(newFixture().compute(), newFixture().deployed(1, 1, 0).compute())

		Expect(transitions).To(ContainElement(And(HaveField("Type", v1alpha1.ConditionAvailable), HaveField("To", "False"), HaveField("Event", false))))
	})

	It("waits for the rest of a rollout's progress, and has no status written on its own", func() {
		rolling := newFixture().wanting(2).deployed(2, 0, 1)
		before := rolling.compute()

		next := newFixture().wanting(2).deployed(2, 1, 0).after(before)

		Expect(condition(next.compute(), v1alpha1.ConditionAvailable).Status).To(Equal(metav1.ConditionFalse))
		Expect(status.Patience(before, next.compute(), true)).To(Equal(5 * time.Second))
	})
})
