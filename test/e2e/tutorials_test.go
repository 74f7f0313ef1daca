//go:build e2e

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

package e2e_test

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	gomegatypes "github.com/onsi/gomega/types"
	"k8s.io/client-go/tools/clientcmd"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// step is a block of commands of a tutorial, with the output that the page shows for it.
type step struct{ commands, output string }

var fence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)\n```$")

// stepsOf are the blocks of a page with "```shell run", each with the block "```text" that follows it.
func stepsOf(page string) []step {
	var steps []step
	before := ""
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		info, text := block[1], block[2]+"\n"
		switch {
		case info == "shell run":
			steps = append(steps, step{commands: text})
		case info == "text" && before == "shell run":
			steps[len(steps)-1].output = text
		}
		before = info
	}
	return steps
}

// show matches an output that has the lines of a text, in their order. Other lines may be between them. "…" is any text, and a space is
// any number of spaces.
func show(text string) gomegatypes.GomegaMatcher {
	var lines []string
	for line := range strings.Lines(text) {
		var words []string
		for word := range strings.FieldsSeq(line) {
			words = append(words, strings.ReplaceAll(regexp.QuoteMeta(word), "…", ".*"))
		}
		lines = append(lines, `^ *`+strings.Join(words, ` +`)+` *$`)
	}
	return MatchRegexp(`(?m)` + strings.Join(lines, `(?s:.*)`))
}

// follow runs the steps in one shell, in a folder of its own, with a namespace as the current one. It returns the output of each.
func follow(ctx context.Context, steps []step, namespace string) []string {
	GinkgoHelper()
	const end = "end of the step"
	folder := GinkgoT().TempDir()
	var script strings.Builder
	for _, each := range steps {
		script.WriteString(each.commands + "echo '" + end + "'\n")
	}
	Expect(os.WriteFile(filepath.Join(folder, "tutorial.sh"), []byte(script.String()), 0o600)).To(Succeed())

	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "tutorial.sh")
	command.Dir = folder
	command.Env = append(os.Environ(), "KUBECONFIG="+contextOf(folder, namespace), "PATH="+programs(folder)+":"+os.Getenv("PATH"),
		"VLLM_URL="+inference.first, "MODEL="+firstModel)
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return strings.Split(string(output), end+"\n")
}

// contextOf writes a kubeconfig with a namespace into a folder.
func contextOf(folder, namespace string) string {
	GinkgoHelper()
	config, err := clientcmd.LoadFromFile(kubeconfig())
	Expect(err).NotTo(HaveOccurred())
	Expect(clientcmd.ResolveLocalPaths(config)).To(Succeed())
	config.Contexts[config.CurrentContext].Namespace = namespace
	path := filepath.Join(folder, "kubeconfig")
	Expect(clientcmd.WriteToFile(*config, path)).To(Succeed())
	return path
}

// programs puts kubectl and the plugin into a folder, under the names that a user has them.
func programs(folder string) string {
	GinkgoHelper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("KUBECTL"), "kubectl"))
	Expect(err).NotTo(HaveOccurred())
	program, err = filepath.Abs(program)
	Expect(err).NotTo(HaveOccurred())
	extension, err := buildPlugin()
	Expect(err).NotTo(HaveOccurred())
	Expect(os.Symlink(program, filepath.Join(folder, "kubectl"))).To(Succeed())
	Expect(os.Symlink(extension, filepath.Join(folder, "kubectl-llamastack"))).To(Succeed())
	return folder
}

var _ = Describe("The tutorial", func() {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "tutorials", "*.md"))
	if err != nil || len(pages) == 0 {
		panic("docs/tutorials has no pages")
	}
	for _, page := range pages {
		It(filepath.Base(page)+" runs as it is written", func(ctx SpecContext) {
			text, err := os.ReadFile(page)
			Expect(err).NotTo(HaveOccurred())
			steps := stepsOf(string(text))
			Expect(steps).NotTo(BeEmpty(), "the page has no block with ```shell run")

			outputs := follow(ctx, steps, newNamespace(ctx))
			for i, each := range steps {
				Expect(outputs[i]).To(show(each.output), each.commands)
			}
		}, NodeTimeout(2*serverStarts))
	}
})
