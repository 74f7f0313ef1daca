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

package llamastack_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Equal", func() {
	provider := func(change func(*v1alpha1.ProviderInfo)) llamastack.Observation {
		p := v1alpha1.ProviderInfo{API: "a", ProviderID: "p", ProviderType: "t", Health: v1alpha1.ProviderHealthStatus{Status: "Error", Message: "port 4711"}}
		change(&p)
		return llamastack.Observation{Reached: true, Health: "OK", Providers: []v1alpha1.ProviderInfo{p}}
	}
	same := provider(func(*v1alpha1.ProviderInfo) {})

	DescribeTable("compares", func(other llamastack.Observation, want bool) {
		Expect(same.Equal(other)).To(Equal(want))
		Expect(other.Equal(same)).To(Equal(want))
	},
		Entry("itself", same, true),
		Entry("another message of the same status", provider(func(p *v1alpha1.ProviderInfo) { p.Health.Message = "port 4712" }), true),
		Entry("another status", provider(func(p *v1alpha1.ProviderInfo) { p.Health.Status = "OK" }), false),
		Entry("another API", provider(func(p *v1alpha1.ProviderInfo) { p.API = "b" }), false),
		Entry("another id", provider(func(p *v1alpha1.ProviderInfo) { p.ProviderID = "b" }), false),
		Entry("another type", provider(func(p *v1alpha1.ProviderInfo) { p.ProviderType = "b" }), false),
		Entry("unknown providers", llamastack.Observation{Reached: true, Health: "OK"}, false),
		Entry("no providers", llamastack.Observation{Reached: true, Health: "OK", Providers: []v1alpha1.ProviderInfo{}}, false),
		Entry("nothing", llamastack.Observation{}, false),
		Entry("limited", llamastack.Observation{Reached: true, Limited: 401, Health: "OK", Providers: same.Providers}, false),
		Entry("other health", llamastack.Observation{Reached: true, Health: "Error", Providers: same.Providers}, false),
		Entry("a version", llamastack.Observation{Reached: true, Health: "OK", Version: "1", Providers: same.Providers}, false),
		Entry("a renewed certificate", llamastack.Observation{Reached: true, Health: "OK", CertificateEnds: 1, Providers: same.Providers}, false),
		Entry("a problem", llamastack.Observation{Reached: true, Health: "OK", Problem: "x", Providers: same.Providers}, false),
	)

	DescribeTable("compares models", func(change func(*llamastack.Models)) {
		models := func() llamastack.Models {
			return llamastack.Models{Known: true, Total: 1, Items: []v1alpha1.ModelInfo{{ID: "a", Provider: "b", Type: "c"}}}
		}
		other := models()
		change(&other)
		Expect(llamastack.Observation{Models: models()}.Equal(llamastack.Observation{Models: models()})).To(BeTrue())
		Expect(llamastack.Observation{Models: models()}.Equal(llamastack.Observation{Models: other})).To(BeFalse())
	},
		Entry("unknown ones", func(m *llamastack.Models) { m.Known = false }),
		Entry("another number", func(m *llamastack.Models) { m.Total = 2 }),
		Entry("another id", func(m *llamastack.Models) { m.Items[0].ID = "x" }),
		Entry("another provider", func(m *llamastack.Models) { m.Items[0].Provider = "x" }),
		Entry("another type", func(m *llamastack.Models) { m.Items[0].Type = "x" }),
		Entry("a problem", func(m *llamastack.Models) { m.Problem = "x" }),
		Entry("a refusal", func(m *llamastack.Models) { m.Lasting = true }),
		Entry("those of a server that has rolled out", func(m *llamastack.Models) { m.Settled = true }),
	)

	It("distinguishes no providers from unknown ones", func() {
		none, unknown := llamastack.Observation{Providers: []v1alpha1.ProviderInfo{}}, llamastack.Observation{}
		Expect(none.Equal(unknown)).To(BeFalse())
	})

	It("has a result for an answer without content", func() {
		Expect(llamastack.Observation{Reached: true}.Result()).To(Equal("unknown"))
	})
})
