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
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// ciConfig is what the hubs know of a ci.yaml. A key that they do not know fails their check.
type ciConfig struct {
	Reviewers   []string   `json:"reviewers"`
	UpdateGraph string     `json:"updateGraph"`
	FBC         *fbcConfig `json:"fbc"`
}

// fbcConfig configures file-based catalogs, which only one of the hubs has.
type fbcConfig struct {
	Enabled                  bool   `json:"enabled"`
	VersionPromotionStrategy string `json:"version_promotion_strategy"`
	CatalogMapping           []struct {
		TemplateName string   `json:"template_name"`
		CatalogNames []string `json:"catalog_names"`
		Type         string   `json:"type"`
	} `json:"catalog_mapping"`
}

// releaseConfig is what the hub of OpenShift knows of a release-config.yaml.
type releaseConfig struct {
	CatalogTemplates []struct {
		TemplateName string   `json:"template_name"`
		Channels     []string `json:"channels"`
	} `json:"catalog_templates"`
}

// What the checks of the hubs accept.
var (
	hubVersion   = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	bundleFolder = []string{"manifests", "metadata", "tests"}
)

// hub is the folder of the operator in a hub.
type hub string

// folders are the names of the files and folders in a folder of the operator.
func (h hub) folders(path ...string) []string {
	GinkgoHelper()
	entries, err := os.ReadDir(filepath.Join(append([]string{string(h)}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// read reads a file of the operator.
func (h hub) read(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(append([]string{string(h)}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// hubFiles runs the script for a release with these reviewers.
func hubFiles(folder, reviewers string, more ...string) (string, error) {
	GinkgoHelper()
	return script(append([]string{"VERSION=" + version("VERSION"), "CHANNELS=candidate-v1,stable-v1", "REVIEWERS=" + reviewers}, more...), "hub-files.sh", folder)
}

var _ = Describe("the files for a hub", func() {
	var (
		folder                 string
		operatorHub, openShift hub
	)

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		output, err := hubFiles(folder, "first-account,second2")
		Expect(err).NotTo(HaveOccurred(), output)
		operatorHub = hub(filepath.Join(folder, "operatorhub", "operators", packageName))
		openShift = hub(filepath.Join(folder, "openshift", "operators", packageName))
	})

	It("are for OperatorHub.io a version in each folder, and no file-based catalog", func() {
		Expect(operatorHub.folders()).To(ConsistOf("ci.yaml", MatchRegexp(hubVersion.String())), "it takes every folder for a version")
		Expect(operatorHub.folders(version("VERSION"))).To(ConsistOf(bundleFolder), "it has no release-config.yaml")

		var ci ciConfig
		Expect(yamlStrict(operatorHub.read("ci.yaml"), &ci)).To(Succeed())
		Expect(ci).To(Equal(ciConfig{Reviewers: []string{"first-account", "second2"}, UpdateGraph: "semver-mode"}))
	})

	It("need no spec.replaces in the mode of OperatorHub.io that they choose", func() {
		Expect(load().CSV.Spec.Replaces).To(BeEmpty(), "replaces-mode requires it, and semver-mode refuses it")
	})

	It("are for OpenShift a version, a template, and the catalogs that it is for", func() {
		Expect(openShift.folders()).To(ConsistOf("ci.yaml", "catalog-templates", MatchRegexp(hubVersion.String())))
		Expect(openShift.folders(version("VERSION"))).To(ConsistOf(append([]string{"release-config.yaml"}, bundleFolder...)))

		var ci ciConfig
		Expect(yamlStrict(openShift.read("ci.yaml"), &ci)).To(Succeed())
		Expect(ci.Reviewers).To(HaveExactElements("first-account", "second2"))
		Expect(ci.UpdateGraph).To(BeEmpty(), "a template has its own upgrades")
		Expect(ci.FBC.Enabled).To(BeTrue())
		Expect(ci.FBC.VersionPromotionStrategy).To(BeElementOf("never", "always", "review-needed"))
		Expect(ci.FBC.CatalogMapping).To(HaveLen(1))
		mapping := ci.FBC.CatalogMapping[0]
		Expect(mapping.Type).To(Equal("olm.semver"))
		Expect(mapping.CatalogNames[0]).To(Equal("v4.18"), "the version that the bundle asks for")

		template := parse[map[string]any](openShift.read("catalog-templates", mapping.TemplateName))
		Expect(template).To(Equal(map[string]any{"Schema": "olm.semver", "GenerateMajorChannels": true, "GenerateMinorChannels": false}))

		var release releaseConfig
		Expect(yamlStrict(openShift.read(version("VERSION"), "release-config.yaml"), &release)).To(Succeed())
		Expect(release.CatalogTemplates).To(HaveLen(1))
		Expect(release.CatalogTemplates[0].TemplateName).To(Equal(mapping.TemplateName))
		Expect(release.CatalogTemplates[0].Channels).To(Equal([]string{"Candidate", "Stable"}))
	})

	It("have no catalog beside the bundle, which OpenShift refuses in one pull request", func() {
		for _, name := range []string{"operatorhub", "openshift"} {
			Expect(hub(filepath.Join(folder, name)).folders()).To(HaveExactElements("operators"), name)
		}
	})

	It("have the bundle unchanged", func() {
		for _, path := range []string{
			"manifests/" + packageName + ".clusterserviceversion.yaml", "metadata/annotations.yaml", "tests/scorecard/config.yaml",
		} {
			Expect(openShift.read(version("VERSION"), path)).To(Equal(file("bundle", path)))
			Expect(operatorHub.read(version("VERSION"), path)).To(Equal(file("bundle", path)))
		}
	})
})

var _ = Describe("the folder for a hub", func() {
	It("is not written under another version than that of the bundle", func() {
		folder := GinkgoT().TempDir()
		output, err := hubFiles(folder, "first-account", "VERSION=99.0.0")
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring("bundle/ is not of the version 99.0.0"))
		Expect(hub(folder).folders()).To(BeEmpty())
	})
})

var _ = Describe("the reviewers for a hub", func() {
	owners := func(text string) string {
		GinkgoHelper()
		path := filepath.Join(GinkgoT().TempDir(), "OWNERS")
		Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		return "OWNERS=" + path
	}

	DescribeTable("are refused, and nothing is written:",
		func(reviewers, approvers, message string) {
			folder := GinkgoT().TempDir()
			output, err := hubFiles(folder, reviewers, owners(approvers))
			Expect(err).To(HaveOccurred())
			Expect(output).To(ContainSubstring(message))
			Expect(hub(folder).folders()).To(BeEmpty())
		},
		Entry("none", "", "approvers: []\nreviewers: [some]\n", "set REVIEWERS to their GitHub accounts, or add approvers to OWNERS"),
		Entry("separators only", " , ", "approvers: []\n", "the hubs require reviewers"),
		Entry("a placeholder", "good,TODO", "", `the reviewer "TODO" is a placeholder`),
		Entry("a placeholder in OWNERS", "", "approvers:\n- your-account\n", `the reviewer "your-account" is a placeholder`),
		Entry("an address", "somebody@example.com", "", `the reviewer "somebody@example.com" is not a GitHub account`),
		Entry("what ends with a dash", "good-", "", `the reviewer "good-" is not a GitHub account`),
	)

	DescribeTable("are the approvers of OWNERS by default,",
		func(text string) {
			folder := GinkgoT().TempDir()
			output, err := hubFiles(folder, "", owners(text))
			Expect(err).NotTo(HaveOccurred(), output)
			for _, name := range []string{"operatorhub", "openshift"} {
				ci := parse[ciConfig](hub(filepath.Join(folder, name, "operators", packageName)).read("ci.yaml"))
				Expect(ci.Reviewers).To(HaveExactElements("one", "other-2"), name)
			}
		},
		Entry("in lines", "# text\napprovers:\n- one\n- other-2\nreviewers:\n- third\n"),
		Entry("in one line", "approvers: [one, other-2]\nreviewers: [third]\n"),
	)
})
