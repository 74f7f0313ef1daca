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
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// healthPath is what kubelets and the operator ask for without a token.
const healthPath = "/v1/health"

// regexPrefix marks a path of a rule as a regular expression.
const regexPrefix = "regex:"

// denies tells whether a server.auth.route_policy may refuse a path to a caller without a token.
//
// The policy is a list of rules {permit or forbid: {paths: a path or a list of them}, when or unless: conditions on
// the user}. The first rule that matches decides; without one the answer is no. A rule with a condition never
// permits a caller without a token. Where the outcome cannot be told from the file, the answer is yes: what follows
// from it, not to probe over HTTP, is right for both.
func denies(policy *yaml.Node, path string) bool {
	if isNull(policy) || policy.Kind == yaml.SequenceNode && len(policy.Content) == 0 {
		return false
	}
	if policy.Kind != yaml.SequenceNode {
		return true
	}
	for _, rule := range policy.Content {
		if anyMatches(lookup(lookup(rule, "forbid"), "paths"), path, matchesAtMost) {
			return true
		}
		if isUnconditional(rule) && anyMatches(lookup(lookup(rule, "permit"), "paths"), path, matchesAtLeast) {
			return false
		}
	}
	return true
}

func isUnconditional(rule *yaml.Node) bool {
	return len(stringsOf(lookup(rule, "when"))) == 0 && len(stringsOf(lookup(rule, "unless"))) == 0
}

func anyMatches(paths *yaml.Node, path string, matches func(pattern, path string) bool) bool {
	for _, pattern := range stringsOf(paths) {
		if matches(pattern, path) {
			return true
		}
	}
	return false
}

// matchesAtLeast is true when the server surely takes the pattern for the path: the path itself, with or without a
// slash at its end, a prefix with "*" at its end, or a regular expression that covers all of it.
func matchesAtLeast(pattern, path string) bool {
	if expression, ok := strings.CutPrefix(pattern, regexPrefix); ok {
		compiled, err := regexp.Compile("^(?:" + expression + ")$")
		return err == nil && compiled.MatchString(path)
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(path, prefix)
	}
	return strings.TrimSuffix(pattern, "/") == path
}

// matchesAtMost is true when the server may take the pattern for the path: regular expressions are Python's, so one
// that cannot be read here may mean anything, and one that covers a part of the path may be enough.
func matchesAtMost(pattern, path string) bool {
	if expression, ok := strings.CutPrefix(pattern, regexPrefix); ok {
		compiled, err := regexp.Compile(expression)
		return err != nil || compiled.MatchString(path)
	}
	return matchesAtLeast(pattern, path)
}
