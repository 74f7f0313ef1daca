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

package cli

import (
	"bytes"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The models of a server", func() {
	DescribeTable("have a note", func(models *v1alpha1.ModelsStatus, want string) {
		server := withStatus("ready")
		server.Status.Models = models

		Expect(modelsListing().note(server)).To(Equal(want))
	},
		Entry("before the operator has read them", nil, "the operator has not read its models yet; next: nothing to do"),
		Entry("where they are unknown", &v1alpha1.ModelsStatus{Message: "the server requires credentials"}, "the server requires credentials"),
		Entry("where there are more", &v1alpha1.ModelsStatus{Total: new(int32(70)), Items: []v1alpha1.ModelInfo{{ID: "a"}}}, "1 of 70 models are shown"),
		Entry("where there are none", &v1alpha1.ModelsStatus{Total: new(int32(0))}, "it lists no models"),
		Entry("not where all are listed", &v1alpha1.ModelsStatus{Total: new(int32(1)), Items: []v1alpha1.ModelInfo{{ID: "a"}}}, ""),
	)
})

var _ = Describe("The providers of a server", func() {
	It("have their health in its tone", func() {
		_, rows := providersListing().items(withStatus("provider-error"))

		out := &bytes.Buffer{}
		painter{Writer: &screen{to: out, colours: true}, colours: true}.table("", rows)
		Expect(out.String()).To(And(
			MatchRegexp(`inference +vllm +remote::vllm +\x1b\[31mError\x1b\[0m +\S`), ContainSubstring("\x1b[32mOK\x1b[0m"),
		))
		Expect(providersListing().note(withStatus("created"))).To(HavePrefix("the operator has not read its providers yet; next: wait until its Pods run"))
	})
})
