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

package manifests_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// tableUnder are the rows of the first table under a heading of docs/security.md, without its head.
func tableUnder(heading string) [][]string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(content), "\n## "+heading+"\n")
	Expect(found).To(BeTrue(), heading)
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		} else if len(rows) > 0 {
			break
		}
	}
	Expect(len(rows)).To(BeNumerically(">", 2), heading)
	return rows[2:]
}

// verbsOf sorts what rules grant by group and resource.
func verbsOf(rules []rbacv1.PolicyRule) map[string][]string {
	verbs := map[string][]string{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				key := group + "/" + resource
				verbs[key] = slices.Compact(slices.Sorted(slices.Values(append(verbs[key], rule.Verbs...))))
			}
		}
	}
	return verbs
}

var _ = Describe("docs/security.md", func() {
	It("gives a reason for every verb that the operator has, and for no other", func() {
		documented := map[string][]string{}
		for _, row := range tableUnder("What the operator may do") {
			Expect(row).To(HaveLen(4))
			Expect(row[3]).NotTo(BeEmpty(), "the reason for %v", row)
			documented[row[0]+"/"+row[1]] = slices.Sorted(slices.Values(strings.Split(row[2], ", ")))
		}
		granted := verbsOf(operatorRules(build("default")))
		Expect(granted["/events"]).To(Equal([]string{"create", "list", "patch"}), "create and patch in its own namespace, as the text says")
		granted["/events"] = []string{"list"}

		Expect(documented).To(Equal(granted))
	})

	It("names existing tests", func() {
		named := regexp.MustCompile("`([a-z/_]+_test\\.go)`: \"([^\"]+)\"")
		for _, row := range tableUnder("Who reaches what") {
			tests := named.FindAllStringSubmatch(row[3], -1)
			Expect(tests).NotTo(BeEmpty(), "what shows that %s is enforced", row[0])
			for _, test := range tests {
				content, err := os.ReadFile(filepath.Join(root, test[1]))
				Expect(err).NotTo(HaveOccurred())
				Expect(string(content)).To(ContainSubstring(test[2]), test[1])
			}
		}
	})
})
