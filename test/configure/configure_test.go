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

// Package configure_test runs the tests of the program in internal/render/configure that need no server: they are written
// with Python's unittest. "make test-configure" runs those with the packages of real servers.
package configure_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestConfigure(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Program that makes a server's configuration")
}

var _ = Describe("The program", func() {
	It("passes the tests that need no server", func(ctx SpecContext) {
		readAll(".", "../../internal/render/configure")
		python, err := exec.CommandContext(ctx, "../../hack/configure-python.sh").Output()
		Expect(err).NotTo(HaveOccurred(), "Python 3.10 or later is needed: install python3")

		tests := exec.CommandContext(ctx, strings.TrimSpace(string(python)), "-B", "-m", "unittest", "discover", "--start-directory", ".")
		output, err := tests.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
		ran := regexp.MustCompile(`(?m)^Ran (\d+) tests`).FindSubmatch(output)
		Expect(ran).NotTo(BeNil(), string(output))
		Expect(string(ran[1])).NotTo(Equal("0"))
	})
})

// readAll reads the files that the tests depend on: "go test" repeats a result as long as what was read is the same.
func readAll(folders ...string) {
	GinkgoHelper()
	for _, folder := range folders {
		Expect(filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			_, err = os.ReadFile(path) //nolint:gosec // files of the project
			return err
		})).To(Succeed())
	}
	_ = os.Getenv("UPDATE")
}
