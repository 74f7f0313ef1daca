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

package manifests_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// workflow is what the specs read of a file in .github/workflows.
type workflow struct {
	Jobs map[string]struct {
		Strategy struct {
			Matrix struct {
				Include []struct {
					Targets string `json:"targets"`
				} `json:"include"`
				Target []string `json:"target"`
			} `json:"matrix"`
		} `json:"strategy"`
	} `json:"jobs"`
}

// updates is what the specs read of dependabot's configuration.
type updates struct {
	Updates []struct {
		Ecosystem   string   `json:"package-ecosystem"`
		Directories []string `json:"directories"`
	} `json:"updates"`
}

// file is a file of the repository, as text.
func file(path ...string) string {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// decoded is a YAML file of the repository.
func decoded[T any](path ...string) T {
	GinkgoHelper()
	var into T
	Expect(yaml.Unmarshal([]byte(file(path...)), &into)).To(Succeed())
	return into
}

// steps are the targets and variables that .ci/run gives to make.
func steps(script string) []string {
	words := []string{"pre-commit"}
	for _, line := range regexp.MustCompile(`(?m)^(?:step make|beside|later) ([^$\n]+)$`).FindAllStringSubmatch(script, -1) {
		words = append(words, strings.Fields(line[1])...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// foldersWith are the folders with a file of this name, as dependabot writes them.
func foldersWith(name string) []string {
	GinkgoHelper()
	var found []string
	Expect(filepath.WalkDir(root, func(place string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"bin", ".git", "dist"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.Name() == name {
			folder, err := filepath.Rel(root, filepath.Dir(place))
			found = append(found, path.Join("/", filepath.ToSlash(folder)))
			return err
		}
		return nil
	})).To(Succeed())
	return found
}

var _ = Describe("The workflows", func() {
	It("run every step of .ci/run, and no other", func() {
		var targets []string
		for _, part := range decoded[workflow](".github", "workflows", "ci.yaml").Jobs["part"].Strategy.Matrix.Include {
			targets = append(targets, strings.Fields(part.Targets)...)
		}
		slices.Sort(targets)

		Expect(slices.Compact(targets)).To(Equal(steps(file(".ci", "run"))))
	})

	It("run every long suite once a week", func() {
		var soak []string
		for _, line := range regexp.MustCompile(`(?m)^SOAK \+= (.+)$`).FindAllStringSubmatch(file("hack", "make", "soak.mk"), -1) {
			soak = append(soak, strings.Fields(line[1])...)
		}

		Expect(soak).NotTo(BeEmpty())
		Expect(decoded[workflow](".github", "workflows", "scheduled.yaml").Jobs["soak"].Strategy.Matrix.Target).To(ContainElements(soak))
	})

	It("update the dependencies of every module", func() {
		var folders []string
		for _, update := range decoded[updates](".github", "dependabot.yml").Updates {
			if update.Ecosystem == "gomod" {
				folders = append(folders, update.Directories...)
			}
		}

		Expect(folders).To(ConsistOf(foldersWith("go.mod")))
	})

	It("update the base images of every Dockerfile", func() {
		var folders, declared []string
		for _, folder := range append(foldersWith("Dockerfile"), "/") {
			text := file(strings.TrimPrefix(path.Join(folder, "Dockerfile"), "/"))
			if strings.Contains(text, "\nFROM ") {
				folders = append(folders, folder)
			}
		}
		for _, update := range decoded[updates](".github", "dependabot.yml").Updates {
			if update.Ecosystem == "docker" {
				declared = append(declared, update.Directories...)
			}
		}
		slices.Sort(folders)

		Expect(slices.Compact(folders)).To(HaveExactElements(declared))
	})

	It("run where nothing else does: each suite of the platforms, and a catalog that is published from main only", func() {
		Expect(file(".github", "workflows", "scheduled.yaml")).To(ContainSubstring("make release-dry-run PLATFORMS=linux/amd64,linux/arm64,linux/ppc64le,linux/s390x"))
		catalog := file(".github", "workflows", "catalog.yaml")
		Expect(catalog).To(And(ContainSubstring("if: github.ref == 'refs/heads/main'"), ContainSubstring("environment: catalog"), ContainSubstring("make catalog-publish")))
		for _, name := range []string{"catalog.yaml", "release.yaml"} {
			Expect(file("docs", "verify.md")).To(ContainSubstring("/.github/workflows/"+name+"@refs/"), "the identity that signs")
		}
	})

	It("update the checkers, and what builds the site", func() {
		Expect(decoded[updates](".github", "dependabot.yml").Updates).To(ContainElement(
			And(HaveField("Ecosystem", "pip"), HaveField("Directories", ConsistOf("/site", "/test/configure/tools", "/tools/lint")))))
	})
})
