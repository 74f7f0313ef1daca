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

package report_test

import (
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestReport(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Report")
}

var _ = Describe("Report", func() {
	var r *report.Report

	BeforeEach(func() { r = report.New("a-test") })

	It("passes when nothing was found", func() {
		Expect(r.Failed()).To(BeFalse())
		Expect(r.Result()).To(Equal(v1alpha3.TestResult{Name: "a-test", State: v1alpha3.PassState}))
	})

	It("fails with all errors, in their order", func() {
		r.Errorf("%s is missing", "a")
		r.Errorf("b is missing")
		Expect(r.Failed()).To(BeTrue())
		Expect(r.Result().State).To(Equal(v1alpha3.FailState))
		Expect(r.Result().Errors).To(HaveExactElements("a is missing", "b is missing"))
	})

	It("passes with suggestions, and with a log of lines", func() {
		r.Suggestf("pin %d images", 2)
		r.Logf("%d fields", 3)
		r.Logf("1 kind")
		Expect(r.Failed()).To(BeFalse())
		Expect(r.Result().Suggestions).To(HaveExactElements("pin 2 images"))
		Expect(r.Result().Log).To(Equal("3 fields\n1 kind\n"))
	})
})
