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

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCommand(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Command scorecard-tests")
}

// withGood are arguments after a bundle that passes, and a catalog that it belongs to.
func withGood(args ...string) []string {
	testdata := filepath.Join("internal", "checks", "testdata")
	return append([]string{
		"--bundle", filepath.Join(testdata, "good"), "--catalog", filepath.Join(testdata, "channels", "good", "catalog"),
	}, args...)
}

var _ = Describe("scorecard-tests", Ordered, func() {
	var binary string

	BeforeAll(func() {
		binary = filepath.Join(GinkgoT().TempDir(), "scorecard-tests")
		output, err := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", binary, ".").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
	})

	// run is a run of the program: what it printed, all of it as a Pod's log has it, and its exit code.
	run := func(args ...string) (string, int) {
		GinkgoHelper()
		var log bytes.Buffer
		command := exec.CommandContext(GinkgoT().Context(), binary, args...)
		command.Stdout, command.Stderr = &log, &log
		command.Env = append(os.Environ(), "SCORECARD_NAMESPACE=any", "KUBERNETES_SERVICE_HOST=")
		if err := command.Run(); err != nil {
			Expect(errors.As(err, new(*exec.ExitError))).To(BeTrue(), err.Error())
		}
		return log.String(), command.ProcessState.ExitCode()
	}

	// result is the one result in a log that has nothing else, as scorecard reads it.
	result := func(log string) v1alpha3.TestResult {
		GinkgoHelper()
		var status v1alpha3.TestStatus
		Expect(json.Unmarshal([]byte(log), &status)).To(Succeed(), log)
		Expect(status.Results).To(HaveLen(1))
		return status.Results[0]
	}

	DescribeTable("passes", func(test string) {
		log, code := run(withGood(test)...)
		Expect(result(log).Errors).To(BeEmpty())
		Expect(result(log)).To(And(HaveField("Name", test), HaveField("State", v1alpha3.PassState), HaveField("Log", Not(BeEmpty()))))
		Expect(code).To(BeZero())
	},
		Entry("fields-have-descriptors", "fields-have-descriptors"),
		Entry("related-images-cover", "related-images-cover"),
		Entry("rights-are-least", "rights-are-least"),
		Entry("channels-are-connected", "channels-are-connected"),
	)

	DescribeTable("fails, and reports why in the format that scorecard reads,", func(expected string, args []string) {
		log, code := run(args...)
		Expect(result(log).State).To(Equal(v1alpha3.FailState))
		Expect(result(log).Errors).To(HaveExactElements(ContainSubstring(expected)))
		Expect(code).To(Equal(1))
	},
		Entry("for a test that does not exist", `there is no test "x": name one of channels-are-connected, examples-become-ready,`, []string{"x"}),
		Entry("without a test", `there is no test ""`, nil),
		Entry("without a bundle", "failed to read the bundle in /nowhere", []string{"--bundle=/nowhere", "rights-are-least"}),
		Entry("without a catalog", "there is no catalog in /nowhere", withGood("--catalog=/nowhere", "channels-are-connected")),
		Entry("without a cluster", "this test is run in a Pod", withGood("examples-become-ready")),
		Entry("without a cluster, too", "this test is run in a Pod", withGood("pods-are-restricted")),
	)

	It("refuses a flag that it does not have", func() {
		log, code := run("--nothing")
		Expect(code).To(Equal(1))
		Expect(log).To(ContainSubstring("flag provided but not defined: -nothing"))
	})
})
