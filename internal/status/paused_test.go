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

var _ = Describe("Paused", func() {
	paused := func(f *fixture, value string) *fixture {
		return f.with(func(in *status.Input) {
			metav1.SetMetaDataAnnotation(&in.Instance.ObjectMeta, v1alpha1.AnnotationPaused, value)
		})
	}
	edited := func(f *fixture) *fixture {
		return f.with(func(in *status.Input) { in.Instance.Generation++ })
	}

	It("is absent unless the annotation says true", func() {
		for _, f := range []*fixture{newFixture(), paused(newFixture(), "false"), paused(newFixture(), "")} {
			Expect(f.compute().Conditions).NotTo(ContainElement(HaveField("Type", "Paused")))
		}
	})

	It("says how to end it, and does not change Ready", func() {
		before := newFixture()
		after := paused(before.after(before.compute()), "true").compute()

		Expect(condition(after, v1alpha1.ConditionPaused)).To(be(metav1.ConditionTrue, v1alpha1.ReasonPaused))
		Expect(condition(after, v1alpha1.ConditionPaused).Message).To(ContainSubstring("remove the annotation llamastack.io/paused"))
		Expect(condition(after, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(after.Phase).To(Equal(v1alpha1.PhaseReady))
	})

	It("keeps Ready from being True once the spec has changed, until the pause ends", func() {
		f := newFixture()
		f = paused(f.after(f.compute()), "true")
		f = edited(f.after(f.compute()))
		for range 3 { // it is reported again in every reconcile
			got := f.compute()
			Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionFalse, v1alpha1.ReasonPaused))
			Expect(got.Phase).To(Equal(v1alpha1.PhasePending))
			f = f.after(got)
		}

		after := paused(f, "false").compute()
		Expect(condition(after, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
	})

	It("is reported by a server that is paused before it is created", func() {
		Expect(condition(paused(newFixture().notDeployed(), "true").compute(), v1alpha1.ConditionReady)).To(be(metav1.ConditionFalse, v1alpha1.ReasonPaused))
	})

	It("ends with the deletion of the server", func() {
		Expect(condition(edited(paused(newFixture().deleted(), "true")).compute(), v1alpha1.ConditionReady).Reason).To(Equal(string(v1alpha1.ReasonTerminating)))
	})
})

var _ = Describe("A suspended server", func() {
	suspended := func(f *fixture) *fixture {
		return f.spec(func(spec *v1alpha1.LlamaStackDistributionSpec) { spec.Suspend = true })
	}

	It("wants no replicas, whatever else is declared", func() {
		for _, f := range []*fixture{newFixture(), newFixture().wanting(3), newFixture().autoscaled(2, 5, 2)} {
			got := suspended(f).deployed(0, 0, 0).compute()

			Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero))
			Expect(condition(got, v1alpha1.ConditionReady).Message).To(ContainSubstring("remove spec.suspend"))
			Expect(condition(got, v1alpha1.ConditionDeploymentReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero))
			Expect(got.Phase).To(Equal(v1alpha1.PhasePending))
			Expect(got.Conditions).NotTo(ContainElement(HaveField("Type", "StateShared")))
		}
	})
})
