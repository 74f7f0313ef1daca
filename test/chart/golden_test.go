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

package chart_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files")

// longText is the length above which a golden file does not have a text: dashboards, which are compared with config/monitoring.
const longText = 5000

// scenarios are the folders of testdata with values.yaml and golden.yaml.
func scenarios() []string {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "values.yaml"))
	if err != nil || len(files) == 0 {
		panic(fmt.Sprint("no values in testdata: ", err))
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names
}

// readable writes objects without the CRD, which is that of config/crd, and without long texts.
func readable(all map[string]*unstructured.Unstructured) string {
	GinkgoHelper()
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name == crdName {
			continue
		}
		text, err := yaml.Marshal(shortened(all[name].DeepCopy().Object))
		Expect(err).NotTo(HaveOccurred())
		out.WriteString("---\n" + string(text))
	}
	return out.String()
}

func shortened(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, element := range value {
			value[key] = shortened(element)
		}
	case []any:
		for index, element := range value {
			value[index] = shortened(element)
		}
	case string:
		if len(value) > longText {
			return "..."
		}
	}
	return value
}

var _ = Describe("The chart with the values of", func() {
	for _, scenario := range scenarios() {
		It(scenario, func(ctx SpecContext) {
			values := filepath.Join("testdata", scenario, "values.yaml")
			text, err := os.ReadFile(values)
			Expect(err).NotTo(HaveOccurred())

			By("linting")
			output, err := helm("lint", "--strict", chartFolder, "--namespace", namespace, "--values", values)
			Expect(err).NotTo(HaveOccurred(), output)

			By("comparing with the golden file")
			all := objects(rendered(string(text)))
			golden := filepath.Join("testdata", scenario, "golden.yaml")
			if *update {
				Expect(os.WriteFile(golden, []byte(readable(all)), 0o600)).To(Succeed())
			}
			expected, err := os.ReadFile(golden)
			Expect(err).NotTo(HaveOccurred())
			Expect(readable(all)).To(Equal(string(expected)), "go test ./test/chart -update writes the golden files")

			By("having the API server check every field")
			accept(ctx, all)
		})
	}
})
