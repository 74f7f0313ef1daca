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

package bound_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// quotes are the two bytes around a JSON string.
const quotes = 2

var _ = Describe("Text", func() {
	DescribeTable("keeps what fits and is printable", func(given string, limit int, want string) {
		Expect(bound.Text(given, limit)).To(Equal(want))
	},
		Entry("nothing", "", 10, ""),
		Entry("a text as long as the limit", "0123456789", 10, "0123456789"),
		Entry("a text that is longer", "0123456789a", 10, "0123456…"),
		Entry("characters of several bytes, whole", "üüüüü", 9, "üüü…"),
		Entry("characters of several bytes that fit", "üüüüü", 10, "üüüüü"),
		Entry("lines as one line", "a\r\nb\tc", 10, "a  b c"),
		Entry("no control characters", "a\x00\x1b[31mb\x7f", 20, "a  [31mb "),
		Entry("no separators that end a line elsewhere", "a\u2028b\u2029c\u0085d", 20, "a b c d"),
		Entry("no characters that change the direction of text", "a\u202eb\u200b", 20, "a b "),
		Entry("no invalid characters", "a\xff\xc3b", 20, "a��b"),
		Entry("quotes by their size in JSON", `""""""`, 11, `""""…`),
		Entry("characters of HTML by their size in JSON", "<<<<", 21, "<<<…"),
		Entry("characters of HTML that fit", "<<<<", 24, "<<<<"),
		Entry("a limit of three bytes", "abcd", 3, "…"),
	)

	It("costs nothing for a plain text", func() {
		plain := strings.Repeat("plain text, as nearly all are. ", 100)
		Expect(testing.AllocsPerRun(100, func() { bound.Text(plain, len(plain)) })).To(BeZero())
	})
})

// FuzzText holds for any text.
func FuzzText(f *testing.F) {
	f.Add("plain", 10)
	f.Add("<script>\x00\"\\\u2028\xff", 12)
	f.Add(strings.Repeat("é&", 50), 100)
	f.Fuzz(func(t *testing.T, given string, limit int) {
		limit = max(3, limit%4096)
		got := bound.Text(given, limit)
		written, err := json.Marshal(got)
		if err != nil || len(written)-quotes > limit {
			t.Errorf("%q takes %d bytes of %d: %v", got, len(written)-quotes, limit, err)
		}
		if bound.Size(got) != len(written)-quotes {
			t.Errorf("%q takes %d bytes, not %d", got, len(written)-quotes, bound.Size(got))
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not printable", got)
		}
		if again := bound.Text(got, limit); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	})
}
