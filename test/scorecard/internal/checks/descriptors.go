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
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// descriptor is what specDescriptors and statusDescriptors have in common.
type descriptor struct {
	path, displayName, description string
	xDescriptors                   []string
}

// section is the spec or the status of a kind.
type section struct {
	// name is spec or status.
	name string
	// kind is that of the custom resource.
	kind        string
	schema      apiextensionsv1.JSONSchemaProps
	descriptors map[string]descriptor
}

// Descriptors requires a descriptor for every top-level field of the spec, and for the conditions: the console orders its form by
// them. Deeper fields have one if people set or read them. Scorecard's own test only checks those top-level fields of the spec
// that the examples use, and no descriptor.
func Descriptors(_ context.Context, b *bundle.Bundle, r *report.Report) {
	owned := b.CSV.Spec.CustomResourceDefinitions.Owned
	if len(owned) == 0 {
		r.Errorf("the CSV owns no CRD: add spec.customresourcedefinitions.owned to the CSV in config/manifests/bases, and run make bundle")
	}
	for _, kind := range owned {
		schema := schemaOf(b, kind)
		if schema == nil {
			r.Errorf("the bundle has no schema of %s in version %s: run make manifests bundle", kind.Name, kind.Version)
			continue
		}
		for _, s := range []section{
			{name: specSection, kind: kind.Kind, schema: schema.Properties[specSection], descriptors: specDescriptors(kind)},
			{name: statusSection, kind: kind.Kind, schema: schema.Properties[statusSection], descriptors: statusDescriptors(kind)},
		} {
			s.check(r)
		}
	}
}

// schemaOf is the schema of the kind in the version that the CSV owns, or nil.
func schemaOf(b *bundle.Bundle, kind operatorsv1alpha1.CRDDescription) *apiextensionsv1.JSONSchemaProps {
	crd, found := b.CRDs[kind.Name]
	if !found {
		return nil
	}
	for _, version := range crd.Spec.Versions {
		if version.Name == kind.Version && version.Schema != nil {
			return version.Schema.OpenAPIV3Schema
		}
	}
	return nil
}

func specDescriptors(kind operatorsv1alpha1.CRDDescription) map[string]descriptor {
	all := make(map[string]descriptor, len(kind.SpecDescriptors))
	for _, d := range kind.SpecDescriptors {
		all[d.Path] = descriptor{d.Path, d.DisplayName, d.Description, d.XDescriptors}
	}
	return all
}

func statusDescriptors(kind operatorsv1alpha1.CRDDescription) map[string]descriptor {
	all := make(map[string]descriptor, len(kind.StatusDescriptors))
	for _, d := range kind.StatusDescriptors {
		all[d.Path] = descriptor{d.Path, d.DisplayName, d.Description, d.XDescriptors}
	}
	return all
}

func (s section) check(r *report.Report) {
	known := fields()
	paths := pathsIn(s.schema, s.name, "", known)
	r.Logf("%s: %d fields in %s, %d descriptors", s.kind, len(paths), s.name, len(s.descriptors))

	for _, path := range paths {
		if _, found := s.descriptors[path]; !found && s.required(path) {
			r.Errorf("%s: %s.%s has no descriptor: add the marker %s above %s, and run make bundle",
				s.kind, s.name, path, marker(s.name), known.owner(s.name, path))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.descriptors)) {
		if !slices.Contains(paths, path) {
			r.Errorf("%s: the descriptor of %s.%s describes no field of ours: remove its marker, or correct the path, and run make bundle",
				s.kind, s.name, path)
			continue
		}
		s.checkTexts(r, s.descriptors[path], known)
		s.checkWidget(r, s.descriptors[path], known)
	}
}

// required reports whether a field needs a descriptor.
func (s section) required(path string) bool {
	return path == "conditions" || s.name == specSection && !strings.Contains(path, ".")
}

func (s section) checkTexts(r *report.Report, d descriptor, known ownFields) {
	where := known.owner(s.name, d.path)
	if d.displayName == "" {
		r.Errorf("%s: the descriptor of %s.%s has no displayName: add one to the marker above %s, and run make bundle", s.kind, s.name, d.path, where)
	}
	if d.description == "" {
		r.Errorf("%s: the descriptor of %s.%s has no description: write a comment above %s, and run make bundle", s.kind, s.name, d.path, where)
	}
}

// checkWidget requires x-descriptors for what is not a group of fields, none that are deprecated, and the values of an enum.
func (s section) checkWidget(r *report.Report, d descriptor, known ownFields) {
	where, field := known.owner(s.name, d.path), fieldAt(s.schema, d.path)
	if len(d.xDescriptors) == 0 && len(field.Properties) == 0 && field.Items == nil {
		r.Errorf("%s: the descriptor of %s.%s has no x-descriptor, so the console does not know how to show it: add xDescriptors to the marker above %s, and run make bundle",
			s.kind, s.name, d.path, where)
	}
	for _, text := range d.xDescriptors {
		if strings.HasPrefix(text, ui+"fieldGroup:") || strings.HasPrefix(text, ui+"arrayFieldGroup:") {
			r.Errorf("%s: the descriptor of %s.%s has the deprecated %s: remove it from the marker above %s, and run make bundle", s.kind, s.name, d.path, text, where)
		}
	}
	if s.name != specSection || slices.Contains(d.xDescriptors, ui+"hidden") {
		return
	}
	for _, value := range field.Enum {
		if option := ui + "select:" + strings.Trim(string(value.Raw), `"`); !slices.Contains(d.xDescriptors, option) {
			r.Errorf("%s: the descriptor of %s.%s lacks %s, a value of the field: add it to the marker above %s, and run make bundle", s.kind, s.name, d.path, option, where)
		}
	}
}

// ui is what x-descriptors of the console start with.
const ui = "urn:alm:descriptor:com.tectonic.ui:"

// fieldAt is the schema of a field that pathsIn lists.
func fieldAt(schema apiextensionsv1.JSONSchemaProps, path string) apiextensionsv1.JSONSchemaProps {
	for part := range strings.SplitSeq(path, ".") {
		name, entry := strings.CutSuffix(part, "[0]")
		schema = schema.Properties[name]
		if entry {
			schema = *schema.Items.Schema
		}
	}
	return schema
}

// marker is the comment that creates the descriptor of a field.
func marker(section string) string {
	return `"// +operator-sdk:csv:customresourcedefinitions:type=` + section + `,displayName=...,xDescriptors=..."`
}

// pathsIn lists the fields of a schema, in order, as descriptors call them: a field of the elements of a list is
// list[0].field. Fields of Kubernetes' own types have no descriptors.
func pathsIn(schema apiextensionsv1.JSONSchemaProps, section, prefix string, known ownFields) []string {
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		path := prefix + name
		paths = append(paths, path)
		if known.isForeign(section, path) {
			continue
		}
		field := schema.Properties[name]
		paths = append(paths, pathsIn(field, section, path+".", known)...)
		if field.Items != nil && field.Items.Schema != nil {
			paths = append(paths, pathsIn(*field.Items.Schema, section, path+"[0].", known)...)
		}
	}
	return paths
}
