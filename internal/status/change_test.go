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
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Changed", func() {
	It("is false for a copy", func() {
		old := newFixture().compute()

		Expect(status.Changed(old, *old.DeepCopy())).To(BeFalse())
	})

	It("is false between empty and absent, and between the same instant in two zones", func() {
		old := newFixture().compute()
		next := *old.DeepCopy()
		old.DistributionConfig.Providers, next.DistributionConfig.Providers = nil, []v1alpha1.ProviderInfo{}
		next.Version.LastUpdated = metav1.NewTime(old.Version.LastUpdated.In(time.FixedZone("", 3600)))

		Expect(status.Changed(old, next)).To(BeFalse())
	})

	DescribeTable("is true for any difference",
		func(change func(*v1alpha1.LlamaStackDistributionStatus)) {
			old := newFixture().compute()
			next := *old.DeepCopy()
			change(&next)

			Expect(status.Changed(old, next)).To(BeTrue())
		},
		Entry("phase", func(s *v1alpha1.LlamaStackDistributionStatus) { s.Phase = v1alpha1.PhaseFailed }),
		Entry("generation", func(s *v1alpha1.LlamaStackDistributionStatus) { s.ObservedGeneration++ }),
		Entry("message", func(s *v1alpha1.LlamaStackDistributionStatus) { s.Conditions[0].Message += "." }),
		Entry("a condition less", func(s *v1alpha1.LlamaStackDistributionStatus) { s.Conditions = s.Conditions[1:] }),
		Entry("number", func(s *v1alpha1.LlamaStackDistributionStatus) { s.AvailableReplicas++ }),
		Entry("time", func(s *v1alpha1.LlamaStackDistributionStatus) { s.Version.LastUpdated = metav1.Time{} }),
		Entry("provider", func(s *v1alpha1.LlamaStackDistributionStatus) { s.DistributionConfig.Providers[0].Health.Message = "x" }),
		Entry("a distribution more", func(s *v1alpha1.LlamaStackDistributionStatus) {
			s.DistributionConfig.AvailableDistributions = map[string]string{"starter": image, "other": image}
		}),
		Entry("route that is not known yet", func(s *v1alpha1.LlamaStackDistributionStatus) { s.RouteURL = new(string) }),
	)
})

// sharing has replicas keep their state where all of them see it.
func sharing(in *status.Input) {
	in.State.Known = true
	in.Instance.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessModeReadWriteMany}
}

