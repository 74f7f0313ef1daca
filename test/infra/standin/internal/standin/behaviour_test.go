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

package standin_test

import (
	"encoding/json"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/standin"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Behaviour", func() {
	It("is a healthy server by default", func() {
		behaviour, err := standin.Parse("")
		Expect(err).NotTo(HaveOccurred())
		Expect(behaviour).To(Equal(standin.Default()))
		Expect(behaviour.Health).To(Equal("OK"))
		Expect(behaviour.Faults).To(BeEmpty())
	})

	It("is the same after it is written and read", func() {
		before, err := standin.Parse(`{"faults": {"/v1/health": {"delay": "1.5s", "code": 503}}, "ignoreSIGTERM": true}`)
		Expect(err).NotTo(HaveOccurred())

		text, err := json.Marshal(before)
		Expect(err).NotTo(HaveOccurred())
		Expect(standin.Parse(string(text))).To(Equal(before))
	})

	DescribeTable("changes the given fields and keeps the rest", func(patch string, expected func(*standin.Behaviour)) {
		want := standin.Default()
		expected(&want)
		Expect(standin.Default().With([]byte(patch))).To(Equal(want))
	},
		Entry("nothing", `{}`, func(*standin.Behaviour) {}),
		Entry("version", `{"version": "0.7.1+rhaiv.1"}`, func(b *standin.Behaviour) { b.Version = "0.7.1+rhaiv.1" }),
		Entry("health", `{"health": "Error"}`, func(b *standin.Behaviour) { b.Health = "Error" }),
		Entry("models", `{"models": []}`, func(b *standin.Behaviour) { b.Models = []string{} }),
		Entry("shape", `{"modelShape": "native"}`, func(b *standin.Behaviour) { b.ModelShape = standin.ShapeNative }),
		Entry("signal", `{"ignoreSIGTERM": true}`, func(b *standin.Behaviour) { b.IgnoreSIGTERM = true }),
		Entry("a provider without health", `{"providers": [{"api": "a", "provider_id": "b", "provider_type": "c"}]}`, func(b *standin.Behaviour) {
			b.Providers = []standin.Provider{{API: "a", ProviderID: "b", ProviderType: "c"}}
		}),
		Entry("faults", `{"faults": {"*": {"hang": true}, "/v1/version": {"delay": "3s"}}}`, func(b *standin.Behaviour) {
			b.Faults = map[string]standin.Fault{"*": {Hang: true}, "/v1/version": {Delay: standin.Duration(3 * time.Second)}}
		}),
	)

	It("replaces a field as a whole", func() {
		first, err := standin.Default().With([]byte(`{"faults": {"/v1/health": {"code": 401}}}`))
		Expect(err).NotTo(HaveOccurred())

		second, err := first.With([]byte(`{"faults": {"/v1/version": {"code": 403}}}`))
		Expect(err).NotTo(HaveOccurred())
		Expect(second.Faults).To(Equal(map[string]standin.Fault{"/v1/version": {Code: 403}}))
		Expect(first.Faults).To(HaveKey("/v1/health"), "the original stays unchanged")
	})

	DescribeTable("refuses", func(patch, message string) {
		_, err := standin.Default().With([]byte(patch))
		Expect(err).To(MatchError(And(HavePrefix("failed to "), ContainSubstring(message))))
	},
		Entry("invalid JSON", `{`, "unexpected EOF"),
		Entry("a field that does not exist", `{"helth": "OK"}`, `unknown field "helth"`),
		Entry("two objects", `{} {}`, "something after the JSON object"),
		Entry("a shape that does not exist", `{"modelShape": "round"}`, `modelShape "round": write openai or native`),
		Entry("a fault without a path", `{"faults": {"health": {}}}`, `a fault for "health": write a path such as /v1/health, or *`),
		Entry("a fault for an empty path", `{"faults": {"": {}}}`, `a fault for ""`),
		Entry("an invalid code", `{"faults": {"/v1/health": {"code": 999}}}`, "code 999 for /v1/health: it is no HTTP status"),
		Entry("a delay without a unit", `{"faults": {"*": {"delay": "3"}}}`, "write it as 500ms or 3s"),
		Entry("a negative delay", `{"faults": {"*": {"delay": "-3s"}}}`, "cannot be negative"),
		Entry("a negative padding", `{"faults": {"*": {"padding": -1}}}`, "cannot be negative"),
		Entry("an invalid redirect", `{"faults": {"*": {"redirect": "http://[::"}}}`, "the redirect for *"),
	)
})
