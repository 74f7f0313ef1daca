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
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mostModels is how many models are kept that no one wants.
const mostModels = 50

// listing are the models of a server that answers with a list of entries, of which some are wanted.
func listing(entries string, wanted ...string) llamastack.Models {
	GinkgoHelper()
	return listingAs(says(`{"object":"list","data":[`+entries+`]}`), wanted...)
}

func listingAs(answer http.HandlerFunc, wanted ...string) llamastack.Models {
	GinkgoHelper()
	client := newClient(llamastack.ClientOptions{})
	got := llamastack.ObserveWanted(GinkgoT().Context(), client, serve(healthy().with("/v1/models", answer)), wanted...)
	Expect(got.Problem).To(BeEmpty(), "what else is known does not depend on the models")
	Expect(got.Result()).To(Equal("healthy"))
	return got.Models
}

// numbered are the entries of so many models, in descending order.
func numbered(count int) string {
	entries := make([]string, 0, count)
	for i := range count {
		entries = append(entries, fmt.Sprintf(`{"id":"m%05d"}`, count-i))
	}
	return strings.Join(entries, ",")
}

var _ = Describe("Models", func() {
	DescribeTable("are read in the shape of every release", func(entry string, want v1alpha1.ModelInfo) {
		Expect(listing(entry)).To(Equal(llamastack.Models{Known: true, Total: 1, Items: []v1alpha1.ModelInfo{want}}))
	},
		Entry("up to 0.3", `{"identifier":"a","provider_resource_id":"r","provider_id":"vllm","type":"model","metadata":{"x":1},"model_type":"embedding"}`,
			v1alpha1.ModelInfo{ID: "a", Provider: "vllm", Type: "embedding"}),
		Entry("from 0.4", `{"id":"vllm/a","object":"model","created":1,"owned_by":"llama_stack","custom_metadata":{"model_type":"llm","provider_id":"vllm","provider_resource_id":"a"}}`,
			v1alpha1.ModelInfo{ID: "vllm/a", Provider: "vllm", Type: "llm"}),
		Entry("of OpenAI", `{"id":"a","object":"model","created":1,"owned_by":"x"}`, v1alpha1.ModelInfo{ID: "a"}),
		Entry("without metadata", `{"id":"a","custom_metadata":null}`, v1alpha1.ModelInfo{ID: "a"}),
		Entry("with metadata of a user in place of the server's", `{"id":"a","custom_metadata":{"model_type":7,"provider_id":"vllm"}}`,
			v1alpha1.ModelInfo{ID: "a", Provider: "vllm"}),
	)

	It("can be none", func() {
		Expect(listing("")).To(Equal(llamastack.Models{Known: true, Items: []v1alpha1.ModelInfo{}}))
	})

	It("without an id are left out", func() {
		Expect(listing(`1, null, "x", [], {}, {"id":""}, {"id":{}}, {"id":7,"identifier":"a"}, {"id":"b","identifier":7}`)).To(Equal(llamastack.Models{
			Known: true, Total: 2, Items: []v1alpha1.ModelInfo{{ID: "a"}, {ID: "b"}},
		}))
	})

	It("are the same in another order, also if an id is there twice", func() {
		const one, two, three = `{"id":"a","custom_metadata":{"provider_id":"x"}}`, `{"id":"a","custom_metadata":{"provider_id":"y"}}`, `{"id":"b"}`
		first, second := listing(one+","+two+","+three), listing(three+","+two+","+one)
		Expect(first).To(Equal(second))
		Expect(first.Total).To(Equal(2))
		Expect(first.Items).To(HaveExactElements(v1alpha1.ModelInfo{ID: "a", Provider: "x"}, v1alpha1.ModelInfo{ID: "b"}))
	})

	It("are counted, and few are kept", func() {
		got := listing(numbered(7_000))
		Expect(got.Known).To(BeTrue())
		Expect(got.Total).To(Equal(7_000))
		Expect(got.Items).To(HaveLen(mostModels))
		Expect(got.Items[0].ID).To(Equal("m00001"))
		Expect(got.Items[mostModels-1].ID).To(Equal("m00050"))
	})

	It("that are wanted are kept wherever they are in the list", func() {
		got := listing(numbered(1_000), "m00999", "m00001", "absent")
		Expect(got.Total).To(Equal(1_000))
		Expect(got.Items).To(HaveLen(mostModels))
		Expect(got.Items).To(ContainElements(HaveField("ID", "m00001"), HaveField("ID", "m00999")))
		Expect(slices.IsSortedFunc(got.Items, func(a, b v1alpha1.ModelInfo) int { return strings.Compare(a.ID, b.ID) })).To(BeTrue())
	})

	It("that are wanted are all kept", func() {
		var wanted []string
		for i := range 2 * mostModels {
			wanted = append(wanted, fmt.Sprintf("m%05d", 500+i))
		}
		got := listing(numbered(1_000), wanted...)
		Expect(got.Items).To(HaveLen(2 * mostModels))
		Expect(got.Items[0].ID).To(Equal("m00500"))
	})

	It("have texts of 256 bytes of JSON, of printable characters, by which they are wanted", func() {
		long := strings.Repeat("<", 100)
		got := listing(`{"id":"a\u0000\u001b[2J\u202e","custom_metadata":{"provider_id":"`+long+`","model_type":"`+long+`"}},`+numbered(60)+`,{"id":"`+long+`"}`,
			strings.Repeat("<", 42)+"…", "a  [2J ")
		short := strings.Repeat("<", 42) + "…"
		Expect(got.Items).To(ContainElements(
			v1alpha1.ModelInfo{ID: "a  [2J ", Provider: short, Type: short}, v1alpha1.ModelInfo{ID: short}))
	})

	DescribeTable("can be unknown", func(answer http.HandlerFunc, problem string, lasting bool) {
		Expect(listingAs(answer)).To(Equal(llamastack.Models{Problem: problem, Lasting: lasting}))
	},
		Entry("without a token", refuses(401), "it requires credentials, which the operator does not have (HTTP 401)", true),
		Entry("by a policy", refuses(403), "it requires credentials, which the operator does not have (HTTP 403)", true),
		Entry("without the API", refuses(404), "GET /v1/models: answered 404", true),
		Entry("for a moment", refuses(503), "GET /v1/models: answered 503", false),
		Entry("by a quota", refuses(429), "GET /v1/models: answered 429", false),
		Entry("elsewhere", http.RedirectHandler("/v1/version", http.StatusTemporaryRedirect).ServeHTTP, "GET /v1/models: answered 307", true),
		Entry("no list", says(`{"data":{"a":1}}`), `GET /v1/models: answered without a list "data"`, true),
		Entry("no data", says(`{"detail":"no"}`), `GET /v1/models: answered without a list "data"`, true),
		Entry("no JSON", says(`<html>`), `GET /v1/models: answered without a list "data"`, true),
		Entry("half a list", says(`{"data":[{"id":"a"}`), `GET /v1/models: answered without a list "data"`, true),
		Entry("half an entry", says(`{"data":[{"id":"a"},{"id":`), `GET /v1/models: answered without a list "data"`, true),
		Entry("too deep", says(`{"data":[`+strings.Repeat("[", 50_000)+strings.Repeat("]", 50_000)+`]}`), `GET /v1/models: answered without a list "data"`, true),
		Entry("too large", says(`{"data":[`+numbered(10_000)+`]}`), "GET /v1/models: answered more than 128 KiB", true),
	)

	It("are unknown without an answer, which shows that something is in the way", func() {
		got := observe(serve(healthy().with("/v1/models", hangUp)))
		Expect(got.Models).To(Equal(llamastack.Models{Problem: "GET /v1/models: it closed the connection without an answer"}))
		Expect(got.Interrupted).To(BeTrue())
		Expect(got.Problem).To(BeEmpty())
	})

	It("are not requested from a server that is not reached, or has enough requests", func() {
		Expect(observe(serve(http.HandlerFunc(hangUp))).Models).To(Equal(llamastack.Models{}))
		Expect(observe(serve(healthy().with("/v1/providers", refuses(429)))).Models).To(Equal(llamastack.Models{}))
	})
})

