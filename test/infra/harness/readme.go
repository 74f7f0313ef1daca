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

package harness

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var shellBlock = regexp.MustCompile("(?ms)^```shell\n(.*?)\n```$")

// ReadmeCommand is the command of README.md that begins with some words, on one line. It is the only one.
func ReadmeCommand(beginning string) string {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(Root(), "README.md"))
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		for command := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			if command = strings.Join(strings.Fields(command), " "); strings.HasPrefix(command, beginning+" ") {
				found = append(found, command)
			}
		}
	}
	Expect(found).To(HaveLen(1), "README.md must have one command that begins with: %s", beginning)
	return found[0]
}
