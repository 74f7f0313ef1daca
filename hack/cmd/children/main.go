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

// Command children writes what manifests list for each kind of child, from the table in internal/children: the base
// manifests, the kinds that the admission policy guards, and the rights to install with OLM v1. In each file the lines
// between "# children: begin" and "# children: end" are its own.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/api/meta"
)

const (
	begin = "# children: begin"
	end   = "# children: end"

	fileMode = 0o644
)

// lists are the files, and what they list.
var lists = map[string]func() []string{ //nolint:gochecknoglobals // a table
	"internal/render/base/kustomization.yaml": manifests,
	"config/admission/operator.yaml":          guarded,
	"config/olmv1/clusterextension.yaml":      installable,
}

func main() {
	for path, list := range lists {
		if err := write(path, list()); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
	}
}

func write(path string, lines []string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("failed to read the manifest: %w", err)
	}
	replaced, err := replace(string(text), lines)
	if err != nil {
		return fmt.Errorf("failed to write the children into %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(replaced), fileMode); err != nil {
		return fmt.Errorf("failed to write the manifest: %w", err)
	}
	return nil
}

// replace puts lines between the markers, indented as the first marker is. The last one stays where the formatter put it.
func replace(text string, lines []string) (string, error) {
	before, rest, begins := strings.Cut(text, begin)
	comment, rest, _ := strings.Cut(rest, "\n")
	replaced, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", fmt.Errorf("there are no lines %q and %q", begin, end)
	}
	indent := before[strings.LastIndex(before, "\n")+1:]
	var block strings.Builder
	block.WriteString(begin + comment + "\n")
	for _, line := range lines {
		block.WriteString(indent + line + "\n")
	}
	return before + block.String() + replaced[strings.LastIndex(replaced, "\n")+1:] + end + after, nil
}

// manifests are the names of the base manifests, in the order in which objects are applied.
func manifests() []string {
	var lines []string
	for _, child := range children.All() {
		if !child.Content {
			lines = append(lines, "- "+child.Manifest())
		}
	}
	return lines
}

func guarded() []string {
	return rules([]string{`  apiVersions: ["*"]`, "  operations: [CREATE, UPDATE, DELETE]"}, nil)
}

func installable() []string {
	return rules(nil, []string{"  verbs: [create, delete, get, list, patch, watch]"})
}

// rules are a rule for each API group, with lines before and after its resources.
func rules(before, after []string) []string {
	var lines []string
	for _, group := range groups() {
		lines = slices.Concat(lines, []string{"- apiGroups: [" + quoted(group) + "]"}, before,
			[]string{"  resources: [" + strings.Join(resources(group), ", ") + "]"}, after)
	}
	return lines
}

// groups are the API groups of children, each once.
func groups() []string {
	var found []string
	known := map[string]bool{}
	for _, child := range children.All() {
		if !known[child.Group] {
			known[child.Group] = true
			found = append(found, child.Group)
		}
	}
	return found
}

// resources are the plural names of the children of a group.
func resources(group string) []string {
	var found []string
	for _, child := range children.All() {
		if child.Group == group {
			plural, _ := meta.UnsafeGuessKindToResource(child.GroupVersionKind)
			found = append(found, plural.Resource)
		}
	}
	return found
}

func quoted(group string) string {
	if group == "" {
		return `""`
	}
	return group
}
