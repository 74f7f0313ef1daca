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
	"fmt"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// objectNames are the fields that name an object, and its kind.
var objectNames = []struct {
	path *regexp.Regexp
	kind string
}{
	{regexp.MustCompile(`(^|\.)configMapName$`), "ConfigMap"},
	{regexp.MustCompile(`(^|\.)secretName$`), "Secret"},
	{regexp.MustCompile(`(?i)(secret(key)?ref|secrets\[0\]|apikeys\[0\]|headersfrom)\.name$`), "Secret"},
	{regexp.MustCompile(`(^|\.)serviceAccountName$`), "ServiceAccount"},
	{regexp.MustCompile(`(^|\.)storageClassName$`), "StorageClass"},
	{regexp.MustCompile(`(^|\.)existingClaim$`), "PersistentVolumeClaim"},
}

// known are the words that consoles understand; those that end with a colon are followed by a word of the author.
var known = []string{
	"com.tectonic.ui:advanced", "com.tectonic.ui:booleanSwitch", "com.tectonic.ui:checkbox", "com.tectonic.ui:endpointList",
	"com.tectonic.ui:fieldDependency:", "com.tectonic.ui:hidden", "com.tectonic.ui:imagePullPolicy", "com.tectonic.ui:nodeAffinity",
	"com.tectonic.ui:number", "com.tectonic.ui:password", "com.tectonic.ui:podAffinity", "com.tectonic.ui:podAntiAffinity",
	"com.tectonic.ui:podCount", "com.tectonic.ui:podStatuses", "com.tectonic.ui:resourceRequirements", "com.tectonic.ui:select:",
	"com.tectonic.ui:selector:", "com.tectonic.ui:text", "com.tectonic.ui:updateStrategy",
	"io.kubernetes.conditions", "io.kubernetes.phase", "io.kubernetes.phase:reason", "io.kubernetes:", "org.w3:link", "text",
}

// rule returns what is wrong with a descriptor, among all of its part; empty if it is good.
type rule func(d descriptor, all []descriptor) string

func understood(d descriptor, _ []descriptor) string {
	for _, text := range d.xDescriptors {
		word, ok := strings.CutPrefix(text, urn)
		if !ok || !slices.ContainsFunc(known, func(k string) bool {
			return word == k || strings.HasSuffix(k, ":") && strings.HasPrefix(word, k) && len(word) > len(k)
		}) {
			return "no console understands " + text
		}
	}
	return ""
}

func notDeprecated(d descriptor, _ []descriptor) string {
	for _, word := range []string{"fieldGroup:", "arrayFieldGroup:", "label", "namespaceSelector"} {
		if d.has(ui + word) {
			return word + " is deprecated: the schema has the groups, and text and io.kubernetes: replace the others"
		}
	}
	return ""
}

func exists(d descriptor, _ []descriptor) string {
	if d.field == nil {
		return "the CRD has no such field"
	}
	return ""
}

func explained(d descriptor, _ []descriptor) string {
	switch {
	case !regexp.MustCompile(`^[A-Z][A-Za-z ()]+$`).MatchString(d.displayName):
		return "it has no name for people: " + d.displayName
	case len(d.description) <= 10:
		return "it has no description"
	}
	return ""
}

// decided requires a choice between showing and hiding: advanced only moves a field in the form, and leaves its row.
func decided(d descriptor, all []descriptor) string {
	if d.has(ui + "advanced") {
		return "advanced leaves a row that is empty for most; hide it, or give it no descriptor"
	}
	if d.has(hidden) && len(d.xDescriptors) > 1 {
		return "it is hidden, so that the rest has no effect"
	}
	for _, above := range all {
		if above.has(hidden) && (strings.HasPrefix(d.path, above.path+".") || strings.HasPrefix(d.path, above.path+"[0]")) {
			return "it is below " + above.path + ", which is hidden"
		}
	}
	return ""
}

