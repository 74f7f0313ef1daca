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
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// situations are the rows of the table of what holds when, each with its whole status in testdata.
func situations() map[string]*fixture {
	return map[string]*fixture{
		"created":          newFixture().notDeployed().unprobed().noService(),
		"created-with-pvc": newFixture().wanting(2).deployed(2, 2, 0).pvc(corev1.ClaimPending).unprobed(),
		"rolling":          newFixture().wanting(2).deployed(3, 1, 2).after(newFixture().wanting(2).deployed(2, 2, 2).compute()).unprobed(),
		"ready":            newFixture().pvc(corev1.ClaimBound),
		"autoscaled":       newFixture().deployed(3, 3, 3).autoscaled(1, 5, 3),
		"unreachable":      newFixture().unreachable(),
		"unauthorized":     newFixture().limited(401),
		"throttled":        newFixture().limited(429),
		"provider-error":   newFixture().healthy(provider("vector_io", "faiss", "OK"), provider("inference", "vllm", "Error")),
		"unhealthy":        newFixture().server(status.Server{Probed: true, Reached: true, Health: "Error", Version: "1.3.0"}),
		"scaled-to-zero":   newFixture().wanting(0).deployed(0, 0, 0).unprobed(),
		"stopping":         newFixture().wanting(0).deployed(1, 1, 1).unprobed(),
		"suspended":        newFixture().deployed(0, 0, 0).autoscaled(1, 5, 0).unprobed(),
		"rollout-failed":   newFixture().stuck(),
		"user-error":       newFixture().problem(status.User, v1alpha1.ReasonUserConfigNotFound, "ConfigMap apps/config does not exist: create it"),
		"user-error-at-first": newFixture().notDeployed().unprobed().with(func(in *status.Input) { in.Image, in.ActiveDistribution = "", "" }).
			problem(status.User, v1alpha1.ReasonUnknownDistribution, "unknown"),
		"cluster-error": newFixture().notDeployed().unprobed().problemAbout(v1alpha1.ConditionDeploymentReady, status.Cluster, "", "failed to apply Deployment demo: timeout"),
		"deleted":       newFixture().after(newFixture().compute()).deleted(),
		"deleted-in-part": newFixture().pvc(corev1.ClaimBound).after(newFixture().pvc(corev1.ClaimBound).compute()).deleted().noService().with(func(in *status.Input) {
			in.PVC, in.ServiceURL, in.Image, in.Available, in.ActiveDistribution = nil, "", "", nil, "" // nothing is gathered any more
		}),
	}
}

var _ = Describe("Compute", func() {
	for name, situation := range situations() {
		It("gives the recorded status of "+name, func() {
			got, err := yaml.Marshal(situation.compute())
			Expect(err).NotTo(HaveOccurred())
			file := filepath.Join("testdata", name+".yaml")
			if *update {
				Expect(os.WriteFile(file, got, 0o600)).To(Succeed())
			}

			want, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal(string(want)))
		})

		It("settles in "+name, func() {
			first := situation.compute()

			Expect(status.Changed(first, situation.after(first).compute())).To(BeFalse())
		})

		It("writes nothing after a restart in "+name, func() {
			before := situation.compute()
			probed := situation.in.Server

			Expect(status.Changed(before, situation.after(before).unprobed().compute())).To(BeFalse(), "before the first probe")
			Expect(status.Changed(before, situation.after(before).server(probed).compute())).To(BeFalse(), "after the first probe")
		})

		It("leaves its input alone in "+name, func() {
			before := situation.in.Instance.DeepCopy()

			situation.compute()

			Expect(situation.in.Instance).To(Equal(before))
		})

		It("puts the generation in every condition in "+name, func() {
			for _, found := range situation.compute().Conditions {
				Expect(found.ObservedGeneration).To(BeEquivalentTo(generation))
				Expect(found.Message).NotTo(BeEmpty())
				Expect(found.Reason).To(MatchRegexp("^[A-Z][A-Za-z]+$"))
			}
		})
	}
})

