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

package status

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
)

const (
	// maxTrouble is the maximum size of a message of the kubelet or a registry, in bytes of JSON.
	maxTrouble = 1024
	// maxLastWords is the maximum size of the end of a log, in bytes of JSON.
	maxLastWords = 600
	// maxLine is the maximum size of a line of a log, in bytes of JSON: more than the kubelet copies.
	maxLine = 1 << 15
	// lineBreak separates the lines of a log.
	lineBreak = " | "
)

// words returns an external text as one line of printable characters, at most maxTrouble bytes.
func words(text string) string {
	return bound.Text(strings.TrimSpace(withoutEscapes(text)), maxTrouble)
}

// withoutEscapes removes the terminal escape sequences for colors: ESC [ numbers letter.
func withoutEscapes(text string) string {
	const begins = "\x1b["
	first, rest, found := strings.Cut(text, begins)
	kept := []string{first}
	for found {
		first, rest, found = strings.Cut(rest, begins)
		first = strings.TrimLeft(first, "0123456789;?")
		if first != "" && unicode.IsLetter(rune(first[0])) {
			first = first[1:]
		}
		kept = append(kept, first)
	}
	return strings.Join(kept, "")
}

// lastLines returns as many of the last lines of a log as fit. A longer line is cut at its start, because programs
// report the problem at the end.
func lastLines(log string) string {
	var kept []string
	space := maxLastWords
	for _, line := range slices.Backward(strings.Split(log, "\n")) {
		line = strings.TrimSpace(bound.Text(withoutEscapes(line), maxLine))
		if line == "" {
			continue
		}
		if bound.Size(line) > space {
			if len(kept) == 0 {
				kept = append(kept, ending(line, space))
			}
			break
		}
		kept = append(kept, line)
		space -= bound.Size(line) + len(lineBreak)
	}
	slices.Reverse(kept)
	return strings.Join(kept, lineBreak)
}

// ending returns the end of a text, at most limit bytes of JSON, without splitting a character.
func ending(text string, limit int) string {
	const dots = "…"
	start, size := len(text), len(dots)
	for start > 0 {
		_, width := utf8.DecodeLastRuneInString(text[:start])
		if size += bound.Size(text[start-width : start]); size > limit {
			break
		}
		start -= width
	}
	return dots + text[start:]
}

// alike reports whether two texts differ only in numbers, such as a time, a port or an address. Messages of retries
// differ in these, and must not cause a write of the status at each retry.
func alike(a, b string) bool { return a == b || withoutNumbers(a) == withoutNumbers(b) }

func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' { // addresses and digests contain letters, too
			return -1
		}
		return r
	}, text)
}
