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

package serverconfig

import (
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// healthPath is what kubelets and the operator ask for without a token.
const healthPath = "/v1/health"

// regexPrefix marks a path of a rule as a regular expression.
const regexPrefix = "regex:"

// denies reports whether a server.auth.route_policy can refuse a path to a caller without a token.
//
// The policy is a list of rules {permit or forbid: {paths: a path or a list of them}, when or unless: conditions on the
// user}. The first rule that matches decides; without one the answer is no. A rule with a condition never permits a
// caller without a token. If the file does not determine the outcome, the answer is yes: then there is no probe over
// HTTP, which is right in both cases.
func denies(policy *yaml.Node, path string) bool {
	if isNull(policy) || policy.Kind == yaml.SequenceNode && len(policy.Content) == 0 {
		return false
	}
	if policy.Kind != yaml.SequenceNode {
		return true
	}
	m := matcher{path: path, left: maxExpressions, known: map[string]*regexp.Regexp{}}
	for _, rule := range policy.Content {
		if slices.ContainsFunc(stringsOf(lookup(lookup(rule, "forbid"), "paths")), m.atMost) {
			return true
		}
		if isUnconditional(rule) && slices.ContainsFunc(stringsOf(lookup(lookup(rule, "permit"), "paths")), m.atLeast) {
			return false
		}
	}
	return true
}

// isUnconditional reports whether a rule is for every caller.
func isUnconditional(rule *yaml.Node) bool {
	return len(stringsOf(lookup(rule, "when"))) == 0 && len(stringsOf(lookup(rule, "unless"))) == 0
}

// maxExpressions is the length of all regular expressions of a policy that are tried, in bytes. One such as a{1000}
// takes the compiler a thousand instructions for 8 bytes. Longer expressions are not evaluated.
const maxExpressions = 4 << 10

// matcher compares one path with the paths of rules.
type matcher struct {
	path string
	// left is how many bytes of expressions may still be compiled.
	left int
	// known are the compiled expressions; nil is one that cannot be compiled.
	known map[string]*regexp.Regexp
}

// expression returns nil if it is unknown what the pattern matches.
func (m *matcher) expression(text string) *regexp.Regexp {
	if compiled, ok := m.known[text]; ok {
		return compiled
	}
	if m.left -= len(text); m.left < 0 {
		return nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		compiled = nil
	}
	m.known[text] = compiled
	return compiled
}

// atLeast is true when the server surely takes the pattern for the path: the path itself, with or without a slash at its
// end, a prefix with "*" at its end, or a regular expression that covers all of it.
func (m *matcher) atLeast(pattern string) bool {
	if text, ok := strings.CutPrefix(pattern, regexPrefix); ok {
		compiled := m.expression("^(?:" + text + ")$")
		return compiled != nil && compiled.MatchString(m.path)
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(m.path, prefix)
	}
	return strings.TrimSuffix(pattern, "/") == m.path
}

// atMost is true when the server may take the pattern for the path: regular expressions are Python's, so one that cannot
// be read here may mean anything, and one that covers a part of the path may be enough.
func (m *matcher) atMost(pattern string) bool {
	if text, ok := strings.CutPrefix(pattern, regexPrefix); ok {
		compiled := m.expression(text)
		return compiled == nil || compiled.MatchString(m.path)
	}
	return m.atLeast(pattern)
}
