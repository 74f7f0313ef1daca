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

package overlay

import (
	"fmt"
	"strconv"
	"strings"
)

// place puts a value at a path into an object: keys of objects and indexes of lists, separated by dots. Objects on the
// way are created. It returns why the path does not fit, or an empty string.
func place(root map[string]any, path, value string) string {
	keys := strings.Split(path, ".")
	if len(keys) > maxDepth {
		return fmt.Sprintf("it has more than %d keys", maxDepth)
	}
	last := len(keys) - 1
	var parent any = root
	// keep puts a list that has grown into its own parent.
	keep := func(any) {}
	for i, key := range keys {
		at := strings.Join(keys[:i], ".")
		switch inner := parent.(type) {
		case map[string]any:
			if i == last {
				return placeKey(inner, key, path, value)
			}
			if inner[key] == nil {
				inner[key] = map[string]any{}
			}
			parent, keep = inner[key], func(list any) { inner[key] = list }
		case []any:
			index, err := strconv.Atoi(key)
			if err != nil || index < 0 || index > len(inner) || index == len(inner) && i != last {
				return fmt.Sprintf("%s is a list with %d entries, and %q is no index of it", at, len(inner), key)
			}
			if i == last {
				return placeIndex(inner, index, path, value, keep)
			}
			parent, keep = inner[index], func(list any) { inner[index] = list }
		default:
			return at + " is neither an object nor a list"
		}
	}
	return ""
}

func placeKey(fields map[string]any, key, path, value string) string {
	if fields[key] != nil {
		return set(path)
	}
	fields[key] = value
	return ""
}

func placeIndex(list []any, index int, path, value string, keep func(any)) string {
	switch {
	case index == len(list):
		keep(append(list, value))
	case list[index] != nil:
		return set(path)
	default:
		list[index] = value
	}
	return ""
}

func set(path string) string {
	return "config already sets " + path + "; remove it from config or from secrets"
}
