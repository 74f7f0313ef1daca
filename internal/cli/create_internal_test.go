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
	"bufio"
	"bytes"
	"context"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("create", func() {
	DescribeTable("writes YAML that fits the CRD and passes the check", func(ctx context.Context, golden string, options ...string) {
		out, errOut, code := runWith(ctx, "", append([]string{"create", "demo", "-n", "ns"}, options...)...)

		Expect(code).To(BeZero(), errOut)
		want, err := os.ReadFile("testdata/create/" + golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(out).To(Equal(string(want)))
		checked, errOut, code := runWith(ctx, out, "config", "validate", "-f", "-")
		Expect(code).To(BeZero(), errOut)
		Expect(checked).To(HavePrefix("demo: valid\n"))
	},
		Entry("of the least", "least.yaml", "--distribution=starter"),
		Entry("of everything", "all.yaml", "--image=registry.example/own:1", "--provider=vllm", "--url=http://vllm:8000/v1", "--model=a/b,c", "--secret=keys/vllm",
			"--storage=5Gi", "--storage-class=fast", "--replicas=2", "--expose=ingress", "--host=demo.example"),
		Entry("of a provider with its own URL", "openai.yaml", "--distribution=starter", "--provider=remote::openai", "--secret=openai/api-key", "--expose=route", "--host=demo.example"),
	)

	DescribeTable("refuses", func(ctx context.Context, why string, options ...string) {
		out, errOut, code := runWith(ctx, "", append([]string{"create", "demo"}, options...)...)

		Expect(code).To(Equal(1))
		Expect(out).To(BeEmpty())
		Expect(errOut).To(ContainSubstring(why))
	},
		Entry("to ask without a terminal", "--distribution or --image is missing, and there is no terminal to ask on"),
		Entry("two sources of an image", "none of the others can be", "--distribution=starter", "--image=i"),
		Entry("a URL without a provider", "add --provider", "--distribution=starter", "--url=http://a"),
		Entry("a vLLM without a URL", "add --url", "--distribution=starter", "--provider=vllm"),
		Entry("a Secret without a key", "failed to read --secret: it is NAME/KEY", "--distribution=starter", "--provider=openai", "--secret=openai"),
		Entry("an unknown way to expose", `unknown value "nodeport" of --expose`, "--distribution=starter", "--expose=nodeport", "--host=h"),
		Entry("a host without a way", "belong together", "--distribution=starter", "--host=h"),
		Entry("a class without a size", "add its size", "--distribution=starter", "--storage-class=fast"),
		Entry("what the CRD refuses", "spec.server.storage.size", "--distribution=starter", "--storage=much"),
		Entry("what would be more than a text", `"5Gi\n  b: c"`, "--distribution=starter\n  image: other", "--storage=5Gi\n  b: c"),
	)

	It("asks for what no option says", func() {
		out := &bytes.Buffer{}
		c := creation{URL: "http://given"}

		Expect((&questions{from: bufio.NewReader(strings.NewReader("\nvllm\nkeys/vllm\nmy/model\n-")), to: out}).about(&c)).To(Succeed())

		Expect(c).To(Equal(creation{Distribution: "starter", Provider: "vllm", URL: "http://given", secretRef: "keys/vllm", Models: []string{"my/model"}}))
		Expect(out.String()).To(And(HavePrefix("Distribution [starter]: "), Not(ContainSubstring("URL of the provider")), HaveSuffix("Size of the PVC; - for none [20Gi]: ")))
	})

	It("asks again after an answer that does not fit", func() {
		out := &bytes.Buffer{}
		c := creation{}

		answers := "two words\nstarter\nvllm\n\nvllm:8000\nhttp://vllm:8000/v1\nkeys\nkeys/vllm\n\nmuch\n-1\n5Gi\n"
		Expect((&questions{from: bufio.NewReader(strings.NewReader(answers)), to: out}).about(&c)).To(Succeed())

		Expect(c).To(Equal(creation{Distribution: "starter", Provider: "vllm", URL: "http://vllm:8000/v1", secretRef: "keys/vllm", Storage: "5Gi"}))
		for _, why := range []string{"it is one word", "needs the URL of its API", "starts with http://", "it is NAME/KEY", "it is a size"} {
			Expect(out.String()).To(ContainSubstring(why))
		}
		Expect(strings.Count(out.String(), "Size of the PVC")).To(Equal(3))
	})

	DescribeTable("ends where there is no answer", func(in, why string) {
		Expect((&questions{from: bufio.NewReader(strings.NewReader(in)), to: &bytes.Buffer{}}).about(&creation{})).To(MatchError(ContainSubstring(why)))
	},
		Entry("because the input ended", "starter\n", "the input ended"),
		Entry("because it is too long", strings.Repeat("a", 2000), "more than 1000 bytes"),
	)
})
