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

package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// tree is a JSON object whose values are taken out one by one.
type tree struct {
	root map[string]any
}

// newTree is a tree with a copy of an object.
func newTree(object map[string]any) *tree {
	return &tree{root: runtime.DeepCopyJSON(object)}
}

// asMap is a JSON object, or nil.
func asMap(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

// get is the value at a path, whose parts are separated by dots.
func (t *tree) get(path string) (any, bool) {
	parts := strings.Split(path, ".")
	object := t.root
	for _, part := range parts[:len(parts)-1] {
		object = asMap(object[part])
	}
	value, ok := object[parts[len(parts)-1]]
	return value, ok && value != nil
}

// take is the value at a path, which the tree no longer has after it, nor the objects that are empty without it.
func (t *tree) take(path string) (any, bool) {
	value, ok := t.get(path)
	without(t.root, strings.Split(path, "."))
	return value, ok
}

// takeObject is take of a JSON object with fields. Another value stays.
func (t *tree) takeObject(path string) map[string]any {
	value, _ := t.get(path)
	object := asMap(value)
	if len(object) > 0 {
		t.take(path)
	}
	return object
}

// without deletes the value at a path, and the objects that become empty.
func without(object map[string]any, parts []string) {
	inner := asMap(object[parts[0]])
	if len(parts) > 1 {
		if len(inner) == 0 {
			return
		}
		without(inner, parts[1:])
	}
	if len(parts) == 1 || len(inner) == 0 {
		delete(object, parts[0])
	}
}

// set puts a value at a path.
func (t *tree) set(path string, value any) {
	if t.root == nil {
		t.root = map[string]any{}
	}
	parts := strings.Split(path, ".")
	object := t.root
	for _, part := range parts[:len(parts)-1] {
		inner := asMap(object[part])
		if inner == nil {
			inner = map[string]any{}
			object[part] = inner
		}
		object = inner
	}
	object[parts[len(parts)-1]] = value
}

// leaves are the paths of the values that are left, in order. An empty object or list is one, because it can have a meaning; null is
// none.
func (t *tree) leaves() []string {
	var paths []string
	var visit func(path string, value any)
	visit = func(path string, value any) {
		switch typed := value.(type) {
		case map[string]any:
			if len(typed) == 0 && path != "" {
				paths = append(paths, path)
			}
			for _, name := range slices.Sorted(maps.Keys(typed)) {
				visit(strings.TrimPrefix(path+"."+name, "."), typed[name])
			}
		case []any:
			if len(typed) == 0 {
				paths = append(paths, path)
			}
			for place, item := range typed {
				visit(fmt.Sprintf("%s[%d]", path, place), item)
			}
		case nil:
		default:
			paths = append(paths, path)
		}
	}
	visit("", t.root)
	return paths
}
