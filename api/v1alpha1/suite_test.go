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
	"os"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestV1alpha1(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "API v1alpha1")
}

// crdFile is the generated CustomResourceDefinition.
const crdFile = "../../config/crd/bases/llamastack.io_llamastackdistributions.yaml"

// generatedCRD reads it as it is applied.
func generatedCRD() *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	data, err := os.ReadFile(crdFile)
	Expect(err).NotTo(HaveOccurred())
	var crd apiextensionsv1.CustomResourceDefinition
	Expect(yaml.UnmarshalStrict(data, &crd)).To(Succeed())
	return &crd
}

// internalCRD is the CustomResourceDefinition as the API server sees it, defaults filled in.
func internalCRD() *apiextensions.CustomResourceDefinition {
	GinkgoHelper()
	crd := generatedCRD()
	apiextensionsv1.SetDefaults_CustomResourceDefinition(crd)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	var converted apiextensions.CustomResourceDefinition
	Expect(apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, &converted, nil)).To(Succeed())
	return &converted
}

// schemaOf is the schema of the one version. The conversion hoists it to the top, as it does for one version.
func schemaOf(crd *apiextensions.CustomResourceDefinition) *apiextensions.JSONSchemaProps {
	GinkgoHelper()
	if crd.Spec.Validation != nil {
		return crd.Spec.Validation.OpenAPIV3Schema
	}
	Expect(crd.Spec.Versions).To(HaveLen(1))
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// unstructuredOf is an object as JSON has it.
func unstructuredOf(object any) map[string]any {
	GinkgoHelper()
	data, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	var content map[string]any
	Expect(json.Unmarshal(data, &content)).To(Succeed())
	return content
}