// filled requires fields in a group, which is a row of its own otherwise, and no widget, which none fits.
func filled(d descriptor, all []descriptor) string {
	if d.field == nil || !d.group() || d.has(hidden) {
		return ""
	}
	if len(d.xDescriptors) > 0 {
		return "the console makes a group of an object by itself"
	}
	for _, below := range all {
		if !below.has(hidden) && (strings.HasPrefix(below.path, d.path+".") || strings.HasPrefix(below.path, d.path+"[0].")) {
			return ""
		}
	}
	return "the group shows none of its fields; hide it"
}

// fitting requires the one widget for the type of a field.
func fitting(d descriptor, _ []descriptor) string {
	if d.part != "spec" || d.field == nil || d.has(hidden) || d.group() {
		return ""
	}
	var wanted []string
	switch {
	case len(d.field.Enum) > 0:
		for _, value := range d.field.Enum {
			wanted = append(wanted, ui+"select:"+strings.Trim(string(value.Raw), `"`))
		}
	case d.field.Type == "boolean":
		wanted = []string{ui + "booleanSwitch"}
	case d.path == "replicas":
		wanted = []string{ui + "podCount"}
	case d.name() == "resources":
		wanted = []string{ui + "resourceRequirements"}
	case d.field.Type == "integer":
		wanted = []string{ui + "number"}
	case d.kind() != "":
		wanted = []string{object + d.kind()}
	case d.field.Type == "string", d.field.XIntOrString:
		wanted = []string{ui + "text"}
	default:
		return fmt.Sprintf("a form cannot edit a field of the type %q; hide it", d.field.Type)
	}
	got := d.widgets()
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		return fmt.Sprintf("it needs %v", wanted)
	}
	return ""
}

// kind is that of the object that the field names, or empty.
func (d descriptor) kind() string {
	for _, name := range objectNames {
		if name.path.MatchString(d.path) {
			return name.kind
		}
	}
	return ""
}

// dependent requires that the field that a field depends on is in the form, and can have the value.
func dependent(d descriptor, all []descriptor) string {
	for _, text := range d.xDescriptors {
		words, ok := strings.CutPrefix(text, ui+"fieldDependency:")
		if !ok {
			continue
		}
		path, value, _ := strings.Cut(words, ":")
		control, found := find(all, path)
		if !found || control.field == nil || control.has(hidden) {
			return "it depends on " + path + ", which is not in the form"
		}
		values := []string{"true", "false"}
		if control.field.Type != "boolean" {
			values = nil
			for _, one := range control.field.Enum {
				values = append(values, strings.Trim(string(one.Raw), `"`))
			}
		}
		if !slices.Contains(values, value) {
			return fmt.Sprintf("%s is never %q", path, value)
		}
	}
	return ""
}

// readable is about the status: a link must lead somewhere from a browser, and the console draws only lists of names by state.
func readable(d descriptor, _ []descriptor) string {
	switch {
	case d.part != "status" || d.field == nil || d.group():
		return ""
	case d.has(link) && d.path != "routeURL":
		return "a browser cannot open it outside of the cluster; show it as text"
	case d.has(ui+"podStatuses") && (d.field.AdditionalProperties == nil || d.field.AdditionalProperties.Schema.Type != "array"):
		return "podStatuses needs lists of Pods by state"
	case len(d.xDescriptors) != 1:
		return "it needs one x-descriptor"
	}
	return ""
}

