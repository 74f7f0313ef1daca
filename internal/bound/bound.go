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

// Package bound limits the size of texts from servers, registries, kubelets, users and the API server. It imports no
// package of the operator, so that every package can use it.
package bound

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// dots are the end of a truncated text.
const dots = "…"

// Text returns a text of printable characters of at most limit bytes as a JSON string without quotes: a status is
// stored as JSON, where one byte can become six. Characters that are not printable become spaces. A truncated text ends
// with "…". The limit is at least 3.
func Text(text string, limit int) string {
	if isPlain(text) && len(text) <= limit {
		return text
	}
	var kept strings.Builder
	size, end := 0, 0 // end is the position to cut if the text is too long
	for _, r := range text {
		r = printable(r)
		size += encoded(r)
		if size > limit {
			return kept.String()[:end] + dots
		}
		kept.WriteRune(r)
		if size <= limit-len(dots) {
			end = kept.Len()
		}
	}
	return kept.String()
}

// Size returns the size of a result of Text as a JSON string without quotes, in bytes.
func Size(text string) int {
	size := 0
	for _, r := range text {
		size += encoded(r)
	}
	return size
}

// isPlain reports whether a text needs no escapes in JSON.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || encoded(rune(c)) > 1 {
			return false
		}
	}
	return true
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// encoded returns the size of a printable character in JSON as Go writes it, with escapes for HTML, in bytes.
func encoded(r rune) int {
	switch r {
	case '"', '\\':
		return len(`\"`)
	case '<', '>', '&':
		return len(`\u003c`)
	default:
		return utf8.RuneLen(r)
	}
}