// The rows of the table, and what is between them.
var _ = DescribeTable("Ready, phase and HealthCheck",
	func(f *fixture, ready metav1.ConditionStatus, reason v1alpha1.Reason, phase v1alpha1.DistributionPhase,
		health metav1.ConditionStatus, healthReason v1alpha1.Reason, message string) {
		got := f.compute()

		Expect(condition(got, v1alpha1.ConditionReady)).To(be(ready, reason))
		Expect(condition(got, v1alpha1.ConditionReady).Message).To(ContainSubstring(message))
		Expect(got.Phase).To(Equal(phase))
		Expect(condition(got, v1alpha1.ConditionHealthCheck)).To(be(health, healthReason))
	},
	// being created, or rolling to a new template
	Entry("no Deployment yet", newFixture().notDeployed().unprobed(),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "Deployment is not created yet"),
	Entry("no Pod available", newFixture().deployed(1, 1, 0).unprobed(),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "1 of 1 replicas updated, 0 available"),
	Entry("no Pod available, and why", newFixture().deployed(1, 1, 0).unprobed().with(func(in *status.Input) { in.PodReason = "Unschedulable" }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "0 available; Unschedulable"),
	Entry("some available", newFixture().wanting(3).deployed(3, 3, 2),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"3 of 3 replicas updated, 2 available"),
	Entry("an old Pod left", newFixture().deployed(2, 1, 2),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "rolling out"),
	Entry("the Deployment's controller has not reconciled yet", newFixture().with(func(in *status.Input) { in.Deployment.Generation = 9 }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "0 of 1 replicas updated"),
	Entry("a failure of the generation before", newFixture().stuck().with(func(in *status.Input) { in.Deployment.Generation = 9; in.PodReason = "" }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "rolling out"),
	Entry("the number not in the ReplicaSet yet", newFixture().spec(func(s *v1alpha1.LlamaStackDistributionSpec) { three := int32(3); s.Replicas = &three }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "1 of 3 replicas updated"),
	Entry("waiting for something", newFixture().problem(status.Wait, "", "ConfigMap demo-ca-bundle is being deleted"),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "is being deleted"),
	Entry("no Service", newFixture().noService(),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "Service is being created"),

	// all wanted replicas updated and available
	Entry("the server answers", newFixture(),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "The server is ready"),
	Entry("spec.replicas is not set", newFixture().spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Replicas = nil }),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("the autoscaler's number, above spec.replicas", newFixture().deployed(4, 4, 4).autoscaled(1, 5, 4),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("less than the autoscaler's number", newFixture().deployed(4, 4, 3).autoscaled(1, 5, 4),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"4 of 4 replicas updated, 3 available"),
	Entry("an autoscaler that is no longer asked for, while it exists",
		newFixture().deployed(4, 4, 4).autoscaled(1, 5, 4).spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Server.Autoscaling = nil }),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("autoscaling without an upper bound, which does nothing",
		newFixture().spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Server.Autoscaling = &v1alpha1.AutoscalingSpec{} }),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("a failure that is over", newFixture().deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded", "x"),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),

	// the same, not observed
	Entry("never probed", newFixture().unprobed(),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "not observed yet"),
	Entry("not reached", newFixture().unreachable(),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved,
		"not observed: the operator cannot reach the server: connection refused"),
	Entry("401", newFixture().limited(401),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "not observed: the server requires credentials"),
	Entry("403", newFixture().limited(403),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "HTTP 403"),
	Entry("429", newFixture().limited(429),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved,
		"not observed: the server rejects the requests of the operator with HTTP 429"),
	Entry("an answer without content", newFixture().server(status.Server{Probed: true, Reached: true, Problem: "not JSON"}),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "not observed: the server does not report it: not JSON"),
	Entry("health is known, the rest is not", newFixture().server(status.Server{Probed: true, Reached: true, Health: "OK", Problem: "providers: HTTP 401"}),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "The server is ready"),

	// providers
	Entry("a provider reports an error", newFixture().healthy(provider("inference", "vllm", "Error"), provider("safety", "guard", "Error"), provider("vector_io", "faiss", "OK")),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionFalse, v1alpha1.ReasonProviderError, "inference/vllm, safety/guard"),
	Entry("providers without health", newFixture().healthy(provider("inference", "vllm", "Not Implemented")),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("no providers", newFixture().healthy(),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),

	// health says anything but OK
	Entry("health is Error", newFixture().server(status.Server{Probed: true, Reached: true, Health: "Error"}),
		metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, v1alpha1.PhaseFailed, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, `its health is "Error"`),
	Entry("health is Error, and a provider's too", newFixture().server(status.Server{Probed: true, Reached: true, Health: "Error", Providers: manyProviders(1)}),
		metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, v1alpha1.PhaseFailed, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, `its health is "Error"`),
	Entry("health is a long word", newFixture().server(status.Server{Probed: true, Reached: true, Health: strings.Repeat("x", 5000)}),
		metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, v1alpha1.PhaseFailed, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, `xxx…"`),
	Entry("unhealthy while it rolls", newFixture().deployed(2, 1, 1).server(status.Server{Probed: true, Reached: true, Health: "Error"}),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, "rolling out"),

	// replicas 0, or suspended
	Entry("replicas 0", newFixture().wanting(0).deployed(0, 0, 0).unprobed(),
		metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "set spec.replicas to 1 or more"),
	Entry("suspended", newFixture().spec(suspend).deployed(0, 0, 0).unprobed(),
		metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "remove spec.suspend"),
	Entry("replicas 0, Pods still there, an answer still known", newFixture().wanting(0).deployed(1, 1, 1),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "its Pods have not all terminated"),
	Entry("replicas 0, Pods terminating", newFixture().wanting(0).deployed(0, 0, 0).with(leaving),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "its Pods have not all terminated"),
	Entry("replicas 0, which the Deployment's controller has not seen", newFixture().wanting(0).deployed(0, 0, 0).unobserved(),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "its Pods have not all terminated"),
	Entry("replicas 0 from the start", newFixture().wanting(0).notDeployed().unprobed(),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "not created yet"),
	Entry("replicas 0, and no Service", newFixture().wanting(0).deployed(0, 0, 0).noService(),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "Service is being created"),
	Entry("the Deployment scaled to 0, which suspends the autoscaler", newFixture().deployed(0, 0, 0).autoscaled(1, 5, 0).unprobed(),
		metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "suspends its autoscaler"),
	Entry("replicas 0 with an autoscaler, whose least is 1", newFixture().deployed(1, 1, 1).autoscaled(0, 5, 1).noReplicas(),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ready"),
	Entry("replicas 0 with an autoscaler, before there is a Deployment", newFixture().autoscaled(0, 5, 1).notDeployed().unprobed().noReplicas(),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "not created yet"),

	// a rollout does not progress
	Entry("deadline exceeded, with the Pod's reason", newFixture().stuck(),
		metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"The rollout does not progress: ImagePullBackOff: Back-off"),
	Entry("deadline exceeded, in the controller's words", newFixture().stuck().with(func(in *status.Input) { in.PodReason = "" }),
		metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ProgressDeadlineExceeded: ReplicaSet"),
	Entry("Pods refused", newFixture().deployed(0, 0, 0).unprobed().deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", "exceeded quota"),
		metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "FailedCreate: exceeded quota"),
	Entry("paused, which is no failure", newFixture().deployed(2, 1, 1).deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionUnknown, "DeploymentPaused", ""),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "rolling out"),

	Entry("refused by a quota, which an old Pod's problem does not hide", newFixture().stuck().deploymentCondition(
		appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", "exceeded quota: q, requested: limits.cpu=2"),
		metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"FailedCreate: exceeded quota: q, requested: limits.cpu=2: lower spec.server.containerSpec.resources, or raise the ResourceQuota; ImagePullBackOff: Back-off"),

	// what a rollout waits for
	Entry("a Deployment that somebody paused", newFixture().deployed(1, 0, 1).with(func(in *status.Input) { in.Deployment.Spec.Paused = true }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"Deployment demo is paused: to resume, run kubectl -n apps rollout resume deployment/demo"),
	Entry("a paused Deployment that has nothing to roll", newFixture().with(func(in *status.Input) { in.Deployment.Spec.Paused = true }),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "The server is ready"),
	Entry("a Pod that does not terminate, under Recreate", newFixture().deployed(0, 0, 0).unprobed().with(lingering).with(func(in *status.Input) {
		in.Deployment.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	}), metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved,
		"Terminating: Pod demo-1; no new Pod is created until it is deleted"),
	Entry("a Pod that does not terminate, beside a new one that waits for its volume", newFixture().deployed(1, 1, 0).unprobed().with(lingering).with(func(in *status.Input) {
		in.PodReason = "FailedAttachVolume: Multi-Attach error"
	}), metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved,
		"0 available; FailedAttachVolume: Multi-Attach error; Terminating: Pod demo-1"),
	Entry("a Pod that does not terminate, which nothing waits for", newFixture().with(lingering),
		metav1.ConditionTrue, v1alpha1.ReasonReady, v1alpha1.PhaseReady, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "The server is ready"),
	Entry("a PVC", newFixture().deployed(1, 1, 0).unprobed().with(func(in *status.Input) { in.PVCReason = "ProvisioningFailed: no such class" }),
		metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "ProvisioningFailed: no such class"),

	// rolled back
	Entry("rolled back, while the last good template serves", newFixture().with(rolledBack),
		metav1.ConditionFalse, v1alpha1.ReasonRolledBack, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed,
		"The rollout of the spec failed (OOMKilled: again). The last Pod template that was ready runs until the spec or an object that it refers to changes"),
	Entry("a rollback in progress", newFixture().deployed(0, 0, 0).unprobed().with(rolledBack),
		metav1.ConditionFalse, v1alpha1.ReasonRolledBack, v1alpha1.PhaseFailed, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "0 of 1 replicas updated"),
	Entry("the rollback fails, too", newFixture().stuck().with(rolledBack),
		metav1.ConditionFalse, v1alpha1.ReasonRolledBack, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "does not progress: ImagePullBackOff"),
	Entry("replicas 0 before a rollback", newFixture().wanting(0).deployed(0, 0, 0).unprobed().with(rolledBack),
		metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0"),

	// user error
	Entry("the old server still serves", newFixture().problem(status.User, v1alpha1.ReasonUserConfigNotFound, "create it"),
		metav1.ConditionFalse, v1alpha1.ReasonUserConfigNotFound, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "create it"),
	Entry("nothing runs yet", newFixture().notDeployed().unprobed().problem(status.User, v1alpha1.ReasonNameTooLong, "shorten it"),
		metav1.ConditionFalse, v1alpha1.ReasonNameTooLong, v1alpha1.PhaseFailed, metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "shorten it"),

	// what comes first
	Entry("deletion before a user error", newFixture().problem(status.User, v1alpha1.ReasonRejected, "x").after(newFixture().compute()).deleted(),
		metav1.ConditionFalse, v1alpha1.ReasonTerminating, v1alpha1.PhaseTerminating, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "being deleted"),
	Entry("a user error before the cluster's", newFixture().problem(status.Cluster, "", "timeout").problem(status.User, v1alpha1.ReasonRejected, "field"),
		metav1.ConditionFalse, v1alpha1.ReasonRejected, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "field"),
	Entry("the cluster's before replicas 0", newFixture().wanting(0).deployed(0, 0, 0).unprobed().problem(status.Cluster, "", "timeout"),
		metav1.ConditionFalse, v1alpha1.ReasonReconcileError, v1alpha1.PhaseInitializing, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "retries: timeout"),
	Entry("replicas 0 before a failed rollout", newFixture().wanting(0).stuck(),
		metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, v1alpha1.PhasePending, metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "have not all terminated"),
	Entry("a failed rollout before a wait", newFixture().stuck().problem(status.Wait, "", "wait"),
		metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, v1alpha1.PhaseFailed, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, "ImagePullBackOff"),
)

func suspend(spec *v1alpha1.LlamaStackDistributionSpec) { spec.Suspend = true }

func leaving(in *status.Input) { in.Deployment.Status.TerminatingReplicas = new(int32(1)) }

func lingering(in *status.Input) { in.LeavingPod = "Terminating: Pod demo-1" }

func rolledBack(in *status.Input) { in.RolledBack = "OOMKilled: again" }
