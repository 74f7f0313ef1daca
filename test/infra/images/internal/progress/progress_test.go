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

package progress_test

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
	"github.com/onsi/gomega/gbytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soon bounds what should happen at once, on a machine that is busy.
const soon = time.Minute

var _ = Describe("Log", func() {
	var (
		out *gbytes.Buffer
		log *progress.Log
	)

	BeforeEach(func() {
		out = gbytes.NewBuffer()
		log = &progress.Log{Out: out, Every: time.Hour}
	})

	It("reports the start and the end of a step", func() {
		Expect(log.Step("baking", func(io.Writer) error { return nil })).To(Succeed())
		Expect(string(out.Contents())).To(MatchRegexp(`^baking \.\.\.\nbaking: done in \d+\.\d s\n$`))
	})

	It("passes on why a step failed", func() {
		failure := errors.New("no flour")
		Expect(log.Step("baking", func(io.Writer) error { return failure })).To(MatchError(failure))
		Expect(out).To(gbytes.Say(`baking: failed after \d+ s`))
	})

	Describe("of a long step", func() {
		BeforeEach(func() { log.Every = 5 * time.Millisecond })

		DescribeTable("reports the last line so far", func(expected string, written ...string) {
			Expect(log.Step("baking", func(w io.Writer) error {
				for _, text := range written {
					Expect(io.WriteString(w, text)).To(Equal(len(text)))
				}
				Eventually(out).WithTimeout(soon).Should(gbytes.Say(`baking: \d+ s so far; ` + expected + `\n`))
				return nil
			})).To(Succeed())
		},
			Entry("when there is none", "no output yet"),
			Entry("when it is written at once", "two", "one\ntwo\n"),
			Entry("when it is written in pieces", "one two", "one ", "two\n"),
			Entry("when the next has begun", "one", "one\ntw"),
			Entry("when it is followed by blank ones", "one", "one\n\n  \n"),
			Entry("when a program redraws it", "90 %", "10 %\r90 %\r\n"),
			Entry("truncated when it is long", strings.Repeat("x", 100), strings.Repeat("x", 300)+"\n"),
		)
	})

	It("reports by default after 10 seconds at the earliest", func() {
		log.Every = 0
		Expect(log.Step("baking", func(io.Writer) error { return nil })).To(Succeed())
		Expect(string(out.Contents())).NotTo(ContainSubstring("so far"))
	})
})