var _ = Describe("Patience", func() {
	creating := func() v1alpha1.LlamaStackDistributionStatus {
		return newFixture().pvc(corev1.ClaimPending).deployed(0, 0, 0).unprobed().compute()
	}

	DescribeTable("is short while a rollout progresses",
		func(next *fixture) {
			old := creating()

			Expect(status.Patience(old, next.after(old).compute(), next.in.Server.Probed)).To(Equal(5 * time.Second))
		},
		Entry("the PVC is bound", newFixture().pvc(corev1.ClaimBound).deployed(0, 0, 0).unprobed()),
		Entry("there are Pods", newFixture().pvc(corev1.ClaimPending).deployed(1, 1, 0).unprobed()),
		Entry("a Pod that does not run has a cause", newFixture().pvc(corev1.ClaimPending).deployed(0, 0, 0).unprobed().with(func(in *status.Input) { in.PodReason = "Unschedulable" })),
		Entry("the server answers before all of it is rolled out", newFixture().wanting(2).pvc(corev1.ClaimPending).deployed(2, 2, 1).with(sharing)),
	)

	It("is less for the server's first answer, when all else is there", func() {
		old, next := creating(), newFixture().pvc(corev1.ClaimBound).unprobed()

		Expect(status.Patience(old, next.after(old).compute(), next.in.Server.Probed)).To(Equal(2 * time.Second))
	})

	DescribeTable("is minutes for changes that only providers report",
		func(before, after *fixture) {
			old := before.compute()
			next := after.after(old)

			Expect(status.Patience(old, next.compute(), next.in.Server.Probed)).To(Equal(5 * time.Minute))
		},
		Entry("another list", newFixture(), newFixture().healthy(provider("a", "x", "OK"), provider("a", "y", "OK"))),
		Entry("other words", newFixture().healthy(provider("a", "x", "OK")), newFixture().healthy(provider("a", "x", "Starting"))),
		Entry("another one that is broken", newFixture().healthy(provider("a", "x", "Error"), provider("a", "y", "OK")),
			newFixture().healthy(provider("a", "x", "OK"), provider("a", "y", "Error"))),
	)

	DescribeTable("is none for",
		func(old v1alpha1.LlamaStackDistributionStatus, next *fixture) {
			Expect(status.Patience(old, next.after(old).compute(), next.in.Server.Probed)).To(BeZero())
		},
		Entry("the first status", v1alpha1.LlamaStackDistributionStatus{}, newFixture().deployed(0, 0, 0).unprobed()),
		Entry("a new generation", creating(), newFixture().pvc(corev1.ClaimPending).deployed(1, 1, 0).unprobed().with(func(in *status.Input) { in.Instance.Generation++ })),
		Entry("a server that is ready and was probed", creating(), newFixture().pvc(corev1.ClaimBound)),
		Entry("a server that is ready and cannot be probed", creating(), newFixture().pvc(corev1.ClaimBound).unreachable()),
		Entry("a rollout that has failed", creating(), newFixture().pvc(corev1.ClaimBound).stuck().unprobed()),
		Entry("a PVC that has lost its volume", creating(), newFixture().pvc(corev1.ClaimLost).deployed(0, 0, 0).unprobed()),
		Entry("a change to 0 replicas", creating(), newFixture().pvc(corev1.ClaimPending).deployed(0, 0, 0).autoscaled(1, 5, 0).unprobed()),
		Entry("a mistake", creating(), newFixture().pvc(corev1.ClaimPending).deployed(0, 0, 0).unprobed().problem(status.User, v1alpha1.ReasonUnknownDistribution, "no such")),
		Entry("a server that is no longer ready", newFixture().compute(), newFixture().deployed(1, 1, 0)),
		Entry("a server that is ready and has fewer notices", newFixture().with(func(in *status.Input) { in.Notices = []string{"a notice"} }).compute(), newFixture()),
		Entry("a provider that is the first to be broken", newFixture().healthy(provider("a", "x", "OK")).compute(), newFixture().healthy(provider("a", "x", "Error"))),
		Entry("a provider that is the last to recover", newFixture().healthy(provider("a", "x", "Error")).compute(), newFixture().healthy(provider("a", "x", "OK"))),
		Entry("other providers and a replica less", newFixture().pvc(corev1.ClaimBound).compute(), newFixture().pvc(corev1.ClaimLost).healthy(provider("a", "x", "OK"))),
		Entry("a deletion", creating(), newFixture().pvc(corev1.ClaimPending).deployed(0, 0, 0).unprobed().deleted()),
	)
})