// descriptorRules are those that each descriptor follows, with one that breaks the rule.
var descriptorRules = []struct {
	name   string
	check  rule
	broken descriptor
}{
	{"is understood by consoles", understood, descriptor{xDescriptors: []string{ui + "txt"}}},
	{"is not deprecated", notDeprecated, descriptor{xDescriptors: []string{ui + "fieldGroup:server", ui + "text"}}},
	{"is of a field of the CRD", exists, descriptor{path: "server.novel"}},
	{"has a name and a description", explained, descriptor{displayName: "Port", description: "."}},
	{"is hidden rather than advanced", decided, descriptor{path: "a", xDescriptors: []string{ui + "text", ui + "advanced"}}},
	{"is hidden with what is in it", decided, descriptor{path: "metadata.labels"}},
	{"shows something in a group", filled, descriptor{part: "spec", path: "server.launcher", field: group()}},
	{"fits an enum", fitting, descriptor{part: "spec", path: "a", field: enum("A", "B"), xDescriptors: []string{ui + "select:A"}}},
	{"fits a switch", fitting, descriptor{part: "spec", path: "a", field: typed("boolean"), xDescriptors: []string{ui + "text"}}},
	{"fits a number", fitting, descriptor{part: "spec", path: "a", field: typed("integer"), xDescriptors: []string{ui + "text"}}},
	{"fits the name of a Secret", fitting, descriptor{part: "spec", path: "a.secretKeyRef.name", field: typed("string"), xDescriptors: []string{ui + "text"}}},
	{"fits the name of a PVC", fitting, descriptor{part: "spec", path: "a.existingClaim", field: typed("string"), xDescriptors: []string{object + "Secret"}}},
	{"fits a list", fitting, descriptor{part: "spec", path: "a", field: typed("array"), xDescriptors: []string{ui + "text"}}},
	{"depends on what is in the form", dependent, descriptor{xDescriptors: []string{ui + "fieldDependency:server.launch:Image"}}},
	{"depends on what can be", dependent, descriptor{xDescriptors: []string{ui + "fieldDependency:suspend:yes"}}},
	{"links where a browser can go", readable, descriptor{part: "status", path: "serviceURL", field: typed("string"), xDescriptors: []string{link}}},
	{"counts Pods by their names", readable, descriptor{part: "status", path: "replicas", field: typed("integer"), xDescriptors: []string{ui + "podStatuses"}}},
}

func typed(name string) *apiextensionsv1.JSONSchemaProps {
	return &apiextensionsv1.JSONSchemaProps{Type: name}
}

func enum(values ...string) *apiextensionsv1.JSONSchemaProps {
	field := typed("string")
	for _, value := range values {
		field.Enum = append(field.Enum, apiextensionsv1.JSON{Raw: []byte(`"` + value + `"`)})
	}
	return field
}

func group() *apiextensionsv1.JSONSchemaProps {
	return &apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"a": *typed("string")}}
}

var _ = Describe("each descriptor", func() {
	for _, rule := range descriptorRules {
		It(rule.name, func() {
			Expect(rule.check(rule.broken, described("spec"))).NotTo(BeEmpty(), "the rule finds what breaks it")
			for _, part := range []string{"spec", "status"} {
				all := described(part)
				Expect(len(all)).To(BeNumerically(">", 10), part)
				for _, d := range all {
					Expect(rule.check(d, all)).To(BeEmpty(), "%s.%s", part, d.path)
				}
			}
		})
	}

	It("names each kind of object", func() {
		kinds := map[string]bool{}
		for _, d := range described("spec") {
			kinds[d.kind()] = true
		}
		for _, name := range objectNames {
			Expect(kinds).To(HaveKey(name.kind))
		}
	})

	It("is there for a field that names an object, unless that is hidden", func() {
		spec := described("spec")
		Expect(unnamed(schemaOf("spec"), "", spec)).To(BeEmpty())
	})
})

// unnamed are the fields that name an object, and have no descriptor.
func unnamed(schema *apiextensionsv1.JSONSchemaProps, prefix string, all []descriptor) []string {
	var found []string
	for name := range schema.Properties {
		field, path := schema.Properties[name], prefix+name
		d, has := find(all, path)
		if has && d.has(hidden) {
			continue
		}
		if !has && (descriptor{path: path}).kind() != "" && field.Type == "string" {
			found = append(found, path)
		}
		// What is inside of the types of Kubernetes is not ours.
		if strings.HasPrefix(path, "server.containerSpec.env") {
			continue
		}
		found = append(found, unnamed(&field, path+".", all)...)
		if field.Items != nil {
			found = append(found, unnamed(field.Items.Schema, path+"[0].", all)...)
		}
	}
	return found
}
