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
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// imageLabels are the labels of the last stage of a Dockerfile.
func imageLabels(dockerfile string) map[string]string {
	labels := map[string]string{}
	for _, label := range regexp.MustCompile(`(?m)^(?:LABEL| {5}) ([a-z.]+)="(.*)"`).FindAllStringSubmatch(dockerfile, -1) {
		labels[label[1]] = label[2]
	}
	return labels
}

// What OpenShift's preflight asks of images of operators, apart from what they are based on.
var _ = DescribeTable("The image of", func(path ...string) {
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	dockerfile := string(text)
	final := dockerfile[strings.LastIndex(dockerfile, "\nFROM "):]
	labels := imageLabels(final)

	for _, required := range []string{"name", "vendor", "version", "release", "summary", "description", "maintainer"} {
		Expect(labels).To(HaveKeyWithValue(required, Not(BeEmpty())))
	}
	for name, value := range labels {
		Expect(strings.ToLower(value)).NotTo(MatchRegexp(`red ?hat|openshift|rhel`), "the label %s must not use another's trademark", name)
	}
	Expect(labels).To(And(HaveKeyWithValue("version", "$VERSION"), HaveKeyWithValue("org.opencontainers.image.version", "$VERSION")))
	Expect(final).To(MatchRegexp(`(?m)^ARG VERSION\b`), "an ARG of an earlier stage is empty here")
	Expect(final).To(MatchRegexp(`(?m)^COPY LICENSE /licenses/`))
	Expect(final).To(MatchRegexp(`(?m)^USER [1-9]\d*(:[1-9]\d*)?$`), "a number, so that the kubelet knows that it is not root")
	Expect(strings.Count(final, "\nCOPY ")+strings.Count(final, "\nRUN ")).To(BeNumerically("<", 40), "layers")
},
	Entry("the operator", "Dockerfile"),
	Entry("the scorecard tests", "test", "scorecard", "Dockerfile"),
)

// Where an image comes from is a file of the repository, so that a build of the same commit has the same base.
var _ = DescribeTable("The bases of", func(path ...string) {
	dockerfile := file(path...)

	bases := regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(\S+)`).FindAllStringSubmatch(dockerfile, -1)
	Expect(bases).To(HaveLen(2))
	Expect(bases).To(HaveEach(ContainElement(MatchRegexp(`:[^@]+@sha256:[0-9a-f]{64}$`))))

	final := dockerfile[strings.LastIndex(dockerfile, "\nFROM "):]
	Expect(final).NotTo(ContainSubstring("\nRUN "), "a command can give another result the next time")
	Expect(dockerfile).To(ContainSubstring("hack/release-binary.sh /"), "the one way to build what is released")
},
	Entry("the operator's image", "Dockerfile"),
	Entry("the image of the scorecard tests", "test", "scorecard", "Dockerfile"),
	Entry("the image of must-gather", "gather.Dockerfile"),
)
