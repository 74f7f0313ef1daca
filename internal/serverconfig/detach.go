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
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// An anchor gives one node to several places of a document. What is changed in one of them must not change in the others.

// replaceByMapping sets a key of a mapping, whose value is null or missing, to a new, empty mapping.
func replaceByMapping(root *yaml.Node, key string) *yaml.Node {
	value := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
	if i := indexOf(root, key); i >= 0 {
		inline(root, root.Content[i])
		root.Content[i] = value
		return value
	}
	root.Content = append(root.Content, scalar(key, yaml.NodeTagString), value)
	return value
}

// detach gives a key of a mapping, whose value is a mapping, one that no other place shares, with the same content.
func detach(root *yaml.Node, key string) *yaml.Node {
	i := indexOf(root, key)
	if i < 0 { // it is merged from elsewhere
		value := withoutAnchors(lookup(root, key))
		root.Content = append(root.Content, scalar(key, yaml.NodeTagString), value)
		return value
	}
	shared := root.Content[i]
	if shared.Kind != yaml.AliasNode && shared.Anchor == "" {
		return shared
	}
	merge := &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.MergeTag, Value: "<<"}
	root.Content[i] = &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Content: []*yaml.Node{merge, shared}}
	return root.Content[i]
}

// indexOf is where the value of a mapping's own key is, the last one where it stands twice; -1 when there is none.
func indexOf(node *yaml.Node, key string) int {
	for i := len(node.Content) - 2; i >= 0; i -= 2 {
		if name := node.Content[i]; name.Kind == yaml.ScalarNode && name.Value == key {
			return i + 1
		}
	}
	return -1
}

// inline writes out, wherever a scalar is referred to below node, the scalar itself, so that its anchor can go.
func inline(node, scalar *yaml.Node) {
	for i, child := range node.Content {
		if child.Kind == yaml.AliasNode && child.Alias == scalar {
			plain := *scalar
			plain.Anchor = ""
			node.Content[i] = &plain
			continue
		}
		inline(child, scalar)
	}
}

// withoutAnchors is a copy that can stand beside the original. What it refers to is still where it was.
func withoutAnchors(node *yaml.Node) *yaml.Node {
	copied := *node
	copied.Anchor, copied.Content = "", nil
	for _, child := range node.Content {
		copied.Content = append(copied.Content, withoutAnchors(child))
	}
	return &copied
}
