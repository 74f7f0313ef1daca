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

// Package crdcheck does what an API server does with a LlamaStackDistribution before it stores it: it prunes unknown
// fields, fills in the defaults, and checks the schema and the rules of the CustomResourceDefinition.
package crdcheck

import (
	"context"
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/config/crd"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Checker checks LlamaStackDistributions by the CustomResourceDefinition of this release.
type Checker struct {
	structural *schema.Structural
	validator  validation.SchemaCreateValidator
	rules      *cel.Validator
}

// New reads the CustomResourceDefinition. It fails only if that is broken.
func New() (*Checker, error) {
	properties, err := properties()
	if err != nil {
		return nil, fmt.Errorf("failed to read the CustomResourceDefinition: %w", err)
	}
	structural, err := schema.NewStructural(properties)
	if err != nil {
		return nil, fmt.Errorf("failed to read the schema of the CustomResourceDefinition: %w", err)
	}
	validator, _, err := validation.NewSchemaValidator(properties)
	if err != nil {
		return nil, fmt.Errorf("failed to read the schema of the CustomResourceDefinition: %w", err)
	}
	return &Checker{structural: structural, validator: validator, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// properties is the schema of the one version.
func properties() (*apiextensions.JSONSchemaProps, error) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(crd.LlamaStackDistributions, definition); err != nil {
		return nil, err //nolint:wrapcheck // the caller says what
	}
	if len(definition.Spec.Versions) != 1 || definition.Spec.Versions[0].Schema == nil {
		return nil, errors.New("it must have one version with a schema")
	}
	properties := &apiextensions.JSONSchemaProps{}
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, properties, nil)
	return properties, err //nolint:wrapcheck // the caller says what
}

// Check returns what is wrong with an object, as JSON has it, unknown fields included. It changes the object to what
// an API server would store. Rules apply only where the schema has no objection, as in an API server.
func (c *Checker) Check(ctx context.Context, object map[string]any) field.ErrorList {
	var found field.ErrorList
	unknown := pruning.PruneWithOptions(object, c.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range unknown {
		found = append(found, field.Invalid(field.NewPath(path), field.OmitValueType{}, "unknown field"))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, c.structural)
	defaulting.Default(object, c.structural)
	invalid := validation.ValidateCustomResource(nil, object, c.validator)
	invalid = append(invalid, listtype.ValidateListSetsAndMaps(nil, c.structural, object)...)
	if len(invalid) == 0 {
		invalid, _ = c.rules.Validate(ctx, nil, c.structural, object, nil, celconfig.RuntimeCELCostBudget)
	}
	return append(found, invalid...)
}
