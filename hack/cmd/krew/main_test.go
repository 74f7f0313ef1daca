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
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestKrew(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The manifest for krew")
}

// pluginManifest has the fields that krew knows: it refuses others.
type pluginManifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string `json:"version"`
		Homepage         string `json:"homepage"`
		ShortDescription string `json:"shortDescription"`
		Description      string `json:"description"`
		Caveats          string `json:"caveats"`
		Platforms        []struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
			URI    string `json:"uri"`
			Sha256 string `json:"sha256"`
			Bin    string `json:"bin"`
			Files  []struct {
				From string `json:"from"`
				To   string `json:"to"`
			} `json:"files"`
		} `json:"platforms"`
	} `json:"spec"`
}

// problems are what krew refuses, and what the reviewers of its index do.
func problems(m *pluginManifest) error {
	var found []error
	check := func(holds bool, format string, arguments ...any) {
		if !holds {
			found = append(found, fmt.Errorf(format, arguments...)) //nolint:err113 // of a test
		}
	}
	check(m.APIVersion == "krew.googlecontainertools.github.com/v1alpha2" && m.Kind == "Plugin", "another kind")
	check(regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(m.Metadata.Name) && !strings.HasPrefix(m.Metadata.Name, "kube"), "name %s", m.Metadata.Name)
	check(regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`).MatchString(m.Spec.Version), "version %s", m.Spec.Version)
	check(m.Spec.ShortDescription != "" && len(m.Spec.ShortDescription) <= 50 && !strings.HasSuffix(m.Spec.ShortDescription, "."), "short description")
	check(m.Spec.Description != "" && m.Spec.Homepage != "", "description and homepage")
	check(len(m.Spec.Platforms) > 0, "no platform")
	seen := map[string]bool{}
	for _, platform := range m.Spec.Platforms {
		labels := platform.Selector.MatchLabels
		name := labels["os"] + "/" + labels["arch"]
		check(len(labels) == 2 && labels["os"] != "" && labels["arch"] != "" && !seen[name], "platform %s", name)
		seen[name] = true
		address, err := url.Parse(platform.URI)
		check(err == nil && address.Scheme == "https" && address.Host != "" && platformOf.MatchString(filepath.Base(address.Path)), "uri %s", platform.URI)
		check(strings.Contains(platform.URI, "/"+m.Spec.Version+"/"), "the uri has another version")
		check(regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(platform.Sha256), "checksum %s", platform.Sha256)
		check(len(platform.Files) > 0, "no files")
		program, license := false, false
		for _, file := range platform.Files {
			program, license = program || file.From == platform.Bin, license || file.From == "LICENSE"
			check(file.To == "." && filepath.IsLocal(file.From), "file %s", file.From)
		}
		check(program && license, "program and license")
		check(strings.HasSuffix(platform.Bin, ".exe") == (labels["os"] == "windows"), "bin %s", platform.Bin)
	}
	return errors.Join(found...)
}

var _ = Describe("krew", func() {
	// files are archives, and what else is in the folder of a release.
	files := map[string]string{
		"kubectl-llamastack_linux_amd64.tar.gz": "linux", "kubectl-llamastack_darwin_arm64.tar.gz": "macOS", "kubectl-llamastack_windows_amd64.zip": "windows",
		"install.yaml": "other", "kubectl-llamastack_linux_amd64.tar.gz.sigstore.json": "signature",
	}

	// written is the manifest that the files get.
	written := func() *pluginManifest {
		GinkgoHelper()
		folder := GinkgoT().TempDir()
		for name, content := range files {
			Expect(os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600)).To(Succeed())
		}
		Expect(run("../../..", []string{"-version", "1.2.3", folder})).To(Succeed())
		text, err := os.ReadFile(filepath.Join(folder, manifestFile))
		Expect(err).NotTo(HaveOccurred())
		m := &pluginManifest{}
		Expect(yaml.UnmarshalStrict(text, m)).To(Succeed())
		return m
	}

	It("gets a manifest that it accepts, with the checksums of the archives", func() {
		m := written()

		Expect(problems(m)).To(Succeed())
		Expect(m.Metadata.Name+".yaml").To(Equal(manifestFile), "krew finds it by its name")
		Expect(m.Spec.Platforms).To(HaveLen(3))
		for _, platform := range m.Spec.Platforms {
			Expect(files).To(HaveKey(filepath.Base(platform.URI)))
			Expect(platform.Sha256).To(Equal(fmt.Sprintf("%x", sha256.Sum256([]byte(files[filepath.Base(platform.URI)])))))
		}
	})

	DescribeTable("would refuse", func(change func(*pluginManifest), why string) {
		m := written()
		change(m)
		Expect(problems(m)).To(MatchError(ContainSubstring(why)))
	},
		Entry("a version without v", func(m *pluginManifest) { m.Spec.Version = "1.2.3" }, "version"),
		Entry("a long description in short", func(m *pluginManifest) { m.Spec.ShortDescription = strings.Repeat("a", 51) }, "short"),
		Entry("a checksum that is none", func(m *pluginManifest) { m.Spec.Platforms[0].Sha256 = "abc" }, "checksum"),
		Entry("a platform twice", func(m *pluginManifest) { m.Spec.Platforms[1] = m.Spec.Platforms[0] }, "platform"),
		Entry("a program that is not packed", func(m *pluginManifest) { m.Spec.Platforms[0].Bin = "other" }, "program"),
	)

	It("needs a version and archives", func() {
		Expect(run("../../..", nil)).To(MatchError(ContainSubstring("usage")))
		Expect(run("../../..", []string{"-version", "1.2.3", GinkgoT().TempDir()})).To(MatchError(ContainSubstring("no archive of the plugin")))
	})
})
