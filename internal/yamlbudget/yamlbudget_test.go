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

package yamlbudget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	"go.yaml.in/yaml/v3"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestYAMLBudget(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "YAML budget")
}

// aliases is a text of few bytes whose last value stands for width to the power of levels nodes.
func aliases(levels, width int) string {
	var text strings.Builder
	text.WriteString("a0: &a0 x\n")
	for level := 1; level <= levels; level++ {
		fmt.Fprintf(&text, "a%d: &a%d [%s]\n", level, level, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", level-1), width), ","))
	}
	return text.String()
}

// visited counts the nodes of a walk that follows aliases and knows nothing of what it has seen.
func visited(node *yaml.Node) int {
	if node.Kind == yaml.AliasNode {
		return visited(node.Alias)
	}
	count := 1
	for _, child := range node.Content {
		count += visited(child)
	}
	return count
}

var _ = Describe("Parse", func() {
	DescribeTable("takes", func(text string) {
		document, err := yamlbudget.Parse(text)

		Expect(err).NotTo(HaveOccurred())
		Expect(visited(document)).To(BeNumerically("<=", yamlbudget.MaxNodes))
	},
		Entry("a mapping", "a: 1\nb: [2, {c: 3}]\n"),
		Entry("aliases", "a: &a {b: &b [1]}\nc: [*a, *b, *a]\n"),
		Entry("an anchor that is there twice", "a: &a 1\nb: *a\nc: &a [2]\nd: *a\n"),
		Entry("aliases just below the limit", aliases(4, 13)),
		Entry("values just below the limit", "["+strings.Repeat("a,", yamlbudget.MaxNodes-3)+"a]"),
		Entry("nesting just below the limit", strings.Repeat("[", yamlbudget.MaxDepth-1)+strings.Repeat("]", yamlbudget.MaxDepth-1)),
		Entry("a text of the greatest length", "a: "+strings.Repeat("x", yamlbudget.MaxBytes-3)),
		Entry("a byte order mark and Windows line ends", "\ufeffa: 1\r\nb: 2\r\n"),
	)

	It("reads a blank text as nothing", func() {
		Expect(yamlbudget.Parse("# nothing\n")).To(BeNil())
	})

	DescribeTable("refuses", func(text, want string) {
		_, err := yamlbudget.Parse(text)

		Expect(err).To(BeAssignableToTypeOf(&yamlbudget.ExceededError{}))
		Expect(err).To(MatchError(ContainSubstring(want)))
	},
		Entry("13.9 KB of aliases, one level below the other", aliases(90, 40), "with its aliases expanded it has more than 50000 values"),
		Entry("as many as an int can count and more", aliases(80, 3), "with its aliases expanded it has more than 50000 values"),
		Entry("many aliases of one large value", "a: &a ["+strings.Repeat("x,", 1000)+"x]\nb: ["+strings.Repeat("*a,", 100)+"*a]\n", "line 2: with its aliases"),
		Entry("too many values", "["+strings.Repeat("a,", yamlbudget.MaxNodes)+"a]", "more than 50000 values"),
		Entry("too deep a nesting", strings.Repeat("[", yamlbudget.MaxDepth+1)+strings.Repeat("]", yamlbudget.MaxDepth+1), "line 1: it is nested more than 100 levels deep"),
		Entry("too deep a nesting through aliases", aliases(110, 1), "nested more than 100 levels deep"),
		Entry("an anchor that contains itself", "a: &a [*a]", "line 1: the alias *a refers to a node that contains it"),
		Entry("a text that is too long", strings.Repeat("#", yamlbudget.MaxBytes+1), "it has 262145 bytes, and the limit is 262144"),
		Entry("578 KB of aliases", aliases(4500, 24), "bytes"),
	)

	DescribeTable("says where a text is not one document", func(text, want string) {
		_, err := yamlbudget.Parse(text)

		Expect(err).To(MatchError(want))
	},
		Entry("not YAML", "a: 1\nb: [\n", "failed to parse YAML: line 2: did not find expected node content"),
		Entry("not YAML, in the first line", "\ta", "failed to parse YAML: line 1: found character that cannot start any token"),
		Entry("two documents", "a: 1\n---\nb: 2\n", "line 2: a second YAML document starts here, want one"),
	)

	It("quotes a limited part of a text", func() {
		for _, text := range []string{"a: *" + strings.Repeat("x", 10_000), "a: &" + strings.Repeat("x", 10_000) + " [*" + strings.Repeat("x", 10_000) + "]"} {
			_, err := yamlbudget.Parse(text)

			Expect(err).To(HaveOccurred())
			Expect(len(err.Error())).To(BeNumerically("<", 400))
		}
	})
})

// FuzzParse holds for any text: what passes can be walked along its aliases within the budget.
func FuzzParse(f *testing.F) {
	f.Add("a: &a [1]\nb: *a\n")
	f.Add(aliases(12, 9))
	f.Add("a: &a {<<: [*a, *a]}\nserver: *a")
	f.Add("- &a\n- &b [*a, *a]\n- &a [*b]\n- *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		document, err := yamlbudget.Parse(text)
		if err != nil || document == nil {
			return
		}
		if count := visited(document); count > yamlbudget.MaxNodes {
			t.Fatalf("%d nodes", count)
		}
	})
}
