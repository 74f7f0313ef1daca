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

package errortexts_test

import (
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/hack/errortexts"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// source is a Go file whose only function returns expression.
func source(expression string) string {
	return "package x\n\nfunc f(err error) error {\n\treturn " + expression + "\n}\n"
}

var _ = Describe("CheckFile", func() {
	DescribeTable("accepts",
		func(expression string) {
			findings, err := errortexts.CheckFile("x.go", source(expression))
			Expect(err).NotTo(HaveOccurred())
			Expect(findings).To(BeEmpty())
		},
		Entry("a wrapped error that says what failed", `fmt.Errorf("failed to read %s: %w", "x", err)`),
		Entry("an error that wraps none", `fmt.Errorf("no such key: %s", "x")`),
		Entry("a format over two lines", "fmt.Errorf(\n\t\t\"failed to read \"+\n\t\t\t\"x: %w\", err)"),
		Entry("a raw string", "fmt.Errorf(`failed to read x: %w`, err)"),
		Entry("another package's Errorf", `log.Errorf("reading: %w", err)`),
		Entry("a function of that name without a package", `Errorf("reading: %w", err)`),
		Entry("a method of a value that a call returned", `t().Errorf("reading: %w", err)`),
		Entry("a call without arguments", `fmt.Errorf()`),
		Entry("a format that is no literal", `fmt.Errorf(format, err)`),
	)

	DescribeTable("refuses",
		func(expression, text string) {
			findings, err := errortexts.CheckFile("x.go", source(expression))
			Expect(err).NotTo(HaveOccurred())
			Expect(findings).To(HaveLen(1))
			Expect(findings[0].Text).To(Equal(text))
		},
		Entry("a text that starts otherwise", `fmt.Errorf("reading x: %w", err)`, "reading x: %w"),
		Entry("an error that starts with the wrapped one", `fmt.Errorf("%w: x", err)`, "%w: x"),
		Entry("a capital letter", `fmt.Errorf("Failed to read: %w", err)`, "Failed to read: %w"),
		Entry("a longer word", `fmt.Errorf("failed together: %w", err)`, "failed together: %w"),
		Entry("a format over two lines", "fmt.Errorf(\n\t\t\"reading \"+\n\t\t\t\"x: %w\", err)", "reading x: %w"),
		Entry("a raw string", "fmt.Errorf(`reading x: %w`, err)", "reading x: %w"),
		Entry("a sum with a constant", `fmt.Errorf(prefix+": %w", err)`, ": %w"),
		Entry("a format in parentheses", `fmt.Errorf(("reading: %w"), err)`, "reading: %w"),
		Entry("a call inside another", `wrap(fmt.Errorf("reading: %w", err))`, "reading: %w"),
	)

	It("says where, what and what to write", func() {
		findings, err := errortexts.CheckFile("x.go", source(`fmt.Errorf("reading: %w", err)`))
		Expect(err).NotTo(HaveOccurred())
		Expect(findings).To(HaveLen(1))
		Expect(findings[0].String()).To(Equal(`x.go:4:20: the wrapped error "reading: %w" must start with "failed to"`))
	})

	It("reports a file that is no Go", func() {
		_, err := errortexts.CheckFile("x.go", "no Go")
		Expect(err).To(MatchError(ContainSubstring("failed to parse x.go")))
	})
})

var _ = Describe("CheckTree", func() {
	var root string

	write := func(path, content string) {
		GinkgoHelper()
		full := filepath.Join(root, path)
		Expect(os.MkdirAll(filepath.Dir(full), 0o755)).To(Succeed())
		Expect(os.WriteFile(full, []byte(content), 0o600)).To(Succeed())
	}

	BeforeEach(func() {
		root = GinkgoT().TempDir()
	})

	It("checks every Go file, tests included", func() {
		write("a.go", source(`fmt.Errorf("one: %w", err)`))
		write("sub/deep/b_test.go", source(`fmt.Errorf("two: %w", err)`))
		write("sub/c.go", source(`fmt.Errorf("failed to do three: %w", err)`))

		findings, err := errortexts.CheckTree(root)

		Expect(err).NotTo(HaveOccurred())
		Expect(findings).To(HaveLen(2))
		Expect(findings[0].Position).To(HavePrefix(filepath.Join(root, "a.go") + ":4"))
		Expect(findings[1].Position).To(HavePrefix(filepath.Join(root, "sub", "deep", "b_test.go") + ":4"))
	})

	It("leaves out what is not the project's own source", func() {
		bad := source(`fmt.Errorf("one: %w", err)`)
		for _, path := range []string{"bin/a.go", "x/testdata/a.go", ".git/a.go", "notes.txt"} {
			write(path, bad)
		}

		findings, err := errortexts.CheckTree(root)

		Expect(err).NotTo(HaveOccurred())
		Expect(findings).To(BeEmpty())
	})

	It("checks a root whose own name would be left out", func() {
		write("bin/a.go", source(`fmt.Errorf("one: %w", err)`))

		findings, err := errortexts.CheckTree(filepath.Join(root, "bin"))

		Expect(err).NotTo(HaveOccurred())
		Expect(findings).To(HaveLen(1))
	})

	It("fails on a file that does not parse", func() {
		write("a.go", "no Go")

		_, err := errortexts.CheckTree(root)

		Expect(err).To(MatchError(ContainSubstring("failed to check the error texts")))
	})

	It("fails on a folder that does not exist", func() {
		_, err := errortexts.CheckTree(filepath.Join(root, "missing"))
		Expect(err).To(MatchError(os.ErrNotExist))
	})
})
