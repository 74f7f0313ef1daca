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

package testsummary_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing/iotest"

	"github.com/llamastack/llama-stack-k8s-operator/hack/testsummary"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// event is one line of a stream.
type event map[string]any

// stream is a stream of events; a string is passed as it is.
func stream(lines ...any) string {
	GinkgoHelper()
	var text strings.Builder
	for _, line := range lines {
		if plain, ok := line.(string); ok {
			text.WriteString(plain + "\n")
			continue
		}
		encoded, err := json.Marshal(line)
		Expect(err).NotTo(HaveOccurred())
		text.Write(append(encoded, '\n'))
	}
	return text.String()
}

// output is what a package prints.
func output(pkg, text string) event {
	return event{"Action": "output", "Package": pkg, "Output": text + "\n"}
}

// test is the end of a test.
func test(action, pkg, name string) event {
	return event{"Action": action, "Package": pkg, "Test": name, "Elapsed": 0.1}
}

// end is the end of a package.
func end(action, pkg string) event {
	return event{"Action": action, "Package": pkg, "Elapsed": 1.5}
}

// read reads a stream and returns the count and what was written.
func read(lines ...any) (testsummary.Summary, string) {
	GinkgoHelper()
	var written strings.Builder
	summary, err := testsummary.Read(strings.NewReader(stream(lines...)), &written)
	Expect(err).NotTo(HaveOccurred())
	return summary, written.String()
}

