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

package convert_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/convert"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// node is a value in an object: a scalar, a list or an object. A step of its path is a key, or a place in a list.
type node struct {
	path  []any
	value any
}

// nodes are the values below a value, without the value itself.
func nodes(path []any, value any) []node {
	var all []node
	below := func(step, inner any) {
		at := append(slices.Clone(path), step)
		all = append(all, node{at, inner})
		all = append(all, nodes(at, inner)...)
	}
	switch typed := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(typed)) {
			below(key, typed[key])
		}
	case []any:
		for place, item := range typed {
			below(place, item)
		}
	}
	return all
}

// scalar reports whether the value has no values below it.
func (n node) scalar() bool {
	kind := reflect.ValueOf(n.value).Kind()
	return kind != reflect.Map && kind != reflect.Slice
}

// field is the node's path as the report spells it.
func (n node) field() string {
	var field strings.Builder
	field.WriteString("spec")
	for _, step := range n.path {
		if key, ok := step.(string); ok {
			field.WriteString("." + key)
		} else {
			fmt.Fprintf(&field, "[%d]", step)
		}
	}
	return field.String()
}

// alone is a spec with this value at the node's path and nothing else, the first in each list, and its path.
func (n node) alone(value any) (map[string]any, string) {
	first := node{path: slices.Clone(n.path)}
	for place, step := range first.path {
		if _, ok := step.(int); ok {
			first.path[place] = 0
		}
	}
	for _, step := range slices.Backward(n.path) {
		if key, ok := step.(string); ok {
			value = map[string]any{key: value}
		} else {
			value = []any{value}
		}
	}
	return value.(map[string]any), first.field()
}

// convertedSpec converts a spec, and returns the result with the fields that the report names.
func convertedSpec(spec map[string]any) (map[string]any, []string) {
	GinkgoHelper()
	object := parsed("{apiVersion: ogx.io/v1beta1, kind: OGXServer, metadata: {name: a}}")
	object["spec"] = spec
	result, err := convert.Convert(object)
	Expect(err).NotTo(HaveOccurred())
	named := make([]string, 0, len(result.Lost))
	for _, loss := range result.Lost {
		named = append(named, loss.Field)
	}
	return result.Server, named
}

var _ = Describe("Each field of the successor's kind", func() {
	var fields map[string]any
	var all []node

	BeforeEach(func() {
		text, err := os.ReadFile(filepath.Join("testdata", "fields.yaml"))
		Expect(err).NotTo(HaveOccurred())
		fields = parsed(string(text))
		all = nodes(nil, fields)
	})

	// kept converts a spec with one value, and a spec with the empty object or list around it. It says nothing if the result shows it, or the report names it.
	kept := func(at node, value any) []string {
		GinkgoHelper()
		spec, field := at.alone(value)
		around := any(map[string]any{})
		if _, isPlace := at.path[len(at.path)-1].(int); isPlace {
			around = []any{}
		}
		without, _ := node{path: at.path[:len(at.path)-1]}.alone(around)
		before, _ := convertedSpec(without)
		server, named := convertedSpec(spec)
		if slices.Contains(named, field) || !reflect.DeepEqual(server, before) || field == "spec.network.policy.policyTypes[0]" && value == "Ingress" {
			return nil // policies of this operator have this direction anyway
		}
		return []string{fmt.Sprintf("%s: %v", field, value)}
	}

	It("is in the result, or named, when it is alone", func() {
		changed := []string{ // it is another field, or another value, here
			"spec.distribution.name", "spec.storage.kv.endpoint", "spec.storage.sql.type", "spec.network.policy.policyTypes[0]",
		}
		var gone []string
		for _, at := range all {
			if !at.scalar() {
				continue
			}
			gone = append(gone, kept(at, at.value)...)
			spec, field := at.alone(at.value)
			server, named := convertedSpec(spec)
			if _, isBool := at.value.(bool); isBool || slices.Contains(changed, field) {
				continue
			}
			if slices.Contains(named, field) == slices.Contains(scalars(server), fmt.Sprint(at.value)) {
				gone = append(gone, fmt.Sprintf("%s is in both, or in neither: %v, %v", field, named, server))
			}
		}
		Expect(gone).To(BeEmpty())
	})

	It("is in the result, or named, when it is empty", func() {
		var gone []string
		for _, at := range all {
			switch at.value.(type) {
			case map[string]any:
				if at.path[len(at.path)-1] == "matchLabels" {
					continue // no labels select what a selector without them does
				}
				gone = append(gone, kept(at, map[string]any{})...)
			case []any:
				gone = append(gone, kept(at, []any{})...)
				gone = append(gone, kept(node{append(slices.Clone(at.path), 0), nil}, map[string]any{})...)
			}
		}
		Expect(gone).To(BeEmpty())
	})

	It("is in the result, or named, when it has another type", func() {
		var gone []string
		for _, at := range all {
			inside := node{append(slices.Clone(at.path), "odd"), nil}
			if at.scalar() {
				gone = append(gone, kept(inside, "value")...)
			} else {
				gone = append(gone, kept(at, "odd")...)
			}
			gone = append(gone, kept(node{append(slices.Clone(at.path), 0), nil}, "odd")...)
		}
		Expect(gone).To(BeEmpty())
	})

	It("is in the result, or named, beside all others", func() {
		server, named := convertedSpec(fields)
		there := scalars(server)
		var missing []string
		for _, at := range all {
			if at.scalar() && !slices.Contains(there, fmt.Sprint(at.value)) && !slices.Contains(named, at.field()) {
				missing = append(missing, at.field())
			}
		}
		// They are fields or objects here. TCP is the only protocol of a port here.
		Expect(missing).To(ConsistOf(
			"spec.distribution.name", "spec.storage.kv.endpoint", "spec.storage.kv.type", "spec.storage.sql.type", "spec.network.policy.policyTypes[0]",
			"spec.network.policy.policyTypes[1]", "spec.network.policy.ingress[0].ports[0].protocol", "spec.network.policy.egress[0].ports[0].protocol",
		))
	})

	It("names a field that no release has yet, in every object", func() {
		for _, at := range append([]node{{nil, fields}}, all...) {
			if object, ok := at.value.(map[string]any); ok {
				object["future"] = "of a later release"
				server, named := convertedSpec(fields)
				delete(object, "future")
				Expect(slices.ContainsFunc(named, func(field string) bool { return strings.HasSuffix(field, ".future") }) ||
					slices.Contains(scalars(server), "of a later release")).To(BeTrue(), "%v", at.path)
			}
		}
	})

	It("becomes what the golden file says", func() {
		object := parsed("{apiVersion: ogx.io/v1beta1, kind: OGXServer, metadata: {name: every-field}}")
		object["spec"] = fields
		result, err := convert.Convert(object)
		Expect(err).NotTo(HaveOccurred())
		expectGolden("fields.golden.yaml", report(result))
	})

	It("includes every typed provider", func() {
		server, _ := convertedSpec(fields)
		text := scalars(server)
		for path, typ := range convert.TypedProviders() {
			value := fields["providers"]
			for key := range strings.SplitSeq(path, ".") {
				value = value.(map[string]any)[key]
			}
			Expect(value).NotTo(BeNil(), path)
			Expect(text).To(ContainElement(typ))
		}
	})
})
