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

package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestChildren(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Children Command Suite")
}

var _ = Describe("What manifests list for each kind of child", func() {
	It("is what the table says; make generate writes it", func() {
		for path, list := range lists {
			text, err := os.ReadFile(filepath.Join("..", "..", "..", path))
			Expect(err).NotTo(HaveOccurred())

			Expect(replace(string(text), list())).To(Equal(string(text)), path)
		}
	})

	It("has the plural of each kind", func() {
		Expect(resources("networking.k8s.io")).To(Equal([]string{"networkpolicies", "ingresses"}))
		Expect(groups()).To(ContainElements("", "apps", "policy", "route.openshift.io"))
	})

	It("stands between the markers, and leaves all else", func() {
		text := "a: b\n  # children: begin (generated)\n  - old\n  # children: end\nc: d\n"

		Expect(replace(text, []string{"- x", "- y"})).To(Equal("a: b\n  # children: begin (generated)\n  - x\n  - y\n  # children: end\nc: d\n"))
		_, err := replace("a: b\n", nil)
		Expect(err).To(MatchError(ContainSubstring("no lines")))
	})
})
