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

package operatorconfig

import (
	"errors"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	"go.yaml.in/yaml/v3"
)

// Errors for YAML of another type.
var (
	errNotMapping = errors.New("it is not a mapping")
	errNotList    = errors.New("it is not a list")
	errNotWhole   = errors.New("it is not a whole number")
	errBounds     = errors.New("it is out of bounds")
)

// document returns the value of a YAML text, or the zero Node for a blank text.
func document(content string) (yaml.Node, error) {
	value, err := yamlbudget.Parse(content)
	if err != nil || value == nil {
		return yaml.Node{}, err
	}
	return *value, nil
}

// mapping parses a YAML text that is a mapping or blank. A duplicate key is an error.
func mapping(content string) (map[string]yaml.Node, error) {
	value, err := document(content)
	if err != nil {
		return nil, err
	}
	return entries(value)
}

// entries returns the entries of a mapping, or none for a null or absent one.
func entries(value yaml.Node) (map[string]yaml.Node, error) {
	if value = resolve(value); blank(value) {
		return map[string]yaml.Node{}, nil
	}
	if value.Kind != yaml.MappingNode {
		return nil, errNotMapping
	}
	found, lines := make(map[string]yaml.Node, len(value.Content)/2), make(map[string]int, len(value.Content)/2)
	var merged []yaml.Node
	for i := 0; i+1 < len(value.Content); i += 2 {
		key := resolve(*value.Content[i])
		switch {
		case key.ShortTag() == mergeTag:
			merged = append(merged, resolve(*value.Content[i+1]))
			continue
		case key.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("failed to read a mapping: line %d: a key is not text", key.Line)
		}
		if first, twice := lines[key.Value]; twice {
			return nil, fmt.Errorf("failed to read a mapping: line %d: mapping key %q already defined at line %d", key.Line, yamlbudget.Shorten(key.Value), first)
		}
		found[key.Value], lines[key.Value] = *value.Content[i+1], key.Line
	}
	return found, merge(found, merged)
}

const mergeTag = "!!merge"

// merge adds the missing entries from mappings and lists of mappings. The first mapping that has an entry takes
// precedence.
func merge(found map[string]yaml.Node, merged []yaml.Node) error {
	for _, value := range merged {
		if value.Kind == yaml.SequenceNode {
			items := make([]yaml.Node, 0, len(value.Content))
			for _, item := range value.Content {
				items = append(items, resolve(*item))
			}
			if err := merge(found, items); err != nil {
				return err
			}
			continue
		}
		others, err := entries(value)
		if err != nil {
			return err
		}
		for key, entry := range others {
			if _, has := found[key]; !has {
				found[key] = entry
			}
		}
	}
	return nil
}

// list parses a YAML text that is a list or blank.
func list(content string) ([]yaml.Node, error) {
	value, err := document(content)
	if value = resolve(value); err != nil || blank(value) {
		return nil, err
	}
	if value.Kind != yaml.SequenceNode {
		return nil, errNotList
	}
	found := make([]yaml.Node, 0, len(value.Content))
	for _, entry := range value.Content {
		found = append(found, *entry)
	}
	return found, nil
}

// boolean returns false for a null or absent node.
func boolean(value yaml.Node) (bool, error) {
	if value = resolve(value); blank(value) {
		return false, nil
	}
	var found bool
	if err := value.Decode(&found); err != nil {
		return false, fmt.Errorf("failed to read a boolean: %w", oneLine(err))
	}
	return found, nil
}

// whole reads a number of rollouts. A null or absent node leaves the value unchanged.
func whole(value yaml.Node, into *int) error {
	if value = resolve(value); blank(value) {
		return nil
	}
	if value.ShortTag() != "!!int" || value.Decode(into) != nil {
		return errNotWhole
	}
	if *into < fewestRollouts || *into > mostRollouts {
		return errBounds
	}
	return nil
}

// text returns the value of a string, and whether the node is a string: an unquoted 5 is not.
func text(value yaml.Node) (string, bool) {
	value = resolve(value)
	return value.Value, value.Kind == yaml.ScalarNode && value.ShortTag() == "!!str"
}

// resolve follows the document node and aliases, also in a chain.
func resolve(value yaml.Node) yaml.Node {
	for {
		switch {
		case value.Kind == yaml.DocumentNode && len(value.Content) == 1:
			value = *value.Content[0]
		case value.Kind == yaml.AliasNode && value.Alias != nil:
			value = *value.Alias
		default:
			return value
		}
	}
}

// blank reports whether a value is absent or null.
func blank(value yaml.Node) bool {
	return value.IsZero() || value.ShortTag() == "!!null"
}

// oneLine removes the heading and the line breaks from the decoder's errors.
func oneLine(err error) error {
	if typed := new(yaml.TypeError); errors.As(err, &typed) {
		return errors.New(strings.Join(typed.Errors, "; "))
	}
	return err
}
