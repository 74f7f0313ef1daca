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
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Errors of the YAML's shape.
var (
	errDocuments  = errors.New("there is more than one YAML document")
	errNotMapping = errors.New("it is not a mapping")
	errNotList    = errors.New("it is not a list")
)

// document is the one value in a YAML text; the zero Node for a blank one.
func document(content string) (yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(content))
	var value yaml.Node
	if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
		return yaml.Node{}, nil
	} else if err != nil {
		return yaml.Node{}, fmt.Errorf("failed to parse YAML: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); errors.Is(err, io.EOF) {
		return value, nil
	} else if err != nil {
		return yaml.Node{}, fmt.Errorf("failed to parse YAML: %w", err)
	}
	return yaml.Node{}, errDocuments
}

// mapping parses a YAML text that is a mapping or blank. A key that is there twice is an error.
func mapping(content string) (map[string]yaml.Node, error) {
	value, err := document(content)
	if err != nil {
		return nil, err
	}
	return entries(value)
}

// entries of a mapping; none for a null or absent one.
func entries(value yaml.Node) (map[string]yaml.Node, error) {
	if value = resolve(value); blank(value) {
		return map[string]yaml.Node{}, nil
	}
	if value.Kind != yaml.MappingNode {
		return nil, errNotMapping
	}
	var found map[string]yaml.Node
	if err := value.Decode(&found); err != nil {
		return nil, fmt.Errorf("failed to read a mapping: %w", oneLine(err))
	}
	return found, nil
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

// boolean is false for a null or absent node.
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

// text is the value of a string, and whether it is one: an unquoted 5 is not.
func text(value yaml.Node) (string, bool) {
	value = resolve(value)
	return value.Value, value.Kind == yaml.ScalarNode && value.ShortTag() == "!!str"
}

// resolve looks through the document node and through aliases, which can follow each other.
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

// blank is an absent value, or a null one.
func blank(value yaml.Node) bool {
	return value.IsZero() || value.ShortTag() == "!!null"
}

// oneLine takes the heading and the line breaks out of the decoder's errors.
func oneLine(err error) error {
	if typed := new(yaml.TypeError); errors.As(err, &typed) {
		return errors.New(strings.Join(typed.Errors, "; "))
	}
	return err
}
