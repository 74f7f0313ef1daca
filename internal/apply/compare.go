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

package apply

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// difference is one field of an intent that a live object does not have as it should.
type difference struct {
	// path of the field, such as spec.template.spec.containers[name="a"].image.
	path string
	// place is the path in structured form; empty for what is about the object's metadata as a whole.
	place fieldpath.Path
	// missing: the live object does not have the field at all.
	missing    bool
	want, have any
}

// comparer compares intents with live objects by the schema that the API server merges by.
type comparer struct {
	scheme *runtime.Scheme
	// converter is made at the first comparison: parsing client-go's schema takes about 1 MiB of heap to keep.
	converter func() managedfields.TypeConverter
}

func newComparer(scheme *runtime.Scheme) *comparer {
	return &comparer{scheme: scheme, converter: sync.OnceValue(func() managedfields.TypeConverter {
		return applyconfigurations.NewTypeConverter(scheme)
	})}
}

// differences lists what of want, an intent in canonical form, have lacks or has otherwise. What only have has is not ours to judge.
func (c *comparer) differences(want, have map[string]any) ([]difference, error) {
	w, err := c.typed(want)
	if err != nil {
		return nil, err
	}
	h, err := c.typed(c.withoutOtherOwners(want, have))
	if err != nil {
		return nil, err
	}
	compared, err := w.Compare(h)
	if err != nil {
		return nil, fmt.Errorf("failed to compare: %w", err)
	}
	var found []difference
	for path := range compared.Removed.All() {
		// The typed form of a live object leaves zeros out.
		if v := at(want, path); !zero(v) {
			found = append(found, difference{path: name(path), place: path, missing: true, want: v})
		}
	}
	for path := range compared.Modified.All() {
		found = append(found, difference{path: name(path), place: path, want: at(want, path), have: at(have, path)})
	}
	return found, nil
}

// typed accepts lists with two items of one key: nobody may apply them, but an update can leave them.
func (c *comparer) typed(fields map[string]any) (*typed.TypedValue, error) {
	obj := &unstructured.Unstructured{Object: fields}
	t, err := c.converterFor(obj.GroupVersionKind()).ObjectToTyped(obj, typed.AllowDuplicates)
	if err != nil {
		return nil, fmt.Errorf("failed to read by schema: %w", err)
	}
	return t, nil
}

func name(path fieldpath.Path) string { return strings.TrimPrefix(path.String(), ".") }

func zero(v any) bool {
	switch v := v.(type) {
	case string:
		return v == ""
	case bool:
		return !v
	case int64:
		return v == 0
	case float64:
		return v == 0
	}
	return false
}

// at returns the value at a path, or nil when there is none.
func at(v any, path fieldpath.Path) any {
	for _, element := range path {
		switch parent := v.(type) {
		case map[string]any:
			if element.FieldName == nil {
				return nil
			}
			v = parent[*element.FieldName]
		case []any:
			v = item(parent, element)
		default:
			return nil
		}
	}
	return v
}

func item(list []any, element fieldpath.PathElement) any {
	for i, candidate := range list {
		switch {
		case element.Key != nil && hasKey(candidate, *element.Key),
			element.Value != nil && value.Equals(*element.Value, value.NewValueInterface(candidate)),
			element.Index != nil && *element.Index == i:
			return candidate
		}
	}
	return nil
}

// hasKey accepts an item that leaves a part of its key out: that part has a default.
func hasKey(candidate any, key value.FieldList) bool {
	m, ok := candidate.(map[string]any)
	if !ok {
		return false
	}
	for _, field := range key {
		if v, set := m[field.Name]; set && !value.Equals(field.Value, value.NewValueInterface(v)) {
			return false
		}
	}
	return true
}

// digest identifies a list of differences by the fields and their live values. Empty: there are none.
func digest(found []difference) string {
	if len(found) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, d := range found {
		add(sum, d.path, show(d.have))
	}
	return short(sum)
}

// show writes a value for people.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
