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
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// lookup finds a key of a mapping, in what it merges ("<<") too; nil when there is none or node is no mapping.
// Of a key that stands twice the last one counts, as it does for the server.
func lookup(node *yaml.Node, key string) *yaml.Node {
	return lookupUnseen(node, key, map[*yaml.Node]bool{})
}

// lookupUnseen leaves out the mappings that were searched: an anchor can merge itself, and any number of times.
func lookupUnseen(node *yaml.Node, key string, seen map[*yaml.Node]bool) *yaml.Node {
	node = resolve(node)
	if node == nil || node.Kind != yaml.MappingNode || seen[node] {
		return nil
	}
	seen[node] = true
	var found, merged *yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch name, value := node.Content[i], node.Content[i+1]; {
		case name.Kind == yaml.ScalarNode && name.Value == key:
			found = resolve(value)
		case name.Tag == yaml.MergeTag && merged == nil:
			merged = lookupMerged(value, key, seen)
		}
	}
	if found == nil {
		return merged
	}
	return found
}

// lookupMerged finds a key in the value of a merge key: a mapping, or a list of which the first one counts.
func lookupMerged(value *yaml.Node, key string, seen map[*yaml.Node]bool) *yaml.Node {
	value = resolve(value)
	if value.Kind != yaml.SequenceNode {
		return lookupUnseen(value, key, seen)
	}
	for _, item := range value.Content {
		if found := lookupUnseen(item, key, seen); found != nil {
			return found
		}
	}
	return nil
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// spellOut makes explicit what the encoder would write otherwise than it was read: nothing as the value of a key in
// braces, which would become an empty text, and merge keys, which would get a tag.
func spellOut(node *yaml.Node) {
	switch {
	case isNull(node) && node.Value == "":
		node.Value = "null"
	case node.Tag == yaml.MergeTag:
		node.Tag = ""
	}
	for _, child := range node.Content {
		spellOut(child)
	}
}

func scalar(value, tag string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func isNull(node *yaml.Node) bool {
	return node == nil || node.Kind == yaml.ScalarNode && node.Tag == yaml.NodeTagNull
}

// number reads a whole number, which the server takes in quotes too.
func number(node *yaml.Node) *int32 {
	if node == nil || node.Kind != yaml.ScalarNode {
		return nil
	}
	value, err := strconv.ParseInt(strings.TrimSpace(node.Value), 10, 32)
	if err != nil {
		return nil
	}
	n := int32(value)
	return &n
}

// stringsOf are the values of a scalar or of a list of scalars; everything else has none.
func stringsOf(node *yaml.Node) []string {
	node = resolve(node)
	switch {
	case isNull(node):
		return nil
	case node.Kind == yaml.ScalarNode:
		return []string{node.Value}
	case node.Kind != yaml.SequenceNode:
		return nil
	}
	var values []string
	for _, item := range node.Content {
		if item = resolve(item); item.Kind == yaml.ScalarNode {
			values = append(values, item.Value)
		}
	}
	return values
}

func kindName(node *yaml.Node) string {
	switch {
	case isNull(node):
		return "nothing"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}
