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

package chart_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// packed makes the archive as a release does, and returns its path.
func packed(arguments ...string) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	command := exec.CommandContext(GinkgoT().Context(), "make", append([]string{"--no-print-directory", "helm-package", "CHART_FOLDER=" + folder}, arguments...)...)
	command.Dir = root
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	files, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).To(HaveLen(1))
	return files[0]
}

func checksum(path string) string {
	GinkgoHelper()
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// defaults are the default values of a chart.
func defaults(archive string) map[string]any {
	GinkgoHelper()
	output, err := helm("show", "values", archive)
	Expect(err).NotTo(HaveOccurred(), output)
	var all map[string]any
	Expect(yaml.Unmarshal([]byte(output), &all)).To(Succeed())
	return all
}

var _ = Describe("The archive of the chart", func() {
	It("has the same bytes each time, and the content of the folder", func() {
		first, second := packed(), packed()
		Expect(checksum(first)).To(Equal(checksum(second)))
		fromArchive, err := render(first, "")
		Expect(err).NotTo(HaveOccurred(), fromArchive)
		Expect(fromArchive).To(Equal(rendered("")))
	})

	It("has the digest of a release", func() {
		digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
		output, err := render(packed("DIGEST="+digest), "")
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(operator(output).Spec.Template.Spec.Containers[0].Image).To(Equal("quay.io/llamastack/llama-stack-k8s-operator@" + digest))
	})

	It("has the digests of the images of distributions", func() {
		image := defaults(packed())["distributionImages"].(map[string]any)["starter"].(string)
		digest := "sha256:" + strings.Repeat("89abcdef01234567", 4)
		digests := filepath.Join(GinkgoT().TempDir(), "digests.txt")
		Expect(os.WriteFile(digests, []byte("# Comment\n"+image+" "+digest+"\n"), 0o600)).To(Succeed())

		pinned := defaults(packed("DIGESTS=" + digests))["distributionImages"].(map[string]any)

		Expect(pinned).To(HaveKeyWithValue("starter", image[:strings.LastIndex(image, ":")]+"@"+digest))
		Expect(pinned).To(HaveKeyWithValue("ogx-starter", Not(ContainSubstring("@"))))
	})

	It("has the version of the release, and is not made with a malformed digest", func() {
		output, err := helm("show", "chart", packed())
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(output).To(And(ContainSubstring("\nname: "+release+"\n"), MatchRegexp(`\nversion: [0-9]+\.[0-9]+\.[0-9]+`)))
		command := exec.CommandContext(GinkgoT().Context(), "make", "--no-print-directory", "helm-package", "CHART_FOLDER="+GinkgoT().TempDir(), "DIGEST=latest")
		command.Dir = root
		said, err := command.CombinedOutput()
		Expect(err).To(HaveOccurred())
		Expect(string(said)).To(ContainSubstring(`the digest "latest" is not sha256:`))
	})
})
