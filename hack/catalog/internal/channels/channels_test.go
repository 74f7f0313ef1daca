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
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/hack/catalog/internal/channels"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestChannels(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Channels")
}

// entry is one of a channel.
type entry struct {
	Name, Replaces string
	Skips          []string
}

// document has the fields that the specs read from a document of the catalog.
type document struct {
	Schema, Name, Package, DefaultChannel string
	Entries                               []entry
}

// parse reads YAML into a type.
func parse[T any](text []byte) T {
	GinkgoHelper()
	var into T
	Expect(yaml.Unmarshal(text, &into)).To(Succeed())
	return into
}

// bundles writes rendered bundles of these versions, and returns their folder.
func bundles(versions ...string) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	for _, version := range versions {
		text := fmt.Sprintf(`
schema: olm.bundle
name: some.v%[1]s
package: some
image: example.com/some:v%[1]s
properties:
- type: olm.package
  value: {packageName: some, version: %[1]s}
- type: olm.csv.metadata
  value: {displayName: Some, description: What version %[1]s does.}
`, version)
		Expect(os.WriteFile(filepath.Join(folder, "v"+version+".yaml"), []byte(text), 0o600)).To(Succeed())
	}
	return folder
}

// render renders a template, and returns the entries of each channel and the default channel.
func render(template, folder string) (map[string][]entry, string, error) {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "template.yaml")
	Expect(os.WriteFile(path, []byte(template), 0o600)).To(Succeed())
	var out bytes.Buffer
	if err := channels.Write(&out, channels.Source{Template: path, Bundles: folder}); err != nil {
		return nil, "", err
	}
	found, preferred := documents(out.Bytes())
	return found, preferred, nil
}

// documents returns the entries of each channel of a catalog and the default channel.
func documents(catalog []byte) (map[string][]entry, string) {
	GinkgoHelper()
	found, preferred := map[string][]entry{}, ""
	for text := range bytes.SplitSeq(catalog, []byte("---\n")) {
		read := parse[document](text)
		switch read.Schema {
		case "olm.package":
			preferred = read.DefaultChannel
		case "olm.channel":
			found[read.Name] = read.Entries
		case "olm.deprecations":
		default:
			Expect(string(text)).To(BeEmpty(), "bundles are not written once more")
		}
	}
	return found, preferred
}

var _ = Describe("Write", func() {
	It("links the releases of each channel by their versions, the most stable channel being the default", func() {
		found, preferred, err := render(`
schema: olm.semver
generateMajorChannels: true
candidate: {bundles: [{image: example.com/some:v1.0.0}, {image: example.com/some:v1.0.1}, {image: example.com/some:v1.1.0}]}
stable: {bundles: [{image: example.com/some:v1.0.1}]}
`, bundles("1.0.0", "1.0.1", "1.1.0"))

		Expect(err).NotTo(HaveOccurred())
		Expect(preferred).To(Equal("stable-v1"))
		Expect(found).To(HaveLen(2))
		Expect(found["stable-v1"]).To(HaveExactElements(entry{Name: "some.v1.0.1"}))
		Expect(found["candidate-v1"]).To(ConsistOf(
			entry{Name: "some.v1.0.0"},
			entry{Name: "some.v1.0.1", Skips: []string{"some.v1.0.0"}},
			entry{Name: "some.v1.1.0", Replaces: "some.v1.0.1", Skips: []string{"some.v1.0.0"}},
		))
	})

	It("takes channels as they are from a basic template, with a release that was withdrawn", func() {
		found, preferred, err := render(`
schema: olm.template.basic
entries:
- {schema: olm.package, name: some, defaultChannel: stable-v1}
- schema: olm.channel
  name: stable-v1
  package: some
  entries:
  - {name: some.v1.0.0}
  - {name: some.v1.2.0, replaces: some.v1.0.0, skips: [some.v1.1.0]}
- {schema: olm.bundle, image: "example.com/some:v1.0.0"}
- {schema: olm.bundle, image: "example.com/some:v1.2.0"}
`, bundles("1.0.0", "1.2.0"))

		Expect(err).NotTo(HaveOccurred())
		Expect(preferred).To(Equal("stable-v1"))
		Expect(found["stable-v1"]).To(HaveExactElements(entry{Name: "some.v1.0.0"},
			entry{Name: "some.v1.2.0", Replaces: "some.v1.0.0", Skips: []string{"some.v1.1.0"}}))
	})

	DescribeTable("says what is wrong with",
		func(template, message string) {
			_, _, err := render(template, bundles("1.0.0"))
			Expect(err).To(MatchError(ContainSubstring(message)))
		},
		Entry("a release whose bundle is not there", "schema: olm.semver\nstable: {bundles: [{image: example.com/some:v2.0.0}]}",
			"no bundle of the image example.com/some:v2.0.0 is known"),
		Entry("a template of another kind", "schema: olm.unheard", "failed to find out what the template is"),
	)

	It("says which file is missing", func() {
		Expect(channels.Write(&bytes.Buffer{}, channels.Source{Template: "no/such/file", Bundles: bundles("1.0.0")})).
			To(MatchError(ContainSubstring("failed to open the template")))
		Expect(channels.Write(&bytes.Buffer{}, channels.Source{Template: "no/such/file", Bundles: "no/such/folder"})).
			To(MatchError(ContainSubstring("failed to read the bundles in no/such/folder")))
	})
})
