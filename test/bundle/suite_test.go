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

// The bundle and the catalog, what OLM gets: they are valid, complete and true, and they belong to this version.
package bundle_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/operator-framework/api/pkg/manifests"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// root of the repository, seen from this package.
	root        = "../.."
	packageName = "llama-stack-k8s-operator"
	features    = "features.operators.openshift.io/"
)

func TestBundle(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Bundle")
}

// file is the text of a file of the repository.
func file(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// read reads the committed bundle, once.
var read = sync.OnceValues(func() (*manifests.Bundle, error) {
	return manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
})

// load is the committed bundle. Nothing may change it.
func load() *manifests.Bundle {
	GinkgoHelper()
	bundle, err := read()
	Expect(err).NotTo(HaveOccurred())
	return bundle
}

// annotation is an annotation of the ClusterServiceVersion, which must be there.
func annotation(name string) string {
	GinkgoHelper()
	annotations := load().CSV.Annotations
	Expect(annotations).To(HaveKey(name))
	return annotations[name]
}

// parse reads YAML or JSON into a type.
func parse[T any](text string) T {
	GinkgoHelper()
	var into T
	Expect(yaml.Unmarshal([]byte(text), &into)).To(Succeed())
	return into
}

// strictly reads JSON into a type that has each of its fields.
func strictly[T any](text []byte) T {
	GinkgoHelper()
	var into T
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	Expect(decoder.Decode(&into)).To(Succeed(), string(text))
	return into
}

// version reads a variable of versions.mk.
func version(name string) string {
	GinkgoHelper()
	found := regexp.MustCompile(`(?m)^` + name + ` \?= (\S+)$`).FindStringSubmatch(file("versions.mk"))
	Expect(found).To(HaveLen(2), name)
	return found[1]
}

// yamlStrict reads YAML into a type that has each of its fields.
func yamlStrict(text string, into any) error {
	return yaml.UnmarshalStrict([]byte(text), into)
}
