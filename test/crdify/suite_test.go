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

// The CRD against those of earlier releases, by the rules that OLM v1 has for an upgrade: what it would refuse to
// install is not released.
package crdify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/crdify/pkg/config"
	"sigs.k8s.io/crdify/pkg/runner"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCRDify(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "CRD upgrade safety")
}

// text reads a file.
func text(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(path...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// must is a value that could be had.
func must[T any](value T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	return value
}

// crd reads a CRD.
func crd(path ...string) *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	into := &apiextensionsv1.CustomResourceDefinition{}
	Expect(yaml.Unmarshal([]byte(text(path...)), into)).To(Succeed())
	return into
}

// incumbent is 0.9.0's CRD, as the package of this name has it.
func incumbent() *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	return crd("testdata", "0.9.0.yaml")
}

// current is the CRD that the bundle has.
func current() *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	return crd("..", "..", "bundle", "manifests", "llamastack.io_llamastackdistributions.yaml")
}

// problems are what crdify finds wrong with a change of a CRD, with the settings of OLM v1: a text may change, an enum
// may grow, and what no rule knows is wrong.
func problems(before, after *apiextensionsv1.CustomResourceDefinition) []string {
	GinkgoHelper()
	checks, err := runner.New(&config.Config{
		Conversion:           config.ConversionPolicyIgnore,
		UnhandledEnforcement: config.EnforcementPolicyError,
		Validations: []config.ValidationConfig{
			{Name: "description", Enforcement: config.EnforcementPolicyNone},
			{Name: "enum", Enforcement: config.EnforcementPolicyError, Configuration: map[string]any{"additionPolicy": "Allow"}},
		},
	}, runner.DefaultRegistry())
	Expect(err).NotTo(HaveOccurred())
	before = before.DeepCopy()
	for _, version := range before.Spec.Versions {
		// On a cluster, objects are stored in it.
		before.Status.StoredVersions = append(before.Status.StoredVersions, version.Name)
	}
	results := checks.Run(before, after)
	var all []string
	for _, result := range results.CRDValidation {
		for _, problem := range result.Errors {
			all = append(all, result.Name+": "+problem)
		}
	}
	for _, version := range slices.Concat(results.SameVersionValidation, results.ServedVersionValidation) {
		for _, property := range version.PropertyComparisons {
			for _, result := range property.ComparisonResults {
				for _, problem := range result.Errors {
					all = append(all, fmt.Sprintf("%s %s: %s: %s", version.Version, property.Property, result.Name, problem))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
