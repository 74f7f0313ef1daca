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
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// story is the life of one server: each step changes the world, and the status of one is the old status of the next.
type story struct {
	f       *fixture
	current v1alpha1.LlamaStackDistributionStatus
}

// then makes the next step a minute later and expects a phase, and the transitions as "Type: Reason".
func (s *story) then(what string, phase v1alpha1.DistributionPhase, change func(*fixture), transitions ...string) {
	GinkgoHelper()
	change(s.f)
	next := s.f.after(s.current).compute()
	said := []string{}
	for _, transition := range status.Transitions(s.current, next) {
		said = append(said, string(transition.Type)+": "+string(transition.Reason))
	}
	Expect(said).To(Equal(append([]string{}, transitions...)), what)
	Expect(next.Phase).To(Equal(phase), what)
	Expect(status.Changed(next, s.f.after(next).compute())).To(BeFalse(), "%s settles", what)
	s.current = next
}

var _ = Describe("The life of a server", func() {
	It("is reported step by step", func() {
		s := &story{f: newFixture().notDeployed().noService().unprobed().pvc("").with(func(in *status.Input) { in.PVC = nil })}

		s.then("created", v1alpha1.PhaseInitializing, func(*fixture) {},
			"Ready: Progressing", "Available: Unavailable", "DeploymentReady: DeploymentPending", "HealthCheck: NotObserved", "StorageReady: StoragePending", "ServiceReady: ServicePending")
		s.then("applied", v1alpha1.PhaseInitializing, func(f *fixture) {
			f.in.Service = newFixture().in.Service
			f.deployed(1, 1, 0).pvc(corev1.ClaimPending)
		}, "ServiceReady: ServiceReady")
		s.then("volume bound", v1alpha1.PhaseInitializing, func(f *fixture) { f.pvc(corev1.ClaimBound) }, "StorageReady: StorageReady")
		s.then("available", v1alpha1.PhaseReady, func(f *fixture) { f.deployed(1, 1, 1) }, "Ready: Ready", "Available: Available", "DeploymentReady: DeploymentReady")
		s.then("observed", v1alpha1.PhaseReady, func(f *fixture) { f.healthy(provider("inference", "vllm", "OK")) },
			"HealthCheck: HealthCheckPassed", "VersionSupported: VersionSupported")
		s.then("a backend goes away", v1alpha1.PhaseReady, func(f *fixture) { f.healthy(provider("inference", "vllm", "Error")) }, "HealthCheck: ProviderError")
		s.then("and comes back", v1alpha1.PhaseReady, func(f *fixture) { f.healthy(provider("inference", "vllm", "OK")) }, "HealthCheck: HealthCheckPassed")
		s.then("its ConfigMap is deleted", v1alpha1.PhaseFailed,
			func(f *fixture) { f.problem(status.User, v1alpha1.ReasonUserConfigNotFound, "create it") }, "Ready: UserConfigNotFound")
		s.then("and made again, with other content", v1alpha1.PhaseInitializing, func(f *fixture) {
			f.in.Problems = nil
			f.deployed(1, 0, 0).unprobed()
		}, "Ready: Progressing", "Available: Unavailable", "DeploymentReady: DeploymentPending", "HealthCheck: NotObserved")
		s.then("which the server does not start with", v1alpha1.PhaseFailed, func(f *fixture) {
			f.deployed(1, 1, 0).deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded", "timed out")
		}, "Ready: RolloutFailed", "DeploymentReady: DeploymentFailed")
		s.then("mended", v1alpha1.PhaseReady, func(f *fixture) { f.deployed(1, 1, 1).healthy() },
			"Ready: Ready", "Available: Available", "DeploymentReady: DeploymentReady", "HealthCheck: HealthCheckPassed")
		s.then("stopped", v1alpha1.PhasePending, func(f *fixture) { f.wanting(0).deployed(0, 0, 0).unprobed() },
			"Ready: ScaledToZero", "Available: ScaledToZero", "DeploymentReady: ScaledToZero", "HealthCheck: ScaledToZero")
		s.then("started", v1alpha1.PhaseInitializing, func(f *fixture) { f.wanting(1).deployed(1, 1, 0) },
			"Ready: Progressing", "Available: Unavailable", "DeploymentReady: DeploymentPending", "HealthCheck: NotObserved")
		s.then("deleted", v1alpha1.PhaseTerminating, func(f *fixture) { f.deleted() }, "Ready: Terminating")
	})
})

// FuzzCompute holds for any numbers and texts: no panic; the status settles at once; Ready and the phase agree; what
// the schema bounds is bounded.
func FuzzCompute(f *testing.F) {
	f.Add(int32(1), int32(1), int32(1), int32(1), int64(2), uint8(0), "OK", "0.7.3", "vllm", "")
	f.Add(int32(0), int32(0), int32(0), int32(0), int64(0), uint8(0xff), "", "", "", "x")
	f.Add(int32(-1), int32(5), int32(-3), int32(7), int64(3), uint8(0x2a), "Error", "\xff", "a\x00b", "cannot")
	f.Fuzz(func(t *testing.T, wanted, replicas, updated, available int32, observed int64, bits uint8, health, version, text, problem string) {
		bit := func(n int) bool { return bits>>n&1 == 1 }
		in := status.Input{
			Instance: llsdtest.Make("demo").Generation(2).Replicas(wanted).Obj(), Now: start(), OperatorVersion: version, Image: text,
			PVCWanted: bit(0), PodReason: text, Notices: []string{text},
			Server: status.Server{
				Probed: bit(1), Reached: bit(2), Health: health, Version: version, Problem: problem,
				Providers: []v1alpha1.ProviderInfo{{API: text, ProviderID: text, Health: v1alpha1.ProviderHealthStatus{Status: health, Message: text}}},
			},
		}
		if bit(3) {
			in.Deployment = &appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Generation: 2},
				Status:     appsv1.DeploymentStatus{ObservedGeneration: observed, Replicas: replicas, UpdatedReplicas: updated, AvailableReplicas: available},
			}
		}
		in.State = status.State{Known: bit(1), Local: []string{text}, Workers: &updated}
		in.Instance.Spec.Suspend = len(health)%2 == 1
		if len(version)%2 == 1 {
			metav1.SetMetaDataAnnotation(&in.Instance.ObjectMeta, v1alpha1.AnnotationPaused, "true")
		}
		if bit(4) {
			in.Service = &corev1.Service{}
		}
		if bit(5) {
			in.Problems = []status.Problem{{Kind: status.ProblemKind(bits >> 6), Reason: v1alpha1.ReasonRejected, Message: problem, About: v1alpha1.ConditionServiceReady}}
		}

		first := status.Compute(in)
		in.Instance.Status = first
		in.Now = metav1.NewTime(in.Now.Add(time.Hour))
		if second := status.Compute(in); status.Changed(first, second) {
			t.Errorf("does not settle:\n%+v\n%+v", first, second)
		}
		for _, found := range first.Conditions {
			if len(found.Message) > 4096 || found.Reason == "" {
				t.Errorf("condition %+v", found)
			}
			serves := found.Status == metav1.ConditionTrue && found.Reason != string(v1alpha1.ReasonScaledToZero)
			if found.Type == "Ready" && serves != (first.Phase == v1alpha1.PhaseReady) {
				t.Errorf("Ready is %s in phase %s", found.Status, first.Phase)
			}
		}
	})
}
