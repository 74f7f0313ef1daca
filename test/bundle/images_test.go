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
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// relatedEnv are the manager's variables that name a distribution's image.
func relatedEnv() map[string]string {
	GinkgoHelper()
	related := map[string]string{}
	for _, variable := range manager().Env {
		if strings.HasPrefix(variable.Name, "RELATED_IMAGE_") {
			Expect(variable.ValueFrom).To(BeNil(), variable.Name)
			related[variable.Name] = variable.Value
		}
	}
	return related
}

var _ = Describe("the related images", func() {
	// The operator's default images, as it finds them in the bundle's environment.
	available := func() map[string]string {
		env := relatedEnv()
		catalog, err := distribution.New(func(name string) string { return env[name] })
		Expect(err).NotTo(HaveOccurred())
		return catalog.Available(nil)
	}

	It("are the manager and every distribution, by name", func() {
		expected := []operatorsv1alpha1.RelatedImage{{Name: "manager", Image: manager().Image}}
		for name, image := range available() {
			expected = append(expected, operatorsv1alpha1.RelatedImage{Name: name, Image: image})
		}
		Expect(len(expected)).To(BeNumerically(">", 3))
		Expect(load().CSV.Spec.RelatedImages).To(ConsistOf(expected))
	})

	It("reach the operator through its environment", func() {
		env := relatedEnv()
		catalog, err := distribution.New(func(name string) string { return env[name] })
		Expect(err).NotTo(HaveOccurred())
		Expect(env).To(HaveLen(len(available())))
		for name := range available() {
			resolved, err := catalog.Resolve(v1alpha1.DistributionType{Name: name}, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(resolved.Source).To(Equal(distribution.SourceRelatedImage), name)
		}
	})

	It("are those that the operator has built in, by tag or by digest", func() {
		builtIn, err := distribution.New(func(string) string { return "" })
		Expect(err).NotTo(HaveOccurred())
		for name, image := range builtIn.Available(nil) {
			repository := image[:strings.LastIndex(image, ":")]
			Expect(available()).To(HaveKeyWithValue(name, Or(Equal(image), HavePrefix(repository+"@sha256:"))))
		}
	})

	It("are all that a disconnected cluster needs, when they are named by digest", func() {
		pinned := true
		for _, image := range load().CSV.Spec.RelatedImages {
			pinned = pinned && strings.Contains(image.Image, "@sha256:")
		}
		Expect(annotation(features + "disconnected")).To(Equal(strconv.FormatBool(pinned)))
	})
})
