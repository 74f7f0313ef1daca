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

package status

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientevents "k8s.io/client-go/tools/events"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// quoted finds the words in backquotes.
var quoted = regexp.MustCompile("`([A-Za-z]+)`")

// identifiers are the words in backquotes of a cell.
func identifiers(cell string) []string {
	var found []string
	for _, match := range quoted.FindAllStringSubmatch(cell, -1) {
		found = append(found, match[1])
	}
	return found
}

// rows are the rows of the table below a heading of a page of docs, or of the page itself, as cells.
func rows(page, heading string) [][]string {
	GinkgoHelper()
	text, err := os.ReadFile("../../docs/" + page)
	Expect(err).NotTo(HaveOccurred())
	section := string(text)
	if heading != "" {
		var found bool
		_, section, found = strings.Cut(section, "\n## "+heading+"\n")
		Expect(found).To(BeTrue(), heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var table [][]string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			table = append(table, strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "| "), " |"), " | "))
		}
	}
	Expect(table).NotTo(BeEmpty(), heading)
	return table
}

// knownReasons are the reasons of the API.
func knownReasons() []string {
	GinkgoHelper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
	Expect(err).NotTo(HaveOccurred())
	var found []string
	ast.Inspect(parsed, func(node ast.Node) bool {
		constant, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(constant.Names[0].Name, "Reason") {
			return true
		}
		literal, ok := constant.Values[0].(*ast.BasicLit)
		Expect(ok).To(BeTrue())
		reason, err := strconv.Unquote(literal.Value)
		Expect(err).NotTo(HaveOccurred())
		found = append(found, reason)
		return true
	})
	return found
}

// countsForReady reports whether Ready depends on a condition. ready.go decides about the two that are not needed as a
// whole.
func (c *condition) countsForReady() bool {
	return c.needed || c.kind == v1alpha1.ConditionDeploymentReady || c.kind == v1alpha1.ConditionHealthCheck
}

var _ = Describe("The page about conditions", func() {
	It("has each type, and whether it counts for Ready", func() {
		documented, table := map[string]bool{}, map[string]bool{}
		for _, row := range rows("conditions.md", "Condition types") {
			documented[identifiers(row[0])[0]] = strings.HasPrefix(row[3], "yes")
		}
		for i := range conditions {
			table[string(conditions[i].kind)] = conditions[i].countsForReady()
		}

		Expect(documented).To(Equal(table))
	})

	It("has each normal reason, with its conditions", func() {
		documented, table := map[string][]string{}, map[string][]string{}
		for _, row := range rows("conditions.md", "Normal reasons") {
			for _, reason := range identifiers(row[0]) {
				documented[reason] = identifiers(row[1])
			}
		}
		for i := range conditions {
			for _, reason := range conditions[i].normal {
				table[string(reason)] = append(table[string(reason)], string(conditions[i].kind))
			}
		}

		Expect(documented).To(Equal(table))
	})

	It("has every other reason once, as one to investigate or to act on", func() {
		normal := map[string]bool{}
		for i := range conditions {
			for _, reason := range conditions[i].normal {
				normal[string(reason)] = true
			}
		}
		var documented, known []string
		for _, heading := range []string{"Reasons to investigate", "Reasons to act on"} {
			for _, row := range rows("conditions.md", heading) {
				documented = append(documented, identifiers(row[0])...)
			}
		}
		for _, reason := range knownReasons() {
			if !normal[reason] {
				known = append(known, reason)
			}
		}

		Expect(documented).To(ConsistOf(known))
	})
})

var _ = Describe("The page about Events", func() {
	It("has each Event, with its type and the kind of its object", func() {
		want := map[string]string{}
		recorder := clientevents.NewFakeRecorder(1)
		recorder.Verbose = true
		record := func(report func(*events.Events)) {
			report(events.New(recorder))
			text := strings.Fields(<-recorder.Events)
			_, kind, _ := strings.Cut(text[len(text)-1], "kind=")
			kind, _, _ = strings.Cut(kind, ",")
			if before := want[text[1]]; before != "" {
				Expect(before).To(HavePrefix(text[0] + " "))
				kind = strings.TrimPrefix(before, text[0]+" ") + ", " + kind
			}
			want[text[1]] = text[0] + " " + kind
		}
		server := &v1alpha1.LlamaStackDistribution{TypeMeta: metav1.TypeMeta{Kind: v1alpha1.Kind, APIVersion: "any"}}
		configMap := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "any"}}
		for reason, normal := range reported() {
			record(func(e *events.Events) { e.Condition(server, normal, reason, "message") })
		}
		record(func(e *events.Events) { e.PVCReused(server, "pvc") })
		record(func(e *events.Events) { e.LegacyBinding(server, "RoleBinding", "name", "command") })
		record(func(e *events.Events) { e.ConfigElsewhere(configMap, "namespace") })
		record(func(e *events.Events) { e.ConfigMalformed(configMap, "key", "message") })

		documented := map[string]string{}
		for _, row := range rows("events.md", "") {
			for _, reason := range identifiers(row[0]) {
				Expect(documented).NotTo(HaveKey(reason))
				documented[reason] = row[1] + " " + strings.ReplaceAll(row[2], "`", "")
			}
		}
		Expect(documented).To(Equal(want))
	})

	It("names the conditions of which each transition is an Event", func() {
		text, err := os.ReadFile("../../docs/events.md")
		Expect(err).NotTo(HaveOccurred())
		_, words, found := strings.Cut(string(text), "every change of ")
		Expect(found).To(BeTrue())
		words, _, _ = strings.Cut(words, ", and every problem")
		var awaited []string
		for i := range conditions {
			if conditions[i].awaited {
				awaited = append(awaited, string(conditions[i].kind))
			}
		}

		Expect(identifiers(words)).To(ConsistOf(awaited))
	})
})

// reported are the reasons of conditions that have an Event, and whether they are normal.
func reported() map[v1alpha1.Reason]bool {
	GinkgoHelper()
	found, normal := map[v1alpha1.Reason]bool{}, map[v1alpha1.Reason]bool{}
	for i := range conditions {
		for _, reason := range conditions[i].normal {
			normal[reason] = true
			if conditions[i].awaited {
				found[reason] = true
			}
		}
	}
	for _, reason := range knownReasons() {
		if !normal[v1alpha1.Reason(reason)] {
			found[v1alpha1.Reason(reason)] = false
		}
	}
	return found
}
