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

package harness_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/onsi/ginkgo/v2/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestHarness(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "What the suites share")
}

// spec is the report of a spec with a label, and with entries of one kind.
func spec(state types.SpecState, label, name string, faults ...string) types.SpecReport {
	report := types.SpecReport{State: state, LeafNodeText: "spec", LeafNodeLabels: []string{label}}
	for _, fault := range faults {
		report.ReportEntries = append(report.ReportEntries, types.ReportEntry{Name: name, Value: types.WrapEntryValue(fault)})
	}
	return report
}

var _ = Describe("The diagnoses of a report", func() {
	DescribeTable("are compared with the documented faults", func(problem string, specs ...types.SpecReport) {
		_, err := harness.Diagnoses(types.Report{SpecReports: specs}, "chaos", []string{"a", "b"})

		if problem == "" {
			Expect(err).NotTo(HaveOccurred())
		} else {
			Expect(err).To(MatchError(problem))
		}
	},
		Entry("all of them", "", spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a"), spec(types.SpecStatePassed, "chaos", harness.Undiagnosed, "b")),
		Entry("several of one spec", "", spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a", "b")),
		Entry("a part of the suite", "", spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a"), spec(types.SpecStateSkipped, "chaos", "")),
		Entry("other specs", "", spec(types.SpecStatePassed, "other", "")),
		Entry("a spec without one", `the spec "spec" does not ask doctor for the cause`,
			spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a", "b"), spec(types.SpecStatePassed, "chaos", "")),
		Entry("one that is missing", `no spec asked doctor for the cause of "b"`, spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a")),
		Entry("one that is not documented", `the fault "c" is not documented`, spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a", "b", "c")),
		Entry("too many that doctor cannot name", "doctor cannot name the cause of 2 faults", spec(types.SpecStatePassed, "chaos", harness.Undiagnosed, "a", "b")),
	)

	It("are counted", func() {
		Expect(harness.Diagnoses(types.Report{SpecReports: []types.SpecReport{
			spec(types.SpecStatePassed, "chaos", harness.Diagnosed, "a"), spec(types.SpecStatePassed, "chaos", harness.Undiagnosed, "b"),
		}}, "chaos", []string{"a", "b"})).To(Equal(`Doctor named the cause of 1 of 2 faults; not of ["b"]`))
	})

	It("have the faults of the documentation", func() {
		page, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "reliability.md"))
		Expect(err).NotTo(HaveOccurred())

		Expect(harness.DocumentedFaults(string(page))).To(And(HaveLen(23), HaveEach(Not(BeEmpty())), ContainElement("the lease is deleted")))
	})
})
