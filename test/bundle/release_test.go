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
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// script runs one of hack/ with more environment, and returns what it wrote and whether it failed.
func script(env []string, name string, args ...string) (string, error) {
	GinkgoHelper()
	path, err := filepath.Abs(filepath.Join(root, "hack", name))
	Expect(err).NotTo(HaveOccurred())
	command := exec.CommandContext(GinkgoT().Context(), path, args...)
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	return string(output), err
}

// ciConfig is what the hubs know of a ci.yaml. A key that they do not know fails their check.
type ciConfig struct {
	Reviewers []string `json:"reviewers"`
	FBC       struct {
		Enabled                  bool   `json:"enabled"`
		VersionPromotionStrategy string `json:"version_promotion_strategy"`
		CatalogMapping           []struct {
			TemplateName string   `json:"template_name"`
			CatalogNames []string `json:"catalog_names"`
			Type         string   `json:"type"`
		} `json:"catalog_mapping"`
	} `json:"fbc"`
}

// releaseConfig is what the hubs know of a release-config.yaml.
type releaseConfig struct {
	CatalogTemplates []struct {
		TemplateName string   `json:"template_name"`
		Channels     []string `json:"channels"`
	} `json:"catalog_templates"`
}

var _ = Describe("the files for a hub", func() {
	var folder string

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		output, err := script([]string{"VERSION=1.2.3", "CHANNELS=candidate-v1,stable-v1"}, "hub-files.sh", folder)
		Expect(err).NotTo(HaveOccurred(), output)
	})

	// read reads a file of the operator's folder in a hub.
	read := func(hub string, path ...string) string {
		GinkgoHelper()
		content, err := os.ReadFile(filepath.Join(append([]string{folder, hub, "operators", packageName}, path...)...))
		Expect(err).NotTo(HaveOccurred())
		return string(content)
	}

	DescribeTable("are laid out as its pipeline expects",
		func(hub, first string) {
			var ci ciConfig
			Expect(yamlStrict(read(hub, "ci.yaml"), &ci)).To(Succeed())
			Expect(ci.FBC.Enabled).To(BeTrue())
			Expect(ci.FBC.VersionPromotionStrategy).To(BeElementOf("never", "always", "review-needed"))
			Expect(ci.FBC.CatalogMapping).To(HaveLen(1))
			mapping := ci.FBC.CatalogMapping[0]
			Expect(mapping.Type).To(Equal("olm.semver"))
			Expect(mapping.CatalogNames[0]).To(Equal(first))

			template := parse[map[string]any](read(hub, "catalog-templates", mapping.TemplateName))
			Expect(template).To(Equal(map[string]any{"Schema": "olm.semver", "GenerateMajorChannels": true, "GenerateMinorChannels": false}))

			var release releaseConfig
			Expect(yamlStrict(read(hub, "1.2.3", "release-config.yaml"), &release)).To(Succeed())
			Expect(release.CatalogTemplates).To(HaveLen(1))
			Expect(release.CatalogTemplates[0].TemplateName).To(Equal(mapping.TemplateName))
			Expect(release.CatalogTemplates[0].Channels).To(Equal([]string{"Candidate", "Stable"}))
		},
		Entry("OperatorHub.io", "operatorhub", "latest"),
		Entry("OpenShift, from the version that the bundle asks for", "openshift", "v4.18"),
	)

	It("have the bundle unchanged", func() {
		for _, path := range []string{
			"manifests/" + packageName + ".clusterserviceversion.yaml", "metadata/annotations.yaml", "tests/scorecard/config.yaml",
		} {
			Expect(read("openshift", "1.2.3", path)).To(Equal(file("bundle", path)))
			Expect(read("operatorhub", "1.2.3", path)).To(Equal(file("bundle", path)))
		}
	})
})

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

	It("is versioned in one place only", func() {
		for _, name := range []string{"VERSION", "RELEASED", "CHANNELS", "LLAMASTACK_VERSION", "OGX_VERSION"} {
			Expect(strings.Count(file("versions.mk"), "\n"+name+" ?= ")).To(Equal(1), name)
		}
	})
})
