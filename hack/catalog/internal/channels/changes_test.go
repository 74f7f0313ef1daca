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

package channels_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/hack/catalog/internal/channels"
	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/pkg/api"
	"github.com/operator-framework/operator-registry/pkg/lib/config"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// semver is a template with two channels of versions.
func semver(stable, candidate string) string {
	images := func(versions string) string {
		var list []string
		for version := range strings.FieldsSeq(versions) {
			list = append(list, "{image: example.com/some:v"+version+"}")
		}
		return strings.Join(list, ", ")
	}
	return "schema: olm.semver\ngenerateMajorChannels: true\ncandidate: {bundles: [" + images(candidate) + "]}\nstable: {bundles: [" + images(stable) + "]}\n"
}

// write writes a file, and returns its path.
func write(name, text string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

// published is a catalog as it is put into an image: the bundles, and what is made of the source. Each is what opm validates.
func published(source channels.Source) (string, error) {
	GinkgoHelper()
	var out bytes.Buffer
	if err := channels.Write(&out, source); err != nil {
		return "", err
	}
	folder := GinkgoT().TempDir()
	Expect(os.CopyFS(folder, os.DirFS(source.Bundles))).To(Succeed())
	Expect(os.WriteFile(filepath.Join(folder, "channels.yaml"), out.Bytes(), 0o600)).To(Succeed())
	Expect(config.Validate(context.Background(), os.DirFS(folder))).To(Succeed())
	return folder, nil
}

// entries are those of each channel of a published catalog.
func entries(folder string) map[string][]entry {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(folder, "channels.yaml"))
	Expect(err).NotTo(HaveOccurred())
	found, _ := documents(text)
	return found
}

var _ = Describe("A withdrawn release", func() {
	It("is not offered any more, and the channel ends with its predecessor", func() {
		folder, err := published(channels.Source{
			Template: write("template.yaml", semver("1.0.0", "1.0.0 1.1.0")), Bundles: bundles("1.0.0"), Withdrawn: bundles("1.1.0"),
		})

		Expect(err).NotTo(HaveOccurred())
		Expect(entries(folder)["stable-v1"]).To(HaveExactElements(entry{Name: "some.v1.0.0"}))
		Expect(entries(folder)["candidate-v1"]).To(HaveExactElements(entry{Name: "some.v1.0.0"}))
	})

	DescribeTable("is skipped by what follows it, in the place of its predecessor,",
		func(all, gone, kept string, expected ...entry) {
			folder, err := published(channels.Source{
				Template: write("template.yaml", semver(all, all)), Bundles: bundles(strings.Fields(kept)...), Withdrawn: bundles(strings.Fields(gone)...),
			})

			Expect(err).NotTo(HaveOccurred())
			Expect(entries(folder)["stable-v1"]).To(ConsistOf(expected))
		},
		Entry("a later minor version", "1.0.0 1.1.0 1.2.0", "1.1.0", "1.0.0 1.2.0",
			entry{Name: "some.v1.0.0"}, entry{Name: "some.v1.2.0", Replaces: "some.v1.0.0", Skips: []string{"some.v1.1.0"}}),
		Entry("a patch release", "1.0.0 1.1.0 1.1.1", "1.1.0", "1.0.0 1.1.1",
			entry{Name: "some.v1.0.0"}, entry{Name: "some.v1.1.1", Replaces: "some.v1.0.0", Skips: []string{"some.v1.1.0"}}),
		Entry("with one that was withdrawn before it", "1.0.0 1.1.0 1.2.0 1.3.0", "1.1.0 1.2.0", "1.0.0 1.3.0",
			entry{Name: "some.v1.0.0"}, entry{Name: "some.v1.3.0", Replaces: "some.v1.0.0", Skips: []string{"some.v1.2.0", "some.v1.1.0"}}),
		Entry("with what it skipped itself", "1.0.0 1.0.1 1.1.0", "1.0.1", "1.0.0 1.1.0",
			entry{Name: "some.v1.0.0"}, entry{Name: "some.v1.1.0", Skips: []string{"some.v1.0.0", "some.v1.0.1"}}),
	)

	It("is not the last of a channel", func() {
		_, err := published(channels.Source{
			Template: write("template.yaml", semver("1.1.0", "1.0.0 1.1.0")), Bundles: bundles("1.0.0"), Withdrawn: bundles("1.1.0"),
		})

		Expect(err).To(MatchError("the channel stable-v1 would have no release any more: publish a good release in it first"))
	})

	It("needs no folder before there is one", func() {
		folder, err := published(channels.Source{
			Template: write("template.yaml", semver("1.0.0", "1.0.0")), Bundles: bundles("1.0.0"), Withdrawn: "no/such/folder",
		})

		Expect(err).NotTo(HaveOccurred())
		Expect(entries(folder)["stable-v1"]).To(HaveExactElements(entry{Name: "some.v1.0.0"}))
	})
})

