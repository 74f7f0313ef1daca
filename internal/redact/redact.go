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

// Package redact removes secrets from what leaves a cluster in a report: from objects of the API, and from texts such as
// logs, messages and metrics. A Redactor remembers the values that it removes from objects, and removes them from every
// text, too.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const (
	// Removed replaces what is removed.
	Removed = "[removed]"
	// valueOf and a name replace the value of a variable or a field.
	valueOf = "[value of "
	// shortest value that is remembered, in bytes. Shorter ones are in too many words.
	shortest = 8
	// longest value that is remembered, in bytes.
	longest = 64 << 10
	// most values that are remembered.
	most = 10_000
	// group is how many bytes are four characters in base64.
	group = 3
)

// Redactor removes secrets. The zero value is ready to use. It is not safe for concurrent use.
type Redactor struct {
	// known are the values that are removed, with what replaces them.
	known    map[string]string
	replacer *strings.Replacer
}

// Text removes what is known or recognized as a secret from a text of any number of lines.
func (r *Redactor) Text(text string) string {
	if r.replacer == nil && len(r.known) > 0 {
		r.replacer = r.newReplacer()
	}
	if r.replacer != nil {
		text = r.replacer.Replace(text)
	}
	return recognize(text)
}

// Recognized is a text without what has the form of a secret, such as the password of a URL. A Redactor also removes the values
// that it knows.
func Recognized(text string) string { return recognize(text) }

// newReplacer replaces the longest value that is known, in all forms in which programs print it.
func (r *Redactor) newReplacer() *strings.Replacer {
	type pair struct{ from, to string }
	var pairs []pair
	for value, to := range r.known {
		for _, form := range forms(value) {
			pairs = append(pairs, pair{form, to})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(len(b.from)-len(a.from), cmp.Compare(a.from, b.from)) })
	words := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		words = append(words, p.from, p.to)
	}
	return strings.NewReplacer(words...)
}

// forms are a value as it is, and as it is in JSON, in URLs and in base64, also in the middle of a longer text, where it begins at
// any byte of a group.
func forms(value string) []string {
	found := []string{value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value))}
	for from := range group {
		if whole := (len(value) - from) / group * group; whole >= shortest {
			found = append(found, base64.StdEncoding.EncodeToString([]byte(value[from:from+whole])))
		}
	}
	if quoted, err := json.Marshal(value); err == nil {
		found = append(found, strings.Trim(string(quoted), `"`))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// remember lets Text remove a value. of is the name of the variable or field, or "".
func (r *Redactor) remember(value, of string) string {
	to := Removed
	if of != "" {
		to = valueOf + of + "]"
	}
	value = strings.TrimSpace(value)
	if _, ok := r.known[value]; ok || len(value) < shortest || len(value) > longest || len(r.known) >= most {
		return to
	}
	if r.known == nil {
		r.known = map[string]string{}
	}
	r.known[value], r.replacer = to, nil
	for _, secret := range secretsIn(value) {
		r.remember(secret, of)
	}
	return to
}
