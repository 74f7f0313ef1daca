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
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// model is one of a provider.
func model(id, provider string) v1alpha1.ModelInfo {
	return v1alpha1.ModelInfo{ID: id, Provider: provider, Type: "llm"}
}

// manyModels are so many, in order.
func manyModels(count int) []v1alpha1.ModelInfo {
	models := make([]v1alpha1.ModelInfo, 0, count)
	for number := range count {
		models = append(models, model(fmt.Sprintf("m%03d", number), "vllm"))
	}
	return models
}

// models sets the whole list of the server, with every Pod as declared.
func (f *fixture) models(items ...v1alpha1.ModelInfo) *fixture {
	return f.saysOfModels(status.Models{Known: true, Total: len(items), Items: items, Declared: true})
}

func (f *fixture) saysOfModels(models status.Models) *fixture {
	f.in.Server.Models = models
	return f
}

// declaring sets the models of the spec.
func (f *fixture) declaring(models ...v1alpha1.ConfigModel) *fixture {
	return f.spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
		spec.Server.Config = &v1alpha1.ServerConfig{Models: models}
	})
}

var _ = Describe("Models", func() {
	It("are listed with their number", func() {
		got := newFixture().models(model("a", "vllm"), model("b", "vllm")).compute()

		Expect(got.Models).To(Equal(&v1alpha1.ModelsStatus{Total: new(int32(2)), Items: []v1alpha1.ModelInfo{model("a", "vllm"), model("b", "vllm")}}))
	})

	It("can be none", func() {
		Expect(newFixture().models().compute().Models).To(Equal(&v1alpha1.ModelsStatus{Total: new(int32(0))}))
	})

	It("are absent before the server is probed", func() {
		Expect(newFixture().unprobed().compute().Models).To(BeNil())
	})

	It("are bounded in number, declared ones last, in their order", func() {
		f := newFixture().declaring(v1alpha1.ConfigModel{ID: "m099", Provider: "vllm"}).models(manyModels(100)...)
		f.in.Server.Models.Total = 5000
		got := f.compute().Models

		Expect(got.Total).To(HaveValue(BeEquivalentTo(5000)))
		Expect(got.Items).To(HaveLen(50))
		Expect(got.Items[0].ID).To(Equal("m000"))
		Expect(got.Items[48].ID).To(Equal("m048"))
		Expect(got.Items[49].ID).To(Equal("m099"))
	})

	It("are bounded in text", func() {
		long := manyModels(60)
		for i := range long {
			long[i].ID += strings.Repeat("<", 1000)
		}
		got := newFixture().models(long...).compute().Models

		Expect(len(got.Items)).To(BeNumerically("~", 20, 5))
		Expect(got.Items[0].ID).To(And(HavePrefix("m000<"), HaveSuffix("<…")))
		Expect(got.Total).To(HaveValue(BeEquivalentTo(60)))
	})

	It("are unknown for a reason", func() {
		got := newFixture().saysOfModels(status.Models{Problem: "GET /v1/models: answered more than 128 KiB", Lasting: true}).compute()

		Expect(got.Models).To(Equal(&v1alpha1.ModelsStatus{Message: "GET /v1/models: answered more than 128 KiB"}))
	})

	known := func() v1alpha1.LlamaStackDistributionStatus { return newFixture().models(model("a", "vllm")).compute() }

	DescribeTable("stay known while the image is the same and the server does not answer", func(change func(*fixture) *fixture) {
		Expect(change(newFixture().after(known())).compute().Models).To(Equal(known().Models))
	},
		Entry("not reached", (*fixture).unreachable),
		Entry("not probed", (*fixture).unprobed),
		Entry("limited", func(f *fixture) *fixture { return f.limited(429) }),
		Entry("rolling", func(f *fixture) *fixture { return f.deployed(1, 1, 0).unprobed() }),
		Entry("busy", func(f *fixture) *fixture {
			return f.saysOfModels(status.Models{Problem: "GET /v1/models: no answer within 5s"})
		}),
	)

	DescribeTable("are forgotten", func(change func(*fixture) *fixture, want any) {
		Expect(change(newFixture().after(known())).compute().Models).To(Equal(want))
	},
		Entry("with the image", func(f *fixture) *fixture {
			return f.unprobed().with(func(in *status.Input) { in.Image = otherImage })
		}, (*v1alpha1.ModelsStatus)(nil)),
		Entry("during a stop", func(f *fixture) *fixture { return f.wanting(0).unprobed() }, (*v1alpha1.ModelsStatus)(nil)),
		Entry("when the server refuses them", func(f *fixture) *fixture {
			return f.saysOfModels(status.Models{Problem: "it requires credentials", Lasting: true})
		}, &v1alpha1.ModelsStatus{Message: "it requires credentials"}),
	)

	It("that were never known have the last problem", func() {
		first := newFixture().saysOfModels(status.Models{Problem: "GET /v1/models: no answer within 5s"}).compute()
		Expect(first.Models.Message).To(Equal("GET /v1/models: no answer within 5s"))
		second := newFixture().after(first).saysOfModels(status.Models{Problem: "GET /v1/models: answered 500"}).compute()
		Expect(second.Models.Message).To(Equal("GET /v1/models: answered 500"))
	})
})

