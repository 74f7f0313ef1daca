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

package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// script runs one of hack/ with more environment, and returns what it wrote and whether it failed.
func script(env []string, name string, args ...string) (string, error) {
	GinkgoHelper()
	path, err := filepath.Abs(filepath.Join(root, "hack", name))
	Expect(err).NotTo(HaveOccurred())
	if filepath.IsAbs(name) {
		path = name
	}
	command := exec.CommandContext(GinkgoT().Context(), path, args...)
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	return string(output), err
}

var _ = Describe("a release", func() {
	const image = "quay.io/llamastack/llama-stack-k8s-operator-bundle:v9.9.9"
	var template string

	BeforeEach(func() {
		template = filepath.Join(GinkgoT().TempDir(), "template.yaml")
		const text = "# A comment: of no list\nschema: olm.semver\ncandidate:\n  bundles:\n  - image: a:1\nstable:\n  bundles:\n  - image: a:1\n"
		Expect(os.WriteFile(template, []byte(text), 0o600)).To(Succeed())
	})

	// lists are those of the template.
	lists := func() map[string]any {
		GinkgoHelper()
		content, err := os.ReadFile(template)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(HavePrefix("# A comment"))
		all := parse[map[string]any](string(content))
		delete(all, "schema")
		return all
	}
	list := func(images ...string) map[string]any {
		var entries []any
		for _, i := range images {
			entries = append(entries, map[string]any{"image": i})
		}
		return map[string]any{"bundles": entries}
	}

	It("is added at the end of a list, once", func() {
		for _, name := range []string{"stable", "stable", "candidate"} {
			output, err := script([]string{"TEMPLATE=" + template}, "catalog-enter.sh", name, image)
			Expect(err).NotTo(HaveOccurred(), output)
		}
		Expect(lists()).To(Equal(map[string]any{"candidate": list("a:1", image), "stable": list("a:1", image)}))
	})

	It("is not added to a list that does not exist", func() {
		output, err := script([]string{"TEMPLATE=" + template}, "catalog-enter.sh", "fast", image)
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring("has no list fast"))
		Expect(lists()).To(Equal(map[string]any{"candidate": list("a:1"), "stable": list("a:1")}))
	})

	It("needs a semantic version, and changes nothing without one", func() {
		before := file("versions.mk")
		for _, wrong := range []string{"1.1", "v1.1.0", "next"} {
			output, err := script([]string{"VERSION=" + wrong, "CHANNELS=stable-v1", "LLAMASTACK_VERSION=1", "OGX_VERSION=1", "IMG=a", "BUNDLE_IMG=b"}, "release.sh")
			Expect(err).To(HaveOccurred())
			Expect(output).To(ContainSubstring("not a semantic version"))
		}
		Expect(file("versions.mk")).To(Equal(before))
	})

	DescribeTable("goes into", func(number, given, expected string) {
		checkout := GinkgoT().TempDir()
		for _, path := range []string{
			"hack/release.sh", "hack/lib/release.sh", "hack/catalog-enter.sh", "versions.mk", "config/catalog/template.yaml", "config/manifests/digests.txt",
			"bundle/manifests/llamastack.io_llamastackdistributions.yaml", "test/crdify/testdata/0.9.0.yaml",
		} {
			Expect(os.MkdirAll(filepath.Join(checkout, filepath.Dir(path)), 0o700)).To(Succeed())
			Expect(os.WriteFile(filepath.Join(checkout, path), []byte(file(path)), 0o700)).To(Succeed())
		}
		// What an earlier release was for.
		versions := strings.Replace(file("versions.mk"), "CHANNELS ?= "+version("CHANNELS"), "CHANNELS ?= candidate-v1", 1)
		Expect(os.WriteFile(filepath.Join(checkout, "versions.mk"), []byte(versions), 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(checkout, "make"), []byte("#!/bin/sh\necho \"$CHANNELS\"\n"), 0o700)).To(Succeed())

		output, err := script([]string{
			"PATH=" + checkout + ":" + os.Getenv("PATH"), "VERSION=" + number, "CHANNELS=" + given, "LLAMASTACK_VERSION=1", "OGX_VERSION=1", "IMG=a", "BUNDLE_IMG=b",
		}, filepath.Join(checkout, "hack", "release.sh"))

		Expect(err).NotTo(HaveOccurred(), output)
		Expect(output).To(HavePrefix(expected + "\n" + expected + "\n"))
		content, err := os.ReadFile(filepath.Join(checkout, "versions.mk"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(ContainSubstring("\nCHANNELS ?= " + expected + "\n"))
	},
		Entry("all channels, also after one that did not", "1.1.0", "", "candidate-v1,fast-v1,stable-v1"),
		Entry("those of its major version", "2.0.0", "", "candidate-v2,fast-v2,stable-v2"),
		Entry("the least stable one, if it is a candidate", "1.1.0-rc.1", "", "candidate-v1"),
		Entry("those that are given", "1.1.0", "candidate-v1", "candidate-v1"),
	)

	It("is stamped into every command that users copy", func() {
		checkout := GinkgoT().TempDir()
		for _, folder := range []string{"config", "docs", "site", "hack/cmd/clidocs", "internal/distribution"} {
			Expect(os.CopyFS(filepath.Join(checkout, folder), os.DirFS(filepath.Join(root, folder)))).To(Succeed())
		}
		for _, path := range []string{"hack/stamp.sh", "README.md", "Dockerfile"} {
			Expect(os.WriteFile(filepath.Join(checkout, path), []byte(file(path)), 0o700)).To(Succeed())
		}

		output, err := script([]string{"VERSION=97.98.99", "LLAMASTACK_VERSION=" + version("LLAMASTACK_VERSION"), "OGX_VERSION=" + version("OGX_VERSION")},
			filepath.Join(checkout, "hack", "stamp.sh"))

		Expect(err).NotTo(HaveOccurred(), output)
		// What names the operator and its version, apart from the picture of the catalog; and the variable of commands.
		stale := regexp.MustCompile(`(?m)^(.*llama-?stack(-k8s)?-operator.*[^.v0-9]v?|VERSION=|demo  .*\b)` + regexp.QuoteMeta(version("VERSION")) + `\b.*$`)
		Expect(stale.MatchString(file("docs", "verify.md"))).To(BeTrue())
		pages := []string{filepath.Join(checkout, "README.md"), filepath.Join(checkout, "hack", "cmd", "clidocs", "main.go")}
		for _, pattern := range []string{"docs/*.md", "docs/*/*.md", "site/*.md"} {
			found, err := filepath.Glob(filepath.Join(checkout, pattern))
			Expect(err).NotTo(HaveOccurred())
			pages = append(pages, found...)
		}
		for _, page := range pages {
			// A page of contributors has examples, and the reference of the commands is generated.
			if slices.Contains([]string{"releasing.md", "cli.md"}, filepath.Base(page)) {
				continue
			}
			content, err := os.ReadFile(page)
			Expect(err).NotTo(HaveOccurred())
			Expect(stale.FindAllString(string(content), -1)).To(BeEmpty(), page)
		}
		Expect(filepath.Join(checkout, "site", "index.md")).To(BeARegularFile())
	})

	It("is versioned in one place only", func() {
		for _, name := range []string{"VERSION", "RELEASED", "CHANNELS", "LLAMASTACK_VERSION", "OGX_VERSION"} {
			Expect(strings.Count(file("versions.mk"), "\n"+name+" ?= ")).To(Equal(1), name)
		}
	})
})
