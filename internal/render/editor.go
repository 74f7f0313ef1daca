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

package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Fields that many kinds of objects have.
const (
	nameKey        = "name"
	typeKey        = "type"
	portKey        = "port"
	matchLabelsKey = "matchLabels"
)

// Paths in objects that several transformers write to.
const (
	ownLabelsPath      = "metadata/labels"
	ownAnnotationsPath = "metadata/annotations"

	specPath      = "spec"
	templatePath  = specPath + "/template"
	podSpecPath   = templatePath + "/spec"
	containerPath = podSpecPath + "/containers/0"
)

// editor changes fields of one object of a ResMap, on the YAML nodes themselves. A strategic merge would load the
// OpenAPI schema of all of Kubernetes, and kustomize's own field setters parse every string as YAML again. Together
// they would be most of the cost of a rendering. The first error stays in err, and nothing changes after it, so that
// a transformer checks once. Without an object of the kind every method does nothing: it was excluded.
type editor struct {
	root *yaml.Node
	kind string
	err  error
}

// edit starts editing the object of a kind; the base has one of each.
func edit(m resmap.ResMap, kind string) *editor {
	for _, res := range m.Resources() {
		if res.GetKind() == kind {
			return editResource(res)
		}
	}
	return &editor{kind: kind}
}

// editResource starts editing an object.
func editResource(res *resource.Resource) *editor {
	return &editor{root: res.YNode(), kind: res.GetKind()}
}

// set puts a value (nil, a scalar, or slices and maps of them) under key of the mapping at path, whose parts are
// separated by slashes and which is created where it is missing; a part that is a number is an index, and no part at all
// is the object itself. The key is taken as it is. A nil value removes the key.
func (e *editor) set(path, key string, value any) {
	parent := e.find(path, value != nil)
	if parent == nil {
		return
	}
	if value == nil {
		if i := indexOf(parent, key); i >= 0 {
			parent.Content = slices.Delete(parent.Content, i, i+2)
		}
		return
	}
	node, err := toNode(value)
	if err != nil {
		e.fail(path+"/"+key, err)
		return
	}
	setChild(parent, key, node)
}

// get reads what is under key of the mapping at path as set takes it; nil where there is nothing.
func (e *editor) get(path, key string) any {
	parent := e.find(path, false)
	if parent == nil {
		return nil
	}
	i := indexOf(parent, key)
	if i < 0 {
		return nil
	}
	value, err := fromNode(parent.Content[i+1])
	if err != nil {
		e.fail(path+"/"+key, err)
	}
	return value
}

// find walks to a mapping, creating mappings on the way where that is wanted; nil where there is none.
func (e *editor) find(path string, create bool) *yaml.Node {
	if e.err != nil {
		return nil
	}
	node := e.root
	if path == "" {
		return node
	}
	for part := range strings.SplitSeq(path, "/") {
		if node == nil {
			return nil
		}
		node = child(node, part, create)
	}
	if node != nil && node.Kind != yaml.MappingNode {
		e.fail(path, errors.New("the manifest has no mapping there"))
		return nil
	}
	return node
}

// child is the element of a sequence or the value of a mapping's key, which is created where that is wanted.
func child(node *yaml.Node, part string, create bool) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(part); err == nil && i < len(node.Content) {
			return node.Content[i]
		}
		return nil
	}
	if i := indexOf(node, part); i >= 0 {
		return node.Content[i+1]
	}
	if !create {
		return nil
	}
	created := &yaml.Node{Kind: yaml.MappingNode}
	setChild(node, part, created)
	return created
}

// indexOf is where a key is in a mapping's content, and its value after it; -1 where it is not.
func indexOf(mapping *yaml.Node, key string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// setChild sets the value of a mapping's key.
func setChild(mapping *yaml.Node, key string, value *yaml.Node) {
	if i := indexOf(mapping, key); i >= 0 {
		mapping.Content[i+1] = value
		return
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: key}, value)
}

// list reads a list; nil where there is none.
func (e *editor) list(path, key string) []any {
	list, _ := e.get(path, key).([]any)
	return list
}

// fail keeps the first error.
func (e *editor) fail(field string, err error) {
	if e.err == nil {
		e.err = fmt.Errorf("failed to render %s of the %s: %w", field, e.kind, err)
	}
}

// plain turns a pointer to an API type into the maps, slices and scalars that its JSON form has.
func plain(typed any) (map[string]any, error) {
	value, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, fmt.Errorf("failed to convert a %T: %w", typed, err)
	}
	return value, nil
}

// plainList is plain for every element of a slice of API types.
func plainList[T any](typed []T) ([]any, error) {
	list := make([]any, 0, len(typed))
	for i := range typed {
		value, err := plain(&typed[i])
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// stringList turns strings into a list that set takes.
func stringList(values []string) []any {
	list := make([]any, 0, len(values))
	for _, value := range values {
		list = append(list, value)
	}
	return list
}

// toNode builds the YAML node of a value. Keys are sorted, so that the same value has the same bytes.
func toNode(value any) (*yaml.Node, error) {
	switch v := value.(type) {
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: v}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagBool, Value: strconv.FormatBool(v)}, nil
	case int32:
		return toNode(int64(v))
	case int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagInt, Value: strconv.FormatInt(v, 10)}, nil
	case []any:
		return sequenceNode(v)
	case map[string]any:
		return mappingNode(v)
	default:
		return nil, fmt.Errorf("failed to write a value of type %T: the API has no such fields", value)
	}
}

func sequenceNode(list []any) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Content: make([]*yaml.Node, 0, len(list))}
	for _, element := range list {
		child, err := toNode(element)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	return node, nil
}

func mappingNode(fields map[string]any) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode, Content: make([]*yaml.Node, 0, 2*len(fields))}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] == nil {
			continue
		}
		child, err := toNode(fields[key])
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: key}, child)
	}
	return node, nil
}

// fromNode is the value of a node with the types that unstructured objects have: strings, booleans, int64, []any
// and map[string]any.
func fromNode(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		return fromMapping(node)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, child := range node.Content {
			value, err := fromNode(child)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	default:
		return fromScalar(node)
	}
}

func fromMapping(node *yaml.Node) (map[string]any, error) {
	fields := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		value, err := fromNode(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		fields[node.Content[i].Value] = value
	}
	return fields, nil
}

func fromScalar(node *yaml.Node) (any, error) {
	switch tag := node.ShortTag(); tag {
	case yaml.NodeTagString:
		return node.Value, nil
	case yaml.NodeTagBool:
		value, err := strconv.ParseBool(node.Value)
		if err != nil {
			return nil, fmt.Errorf("failed to read a boolean: %w", err)
		}
		return value, nil
	case yaml.NodeTagInt:
		value, err := strconv.ParseInt(node.Value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("failed to read a number: %w", err)
		}
		return value, nil
	default:
		return nil, fmt.Errorf("failed to read %q: the manifests have no values of type %s", node.Value, tag)
	}
}
