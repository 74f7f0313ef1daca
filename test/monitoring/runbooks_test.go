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

package monitoring_test

import (
	"os"
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// queryBlock is a block of PromQL in Markdown.
var queryBlock = regexp.MustCompile("(?s)```promql\n(.*?)```")

// queriesIn parses the queries of a text in Markdown.
func queriesIn(text string) (int, error) {
	blocks := queryBlock.FindAllStringSubmatch(text, -1)
	for _, block := range blocks {
		if _, err := expressions.ParseExpr(block[1]); err != nil {
			return 0, err
		}
	}
	return len(blocks), nil
}

var _ = Describe("The queries of the runbooks", func() {
	It("are PromQL", func() {
		files, err := filepath.Glob("../../docs/runbooks/*.md")
		Expect(err).NotTo(HaveOccurred())
		all := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			count, err := queriesIn(string(text))
			Expect(err).NotTo(HaveOccurred(), file)
			all += count
		}
		Expect(all).To(BeNumerically(">=", 1))
	})

	It("are refused if they are wrong", func() {
		_, err := queriesIn("```promql\nsum by (a (rate(b[5m]))\n```\n")
		Expect(err).To(HaveOccurred())
	})
})
