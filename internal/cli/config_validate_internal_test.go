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
	"context"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// runWith runs the program without a cluster.
func runWith(ctx context.Context, in string, args ...string) (string, string, int) {
	out, errOut := &bytes.Buffer{}, &bytes.Buffer{}
	code := Run(ctx, Options{Streams: genericiooptions.IOStreams{In: strings.NewReader(in), Out: out, ErrOut: errOut}}, args)
	return out.String(), errOut.String(), code
}

const (
	manifest = "apiVersion: llamastack.io/v1alpha1\nkind: LlamaStackDistribution\nmetadata: {name: demo}\n"
	valid    = manifest + "spec: {server: {distribution: {name: starter}}}\n"
)

var _ = Describe("config validate without a cluster", func() {
	DescribeTable("names each problem with its field", func(ctx context.Context, text string, lines ...string) {
		out, errOut, code := runWith(ctx, text, "config", "validate", "-f", "-")

		Expect(strings.Split(strings.TrimSuffix(out, "\n"), "\n")).To(ConsistOf(lines), errOut)
		Expect(code).To(Equal(1))
		Expect(errOut).To(HavePrefix("error: - is not valid; problems: "))
	},
		Entry("of the schema", manifest+"spec: {replicas: many, server: {distribution: {name: starter}}}\n",
			`demo: spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"`),
		Entry("of a field that does not exist", manifest+"spec: {replica: 2, server: {distribution: {name: starter}}}\n", "demo: spec.replica: Invalid value: unknown field"),
		Entry("of a missing name", strings.Replace(valid, "{name: demo}", "{}", 1), "a LlamaStackDistribution without a name: metadata.name: a name is required"),
		Entry("of what the operator renders", manifest+"spec: {server: {distribution: {name: starter}, config: {apis: [inference]}, containerSpec: {name: configure}}}\n",
			"demo: spec.server.containerSpec.name: the name configure is that of the init container of spec.server.config; give the container another name"),
		Entry("of what the operator reads", manifest+"spec: {server: {distribution: {name: starter}, userConfig: {configMapName: c, configMapNamespace: other}}}\n",
			"demo: spec.server.userConfig: names ConfigMap other/c, and no Pod can mount a ConfigMap of another namespace: "+
				"copy it to namespace default and remove configMapNamespace"),
		Entry("of several servers", valid+"---\n"+strings.Replace(manifest, "demo", "other", 1)+"spec: {a: 1, server: {distribution: {name: starter}, b: 2}}\n",
			"demo: valid", "other: spec.a: Invalid value: unknown field", "other: spec.server.b: Invalid value: unknown field"),
	)

	It("accepts what is valid, and says what only a cluster knows", func(ctx context.Context) {
		file := filepath.Join(GinkgoT().TempDir(), "server.yaml")
		Expect(os.WriteFile(file, []byte("kind: ConfigMap\n---\n"+strings.Replace(valid, "starter", "own", 1)), 0o600)).To(Succeed())

		out, errOut, code := runWith(ctx, "", "config", "validate", "-f", file)

		Expect(code).To(BeZero(), errOut)
		Expect(out).To(And(HavePrefix("demo: valid\n"), ContainSubstring(`demo: note: not checked without the cluster or the operator: distribution name "own"`)))
	})

	DescribeTable("refuses a file", func(ctx context.Context, text, why string) {
		_, errOut, code := runWith(ctx, text, "config", "validate", "-f", "-")

		Expect(code).To(Equal(1))
		Expect(errOut).To(ContainSubstring(why))
	},
		Entry("without a server", "kind: ConfigMap\n", "- has no LlamaStackDistribution of llamastack.io/v1alpha1"),
		Entry("that is no YAML", "a: [", "failed to read document 1"),
		Entry("with a key twice", valid+"spec: {}\n", `key "spec" already set`),
		Entry("that is large", strings.Repeat("#", largestManifest+1), "more than 3145728 bytes"),
	)
})
