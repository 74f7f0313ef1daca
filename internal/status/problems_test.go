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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Users' problems", func() {
	// In the order in which they are reported.
	reasons := []v1alpha1.Reason{
		v1alpha1.ReasonNameTooLong, v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonInvalidDistribution, v1alpha1.ReasonUnknownDistribution,
		v1alpha1.ReasonInvalidImageOverride, v1alpha1.ReasonUserConfigOtherNS, v1alpha1.ReasonUserConfigNotFound,
		v1alpha1.ReasonUserConfigKeyNotFound, v1alpha1.ReasonUserConfigInvalid, v1alpha1.ReasonCABundleOtherNS,
		v1alpha1.ReasonCABundleNotFound, v1alpha1.ReasonCABundleKeyNotFound, v1alpha1.ReasonCABundleInvalid,
		v1alpha1.ReasonResourceConflict, v1alpha1.ReasonResourceContested, v1alpha1.ReasonImmutableField, v1alpha1.ReasonRejected,
		v1alpha1.ReasonOperatorConfigMalformed,
	}

	It("are reported under the reason of the first in order, whatever their order is", func() {
		for first, reason := range reasons {
			f := newFixture()
			for at := len(reasons) - 1; at >= first; at-- {
				f.problem(status.User, reasons[at], string(reasons[at])+" it is")
			}

			ready := condition(f.compute(), v1alpha1.ConditionReady)

			Expect(ready.Reason).To(Equal(string(reason)))
			Expect(ready.Message).To(HavePrefix(string(reason) + " it is"))
			Expect(strings.Count(ready.Message, " it is")).To(Equal(len(reasons) - first))
		}
	})

	It("come before those of a kind that the order does not know", func() {
		got := newFixture().problem(status.User, "Novel", "a").problem(status.User, v1alpha1.ReasonRejected, "b").compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("b; a"))
	})

	It("of one kind are sorted by their text, and reported once", func() {
		got := newFixture().problem(status.User, v1alpha1.ReasonRejected, "b").problem(status.User, v1alpha1.ReasonRejected, "a").
			problem(status.User, v1alpha1.ReasonRejected, "b").compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("a; b"))
	})

	It("are reported to a limited length, truncated between characters", func() {
		got := newFixture().problem(status.User, v1alpha1.ReasonRejected, strings.Repeat("ü", 5000)).compute()

		message := condition(got, v1alpha1.ConditionReady).Message
		Expect(len(message)).To(BeNumerically("~", 4096, 3))
		Expect(message).To(HaveSuffix("ü…"))
	})

	It("are reported as valid text", func() {
		got := newFixture().problem(status.User, v1alpha1.ReasonRejected, "a\xffb").compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("a\uFFFDb"))
	})

	It("keep the image and the distribution that run in the status", func() {
		got := newFixture().after(newFixture().compute()).problem(status.User, v1alpha1.ReasonUnknownDistribution, "x").
			with(func(in *status.Input) { in.Image, in.ActiveDistribution = "", "" }).compute()

		Expect(got.Image).To(Equal(image))
		Expect(got.DistributionConfig.ActiveDistribution).To(Equal("starter"))
		Expect(got.Version.LlamaStackServerVersion).To(Equal("0.7.3"))
	})
})

var _ = Describe("The cluster's problems", func() {
	failing := func(f *fixture) *fixture { return f.problem(status.Cluster, "", "failed to apply Service: timeout") }

	It("leave a Ready server Ready, with a note in the message", func() {
		ready := condition(failing(newFixture().after(newFixture().compute())).compute(), v1alpha1.ConditionReady)

		Expect(ready).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(ready.Message).To(Equal("The server is ready; the last update failed and is retried: failed to apply Service: timeout"))
		Expect(ready.LastTransitionTime).To(Equal(start()))
	})

	It("do not change the reason of a server that rolls or is stopped", func() {
		rolling := newFixture().deployed(1, 1, 0)
		stopped := newFixture().wanting(0).deployed(0, 0, 0)

		Expect(condition(failing(rolling.after(rolling.compute())).compute(), v1alpha1.ConditionReady).Reason).To(Equal("Progressing"))
		Expect(condition(failing(stopped.after(stopped.compute())).compute(), v1alpha1.ConditionReady).Reason).To(Equal("ScaledToZero"))
	})

	It("are reported when they prevent that a new spec is applied", func() {
		before := newFixture().compute()

		got := failing(newFixture().after(before)).with(func(in *status.Input) { in.Instance.Generation++ }).compute()

		Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionFalse, v1alpha1.ReasonReconcileError))
		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal(
			"The operator failed to apply the spec, and retries: failed to apply Service: timeout"))
		Expect(got.Phase).To(Equal(v1alpha1.PhaseInitializing))
		Expect(condition(got, v1alpha1.ConditionDeploymentReady).Status).To(Equal(metav1.ConditionTrue), "the old server still runs")
	})

	It("are reported as long as they last", func() {
		f := failing(newFixture())
		first := f.compute()

		Expect(condition(first, v1alpha1.ConditionReady).Reason).To(Equal("ReconcileError"))
		Expect(status.Changed(first, f.after(first).compute())).To(BeFalse())
	})

	It("are over after a reconcile without problems", func() {
		got := newFixture().after(failing(newFixture()).compute()).compute()

		Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
	})

	It("stay out of the message of a user's problem", func() {
		got := failing(newFixture()).problem(status.User, v1alpha1.ReasonRejected, "x").compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("x"))
	})
})

var _ = Describe("Notices", func() {
	It("are reported by Ready and change nothing else", func() {
		got := newFixture().with(func(in *status.Input) { in.Notices = []string{"PVC demo-pvc of an earlier server is in use"} }).compute()

		Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("The server is ready; PVC demo-pvc of an earlier server is in use"))
	})

	It("are reported beside a problem, each once", func() {
		got := newFixture().problem(status.User, v1alpha1.ReasonRejected, "x").
			with(func(in *status.Input) { in.Notices = []string{"a", "b", "a"} }).compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("x; a; b"))
	})

	It("are not reported for a server that is being deleted", func() {
		got := newFixture().deleted().with(func(in *status.Input) { in.Notices = []string{"a"} }).compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("The server is being deleted"))
	})
})

var _ = Describe("Waits", func() {
	It("are reported beside the rollout, and by the part that they are about", func() {
		got := newFixture().notDeployed().problemAbout(v1alpha1.ConditionDeploymentReady, status.Wait, "", "the old Deployment is being deleted").compute()

		Expect(condition(got, v1alpha1.ConditionReady).Message).To(Equal("Deployment is not created yet; the old Deployment is being deleted"))
		Expect(condition(got, v1alpha1.ConditionDeploymentReady).Message).To(Equal("Deployment is not created yet; the old Deployment is being deleted"))
	})
})
