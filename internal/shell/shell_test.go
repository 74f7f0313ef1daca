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

package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestShell(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Commands for a shell")
}

var _ = Describe("Command", func() {
	It("does not quote what needs no quotes", func() {
		Expect(shell.Command("kubectl", "delete", "rolebinding", "a-rb", "-n", "ns", "--user=system:admin")).To(Equal("kubectl delete rolebinding a-rb -n ns --user=system:admin"))
	})

	DescribeTable("is read back unchanged by a shell", func(word string) {
		output, err := exec.CommandContext(GinkgoT().Context(), "/bin/sh", "-c", shell.Command("printf", "%s|", word, "end")).Output()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(output)).To(Equal(word + "|end|"))
		Expect(strings.Count(shell.Command("a", word), "\n")).To(Equal(strings.Count(word, "\n")))
	},
		Entry("nothing", ""),
		Entry("a space", "a b"),
		Entry("a command", "$(touch /tmp/x)`id`"),
		Entry("a second command", "a; rm -rf /"),
		Entry("a variable", "$HOME"),
		Entry("quotes", `it's "so"`),
		Entry("quotes alone", "''"),
		Entry("a pattern", "*?[a]"),
		Entry("a home", "~root"),
		Entry("a comment", "#a"),
		Entry("a line", "a\nb"),
		Entry("a backslash", `a\b`),
		Entry("braces", "{a,b}"),
		Entry("another alphabet", "größe"),
	)
})