var _ = Describe("Transitions", func() {
	It("exist for every type of condition that the API knows", func() {
		parsed, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
		Expect(err).NotTo(HaveOccurred())
		var known []string
		var next v1alpha1.LlamaStackDistributionStatus
		ast.Inspect(parsed, func(node ast.Node) bool {
			if constant, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(constant.Names[0].Name, "Condition") {
				literal, ok := constant.Values[0].(*ast.BasicLit)
				Expect(ok).To(BeTrue())
				kind, err := strconv.Unquote(literal.Value)
				Expect(err).NotTo(HaveOccurred())
				known = append(known, kind)
				next.Conditions = append(next.Conditions, metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: "Any"})
			}
			return true
		})
		Expect(len(known)).To(BeNumerically(">=", 8))
		var reported []string
		for _, transition := range status.Transitions(v1alpha1.LlamaStackDistributionStatus{}, next) {
			reported = append(reported, string(transition.Type))
		}
		Expect(reported).To(ConsistOf(known))
	})

	It("of Ready and of Paused are always awaited", func() {
		paused := newFixture().with(func(in *status.Input) {
			metav1.SetMetaDataAnnotation(&in.Instance.ObjectMeta, v1alpha1.AnnotationPaused, "true")
		})
		Expect(status.Transitions(newFixture().compute(), paused.after(newFixture().compute()).compute())).To(ConsistOf(
			And(HaveField("Type", v1alpha1.ConditionPaused), HaveField("To", "True"), HaveField("Event", true))))
		Expect(status.Transitions(v1alpha1.LlamaStackDistributionStatus{}, newFixture().compute())).To(ContainElements(
			And(HaveField("Type", v1alpha1.ConditionReady), HaveField("Event", true)),
			And(HaveField("Type", v1alpha1.ConditionServiceReady), HaveField("Event", false))))
	})

	It("are none between equal statuses, nor where only a message changed", func() {
		old := newFixture().compute()
		next := *old.DeepCopy()
		next.Conditions[0].Message = "other"

		Expect(status.Transitions(old, next)).To(BeEmpty())
	})

	It("of a new server are all conditions, Ready first", func() {
		next := newFixture().pvc(corev1.ClaimPending).deployed(1, 1, 0).unprobed().compute()
		const rolling = "Deployment is rolling out: 1 of 1 replicas updated, 0 available"

		Expect(status.Transitions(v1alpha1.LlamaStackDistributionStatus{}, next)).To(HaveExactElements(
			status.Transition{Type: "Ready", Normal: true, Event: true, To: "False", Reason: v1alpha1.ReasonProgressing, Message: rolling},
			status.Transition{Type: "Available", Normal: true, To: "False", Reason: v1alpha1.ReasonUnavailable, Message: "No Pod is available"},
			status.Transition{Type: "DeploymentReady", Normal: true, To: "False", Reason: v1alpha1.ReasonDeploymentPending, Message: rolling},
			status.Transition{Type: "HealthCheck", Normal: true, To: "Unknown", Reason: v1alpha1.ReasonNotObserved, Message: "The health of the server is not observed yet"},
			status.Transition{Type: "StorageReady", Normal: true, To: "False", Reason: v1alpha1.ReasonStoragePending, Message: "PVC is not bound: Pending" + kept},
			status.Transition{Type: "ServiceReady", Normal: true, To: "True", Reason: v1alpha1.ReasonServiceReady, Message: "Service is ready"},
		))
	})

	It("report a change of the status, and one of only the reason", func() {
		ready := newFixture().compute()
		rolling := newFixture().deployed(1, 1, 0).compute()
		failed := newFixture().stuck().compute()

		Expect(status.Transitions(ready, rolling)).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionReady), HaveField("From", "True"), HaveField("To", "False"), HaveField("Reason", v1alpha1.ReasonProgressing))))
		Expect(status.Transitions(rolling, failed)).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionReady), HaveField("From", "False"), HaveField("To", "False"), HaveField("Reason", v1alpha1.ReasonRolloutFailed))))
	})

	It("report that a condition is gone", func() {
		Expect(status.Transitions(newFixture().pvc(corev1.ClaimBound).compute(), newFixture().compute())).To(HaveExactElements(
			status.Transition{Type: "StorageReady", Normal: true, From: "True", Reason: v1alpha1.ReasonStorageReady, Message: "Storage is ready" + kept}))
	})

	It("always come with a change of Ready where the phase changes", func() {
		for before, old := range situations() {
			for after, next := range situations() {
				from, to := old.compute(), next.compute()
				if from.Phase != to.Phase {
					Expect(status.Transitions(from, to)).To(ContainElement(HaveField("Type", v1alpha1.ConditionReady)), before+" to "+after)
				}
			}
		}
	})
})
