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
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// document has the fields that the specs read from a document of a file-based catalog.
type document struct {
	Schema, Name, Package, Image, DefaultChannel string
	Entries                                      []entry
	Properties                                   []struct {
		Type  string
		Value any
	}
	RelatedImages []struct{ Name, Image string }
}

// entry is a release in a channel.
type entry struct {
	Name, Replaces, SkipRange string
	Skips                     []string
}

// catalog are the documents of a schema in the committed catalog.
func catalog(schema string) []document {
	GinkgoHelper()
	files, err := filepath.Glob(filepath.Join(root, "catalog", packageName, "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).NotTo(BeEmpty())
	var all []document
	for _, path := range files {
		for text := range strings.SplitSeq(file("catalog", packageName, filepath.Base(path)), "---\n") {
			if read := parse[document](text); read.Schema == schema {
				all = append(all, read)
			}
		}
	}
	return all
}

// heads are the releases of a channel that no other one follows.
func heads(entries []entry) []string {
	var all []string
	for _, e := range entries {
		if !slices.ContainsFunc(entries, func(other entry) bool {
			return other.Replaces == e.Name || slices.Contains(other.Skips, e.Name)
		}) {
			all = append(all, e.Name)
		}
	}
	return all
}

// loose are the releases of a channel that cannot be upgraded to its head.
func loose(entries []entry) []string {
	reached := map[string]bool{}
	for _, head := range heads(entries) {
		reached[head] = true
	}
	for range entries {
		for _, e := range entries {
			for _, before := range append(slices.Clone(e.Skips), e.Replaces) {
				reached[before] = reached[before] || reached[e.Name]
			}
		}
	}
	var all []string
	for _, e := range entries {
		if !reached[e.Name] {
			all = append(all, e.Name)
		}
	}
	return all
}

// names are those of releases.
func names(entries []entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

var _ = Describe("the catalog", func() {
	It("has one package, and a channel for each degree of stability, the most stable by default", func() {
		packages := catalog("olm.package")
		Expect(packages).To(HaveLen(1))
		Expect(packages[0].Name).To(Equal(packageName))
		Expect(packages[0].DefaultChannel).To(Equal("stable-v1"))
		var channels []string
		for _, channel := range catalog("olm.channel") {
			Expect(channel.Package).To(Equal(packageName))
			channels = append(channels, channel.Name)
		}
		Expect(channels).To(ConsistOf("candidate-v1", "fast-v1", "stable-v1"))
	})

	It("upgrades every release of a channel to its one head", func() {
		for _, channel := range catalog("olm.channel") {
			Expect(heads(channel.Entries)).To(HaveLen(1), channel.Name)
			Expect(loose(channel.Entries)).To(BeEmpty(), channel.Name)
		}
	})

	It("has in a more stable channel nothing that a less stable one lacks", func() {
		releases := map[string][]string{}
		for _, channel := range catalog("olm.channel") {
			releases[channel.Name] = names(channel.Entries)
		}
		Expect(releases["candidate-v1"]).To(ContainElements(releases["fast-v1"]))
		Expect(releases["fast-v1"]).To(ContainElements(releases["stable-v1"]))
	})

	It("has every release of a channel, and no other", func() {
		inChannels := map[string]bool{}
		for _, channel := range catalog("olm.channel") {
			for _, name := range names(channel.Entries) {
				inChannels[name] = true
			}
		}
		bundles := map[string]bool{}
		for _, bundle := range catalog("olm.bundle") {
			bundles[bundle.Name] = true
			number := strings.TrimPrefix(bundle.Name, packageName+".")
			Expect(bundle.Image).To(Or(HaveSuffix("-bundle:"+number), ContainSubstring("-bundle@sha256:")))
			for _, property := range bundle.Properties {
				Expect(property.Type).NotTo(Equal("olm.bundle.object"), "refused by the hub of OpenShift")
				Expect(property.Type).NotTo(BeElementOf("olm.gvk.required", "olm.package.required", "olm.constraint"), "refused by OLM v1")
			}
		}
		Expect(bundles).To(Equal(inChannels))
	})

	It("has this version's bundle unchanged, if the version is in a channel", func() {
		bundles := catalog("olm.bundle")
		at := slices.IndexFunc(bundles, func(b document) bool { return b.Name == load().CSV.Name })
		if at == -1 {
			Expect(file("config", "catalog", "template.yaml")).NotTo(MatchRegexp(`-bundle:v` + regexp.QuoteMeta(version("VERSION")) + `\n`))
			Expect(file("catalog", packageName, "channels.yaml")).NotTo(ContainSubstring("name: " + load().CSV.Name + "\n"))
			return
		}
		Expect(file("config", "catalog", "template.yaml")).To(ContainSubstring("image: " + bundles[at].Image + "\n"))
		images := map[string]string{}
		for _, image := range bundles[at].RelatedImages {
			images[image.Name] = image.Image
		}
		delete(images, "")
		expected := map[string]string{}
		for _, image := range load().CSV.Spec.RelatedImages {
			expected[image.Name] = image.Image
		}
		Expect(images).To(Equal(expected))
	})

	It("is shown in the documentation", func() {
		drawn := file("docs", "olm.md")
		for _, channel := range catalog("olm.channel") {
			for _, name := range names(channel.Entries) {
				Expect(drawn).To(ContainSubstring(fmt.Sprintf("%s-%s-%s[", packageName, channel.Name, name)))
			}
		}
	})
})

var _ = Describe("a broken catalog", func() {
	It("with two ends is found", func() {
		Expect(heads([]entry{{Name: "a"}, {Name: "b", Replaces: "a"}, {Name: "c", Replaces: "a"}})).To(ConsistOf("b", "c"))
	})

	It("with releases without an upgrade is found", func() {
		Expect(loose([]entry{{Name: "a", Replaces: "b"}, {Name: "b", Replaces: "a"}, {Name: "c"}})).To(ConsistOf("a", "b"))
		Expect(loose([]entry{{Name: "a"}, {Name: "b", Replaces: "a"}, {Name: "c", Replaces: "b", Skips: []string{"a"}}})).To(BeEmpty())
	})
})
