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
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// scorecard has the fields that the specs read from a scorecard configuration.
type scorecard struct {
	Stages []struct {
		Parallel bool
		Tests    []scorecardTest
	}
}

type scorecardTest struct {
	Image      string
	Entrypoint []string
	Labels     map[string]string
}

// scorecardTests are the tests of a suite, over all stages.
func scorecardTests(suite string) []scorecardTest {
	GinkgoHelper()
	configurations := ofKind(build("scorecard"), "Configuration")
	Expect(configurations).To(HaveLen(1))
	var found []scorecardTest
	for _, stage := range read[scorecard](configurations[0]).Stages {
		for _, test := range stage.Tests {
			if test.Labels["suite"] == suite {
				found = append(found, test)
			}
		}
	}
	return found
}

var _ = Describe("config/scorecard", func() {
	It("has the default tests, from one image", func() {
		defaults := append(scorecardTests("basic"), scorecardTests("olm")...)
		Expect(defaults).To(HaveLen(6))
		Expect(defaults).To(HaveEach(HaveField("Image", HavePrefix("quay.io/operator-framework/scorecard-test:v"))))
	})

	DescribeTable("has our own tests, from the image of this version", func(suite string, names []string) {
		var found []string
		for _, test := range scorecardTests(suite) {
			Expect(test.Image).To(Equal("quay.io/llamastack/llama-stack-k8s-operator-scorecard:v" + version("VERSION")))
			Expect(test.Entrypoint).To(HaveLen(2))
			Expect(test.Entrypoint[0]).To(Equal("/scorecard-tests"))
			Expect(test.Labels).To(HaveKeyWithValue("test", test.Entrypoint[1]+"-test"))
			found = append(found, test.Entrypoint[1])
		}
		Expect(found).To(Equal(names))
	},
		Entry("of the bundle", "llama-stack",
			[]string{"fields-have-descriptors", "related-images-cover", "rights-are-least", "channels-are-connected"}),
		Entry("on a cluster", "llama-stack-cluster", []string{"pods-are-restricted", "examples-become-ready"}),
	)

	It("runs the tests on a cluster one after the other, in a stage of their own", func() {
		stages := read[scorecard](ofKind(build("scorecard"), "Configuration")[0]).Stages
		Expect(stages).To(HaveLen(2))
		Expect(stages[1].Parallel).To(BeFalse())
		Expect(stages[1].Tests).To(HaveEach(HaveField("Labels", HaveKeyWithValue("suite", "llama-stack-cluster"))))
	})

	It("has an image with the program at the path that the tests run", func() {
		dockerfile, err := os.ReadFile(filepath.Join(root, "test", "scorecard", "Dockerfile"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(dockerfile)).To(And(ContainSubstring("/scorecard-tests /scorecard-tests\n"), ContainSubstring("COPY catalog/ /catalog/\n")))
	})
})
