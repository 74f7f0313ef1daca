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

package checks_test

import (
	"os"
	"path/filepath"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// repository is the root of the repository, seen from this package.
var repository = filepath.Join("..", "..", "..", "..")

// Every folder below testdata/CHECK is a case: patch.yaml has the JSON patches, by file, that make its bundle of the
// one in testdata/good; errors.txt is what the check finds, and empty where the bundle is good.
var _ = Describe("Checks", func() {
	for _, kind := range []struct {
		name  string
		check func(folder string) checks.Check
	}{
		{"descriptors", func(string) checks.Check { return checks.Descriptors }},
		{"images", func(string) checks.Check { return checks.RelatedImages }},
		{"rights", func(string) checks.Check { return checks.Rights }},
		{"channels", func(folder string) checks.Check { return checks.Channels(filepath.Join(folder, "catalog")) }},
	} {
		Describe(kind.name, func() {
			for _, folder := range cases(kind.name) {
				name := strings.ReplaceAll(filepath.Base(folder), "-", " ")
				It("reports "+name, func() {
					found := run(kind.check(folder), patched(folder))
					Expect(found.Log+strings.Join(found.Errors, "")).NotTo(BeEmpty(), "the check must say what it checked")
					Expect(found.Errors == nil).To(Equal(strings.HasPrefix(name, "good")), strings.Join(found.Errors, "\n"))
					matchGolden(filepath.Join(folder, "errors.txt"), lines(found.Errors))
				})
			}
		})
	}

	It("reports that the catalog does not have an unreleased bundle yet", func() {
		folder := filepath.Join("testdata", "channels", "good-before-its-release")
		Expect(run(checks.Channels(filepath.Join(folder, "catalog")), patched(folder)).Suggestions).To(HaveExactElements(
			"the catalog does not have llama-stack-k8s-operator.v1.1.0: make release enters it"))
	})

	It("suggests digests where related images have tags", func() {
		folder := filepath.Join("testdata", "images", "good-by-tag")
		Expect(run(checks.RelatedImages, patched(folder)).Suggestions).To(HaveExactElements(
			ContainSubstring("distribution-remote-vllm:0.2.12 (remote-vllm) by tag: a release should name it by digest")))
	})
})

// The bundle and the catalog of this repository, before anybody has a cluster.
var _ = DescribeTable("What is shipped passes", func(check checks.Check) {
	found := run(check, filepath.Join(repository, "bundle"))
	Expect(found.Errors).To(BeEmpty())
	Expect(found.Log).NotTo(BeEmpty())
},
	Entry("descriptors", checks.Check(checks.Descriptors)),
	Entry("images", checks.Check(checks.RelatedImages)),
	Entry("rights", checks.Check(checks.Rights)),
	Entry("channels", checks.Channels(filepath.Join(repository, "catalog"))),
)

// cases are the folders of a check.
func cases(check string) []string {
	folders, err := filepath.Glob(filepath.Join("testdata", check, "*"))
	if err != nil || len(folders) < 2 {
		panic("testdata/" + check + " lacks cases")
	}
	return folders
}

func run(check checks.Check, folder string) *found {
	GinkgoHelper()
	b, err := bundle.Load(folder)
	Expect(err).NotTo(HaveOccurred())
	r := report.New("any")
	check(GinkgoT().Context(), b, r)
	result := r.Result()
	return &found{Log: result.Log, Errors: result.Errors, Suggestions: result.Suggestions}
}

// found is what a check said.
type found struct {
	Log                 string
	Errors, Suggestions []string
}

// patched is a folder with the bundle of a case.
func patched(folder string) string {
	GinkgoHelper()
	var patches map[string]any
	readYAML(filepath.Join(folder, "patch.yaml"), &patches)

	target := GinkgoT().TempDir()
	Expect(os.CopyFS(target, os.DirFS(filepath.Join("testdata", "good")))).To(Succeed())
	for file, patch := range patches {
		path := filepath.Join(target, "manifests", file+".yaml")
		Expect(os.WriteFile(path, apply(path, patch), 0o644)).To(Succeed())
	}
	return target
}

func apply(path string, patch any) []byte {
	GinkgoHelper()
	text, err := yaml.Marshal(patch)
	Expect(err).NotTo(HaveOccurred())
	text, err = yaml.YAMLToJSON(text)
	Expect(err).NotTo(HaveOccurred())
	operations, err := jsonpatch.DecodePatch(text)
	Expect(err).NotTo(HaveOccurred())
	original, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		original, err = []byte("{}"), nil // a file that the case adds
	}
	Expect(err).NotTo(HaveOccurred())
	original, err = yaml.YAMLToJSON(original)
	Expect(err).NotTo(HaveOccurred())
	changed, err := operations.Apply(original)
	Expect(err).NotTo(HaveOccurred())
	return changed
}

func readYAML(path string, into any) {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(yaml.UnmarshalStrict(text, into)).To(Succeed())
}

// lines are the errors, one a line, with an error's own lines joined.
func lines(errors []string) string {
	var text strings.Builder
	for _, e := range errors {
		text.WriteString(strings.Join(strings.Fields(e), " ") + "\n")
	}
	return text.String()
}

func matchGolden(path, got string) {
	GinkgoHelper()
	if *update {
		Expect(os.WriteFile(path, []byte(got), 0o644)).To(Succeed())
	}
	want, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred(), "write it with -update")
	Expect(got).To(Equal(string(want)))
}