const noDeprecations = "# A comment\n# of two lines.\nentries: []\npackage: some\nschema: olm.deprecations\n"

var _ = Describe("A deprecation", func() {
	var file string

	BeforeEach(func() { file = write("deprecations.yaml", noDeprecations) })

	// declared are the messages of the file, by what is deprecated.
	declared := func(path string) map[string]string {
		GinkgoHelper()
		catalog, err := declcfg.LoadFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
		Expect(err).NotTo(HaveOccurred())
		found := map[string]string{}
		for _, deprecation := range catalog.Deprecations {
			Expect(deprecation.Package).To(Equal("some"))
			for _, entry := range deprecation.Entries {
				found[entry.Reference.Schema+" "+entry.Reference.Name] = entry.Message
			}
		}
		return found
	}
	source := func(gone ...string) channels.Source {
		return channels.Source{
			Template: write("template.yaml", semver("1.0.0 1.1.0", "1.0.0 1.1.0")), Bundles: bundles("1.0.0", "1.1.0"),
			Withdrawn: bundles(gone...), Deprecations: file,
		}
	}

	It("is of a release, a channel or the package, is changed and removed, and keeps the comment", func() {
		for _, what := range []string{"1.0.0", "package", "stable-v1", "1.0.0"} {
			Expect(channels.Deprecate(file, what, "Leave "+what+": \"now\"")).To(Succeed())
		}
		Expect(declared(file)).To(Equal(map[string]string{
			"olm.bundle some.v1.0.0": `Leave 1.0.0: "now"`, "olm.channel stable-v1": `Leave stable-v1: "now"`, "olm.package ": `Leave package: "now"`,
		}))

		for _, what := range []string{"1.0.0", "package", "stable-v1"} {
			Expect(channels.Deprecate(file, what, "")).To(Succeed())
		}
		text, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(Equal(noDeprecations))
	})

	It("is in the catalog", func() {
		Expect(channels.Deprecate(file, "1.0.0", "Upgrade.")).To(Succeed())
		Expect(channels.Deprecate(file, "candidate-v1", "Use stable-v1.")).To(Succeed())

		folder, err := published(source())

		Expect(err).NotTo(HaveOccurred())
		Expect(declared(filepath.Join(folder, "channels.yaml"))).To(Equal(map[string]string{
			"olm.bundle some.v1.0.0": "Upgrade.", "olm.channel candidate-v1": "Use stable-v1.",
		}))
	})

	It("is not in the catalog if there is none", func() {
		folder, err := published(source())

		Expect(err).NotTo(HaveOccurred())
		Expect(declared(filepath.Join(folder, "channels.yaml"))).To(BeEmpty())
	})

	It("goes with a release that is withdrawn", func() {
		file = write("deprecations.yaml", noDeprecations)
		Expect(channels.Deprecate(file, "1.1.0", "Upgrade.")).To(Succeed())
		withdrawn := source("1.1.0")
		withdrawn.Bundles = bundles("1.0.0")

		folder, err := published(withdrawn)

		Expect(err).NotTo(HaveOccurred())
		Expect(declared(filepath.Join(folder, "channels.yaml"))).To(BeEmpty())
	})

	DescribeTable("is refused of what the catalog does not have:",
		func(what, message string) {
			Expect(channels.Deprecate(file, what, "Upgrade.")).To(Succeed())
			_, err := published(source())
			Expect(err).To(MatchError(ContainSubstring(message)))
		},
		Entry("a release", "3.0.0", "some.v3.0.0"),
		Entry("a channel", "stabel-v1", "stabel-v1"),
	)

	DescribeTable("is not read from",
		func(text, message string) {
			Expect(channels.Deprecate(write("deprecations.yaml", text), "1.0.0", "Upgrade.")).To(MatchError(ContainSubstring(message)))
		},
		Entry("another schema", "schema: olm.channel\npackage: some\n", "must have the schema olm.deprecations"),
		Entry("no package", "schema: olm.deprecations\n", "name a package"),
		Entry("unknown fields", "schema: olm.deprecations\npackage: some\nmessage: a\n", "failed to parse"),
	)
})

