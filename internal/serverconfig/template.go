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

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// setting is whether a value is set once the server has filled in the templates of it.
type setting int

const (
	// unset is absent, null or empty; the server takes an empty value for none.
	unset setting = iota
	// depends is a value that the server's environment may leave empty.
	depends
	// set is a value that cannot come out empty.
	set
)

// template matches ${env.NAME}, ${env.NAME:=default} and ${env.NAME:+value if NAME is set}, the forms that servers
// from 0.2.13 know. It is compiled once and never written.
var template = regexp.MustCompile(`\$\{env\.[A-Z0-9_]+(:[=+])?([^}]*)\}`)

// settingOf a file name. A plain ${env.NAME} counts as set: the server does not start while NAME is empty.
func settingOf(node *yaml.Node) setting {
	if isNull(node) || node.Kind == yaml.ScalarNode && node.Value == "" {
		return unset
	}
	if node.Kind == yaml.ScalarNode && template.ReplaceAllStringFunc(node.Value, atLeast) == "" {
		return depends
	}
	return set
}

// atLeast is what a template stands for when the server's environment has as little as the server can start with.
func atLeast(text string) string {
	switch parts := template.FindStringSubmatch(text); parts[1] {
	case ":=":
		return parts[2]
	case ":+":
		return ""
	default:
		return text
	}
}
