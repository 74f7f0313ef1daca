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

// Package yamlbudget parses YAML from users with limited cost. It limits the size of the text, and the number and depth
// of nodes after aliases are expanded. The parser's own limit for aliases only applies to decoding into Go values, and
// not to nodes.
//
// A walk over the nodes that follows aliases terminates, and visits at most MaxNodes.
package yamlbudget

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"go.yaml.in/yaml/v3"
)

// The limits of a text.
const (
	// MaxBytes is the maximum length. The parser needs up to 150 ms and 60 MB for such a text.
	MaxBytes = 256 << 10
	// MaxNodes is the maximum number of nodes, after aliases are expanded.
	MaxNodes = 50_000
	// MaxDepth is the maximum depth of nodes, after aliases are expanded.
	MaxDepth = 100
)

// maxReason is the maximum length of the parser's error, in bytes: it can quote the text.
const maxReason = 256

// ExceededError means that a text exceeds a limit.
type ExceededError struct {
	// Line of the problem, from 1. 0 is the whole text.
	Line int
	// What describes the problem, with the limit.
	What string
}

// Error describes the problem and its line.
func (e *ExceededError) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// DocumentsError means that a text has more than one YAML document.
type DocumentsError struct {
	// Line of the start of the second document.
	Line int
}

// Error describes where the second document starts.
func (e *DocumentsError) Error() string {
	return fmt.Sprintf("line %d: a second YAML document starts here, want one", e.Line)
}

// TooLarge reports whether a text is longer than MaxBytes, so that it is not parsed.
func TooLarge(text string) bool { return len(text) > MaxBytes }

// Parse returns the node of the one document in a text, nil for a blank text. The error is an *ExceededError, a
// *DocumentsError, or an error with the line of the syntax error.
func Parse(text string) (*yaml.Node, error) {
	if TooLarge(text) {
		return nil, &ExceededError{What: fmt.Sprintf("it has %d bytes, and the limit is %d: make it shorter", len(text), MaxBytes)}
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, next yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil //nolint:nilnil // a blank text has no node
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(&next); err == nil {
		return nil, &DocumentsError{Line: next.Line}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	if _, err := (measured{}).measure(&document, 0); err != nil {
		return nil, err
	}
	return &document, nil
}

// syntaxError always contains a line, and limits the quoted text.
func syntaxError(err error) error {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	reason = bound.Text(reason, maxReason)
	if !strings.Contains(reason, "line ") {
		reason = "line 1: " + reason
	}
	return errors.New("failed to parse YAML: " + reason)
}

// extent is the size of a node after aliases are expanded.
type extent struct{ nodes, depth int }

// measured are the nodes that an alias can refer to.
type measured map[*yaml.Node]extent

// measure visits each node once, in the order of the text. So an alias refers to a node that is already measured, or to
// a node that contains it.
func (m measured) measure(node *yaml.Node, depth int) (extent, error) {
	if node.Kind == yaml.AliasNode {
		found, ok := m[node.Alias]
		if !ok {
			return extent{}, &ExceededError{Line: node.Line, What: fmt.Sprintf("the alias *%s refers to a node that contains it: replace the alias", Shorten(node.Value))}
		}
		return found, within(node, found, depth)
	}
	whole := extent{nodes: 1, depth: 1}
	if err := within(node, whole, depth); err != nil {
		return extent{}, err
	}
	for _, child := range node.Content {
		part, err := m.measure(child, depth+1)
		if err != nil {
			return extent{}, err
		}
		whole.nodes, whole.depth = whole.nodes+part.nodes, max(whole.depth, part.depth+1)
		if err := within(child, whole, depth); err != nil {
			return extent{}, err
		}
	}
	if node.Anchor != "" {
		m[node] = whole
	}
	return whole, nil
}

// within returns an error if a node at a depth exceeds a limit.
func within(node *yaml.Node, has extent, depth int) error {
	switch {
	case has.nodes > MaxNodes:
		return &ExceededError{Line: node.Line, What: fmt.Sprintf("with its aliases expanded it has more than %d values: use fewer values or aliases", MaxNodes)}
	case depth+has.depth > MaxDepth:
		return &ExceededError{Line: node.Line, What: fmt.Sprintf("it is nested more than %d levels deep: reduce the nesting", MaxDepth)}
	}
	return nil
}

// maxName is the maximum length of a name in a message, in bytes.
const maxName = 128

// Shorten truncates a name from a text for a message. The name can be as long as the text.
func Shorten(name string) string { return bound.Text(name, maxName) }
