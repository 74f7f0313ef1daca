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

package v1alpha1_test

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// rule is one CEL rule of the schema, and what the API server estimates that it costs at the most.
type rule struct {
	path, text string
	cost       uint64
}

// compiled are all CEL rules of the schema, compiled as an API server of this version compiles new ones.
func compiled(minor uint) []rule {
	GinkgoHelper()
	env := environment.MustBaseEnvSet(version.MajorMinor(1, minor))
	schema := schemaOf(internalCRD())
	var rules []rule
	walk("", schema, validation.RootCELContext(schema), func(path string, schema *apiextensions.JSONSchemaProps, context *validation.CELSchemaContext) {
		if len(schema.XValidations) == 0 {
			return
		}
		info, err := context.TypeInfo()
		Expect(err).NotTo(HaveOccurred(), path)
		results, err := cel.Compile(info.Schema, info.DeclType, celconfig.PerCallLimit, env, cel.NewExpressionsEnvLoader())
		Expect(err).NotTo(HaveOccurred(), path)
		for i, result := range results {
			Expect(result.Error).NotTo(HaveOccurred(), path)
			Expect(result.MessageExpressionError).NotTo(HaveOccurred(), path)
			cardinality := result.MaxCardinality
			if context.MaxCardinality != nil {
				cardinality = *context.MaxCardinality
			}
			rules = append(rules, rule{path, schema.XValidations[i].Rule, result.MaxCost * cardinality})
		}
	})
	return rules
}

// walk visits a schema and all schemas in it.
func walk(path string, schema *apiextensions.JSONSchemaProps, context *validation.CELSchemaContext,
	visit func(string, *apiextensions.JSONSchemaProps, *validation.CELSchemaContext)) {
	visit(path, schema, context)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		child := schema.Properties[name]
		walk(path+"."+name, &child, context.ChildPropertyContext(&child, name), visit)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		walk(path+"[]", schema.Items.Schema, context.ChildItemsContext(schema.Items.Schema), visit)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		child := schema.AdditionalProperties.Schema
		walk(path+"{}", child, context.ChildAdditionalPropertiesContext(child), visit)
	}
}

var _ = Describe("The rules", func() {
	DescribeTable("compile and cost no more than an API server allows", func(minor uint) {
		var total uint64
		for _, r := range compiled(minor) {
			total += r.cost
			AddReportEntry(fmt.Sprintf("%s: %s costs %d", r.path, r.text, r.cost), ReportEntryVisibilityFailureOrVerbose)
			Expect(r.cost).To(BeNumerically("<=", validation.StaticEstimatedCostLimit), "%s: %s", r.path, r.text)
		}
		Expect(total).To(BeNumerically("<=", validation.StaticEstimatedCRDCostLimit))
	},
		Entry("1.30, which a server of 1.31 compiles new rules for", uint(30)),
		Entry("1.31", uint(31)),
		Entry("1.37", uint(37)),
	)
})
