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
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing/iotest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// memory is a sink.
type memory map[string]string

func (m memory) write(name string, content []byte) error {
	m[name] = string(content)
	return nil
}

func (m memory) close() error { return nil }

func (m memory) abort() {}

var _ = Describe("A report", func() {
	DescribeTable("has the end of a log from the beginning of a line", func(log string, limit int, want string, cut bool) {
		end, truncated, err := tailOf(iotest.OneByteReader(strings.NewReader(log)), limit)
		Expect(err).NotTo(HaveOccurred())
		Expect(end).To(Equal(want))
		Expect(truncated).To(Equal(cut))
	},
		Entry("that is short", "one\ntwo\n", 8, "one\ntwo\n", false),
		Entry("that is longer", "one\ntwo\nthree\n", 9, "three\n", true),
		Entry("that is much longer", strings.Repeat("line\n", 100)+"end\n", 8, "end\n", true),
		Entry("that is one line", "password=secret", 8, "", true),
		Entry("that is empty", "", 8, "", false),
	)

	It("has what was read of a log before an error", func() {
		end, _, err := tailOf(io.MultiReader(strings.NewReader("one\n"), iotest.ErrReader(errors.New("closed"))), 100)
		Expect(end).To(Equal("one\n"))
		Expect(err).To(MatchError(ContainSubstring("closed")))
	})

	It("does not grow beyond its limits", func() {
		to := memory{}
		b := newBundle(reportIndex{})
		b.sink = to
		b.written = largestReport - 5
		Expect(b.text("a", "12345", false)).To(Succeed())
		Expect(b.text("b", "1", false)).To(Succeed())
		b.held = largestObjects
		b.add("c", &unstructured.Unstructured{Object: map[string]any{"kind": "Pod"}})
		for range mostMissing {
			b.miss("d", errors.New("no"))
		}
		Expect(b.flush()).To(Succeed())
		Expect(b.finish()).To(Succeed())

		Expect(to).To(And(HaveLen(2), HaveKeyWithValue("a", "12345"), HaveKey("index.json")))
		Expect(b.index.Missing).To(HaveLen(mostMissing))
		Expect(b.index.Missing[:2]).To(HaveExactElements(
			And(HaveField("What", "b"), HaveField("Why", ContainSubstring("which is the limit"))), HaveField("What", "c")))
	})

	It("has its name when it is complete, and leaves nothing before", func() {
		folder := GinkgoT().TempDir()
		name := filepath.Join(folder, "r.tar.gz")
		names := func() []string {
			found, err := filepath.Glob(filepath.Join(folder, "*")) // also hidden ones
			Expect(err).NotTo(HaveOccurred())
			return found
		}
		create := func() sink {
			created, err := newArchive(name, noon)
			Expect(err).NotTo(HaveOccurred())
			Expect(created.write("a", []byte("b"))).To(Succeed())
			Expect(names()).To(ConsistOf(HavePrefix(filepath.Join(folder, ".r.tar.gz."))))
			return created
		}

		create().abort()
		Expect(names()).To(BeEmpty())
		full := create()
		on, ok := full.(*archive)
		Expect(ok).To(BeTrue())
		Expect(on.file.Close()).To(Succeed())
		Expect(full.close()).NotTo(Succeed(), "the end cannot be written")
		Expect(names()).To(BeEmpty())
		Expect(create().close()).To(Succeed())
		Expect(names()).To(ConsistOf(name))
	})

	It("has no secret in its reasons", func() {
		b := newBundle(reportIndex{Time: metav1.Time{}})
		b.miss("a", errors.New("failed to get https://u:planted@h/x"))
		Expect(b.index.Missing).To(ConsistOf(HaveField("Why", "failed to get https://[removed]@h/x")))
	})

	DescribeTable("is what the program writes", func(words, want []string) { Expect(Arguments(words)).To(Equal(want)) },
		Entry("as gather, for must-gather", []string{"/usr/bin/gather", "--operator-namespace=a"},
			[]string{"report", "--all-namespaces", "--output-dir=/must-gather", "--operator-namespace=a"}),
		Entry("as a plugin, on request", []string{"/bin/kubectl-llamastack", "report"}, []string{"report"}),
	)
})
