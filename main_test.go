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
	"context"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestProgram(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The program")
}

var _ = Describe("The program", func() {
	// One reachable call of reflect.Value.MethodByName makes the linker keep every method of every type of every API group:
	// a third more program, which is mapped memory. These packages have one, and the last is large by itself.
	DescribeTable("does without packages that make it large", func(unwanted string) {
		Expect(imported()).NotTo(ContainElement(HavePrefix(unwanted)))
	},
		Entry("templates", "text/template"),
		Entry("comparisons for tests", "github.com/google/go-cmp/"),
		Entry("the libraries of an API server", "k8s.io/apiserver/"),
	)

	It("has its flags of the log in the documentation", func() {
		page, err := os.ReadFile("docs/configuration.md")
		Expect(err).NotTo(HaveOccurred())
		flags := flag.NewFlagSet("manager", flag.ContinueOnError)
		(&zap.Options{}).BindFlags(flags)
		var missing []string
		flags.VisitAll(func(one *flag.Flag) {
			if !strings.Contains(string(page), "| `--"+one.Name+"` |") {
				missing = append(missing, one.Name)
			}
		})
		Expect(missing).To(BeEmpty())
	})

	It("does not contain the tests' packages", func() {
		Expect(imported()).NotTo(ContainElement(Or(HavePrefix("github.com/onsi/"), HavePrefix("sigs.k8s.io/controller-runtime/pkg/envtest"), HavePrefix("testing"))))
	})
})

// imported lists every package that the program is made of.
func imported() []string {
	GinkgoHelper()
	output, err := exec.CommandContext(context.Background(), "go", "list", "-deps", ".").Output()
	Expect(err).NotTo(HaveOccurred())
	packages := strings.Fields(string(output))
	Expect(packages).To(ContainElement("sigs.k8s.io/controller-runtime/pkg/manager"))
	return packages
}