// opm makes a CSV of what is left of it in a rendered bundle when it serves the catalog: consoles show that.
var _ = Describe("What opm serves", func() {
	It("has the icon and the description", func() {
		const icon = `<svg xmlns="http://www.w3.org/2000/svg"/>`
		folder, err := published(channels.Source{
			Template: write("template.yaml", semver("1.0.0 1.1.0", "1.0.0 1.1.0")), Bundles: bundles("1.0.0", "1.1.0"), Icon: write("icon.svg", icon),
		})
		Expect(err).NotTo(HaveOccurred())

		csv := served(folder, "some", "some.v1.1.0")
		Expect(csv.Spec.Icon).To(HaveLen(1))
		Expect(csv.Spec.Icon[0].MediaType).To(Equal("image/svg+xml"))
		Expect(base64.StdEncoding.DecodeString(csv.Spec.Icon[0].Data)).To(BeEquivalentTo(icon))
		Expect(csv.Spec.Description).To(Equal("What version 1.1.0 does."))
		Expect(packageOf(folder).Description).To(Equal("What version 1.1.0 does."), "OLM v1 shows this one")
	})

	It("has those of the operator in the committed catalog", func() {
		const root = "../../../.."
		icon, err := os.ReadFile(root + "/config/manifests/icon.svg")
		Expect(err).NotTo(HaveOccurred())

		for _, release := range heads(root + "/catalog") {
			csv := served(root+"/catalog", "llama-stack-k8s-operator", release)
			Expect(csv.Spec.Icon).To(HaveLen(1), release)
			Expect(base64.StdEncoding.DecodeString(csv.Spec.Icon[0].Data)).To(Equal(icon))
			Expect(csv.Spec.Description).To(HavePrefix("## Llama Stack"), release)
			Expect(csv.Spec.DisplayName).To(Equal("Llama Stack Operator"))
		}
		Expect(packageOf(root + "/catalog").Description).To(HavePrefix("## Llama Stack"))
		Expect(packageOf(root + "/catalog").Icon.Data).To(Equal(icon))
	})
})

// packageOf is the one package of a catalog.
func packageOf(folder string) declcfg.Package {
	GinkgoHelper()
	loaded, err := declcfg.LoadFS(context.Background(), os.DirFS(folder))
	Expect(err).NotTo(HaveOccurred())
	Expect(loaded.Packages).To(HaveLen(1))
	return loaded.Packages[0]
}

// csv is what consoles read of it.
type csv struct {
	Spec struct {
		DisplayName string `json:"displayName"`
		Description string `json:"description"`
		Icon        []struct {
			Data      string `json:"base64data"`
			MediaType string `json:"mediatype"`
		} `json:"icon"`
	} `json:"spec"`
}

// served is the CSV of a release that opm serves from a folder.
func served(folder, of, release string) csv {
	GinkgoHelper()
	loaded, err := declcfg.LoadFS(context.Background(), os.DirFS(folder))
	Expect(err).NotTo(HaveOccurred())
	packages, err := declcfg.ConvertToModel(*loaded)
	Expect(err).NotTo(HaveOccurred())
	bundle, err := api.ConvertModelBundleToAPIBundle(*packages[of].DefaultChannel.Bundles[release])
	Expect(err).NotTo(HaveOccurred())
	var read csv
	Expect(json.Unmarshal([]byte(bundle.GetCsvJson()), &read)).To(Succeed())
	return read
}

// heads are the releases that the channels of the committed catalog end with.
func heads(folder string) []string {
	GinkgoHelper()
	loaded, err := declcfg.LoadFS(context.Background(), os.DirFS(folder))
	Expect(err).NotTo(HaveOccurred())
	packages, err := declcfg.ConvertToModel(*loaded)
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, of := range packages {
		head, err := of.DefaultChannel.Head()
		Expect(err).NotTo(HaveOccurred())
		found = append(found, head.Name)
	}
	Expect(found).NotTo(BeEmpty())
	return found
}
