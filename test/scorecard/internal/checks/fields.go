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

package checks

import (
	"reflect"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// The two parts of a custom resource.
const (
	specSection   = "spec"
	statusSection = "status"
)

// ownFields are the fields of our Go types, by section and path.
type ownFields map[string]goField

// goField is where a field is declared.
type goField struct {
	// owner is Type.Field.
	owner string
	// foreign is true if the field's type is not of this API.
	foreign bool
}

// fields are the fields of a LlamaStackDistribution. A CRD does not show which of its fields come from a type of this
// API and which from one of Kubernetes; the Go types do.
func fields() ownFields {
	known := ownFields{}
	known.add(reflect.TypeFor[v1alpha1.LlamaStackDistributionSpec](), specSection, "")
	known.add(reflect.TypeFor[v1alpha1.LlamaStackDistributionStatus](), statusSection, "")
	return known
}

func key(section, path string) string { return section + ":" + path }

func (f ownFields) add(t reflect.Type, section, prefix string) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		path := prefix + name
		element, suffix := elementOf(field.Type)
		ours := element.PkgPath() == t.PkgPath()
		f[key(section, path)] = goField{owner: t.Name() + "." + field.Name, foreign: element.PkgPath() != "" && !ours}
		if ours && element.Kind() == reflect.Struct {
			f.add(element, section, path+suffix+".")
		}
	}
}

// elementOf is what a pointer points to, or what a list has; for a list also what descriptors write for it.
func elementOf(t reflect.Type) (reflect.Type, string) {
	suffix := ""
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			suffix = "[0]"
		}
		t = t.Elem()
	}
	return t, suffix
}

// isForeign reports whether a field is known to be of a type that is not of this API.
func (f ownFields) isForeign(section, path string) bool { return f[key(section, path)].foreign }

// owner says where a field is declared, for a person to find it.
func (f ownFields) owner(section, path string) string {
	if field, found := f[key(section, path)]; found {
		return field.owner + " in api/v1alpha1"
	}
	return "the field in api/v1alpha1"
}
