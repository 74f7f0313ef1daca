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

package harness

import (
	"fmt"

	"github.com/onsi/ginkgo/v2/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Exhaustive labels the specs that "make test" leaves to "make test-full": they take longer than a contributor waits
// at every change. hack/test.sh finds the suites that use it.
const Exhaustive = "exhaustive"

// ReportLeftOut makes a suite report how many specs its label filter leaves out. hack/testsummary reads it, so that
// these do not count as specs that skip themselves.
func ReportLeftOut() bool {
	return ReportAfterSuite("specs that the label filter leaves out", func(report Report) {
		chosen, err := types.ParseLabelFilter(report.SuiteConfig.LabelFilter)
		Expect(err).NotTo(HaveOccurred())
		count := 0
		for _, spec := range report.SpecReports.WithLeafNodeType(types.NodeTypeIt) {
			if spec.State == types.SpecStateSkipped && !chosen(spec.Labels()) {
				count++
			}
		}
		if count > 0 {
			AddReportEntry(fmt.Sprintf("Left out by label: %d", count), ReportEntryVisibilityAlways)
		}
	})
}
