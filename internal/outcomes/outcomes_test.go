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

package outcomes_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/outcomes"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Outcomes")
}

var _ = Describe("The outcome of an object", func() {
	ref := apply.Ref{GVK: appsv1.SchemeGroupVersion.WithKind("Deployment"), Namespace: "ns", Name: "a"}
	DescribeTable("is", func(err error, reason v1alpha1.Reason, kind status.ProblemKind) {
		problem := outcomes.Problem(apply.Outcome{Ref: ref, Err: err})
		Expect(problem.Reason).To(Equal(reason))
		Expect(problem.Kind).To(Equal(kind))
		Expect(problem.About).To(Equal(v1alpha1.ConditionDeploymentReady))
		Expect(problem.Message).To(Equal(err.Error()))
	},
		Entry("the user's where it belongs to another", &apply.ConflictError{Ref: ref, Holder: "Pod/x"}, v1alpha1.ReasonResourceConflict, status.User),
		Entry("the user's where a field may not change", &apply.ImmutableError{Ref: ref, Field: "spec.selector", Old: "a", New: "b"}, v1alpha1.ReasonImmutableField, status.User),
		Entry("the user's where the API server refuses it", &apply.RejectedError{Ref: ref, Reason: "spec.x: bad"}, v1alpha1.ReasonRejected, status.User),
		Entry("the user's where another field manager contests it", &apply.ContestedError{Ref: ref, Manager: "argocd", Fields: []string{"spec.replicas"}},
			v1alpha1.ReasonResourceContested, status.User),
		Entry("the cluster's otherwise", errors.New("failed to reach it"), v1alpha1.ReasonReconcileError, status.Cluster),
	)

	DescribeTable("names 0.9.0 if that is the other field manager", func(name, manager string, named bool) {
		problem := outcomes.Problem(apply.Outcome{Err: &apply.ContestedError{Ref: apply.Ref{Name: name}, Manager: manager}})
		Expect(strings.Contains(problem.Message, "0.9.0")).To(Equal(named), problem.Message)
	},
		Entry("a Deployment that it applies", "demo", "demo", true),
		Entry("another child that it applies", "demo-service", "demo", true),
		Entry("an Ingress that it replaces", "demo-ingress", "manager", true),
		Entry("another's", "demo", "kubectl-edit", false),
		Entry("one whose name begins alike", "demonstration", "demo", false),
	)
})

var _ = Describe("A PVC that cannot be applied", func() {
	ref := apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"), Namespace: "ns", Name: "a-pvc"}

	It("is reported with advice that keeps the data", func() {
		conflict := outcomes.Problem(apply.Outcome{Ref: ref, Err: &apply.ConflictError{Ref: ref, Holder: "Pod/x"}})
		Expect(conflict.Message).To(HaveSuffix("set spec.server.storage to {existingClaim: a-pvc}"))
		immutable := outcomes.Problem(apply.Outcome{Ref: ref, Err: &apply.ImmutableError{Ref: ref, Field: "spec.storageClassName", Old: "a", New: "b"}})
		Expect(immutable.Message).To(And(ContainSubstring("from a to b"), HaveSuffix("name that in spec.server.storage.existingClaim")))
	})
})

var _ = Describe("What is behind an object that was refused", func() {
	refused := apply.Ref{GVK: appsv1.SchemeGroupVersion.WithKind("Deployment"), Namespace: "ns", Name: "a"}
	service := apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind("Service"), Namespace: "ns", Name: "a-service"}
	applied := []apply.Outcome{
		{Ref: refused, Err: &apply.RejectedError{Ref: refused, Reason: "no"}},
		{Ref: service, Err: &apply.HeldError{Behind: refused}},
	}

	It("is named with that object, and is no problem of its own", func() {
		Expect(outcomes.KeptBehind(applied)).To(HaveKeyWithValue(refused, ". Until that is solved, these objects stay as they are: Service"))
		Expect(outcomes.IsHeld(applied[0])).To(BeFalse())
		Expect(outcomes.IsHeld(applied[1])).To(BeTrue())
	})

	It("keeps the address of the server, which an editor that is fought does not", func() {
		Expect(outcomes.KeepsAddress(applied[0])).To(BeTrue())
		Expect(outcomes.KeepsAddress(applied[1])).To(BeTrue())
		Expect(outcomes.KeepsAddress(apply.Outcome{Ref: service, Err: &apply.ContestedError{Ref: service}})).To(BeFalse())
	})

	It("is retried when the blockade is, or when the fight is", func() {
		Expect(outcomes.RetryAfter(applied[0], time.Minute)).To(Equal(time.Minute))
		contested := apply.Outcome{Ref: service, Err: &apply.ContestedError{Ref: service, RetryAfter: time.Hour}}
		Expect(outcomes.RetryAfter(contested, time.Minute)).To(Equal(time.Hour))
	})

	It("is a matter of quota only for a ConfigMap that a quota refused", func() {
		copied := apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind("ConfigMap"), Namespace: "ns", Name: "a-config-1"}
		Expect(outcomes.QuotaExceeded(applied)).To(BeFalse())
		Expect(outcomes.QuotaExceeded([]apply.Outcome{{Ref: copied, Err: &apply.RejectedError{Ref: copied}}})).To(BeFalse())
		Expect(outcomes.QuotaExceeded([]apply.Outcome{{Ref: copied, Err: &apply.RejectedError{Ref: copied, Quota: true}}})).To(BeTrue())
	})
})
