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
	"context"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/dashboards"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/recordings"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const dashboardFolder = config + "/dashboards"

// loadOnce is shared because nothing changes the data.
var loadOnce = sync.OnceValues(func() (*recordings.Data, error) { return recordings.Load(recorded) })

// boards are the dashboards, by the names of their files.
func boards() []string { return []string{"fleet", "server", "operator"} }

// board reads a dashboard, without the titles of its rows.
func board(name string) grafana.Dashboard {
	GinkgoHelper()
	read, err := grafana.Read(filepath.Join(dashboardFolder, name+".json"))
	Expect(err).NotTo(HaveOccurred())
	read.Panels = slices.DeleteFunc(read.Panels, func(panel grafana.Panel) bool { return panel.Type == "row" })
	Expect(read.Panels).NotTo(BeEmpty())
	return read
}

// expanded are the queries of a dashboard with the values of its variables, as Grafana sends them.
func expanded(ctx context.Context, data *recordings.Data, of grafana.Dashboard, see func(panel grafana.Panel, target grafana.Target, query string)) {
	GinkgoHelper()
	values, err := of.Select(ctx, data, recordings.Whole())
	Expect(err).NotTo(HaveOccurred())
	for _, panel := range of.Panels {
		for _, target := range panel.Targets {
			query := values.Expand(target.Expr)
			Expect(query).NotTo(ContainSubstring("$"), panel.Title)
			see(panel, target, query)
		}
	}
}

var _ = Describe("The dashboards", func() {
	var data *recordings.Data
	BeforeEach(func() {
		var err error
		data, err = loadOnce()
		Expect(err).NotTo(HaveOccurred())
	})

	It("are those that the generator writes", func() {
		all, err := dashboards.All()
		Expect(err).NotTo(HaveOccurred())
		Expect(all).To(HaveLen(len(boards())))
		for _, name := range boards() {
			content, err := os.ReadFile(filepath.Join(dashboardFolder, name+".json"))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(content)).To(Equal(string(all[name])), `%s.json: run "make dashboards"`, name)
		}
	})

	for _, name := range boards() {
		It("get data for every query of "+name, func(ctx context.Context) {
			expanded(ctx, data, board(name), func(panel grafana.Panel, target grafana.Target, query string) {
				if target.Instant {
					vector, err := data.Instant(ctx, query)
					Expect(err).NotTo(HaveOccurred(), panel.Title)
					Expect(vector).NotTo(BeEmpty(), "%s: no data for %s", panel.Title, query)
					return
				}
				matrix, err := data.Range(ctx, query)
				Expect(err).NotTo(HaveOccurred(), panel.Title)
				Expect(matrix).NotTo(BeEmpty(), "%s: no data for %s", panel.Title, query)
				for _, series := range matrix {
					Expect(series.Floats).NotTo(BeEmpty(), panel.Title)
				}
			})
		})

		It("select only documented or recorded series in "+name, func(ctx context.Context) {
			known, documented := recordedSeries(), documentedMetrics()
			expanded(ctx, data, board(name), func(panel grafana.Panel, _ grafana.Target, query string) {
				inspect(query, func(node parser.Node, _ []parser.Node) {
					selector, ok := node.(*parser.VectorSelector)
					if !ok {
						return
					}
					Expect(slices.ContainsFunc(known, func(series labels.Labels) bool { return matches(series, anyone(selector)) })).To(BeTrue(),
						"%s: no recorded series of any server is like %s", panel.Title, selector)
					if strings.HasPrefix(selector.Name, "llama_stack_operator_") {
						Expect(documented).To(ContainElement(withoutSuffix(selector.Name)), panel.Title)
					}
				})
			})
		})

		It("show in the legend only labels that the series of "+name+" have", func(ctx context.Context) {
			expanded(ctx, data, board(name), func(panel grafana.Panel, target grafana.Target, query string) {
				vector, err := data.Instant(ctx, query)
				Expect(err).NotTo(HaveOccurred())
				for _, label := range legendLabels(panel, target) {
					Expect(slices.ContainsFunc(vector, func(s promql.Sample) bool { return s.Metric.Has(label) })).To(BeTrue(),
						"%s: no series of %s has the label %s", panel.Title, query, label)
				}
			})
		})
	}
})

var _ = Describe("A cluster where", func() {
	var data *recordings.Data
	BeforeEach(func() {
		var err error
		data, err = loadOnce()
		Expect(err).NotTo(HaveOccurred())
	})

	It("no request fails has a share of failed requests, of 0", func(ctx context.Context) {
		healthy := data.Without(func(series labels.Labels) bool { return strings.HasPrefix(series.Get("status_code"), "5") })
		seen := 0
		for _, name := range boards() {
			expanded(ctx, healthy, board(name), func(panel grafana.Panel, _ grafana.Target, query string) {
				if !strings.HasPrefix(panel.Title, "Requests that fail") {
					return
				}
				seen++
				matrix, err := healthy.Range(ctx, query)
				Expect(err).NotTo(HaveOccurred())
				Expect(matrix).NotTo(BeEmpty(), "%s: %s", name, panel.Title)
				for _, series := range matrix {
					Expect(series.Floats).To(HaveEach(HaveField("F", BeZero())), "%s: %s", name, panel.Title)
				}
			})
		}
		Expect(seen).To(Equal(2))
	})

	It("nothing happens has a number in every panel of one", func(ctx context.Context) {
		still := data.Still()
		for _, name := range boards() {
			expanded(ctx, still, board(name), func(panel grafana.Panel, _ grafana.Target, query string) {
				if panel.Type != "stat" {
					return
				}
				vector, err := still.Instant(ctx, query)
				Expect(err).NotTo(HaveOccurred())
				Expect(vector).NotTo(BeEmpty(), "%s: %s", name, panel.Title)
				for _, sample := range vector {
					Expect(math.IsNaN(sample.F)).To(BeFalse(), "%s: %s", name, panel.Title)
				}
			})
		}
	})
})

// anyone is a selector that matches the series of any server and Pod.
func anyone(selector *parser.VectorSelector) *parser.VectorSelector {
	var matchers []*labels.Matcher
	for _, matcher := range selector.LabelMatchers {
		if slices.Contains(identities, matcher.Name) {
			matcher = labels.MustNewMatcher(labels.MatchNotEqual, matcher.Name, "")
		}
		matchers = append(matchers, matcher)
	}
	return &parser.VectorSelector{Name: selector.Name, LabelMatchers: matchers}
}

// legendLabels are the labels in the legend of a query, and in the columns of a table.
func legendLabels(panel grafana.Panel, target grafana.Target) []string {
	var names []string
	for _, found := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
		names = append(names, found[1])
	}
	for _, transformation := range panel.Transformations {
		for label := range transformation.Options.RenameByName {
			names = append(names, label)
		}
	}
	return names
}

// documentedMetrics are those of docs/metrics.md.
func documentedMetrics() []string {
	GinkgoHelper()
	content, err := os.ReadFile("../../docs/metrics.md")
	Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, found := range regexp.MustCompile("(?m)^\\| `(llama_stack_operator_\\w+)` \\|").FindAllStringSubmatch(string(content), -1) {
		names = append(names, found[1])
	}
	Expect(names).NotTo(BeEmpty())
	return names
}

// withoutSuffix is the name of a histogram, of a series of it.
func withoutSuffix(name string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}