var _ = Describe("Read", func() {
	It("counts the specs of a suite, not its Test function", func() {
		summary, written := read(
			output("a", "Ran 3 of 3 Specs in 0.1 seconds"),
			output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 0 Skipped"),
			test("pass", "a", "TestA"),
			output("a", "coverage: 81.5% of statements"),
			end("pass", "a"),
		)
		Expect(summary).To(Equal(testsummary.Summary{Passed: 3}))
		Expect(summary.OK()).To(BeTrue())
		Expect(written).To(MatchRegexp(`^ok +a +1\.5 s  3 passed, 0 failed, 81\.5% of statements\n$`))
	})

	It("reads coloured output", func() {
		summary, _ := read(
			output("a", "\x1b[38;5;10m\x1b[1mSUCCESS!\x1b[0m -- \x1b[38;5;10m\x1b[1m7 Passed\x1b[0m | "+
				"\x1b[38;5;9m\x1b[1m0 Failed\x1b[0m | \x1b[38;5;11m\x1b[1m0 Pending\x1b[0m | \x1b[38;5;14m\x1b[1m0 Skipped\x1b[0m"),
			end("pass", "a"),
		)
		Expect(summary.Passed).To(Equal(7))
	})

	It("adds up suites and packages", func() {
		summary, written := read(
			output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 0 Skipped"),
			output("b", "SUCCESS! -- 5 Passed | 0 Failed | 0 Pending | 0 Skipped"),
			output("a", "SUCCESS! -- 4 Passed | 0 Failed | 0 Pending | 0 Skipped"),
			end("pass", "b"),
			end("pass", "a"),
		)
		Expect(summary.Passed).To(Equal(12))
		Expect(strings.Split(written, "\n")).To(HaveExactElements(
			MatchRegexp("^ok +b .*5 passed"), MatchRegexp("^ok +a .*7 passed"), ""))
	})

	It("counts tests where there is no suite, without their subtests", func() {
		summary, _ := read(
			test("pass", "a", "TestA/sub"), test("pass", "a", "TestA"),
			test("skip", "a", "TestB/sub"), test("fail", "a", "TestB/other"), test("fail", "a", "TestB"),
			test("skip", "a", "TestC"),
			test("run", "a", "TestD"), test("pause", "a", "TestD"),
			end("fail", "a"),
		)
		Expect(summary).To(Equal(testsummary.Summary{Passed: 1, Failed: 1, Skipped: 1}))
	})

	It("shows all that a failed package printed", func() {
		summary, written := read(
			output("a", "expected 1 to equal 2"),
			output("a", "FAIL! -- 3 Passed | 2 Failed | 0 Pending | 0 Skipped"),
			end("fail", "a"),
		)
		Expect(summary).To(Equal(testsummary.Summary{Passed: 3, Failed: 2}))
		Expect(summary.OK()).To(BeFalse())
		Expect(written).To(ContainSubstring("expected 1 to equal 2\n"))
		Expect(written).To(MatchRegexp(`(?m)^FAIL a .*3 passed, 2 failed$`))
	})

	It("shows nothing of a package that passed", func() {
		_, written := read(output("a", "some log line"), test("pass", "a", "TestA"), end("pass", "a"))
		Expect(written).NotTo(ContainSubstring("some log line"))
	})

	DescribeTable("does not take a spec that did not run for a success",
		func(line string, expected testsummary.Summary) {
			summary, written := read(output("a", "[SKIPPED] no cluster"), output("a", line), end("pass", "a"))
			Expect(summary).To(Equal(expected))
			Expect(summary.OK()).To(BeFalse())
			Expect(written).To(ContainSubstring("[SKIPPED] no cluster"))
			Expect(written).To(MatchRegexp("(?m)^FAIL a"))
		},
		Entry("skipped", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 2 Skipped", testsummary.Summary{Passed: 3, Skipped: 2}),
		Entry("pending", "SUCCESS! -- 3 Passed | 0 Failed | 1 Pending | 0 Skipped", testsummary.Summary{Passed: 3, Pending: 1}),
		Entry("with flakes", "SUCCESS! -- 3 Passed | 0 Failed | 1 Flaked | 1 Pending | 0 Skipped",
			testsummary.Summary{Passed: 3, Pending: 1}),
	)

	Context("of a run that leaves specs to another run", func() {
		const entry = "  Left out by label: 2 - /src/test/infra/harness/labels.go:40 @ 11/29/26 03:06:45.1"

		It("is a success when all others ran", func() {
			summary, written := read(
				output("a", "\x1b[38;5;14m"+entry+"\x1b[0m"),
				output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 2 Skipped"), end("pass", "a"))
			Expect(summary).To(Equal(testsummary.Summary{Passed: 3, LeftOut: 2}))
			Expect(summary.OK()).To(BeTrue())
			Expect(written).To(MatchRegexp(`^ok +a .*3 passed, 0 failed, 2 left to another run\n$`))
		})

		It("is no success when one more did not run", func() {
			summary, written := read(output("a", entry), output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 3 Skipped"), end("pass", "a"))
			Expect(summary).To(Equal(testsummary.Summary{Passed: 3, Skipped: 1, LeftOut: 2}))
			Expect(summary.OK()).To(BeFalse())
			Expect(written).To(MatchRegexp("(?m)^FAIL a"))
		})

		It("is no success when fewer did not run than the suite reports", func() {
			summary, _ := read(output("a", entry), output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 1 Skipped"), end("pass", "a"))
			Expect(summary.OK()).To(BeFalse())
		})
	})

	DescribeTable("says nothing of a package without tests",
		func(line, action string) {
			summary, written := read(output("a", line), end(action, "a"))
			Expect(summary).To(Equal(testsummary.Summary{}))
			Expect(written).To(BeEmpty())
		},
		Entry("as it is", "?   a [no test files]", "skip"),
		Entry("when its coverage is measured", "coverage: 0.0% of statements", "pass"),
	)

	It("counts a package that does not build as one failure, and shows why", func() {
		summary, written := read(
			event{"ImportPath": "a [a.test]", "Action": "build-output", "Output": "# a\n"},
			event{"ImportPath": "a [a.test]", "Action": "build-output", "Output": "a.go:3: undefined: x\n"},
			event{"ImportPath": "a [a.test]", "Action": "build-fail"},
			event{"Action": "start", "Package": "a"},
			output("a", "FAIL\ta [build failed]"),
			event{"Action": "fail", "Package": "a", "FailedBuild": "a [a.test]"},
		)
		Expect(summary).To(Equal(testsummary.Summary{Failed: 1}))
		Expect(written).To(ContainSubstring("# a\na.go:3: undefined: x\n"))
	})

	It("counts a package that fails though its specs passed", func() {
		summary, _ := read(output("a", "SUCCESS! -- 3 Passed | 0 Failed | 0 Pending | 0 Skipped"), end("fail", "a"))
		Expect(summary).To(Equal(testsummary.Summary{Passed: 3, Failed: 1}))
	})

	It("counts a package whose tests never ended", func() {
		summary, written := read(output("a", "still at it"), test("pass", "a", "TestA"))
		Expect(summary).To(Equal(testsummary.Summary{Failed: 1}))
		Expect(written).To(ContainSubstring("still at it\nFAIL a: the tests did not end"))
	})

	It("passes on what is no event", func() {
		_, written := read("go: downloading x v1.2.3", end("pass", "a"))
		Expect(written).To(HavePrefix("go: downloading x v1.2.3\n"))
	})

	It("reads lines of any length, and a last one without an end", func() {
		long := strings.Repeat("x", 200_000)
		var written strings.Builder
		summary, err := testsummary.Read(strings.NewReader(strings.TrimSuffix(stream(output("a", long), end("fail", "a")), "\n")), &written)
		Expect(err).NotTo(HaveOccurred())
		Expect(summary.Failed).To(Equal(1))
		Expect(written.String()).To(ContainSubstring(long))
	})

	It("reports a stream that breaks off", func() {
		_, err := testsummary.Read(iotest.ErrReader(errors.New("broken pipe")), GinkgoWriter)
		Expect(err).To(MatchError("failed to read the test events: broken pipe"))
	})
})

var _ = DescribeTable("Summary.String",
	func(summary testsummary.Summary, expected string) {
		Expect(summary.String()).To(Equal(expected))
	},
	Entry("nothing", testsummary.Summary{}, "0 passed, 0 failed"),
	Entry("all well", testsummary.Summary{Passed: 12}, "12 passed, 0 failed"),
	Entry("skipped", testsummary.Summary{Passed: 12, Failed: 1, Skipped: 2}, "12 passed, 1 failed, 2 skipped"),
	Entry("pending", testsummary.Summary{Pending: 3}, "0 passed, 0 failed, 3 pending"),
	Entry("left out", testsummary.Summary{Passed: 12, LeftOut: 4}, "12 passed, 0 failed, 4 left to another run"),
)