var _ = Describe("The models of a server that is probed again and again", func() {
	models := func(f *fixture) llamastack.Models {
		got, _ := f.prober.Observation(f.key)
		return got.Models
	}
	watch := func(f *fixture, settled bool, wanted ...string) {
		f.prober.Watch(f.key, llamastack.Target{Endpoint: f.endpoint, Revision: "1", Settled: settled, Wanted: llamastack.Want(wanted)})
	}

	It("change nothing in another order", func() {
		f := started()
		f.answer(healthy().with("/v1/models", says(`{"data":[`+numbered(60)+`]}`)))
		watch(f, true, "m00060")
		f.probed(1)
		reversed := strings.Split(numbered(60), ",")
		slices.Reverse(reversed)
		f.answer(healthy().with("/v1/models", says(`{"data":[`+strings.Join(reversed, ",")+`]}`)))
		f.waits(1, 5*time.Minute)
		Expect(f.changed()).To(Equal(1))
	})

	It("are those of the settled server only after it was probed as such", func() {
		f := started()
		watch(f, false, "a")
		f.probed(1)
		Expect(models(f).Settled).To(BeFalse())
		watch(f, true, "a")
		Eventually(models).WithArguments(f).Should(HaveField("Settled", BeTrue()))
		Expect(f.changed()).To(Equal(2))
	})

	It("are not reported twice if none is wanted", func() {
		f := started()
		watch(f, false)
		f.probed(1)
		watch(f, true)
		f.probed(2)
		Expect(f.changed()).To(Equal(1))
	})

	It("are requested again from a server that settled during a probe", func() {
		asked, release := make(chan struct{}), make(chan struct{})
		f := started()
		f.answer(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-release
			says(`{"status":"OK"}`)(w, r)
		}))
		watch(f, false, "a")
		Eventually(asked).Should(Receive())
		watch(f, true, "a")
		f.answer(healthy())
		close(release)
		Eventually(models).WithArguments(f).Should(HaveField("Settled", BeTrue()))
		f.waits(2, 5*time.Minute)
	})
})
