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

package crdify_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// schema is that of the only version.
func schema(of *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.JSONSchemaProps {
	return of.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// edit changes the schema of a field. The path leads through objects, and to the items of a list by "[]".
func edit(root *apiextensionsv1.JSONSchemaProps, path string, change func(*apiextensionsv1.JSONSchemaProps)) {
	GinkgoHelper()
	name, rest, _ := strings.Cut(path, ".")
	switch {
	case path == "":
		change(root)
	case name == "[]":
		edit(root.Items.Schema, rest, change)
	default:
		Expect(root.Properties).To(HaveKey(name))
		field := root.Properties[name]
		edit(&field, rest, change)
		root.Properties[name] = field
	}
}

// withoutRules is a CRD without its CEL rules.
func withoutRules(of *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.CustomResourceDefinition {
	var strip func(*apiextensionsv1.JSONSchemaProps)
	strip = func(field *apiextensionsv1.JSONSchemaProps) {
		field.XValidations = nil
		for name, below := range field.Properties {
			strip(&below)
			field.Properties[name] = below
		}
		if field.Items != nil {
			strip(field.Items.Schema)
		}
	}
	bare := of.DeepCopy()
	strip(schema(bare))
	return bare
}

var _ = Describe("The CRD", func() {
	It("is safe after every release that the catalog has, or had before it was withdrawn", func() {
		files, err := filepath.Glob(filepath.Join("..", "..", "catalog", "llama-stack-k8s-operator", "v*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		withdrawn, err := filepath.Glob(filepath.Join("..", "..", "config", "catalog", "withdrawn", "v*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		files = append(files, withdrawn...)
		Expect(files).NotTo(BeEmpty())
		next := regexp.MustCompile(`(?m)^VERSION \?= (\S+)$`).FindStringSubmatch(text("..", "..", "versions.mk"))[1]
		for _, file := range files {
			if release := filepath.Base(file); release != "v"+next+".yaml" {
				Expect(problems(crd("testdata", release), current())).To(BeEmpty(), "the CRD of "+release+", which \"make release\" recorded")
			}
		}
	})

	It("is safe after itself", func() {
		Expect(problems(current(), current())).To(BeEmpty())
	})

	It("is as safe after 0.9.0's as possible: apart from CEL rules, what OLM v1 refuses accepts more than before", func() {
		Expect(problems(withoutRules(incumbent()), withoutRules(current()))).To(ConsistOf(
			// A rule says the same, and leaves alone what is stored.
			ContainSubstring("spec.server.tlsConfig.caBundle.configMapKeys.items: pattern: pattern removed"),
			// How server-side apply merges the conditions, which the operator alone writes.
			And(ContainSubstring("status.conditions: unhandled"), ContainSubstring("XListType")),
		))
	})

	It("accepts what 0.9.0 accepted, except by rules: OLM validates stored objects with it", func() {
		before, after := schema(incumbent()), schema(current())
		Expect(after.Required).To(ConsistOf(before.Required))
		for _, field := range []string{"spec", "spec.server", "status"} {
			var was, is []string
			edit(before, field, func(f *apiextensionsv1.JSONSchemaProps) { was = f.Required })
			edit(after, field, func(f *apiextensionsv1.JSONSchemaProps) { is = f.Required })
			Expect(was).To(ContainElements(is), field)
		}
	})
})

var _ = DescribeTable("A change that breaks people's objects is found:",
	func(rule string, change func(*apiextensionsv1.CustomResourceDefinition)) {
		changed := current().DeepCopy()
		change(changed)
		Expect(problems(current(), changed)).To(ContainElement(ContainSubstring(rule)))
	},
	Entry("a field is removed", "existingFieldRemoval", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.storage", func(f *apiextensionsv1.JSONSchemaProps) { delete(f.Properties, "mountPath") })
	}),
	Entry("a field becomes required", "required", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server", func(f *apiextensionsv1.JSONSchemaProps) { f.Required = append(f.Required, "storage") })
	}),
	Entry("a field changes its type", "type", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.containerSpec.port", func(f *apiextensionsv1.JSONSchemaProps) { f.Type = "string" })
	}),
	Entry("a default changes", "default", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.replicas", func(f *apiextensionsv1.JSONSchemaProps) { f.Default = &apiextensionsv1.JSON{Raw: []byte("2")} })
	}),
	Entry("a default appears", "default", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.workers", func(f *apiextensionsv1.JSONSchemaProps) { f.Default = &apiextensionsv1.JSON{Raw: []byte("2")} })
	}),
	Entry("a value of an enum is removed", "enum", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.launch", func(f *apiextensionsv1.JSONSchemaProps) { f.Enum = f.Enum[:1] })
	}),
	Entry("an enum appears", "enum", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.distribution.name", func(f *apiextensionsv1.JSONSchemaProps) {
			f.Enum = []apiextensionsv1.JSON{{Raw: []byte(`"starter"`)}}
		})
	}),
	Entry("a bound is tightened", "minimum", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.workers", func(f *apiextensionsv1.JSONSchemaProps) { *f.Minimum = 2 })
	}),
	Entry("a bound appears", "maxLength", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.distribution.image", func(f *apiextensionsv1.JSONSchemaProps) { f.MaxLength = new(int64(100)) })
	}),
	Entry("a list gets a bound", "maxItems", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.containerSpec.args", func(f *apiextensionsv1.JSONSchemaProps) { f.MaxItems = new(int64(3)) })
	}),
	Entry("a rule appears", "unhandled", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.containerSpec.args.[]", func(f *apiextensionsv1.JSONSchemaProps) {
			f.XValidations = append(f.XValidations, apiextensionsv1.ValidationRule{Rule: "self != ''"})
		})
	}),
	Entry("the version is renamed", "storedVersionRemoval", func(c *apiextensionsv1.CustomResourceDefinition) {
		c.Spec.Versions[0].Name = "v1"
	}),
	Entry("the kind is no longer namespaced", "scope", func(c *apiextensionsv1.CustomResourceDefinition) {
		c.Spec.Scope = apiextensionsv1.ClusterScoped
	}),
)

var _ = DescribeTable("A compatible change is accepted:",
	func(change func(*apiextensionsv1.CustomResourceDefinition)) {
		changed := current().DeepCopy()
		change(changed)
		Expect(json.Marshal(changed)).NotTo(MatchJSON(must(json.Marshal(current()))))
		Expect(problems(current(), changed)).To(BeEmpty())
	},
	Entry("a new field that may be left out", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server", func(f *apiextensionsv1.JSONSchemaProps) {
			f.Properties["brandNew"] = apiextensionsv1.JSONSchemaProps{Type: "string", MaxLength: new(int64(63))}
		})
	}),
	Entry("another text", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server", func(f *apiextensionsv1.JSONSchemaProps) { f.Description = "Server has another description." })
	}),
	Entry("one more value of an enum", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.launch", func(f *apiextensionsv1.JSONSchemaProps) {
			f.Enum = append(f.Enum, apiextensionsv1.JSON{Raw: []byte(`"Other"`)})
		})
	}),
	Entry("a wider bound", func(c *apiextensionsv1.CustomResourceDefinition) {
		edit(schema(c), "spec.server.workers", func(f *apiextensionsv1.JSONSchemaProps) { *f.Minimum = 0 })
	}),
)
