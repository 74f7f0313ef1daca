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

package redact

import (
	"regexp"
	"strings"
)

// The rules that say by its name whether a variable, a field, an option or a header has a secret. All others ask Named,
// Counted or Words: no expression elsewhere says what a secret is called.
const (
	// secretName is a part of the names of secrets.
	secretName = `(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|` +
		`encryption[_-]?key|credential|auth[_-]?key|dsn|connection[_-]?string|signature|\bsig\b)`
	// partOfName is in every name that Named can accept, in any case. It finds the names in a text.
	partOfName = `(?:` + secretName + `|keys?|bearer|authorization|cookie)`
)

var (
	secretKey = regexp.MustCompile(`(?i)` + secretName + `|^authorization$|cookie`)
	// key is the name of a key that does not say what it opens, such as OPENAI_KEY or openaiKey.
	key = regexp.MustCompile(`(?:^|[-_.])(?i:keys?|bearer)$|[a-z0-9]Key$`)
	// tokenizer is no token.
	tokenizer = regexp.MustCompile(`(?i)tokenizers?`)
	number    = regexp.MustCompile(`^[0-9.]+$`)
	// counted are tokens of a model.
	counted = regexp.MustCompile(`(?i)tokens`)
	// option is a command-line option or a variable with a value.
	option = regexp.MustCompile(`(?s)^(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=(.*)$`)
)

// Named says whether the text of a variable, a field or an option is a secret, by its name.
func Named(name string) bool {
	name = tokenizer.ReplaceAllString(strings.TrimLeft(name, "-"), "")
	return secretKey.MatchString(name) || key.MatchString(name)
}

// Counted says whether a number is one of tokens, by its name, and therefore no secret.
func Counted(name string) bool { return counted.MatchString(name) }

// isSecret says whether the text of a name is a secret. The text can be a number.
func isSecret(name, text string) bool {
	return Named(name) && (!Counted(name) || !number.MatchString(text))
}

// Words is a command line with the value of each option and variable that has a secret replaced by what secret returns for its
// name, and all other words by what other returns.
func Words(words []string, secret func(name, value string) string, other func(string) string) []string {
	kept, name := make([]string, len(words)), ""
	for i, word := range words {
		parts := option.FindStringSubmatch(word)
		switch {
		case name != "":
			kept[i], name = secret(name, word), ""
		case len(parts) > 0 && isSecret(parts[1], parts[2]):
			kept[i] = parts[1] + "=" + secret(parts[1], parts[2])
		case strings.HasPrefix(word, "-") && !strings.ContainsAny(word, "= \n") && Named(word):
			kept[i], name = word, word
		default:
			kept[i] = other(word)
		}
	}
	return kept
}
