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
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What "operator-sdk bundle validate --select-optional suite=operatorframework" and the pipelines of the hubs run.
var _ = DescribeTable("the validators of operator-framework/api find nothing:",
	func(validator interfaces.Validator) {
		// Of its own: some fill in defaults.
		bundle, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
		Expect(err).NotTo(HaveOccurred())
		results := validator.Validate(bundle.ObjectsToValidate()...)
		Expect(results).NotTo(BeEmpty(), "the validator checked something")
		for _, result := range results {
			Expect(result.Errors).To(BeEmpty(), result.Name)
			Expect(result.Warnings).To(BeEmpty(), result.Name)
		}
	},
	Entry("ClusterServiceVersion", validation.ClusterServiceVersionValidator),
	Entry("CustomResourceDefinition", validation.CustomResourceDefinitionValidator),
	Entry("bundle", validation.BundleValidator),
	Entry("OperatorHub", validation.OperatorHubV2Validator),
	Entry("capability levels", validation.StandardCapabilitiesValidator),
	Entry("categories", validation.StandardCategoriesValidator),
	Entry("objects", validation.ObjectValidator),
	Entry("removed APIs", validation.AlphaDeprecatedAPIsValidator),
	Entry("good practices", validation.GoodPracticesValidator),
)

var _ = Describe("the size", func() {
	It("is under a third of what OLM allows, compressed", func() {
		var size counter
		compressor := gzip.NewWriter(&size)
		Expect(filepath.WalkDir(filepath.Join(root, "bundle"), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err == nil {
				_, err = compressor.Write(content)
			}
			return err
		})).To(Succeed())
		Expect(compressor.Close()).To(Succeed())
		Expect(int64(size)).To(And(BeNumerically(">", 10_000), BeNumerically("<", (1<<20)/3)))
		Expect(load().CompressedSize).To(BeNumerically("<", (1<<20)/3), "as the validators count it, file by file in base64")
	})

	It("lets the CRD be applied by a client, which keeps it in an annotation of limited size", func() {
		text, err := json.Marshal(parse[map[string]any](file("config", "crd", "bases", "llamastack.io_llamastackdistributions.yaml")))
		Expect(err).NotTo(HaveOccurred())
		const limit = 256 << 10 // of all annotations together, keys included
		Expect(len(text) + len(corev1.LastAppliedConfigAnnotation) + 1<<10).To(BeNumerically("<", limit))
	})
})

// counter counts what is written to it.
type counter int64

func (c *counter) Write(content []byte) (int, error) {
	*c += counter(len(content))
	return len(content), nil
}
