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

package bundle_test

import (
	"slices"
	"strings"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the console does with a descriptor. It shows the fields of the schema in its form, with or without descriptors, apart from
// those that are hidden; a descriptor adds a name, a description and a widget. On the page of a server, each descriptor of a field
// that is not hidden is a row, also if the field is not set: so only what people set and read has one.
const (
	urn    = "urn:alm:descriptor:"
	ui     = urn + "com.tectonic.ui:"
	object = urn + "io.kubernetes:"
	link   = urn + "org.w3:link"
	hidden = ui + "hidden"
)

// descriptor is what spec and status descriptors have in common, with the field that it describes.
type descriptor struct {
	part, path, displayName, description string
	xDescriptors                         []string
	// field is nil if the CRD has no such field.
	field *apiextensionsv1.JSONSchemaProps
}

// has reports whether a descriptor has an x-descriptor of this prefix.
func (d descriptor) has(prefix string) bool {
	return slices.ContainsFunc(d.xDescriptors, func(text string) bool { return strings.HasPrefix(text, prefix) })
}

// widgets are the x-descriptors that say how the field is shown, without what it depends on.
func (d descriptor) widgets() []string {
	return slices.DeleteFunc(slices.Clone(d.xDescriptors), func(text string) bool { return strings.HasPrefix(text, ui+"fieldDependency:") })
}

// group reports whether the field has fields of ours, or is a list of what has them. The console shows these instead of it.
func (d descriptor) group() bool {
	field := d.field
	if field.Items != nil {
		field = field.Items.Schema
	}
	return len(field.Properties) > 0 && !slices.Contains(d.xDescriptors, ui+"resourceRequirements") && d.path != "conditions"
}

// name is the last part of the path.
func (d descriptor) name() string { return d.path[strings.LastIndex(d.path, ".")+1:] }

func owned() operatorsv1alpha1.CRDDescription {
	GinkgoHelper()
	all := load().CSV.Spec.CustomResourceDefinitions.Owned
	Expect(all).To(HaveLen(1))
	return all[0]
}

// schemaOf is the schema of the spec or the status.
func schemaOf(part string) *apiextensionsv1.JSONSchemaProps {
	GinkgoHelper()
	schema := load().V1CRDs[0].Spec.Versions[0].Schema.OpenAPIV3Schema.Properties[part]
	Expect(schema.Properties).NotTo(BeEmpty())
	return &schema
}

// at is the schema of a field, by the path of a descriptor: dots between fields, [0] for an entry of a list. It is nil if there is
// no such field.
func at(schema *apiextensionsv1.JSONSchemaProps, path string) *apiextensionsv1.JSONSchemaProps {
	for part := range strings.SplitSeq(path, ".") {
		name, entry := strings.CutSuffix(part, "[0]")
		field, found := schema.Properties[name]
		if !found || entry && field.Items == nil {
			return nil
		}
		schema = &field
		if entry {
			schema = field.Items.Schema
		}
	}
	return schema
}

// described are the descriptors of a kind of fields.
func described(part string) []descriptor {
	GinkgoHelper()
	schema := schemaOf(part)
	var all []descriptor
	add := func(path, name, text string, x []string) {
		all = append(all, descriptor{part, path, name, text, x, at(schema, path)})
	}
	for _, d := range owned().SpecDescriptors {
		if part == "spec" {
			add(d.Path, d.DisplayName, d.Description, d.XDescriptors)
		}
	}
	for _, d := range owned().StatusDescriptors {
		if part == "status" {
			add(d.Path, d.DisplayName, d.Description, d.XDescriptors)
		}
	}
	return all
}

// find returns the descriptor of a path among others.
func find(all []descriptor, path string) (descriptor, bool) {
	i := slices.IndexFunc(all, func(d descriptor) bool { return d.path == path })
	if i < 0 {
		return descriptor{}, false
	}
	return all[i], true
}

// rows are the paths that the console shows a line for: of a list of objects one for all of it.
func rows(all []descriptor) []string {
	var paths []string
	for _, d := range all {
		if d.path == "conditions" || d.has(hidden) || d.group() {
			continue
		}
		list, _, _ := strings.Cut(d.path, "[0]")
		paths = append(paths, list)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

var _ = Describe("the descriptors", func() {
	It("are there once for a field, and for every field that people find first", func() {
		spec := described("spec")
		for _, part := range []string{"", "server", "network"} {
			schema, prefix := schemaOf("spec"), ""
			if part != "" {
				schema, prefix = at(schema, part), part+"."
			}
			for name := range schema.Properties {
				_, found := find(spec, prefix+name)
				Expect(found).To(BeTrue(), "spec.%s%s has no descriptor. In api/v1alpha1, directly above the field, add the line\n\t"+
					"// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName=\"Some Name\",xDescriptors={\"%s\"}\n"+
					"or, for what people set in the form, with :text, :number, :booleanSwitch, :select:A and :select:B, or "+
					"urn:alm:descriptor:io.kubernetes:Secret; and run \"make generate\"", prefix, name, hidden)
			}
		}
		for _, part := range []string{"spec", "status"} {
			seen := map[string]bool{}
			for _, d := range described(part) {
				Expect(seen).NotTo(HaveKey(d.path))
				seen[d.path] = true
			}
		}
		_, found := find(described("status"), "conditions")
		Expect(found).To(BeTrue())
	})

	It("start with the required fields", func() {
		Expect(described("spec")[0].path).To(Equal("server"))
		Expect(described("spec")[1].path).To(Equal("server.distribution"))
	})

	It("are few enough to be read above the conditions", func() {
		Expect(rows(described("spec"))).To(And(
			ContainElements("server.distribution.name", "replicas", "server.storage.size", "network.exposeRoute", "server.config.providers"),
			WithTransform(func(all []string) int { return len(all) }, BeNumerically("<=", 36))))
		Expect(rows(described("status"))).To(And(
			ContainElements("phase", "serviceURL", "version.llamaStackServerVersion"),
			WithTransform(func(all []string) int { return len(all) }, BeNumerically("<=", 9))))
	})

	It("of the status are not empty rows of a server that is Ready", func() {
		ready := parse[map[string]any](file("internal", "status", "testdata", "ready.yaml"))
		var empty []string
		for _, path := range rows(described("status")) {
			value := any(ready)
			for name := range strings.SplitSeq(path, ".") {
				fields, _ := value.(map[string]any)
				value = fields[name]
			}
			if value == nil || value == "" {
				empty = append(empty, path)
			}
		}
		// The first is known after the first list of models, the second only of a server that is exposed.
		Expect(empty).To(ConsistOf("models.total", "routeURL"))
	})
})

var _ = Describe("the resources of the kind", func() {
	It("are those that a server consists of", func() {
		var kinds []string
		for _, resource := range owned().Resources {
			Expect(resource.Version).NotTo(BeEmpty())
			kinds = append(kinds, resource.Kind)
		}
		Expect(kinds).To(ConsistOf("Deployment", "ReplicaSet", "Pod", "Service", "ServiceAccount", "PersistentVolumeClaim",
			"ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Ingress", "HTTPRoute", "Route", "Event"))
	})

	It("has a name and a description", func() {
		Expect(owned().DisplayName).To(Equal("Llama Stack Distribution"))
		Expect(owned().Description).To(ContainSubstring("Llama Stack server"))
	})
})