var _ = Describe("ModelsRegistered", func() {
	assistant := v1alpha1.ConfigModel{ID: "assistant", Provider: "vllm", ProviderModelID: "org/llama"}
	registration := func(f *fixture) metav1.Condition { return condition(f.compute(), v1alpha1.ConditionModelsRegistered) }

	DescribeTable("is absent", func(f *fixture) {
		Expect(f.models().compute().Conditions).NotTo(ContainElement(HaveField("Type", "ModelsRegistered")))
	},
		Entry("without a declared configuration", newFixture()),
		Entry("without declared models", newFixture().declaring()),
	)

	DescribeTable("is True with all models, as every release lists them", func(declared v1alpha1.ConfigModel, listed v1alpha1.ModelInfo) {
		got := registration(newFixture().declaring(declared).models(model("another", "vllm"), listed))
		Expect(got).To(be(metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered))
		Expect(got.Message).To(Equal("The server lists all declared models"))
	},
		Entry("by its id", assistant, model("assistant", "vllm")),
		Entry("by its id, of a server that does not name providers", assistant, model("assistant", "")),
		Entry("by the names of the provider and of the provider's model", assistant, model("vllm/org/llama", "vllm")),
		Entry("by the name of the provider and the id", assistant, model("vllm/assistant", "vllm")),
		Entry("by the default of providerModelID", v1alpha1.ConfigModel{ID: "a", Provider: "vllm"}, model("vllm/a", "vllm")),
		Entry("by an id that has the provider in it", v1alpha1.ConfigModel{ID: "vllm/a", Provider: "vllm", ProviderModelID: "b"}, model("vllm/a", "vllm")),
		Entry("of every provider", v1alpha1.ConfigModel{ID: "a", Provider: "all"}, model("a", "vllm")),
		Entry("with a name that a status cannot hold", v1alpha1.ConfigModel{ID: strings.Repeat("é", 253), Provider: "vllm"},
			model("vllm/"+strings.Repeat("é", 124)+"…", "vllm")),
	)

	DescribeTable("is False without a model, for a reason where it is known", func(f *fixture, want string) {
		got := registration(f)
		Expect(got).To(be(metav1.ConditionFalse, v1alpha1.ReasonModelsMissing))
		Expect(got.Message).To(Equal("The server does not list declared models: " + want + ". Check the providers, and the logs of the Pods"))
		Expect(condition(f.compute(), v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady))
	},
		Entry("which is not known", newFixture().declaring(assistant).models(), "assistant"),
		Entry("that another provider has under this id", newFixture().declaring(assistant).models(model("assistant", "other")), "assistant"),
		Entry("and another", newFixture().declaring(assistant, v1alpha1.ConfigModel{ID: "b", Provider: "vllm"}, v1alpha1.ConfigModel{ID: "c", Provider: "vllm"}).
			models(model("b", "vllm")), "assistant, c"),
		Entry("whose provider has a problem", newFixture().healthy(provider("inference", "vllm", "Error")).declaring(assistant).models(),
			"assistant (the provider vllm reports an error)"),
		Entry("whose provider only has a problem elsewhere", newFixture().healthy(provider("inference", "vllm", "OK"), provider("safety", "vllm", "Error")).
			declaring(assistant).models(), "assistant"),
		Entry("whose provider is switched off", newFixture().healthy(provider("safety", "vllm", "OK")).declaring(assistant).models(),
			"assistant (the server has no inference provider vllm)"),
		Entry("whose provider may be in the rest of a list", newFixture().healthy().with(func(in *status.Input) { in.Server.Problem = "more than 256 providers" }).
			declaring(assistant).models(), "assistant"),
		Entry("while the providers are unknown", newFixture().with(func(in *status.Input) { in.Server.Providers = nil }).declaring(assistant).models(), "assistant"),
		Entry("that this version has no type for", newFixture().with(func(in *status.Input) { in.Server.Version = "0.3.5" }).
			declaring(v1alpha1.ConfigModel{ID: "r", Provider: "vllm", Type: "rerank"}).models(), "r (version 0.3.5 has no models of the type rerank)"),
		Entry("that this version has a type for", newFixture().declaring(v1alpha1.ConfigModel{ID: "r", Provider: "vllm", Type: "rerank"}).models(), "r"),
	)

	It("names few of many", func() {
		var declared []v1alpha1.ConfigModel
		for _, one := range manyModels(100) {
			declared = append(declared, v1alpha1.ConfigModel{ID: one.ID + strings.Repeat("x", 200), Provider: "absent"})
		}
		got := registration(newFixture().declaring(declared...).models())
		Expect(got.Message).To(And(ContainSubstring("m009x"), Not(ContainSubstring("m010x")), ContainSubstring(" and 90 more. Check")))
		Expect(len(got.Message)).To(BeNumerically("<", 2048))
	})

	DescribeTable("is Unknown", func(f *fixture, reason v1alpha1.Reason, message string) {
		got := registration(f.declaring(assistant))
		Expect(got).To(be(metav1.ConditionUnknown, reason))
		Expect(got.Message).To(Equal(message))
	},
		Entry("before the first probe", newFixture().unprobed(), v1alpha1.ReasonNotObserved, "The models of the server are not observed yet"),
		Entry("while Pods have another configuration", newFixture().saysOfModels(status.Models{Known: true}), v1alpha1.ReasonNotObserved,
			"The models of the server are not observed yet"),
		Entry("without credentials", newFixture().saysOfModels(status.Models{Problem: "it requires credentials", Lasting: true, Declared: true}),
			v1alpha1.ReasonNotObserved, "The models of the server are not observed: it requires credentials"),
		Entry("without an answer", newFixture().saysOfModels(status.Models{Problem: "no answer", Declared: true}),
			v1alpha1.ReasonNotObserved, "The models of the server are not observed: no answer"),
		Entry("of a stopped server", newFixture().wanting(0).unprobed(), v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0"),
	)

	found := func() v1alpha1.LlamaStackDistributionStatus {
		return newFixture().declaring(assistant).models().compute()
	}

	DescribeTable("stands for a generation while there is no answer", func(change func(*fixture) *fixture) {
		f := change(newFixture().after(found()).declaring(assistant))
		Expect(registration(f)).To(be(metav1.ConditionFalse, v1alpha1.ReasonModelsMissing))
	},
		Entry("not reached", (*fixture).unreachable),
		Entry("not probed", (*fixture).unprobed),
		Entry("busy", func(f *fixture) *fixture { return f.saysOfModels(status.Models{Problem: "no answer", Declared: true}) }),
		Entry("replacing a Pod", func(f *fixture) *fixture { return f.deployed(1, 1, 0).saysOfModels(status.Models{Known: true}) }),
		Entry("partly gathered", func(f *fixture) *fixture { return f.unprobed().with(func(in *status.Input) { in.Partial = true }) }),
	)

	DescribeTable("ends", func(change func(*fixture) *fixture) {
		f := change(newFixture().after(found()).declaring(assistant))
		Expect(registration(f)).To(be(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved))
	},
		Entry("with the generation", func(f *fixture) *fixture {
			return f.unprobed().with(func(in *status.Input) { in.Instance.Generation++ })
		}),
		Entry("when the server refuses the list", func(f *fixture) *fixture {
			return f.saysOfModels(status.Models{Problem: "it requires credentials", Lasting: true, Declared: true})
		}),
	)

	It("stays as it is while the server is being deleted", func() {
		got := newFixture().after(found()).declaring(assistant).unprobed().deleted().compute()
		Expect(condition(got, v1alpha1.ConditionModelsRegistered)).To(be(metav1.ConditionFalse, v1alpha1.ReasonModelsMissing))
	})

	It("has an Event when models are missing", func() {
		before := newFixture().declaring(assistant).unprobed().compute()
		Expect(status.Transitions(before, found())).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionModelsRegistered), HaveField("Event", true), HaveField("Normal", false))))
		registered := newFixture().after(before).declaring(assistant).models(model("assistant", "vllm")).compute()
		Expect(status.Transitions(before, registered)).NotTo(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionModelsRegistered), HaveField("Event", true))))
	})
})

