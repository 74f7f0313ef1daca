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
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("convert", func() {
	const (
		source = "apiVersion: ogx.io/v1beta1\nkind: OGXServer\nmetadata: {name: demo}\n"
		plain  = source + "spec: {distribution: {image: x}, workload: {replicas: 2}}\n"
	)

	It("writes what can be applied, and nothing else", func(ctx context.Context) {
		out, errOut, code := runWith(ctx, "kind: Secret\napiVersion: v1\n---\n"+plain, "convert", "--strict", "-f", "-")

		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(BeEmpty())
		Expect(out).To(MatchYAML("{apiVersion: llamastack.io/v1alpha1, kind: LlamaStackDistribution, metadata: {name: demo}, " +
			"spec: {replicas: 2, server: {distribution: {image: x}}}}"))
	})

	It("writes what the check of a configuration accepts", func(ctx context.Context) {
		text, err := os.ReadFile(filepath.Join("..", "convert", "testdata", "full.yaml"))
		Expect(err).NotTo(HaveOccurred())
		out, errOut, code := runWith(ctx, string(text), "convert", "-f", "-")
		Expect(code).To(BeZero(), errOut)
		Expect(errOut).To(ContainSubstring("no counterpart: spec.disabledAPIs[0]; set spec.server.config.apis"))

		checked, errOut, code := runWith(ctx, out, "config", "validate", "-f", "-")
		Expect(code).To(BeZero(), errOut)
		Expect(checked).To(Equal("assistant: valid\n"))
	})

	It("fails with --strict when something is lost", func(ctx context.Context) {
		out, errOut, code := runWith(ctx, source+"spec: {distribution: {image: x}, future: 1}\n", "convert", "--strict", "-f", "-")

		Expect(code).To(Equal(1))
		Expect(out).To(ContainSubstring("image: x"))
		Expect(errOut).To(Equal("no counterpart: spec.future\nerror: the conversion is not complete; see above\n"))
	})

	It("fails with --strict when the result has to be completed", func(ctx context.Context) {
		model := "resources: {models: [{name: m, provider: p, modelType: embedding}]}"
		_, errOut, code := runWith(ctx, source+"spec: {distribution: {image: x}, "+model+"}\n", "convert", "--strict", "-f", "-")

		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring("complete spec.server.config.models[0].embeddingDimension: "))
	})

	It("refuses a file without such a server", func(ctx context.Context) {
		_, errOut, code := runWith(ctx, valid, "convert", "-f", "-")

		Expect(code).To(Equal(1))
		Expect(errOut).To(Equal("error: - has no OGXServer of ogx.io\n"))
	})
})
