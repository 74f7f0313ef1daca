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

package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/redact"
)

// longestWord is how long a word of a command is shown, in bytes. A script is longer.
const longestWord = 200

// secretField is the name of a field whose text is hidden.
const secretField = "secret"

// errNoYAML says nothing of the text, which can have secrets.
var errNoYAML = errors.New("it is not one YAML document that can be read")

// placeholder is what the server replaces by the value of a variable, with the default in the last group.
var placeholder = regexp.MustCompile(`^\$\{env\.[A-Za-z0-9_]+(?::[=+])?([^}]*)\}$`)

// hideText is a text without what a reader must not see.
func hideText(name, text string) string {
	if !redact.Named(name) {
		return redact.Recognized(text)
	}
	if found := placeholder.FindStringSubmatch(text); found != nil {
		if found[1] == "" {
			return text
		}
		return strings.TrimSuffix(text, found[1]+"}") + redact.Removed + "}"
	}
	if text == "" {
		return text
	}
	return redact.Removed
}

// hide hides the secrets of a document, which it changes. all says that each text in it is one.
func hide(node any, all bool) any {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			node[key] = hideField(key, value, all)
		}
	case []any:
		for i, value := range node {
			node[i] = hideField("", value, all)
		}
	case string:
		return hideText("", node)
	}
	return node
}

// hideField hides the secrets in a field. A number can be a password, too; true and false are not.
func hideField(name string, value any, all bool) any {
	secret := all || redact.Named(name)
	switch value := value.(type) {
	case string:
		if secret {
			return hideText(secretField, value)
		}
		return hideText(name, value)
	case map[string]any, []any:
		return hide(value, secret)
	case nil, bool:
		return value
	}
	if secret && !redact.Counted(name) {
		return redact.Removed
	}
	return value
}

// hideWords is a command without its secrets, and without long texts, such as scripts.
func hideWords(words []string) []string {
	return redact.Words(words, func(string, string) string { return redact.Removed }, func(word string) string {
		if len(word) > longestWord || strings.Contains(word, "\n") {
			return fmt.Sprintf("<text of %d bytes>", len(word))
		}
		return hideText("", word)
	})
}
