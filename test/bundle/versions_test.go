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
	"regexp"

	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// pinned is the version of a module that the go.mod in a folder requires.
func pinned(folder, module string) string {
	GinkgoHelper()
	found := regexp.MustCompile(`(?m)^(?:require|)\s*` + regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(file(folder, "go.mod"))
	Expect(found).To(HaveLen(2), module)
	return found[1]
}

var _ = Describe("the tools that build and test the bundle and the catalog", func() {
	sdk := func() string { return pinned("tools/operator-sdk", "github.com/operator-framework/operator-sdk") }

	It("is the pinned operator-sdk", func() {
		Expect(file("bundle.Dockerfile")).To(ContainSubstring("metrics.builder=operator-sdk-" + sdk() + "\n"))
	})

	It("is the pinned opm, which also serves the catalog", func() {
		opm := pinned("hack/catalog", "github.com/operator-framework/operator-registry")
		bases := regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?quay.io/operator-framework/opm:([^\s@]+)`)
		found := bases.FindAllStringSubmatch(file("catalog.Dockerfile"), -1)
		Expect(found).To(HaveLen(2))
		Expect(found).To(HaveEach(HaveExactElements(Not(BeEmpty()), opm)))
	})

	It("is the scorecard's image of the same version, and our own of this one", func() {
		config := parse[v1alpha3.Configuration](file("bundle", "tests", "scorecard", "config.yaml"))
		images := map[string]int{}
		for _, stage := range config.Stages {
			for _, test := range stage.Tests {
				images[test.Image]++
			}
		}
		Expect(images).To(And(HaveLen(2),
			HaveKeyWithValue("quay.io/operator-framework/scorecard-test:"+sdk(), 6),
			HaveKeyWithValue("quay.io/llamastack/llama-stack-k8s-operator-scorecard:v"+version("VERSION"), BeNumerically(">=", 6))))
	})
})