var _ = DescribeTable("Patience with models", func(before, after *fixture, want time.Duration) {
	assistant := v1alpha1.ConfigModel{ID: "assistant", Provider: "vllm"}
	old := before.declaring(assistant).compute()
	next := after.declaring(assistant).after(old)
	Expect(status.Changed(old, next.compute())).To(BeTrue())
	Expect(status.Patience(old, next.compute(), true)).To(Equal(want))
},
	Entry("is minutes for another list", newFixture().models(model("assistant", "vllm")), newFixture().models(model("assistant", "vllm"), model("b", "vllm")), 5*time.Minute),
	Entry("is minutes for one that is missing", newFixture().models(model("assistant", "vllm")), newFixture().models(), 5*time.Minute),
	Entry("is minutes for one that is there again", newFixture().models(), newFixture().models(model("assistant", "vllm")), 5*time.Minute),
	Entry("is minutes for a refusal", newFixture().models(), newFixture().saysOfModels(status.Models{Problem: "x", Lasting: true, Declared: true}), 5*time.Minute),
	Entry("is none for the first answer", newFixture(), newFixture().models(model("assistant", "vllm")), time.Duration(0)),
	Entry("is none for a change of the health with it", newFixture().models(), newFixture().limited(401).saysOfModels(status.Models{Problem: "x", Lasting: true}), time.Duration(0)),
)
