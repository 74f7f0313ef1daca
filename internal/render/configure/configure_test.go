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

package configure_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render/configure"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// maxProgram is the size that the program may have in a ConfigMap, beside an overlay.
const maxProgram = 80 << 10

func TestConfigure(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Configure")
}

var _ = Describe("Program", func() {
	var program []byte
	BeforeEach(func() {
		var err error
		program, err = os.ReadFile("configure.py")
		Expect(err).NotTo(HaveOccurred())
	})

	It("leaves space for an overlay in a ConfigMap", func() {
		Expect(len(program)).To(BeNumerically("<=", maxProgram))
	})

	It("is in an archive of less than a third of its size", func() {
		archive, err := configure.Archive()
		Expect(err).NotTo(HaveOccurred())
		Expect(len(archive)).To(BeNumerically("<", len(program)/3))

		By("having the file that is tested as what Python runs")
		reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		Expect(err).NotTo(HaveOccurred())
		Expect(reader.File).To(HaveExactElements(HaveField("Name", "__main__.py")))
		file, err := reader.Open("__main__.py")
		Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(text).To(Equal(program))
	})

	It("is short enough for an argument of a process", func() {
		text, err := configure.Inline()
		Expect(err).NotTo(HaveOccurred())
		Expect(len(text)).To(BeNumerically("<", 64<<10))
	})
})
