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

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// TestTexts runs the specs of the texts in source files.
func TestTexts(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Texts in source files")
}

// textsIn returns the texts of a file with this content, and their places.
func textsIn(name, content string) (string, string) {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	var out strings.Builder
	places, err := printTexts(&out, []string{path})
	Expect(err).NotTo(HaveOccurred())
	return out.String(), strings.ReplaceAll(places, path, name)
}

var _ = Describe("The texts of a file", func() {
	It("are the sentences in Go, with their lines", func() {
		texts, places := textsIn("a.go", strings.Join([]string{
			"package a", "", "// A comment of words.", "const (", `	a = "one text here"`, `	b = "name"`, "	c = `two", "lines in it`",
			`	d = " a tail of one "`, `	e = "another three words" // in Kubernetes' words`, ")", "",
		}, "\n"))

		Expect(texts).To(Equal("# one text here\n\n# a tail of one\n\n"))
		Expect(places).To(Equal("a.go:5\na.go:9\n"))
	})

	It("are the messages of a shell script", func() {
		texts, places := textsIn("a.sh", "# a comment of \"some more words\"\necho \"it says \\\"so\\\" here\" >&2\ncp \"$a\" \"$b\"\n")

		Expect(texts).To(Equal("# it says \\\"so\\\" here\n\n"))
		Expect(places).To(Equal("a.sh:2\n"))
	})

	It("are the help of a Makefile", func() {
		texts, places := textsIn("Makefile", "all: build ## Build it.\nbuild:\n\t@echo\n")

		Expect(texts).To(Equal("# Build it.\n\n"))
		Expect(places).To(Equal("Makefile:1\n"))
	})

	It("are not found in Go that does not parse", func() {
		path := filepath.Join(GinkgoT().TempDir(), "a.go")
		Expect(os.WriteFile(path, []byte("package"), 0o600)).To(Succeed())

		_, err := printTexts(GinkgoWriter, []string{path})

		Expect(err).To(MatchError(ContainSubstring("failed to find the texts in " + path)))
	})
})
