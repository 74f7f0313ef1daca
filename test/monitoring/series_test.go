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
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// A source is where series come from: a file with what was recorded, and the labels that Prometheus adds when it scrapes with
// the monitors of config/monitoring.
type source struct {
	file    string
	targets []string
}

var sources = []source{
	// test/operator records it, and compares it with what the operator exports.
	{file: "operator.prom", targets: []string{"job", "llama-stack-k8s-operator", "namespace", "llama-stack-k8s-operator-system", "pod", "operator-0"}},
	{file: "server.prom", targets: []string{"job", "llama-stack-servers", "namespace", "apps", "pod", "demo-0", "llamastackdistribution", "demo"}},
	// The kubelet's own label "namespace" is that of the PVC.
	{file: "kubelet.prom", targets: []string{"job", "kubelet"}},
}

// identities are the labels whose values differ from cluster to cluster.
var identities = []string{"exported_namespace", "llamastackdistribution", "namespace", "pod", "persistentvolumeclaim", "model"}

// recordedSeries are all series that the rules may use: those of the sources, and Prometheus' own series about its targets.
func recordedSeries() []labels.Labels {
	GinkgoHelper()
	var all []labels.Labels
	for _, from := range sources {
		content, err := os.ReadFile(filepath.Join(config, "testdata", from.file))
		Expect(err).NotTo(HaveOccurred())
		for line := range strings.Lines(string(content)) {
			if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
				all = append(all, scraped(metric(withoutValue(text)), from))
			}
		}
		all = append(all, scraped(metric("up"), from))
	}
	return all
}

// withoutValue is a series of a line of Prometheus' text format.
func withoutValue(line string) string { return line[:strings.LastIndex(line, " ")] }

func metric(text string) labels.Labels {
	GinkgoHelper()
	parsed, err := expressions.ParseMetric(text)
	Expect(err).NotTo(HaveOccurred(), text)
	return parsed
}

// scraped is a series with the labels of its target. As in Prometheus, one that the series has itself stays only where the
// kubelet is scraped, which has no other.
func scraped(series labels.Labels, from source) labels.Labels {
	builder := labels.NewBuilder(series)
	for i := 0; i < len(from.targets); i += 2 {
		builder.Set(from.targets[i], from.targets[i+1])
	}
	return builder.Labels()
}

var _ = Describe("The series", func() {
	var known []labels.Labels
	BeforeEach(func() { known = recordedSeries() })

	It("that a rule selects exist", func() {
		all := allRules()
		for i := range all {
			inspect(all[i].Expr, func(node parser.Node, _ []parser.Node) {
				if selector, ok := node.(*parser.VectorSelector); ok && !isRecordedBy(selector.Name) {
					Expect(slices.ContainsFunc(known, func(series labels.Labels) bool { return matches(series, selector) })).To(BeTrue(),
						"no recorded series matches %s", selector)
				}
			})
		}
	})

	It("that a rule aggregates have the labels that it keeps", func() {
		all := allRules()
		for i := range all {
			inspect(all[i].Expr, func(node parser.Node, path []parser.Node) {
				selector, ok := node.(*parser.VectorSelector)
				if !ok || isRecordedBy(selector.Name) {
					return
				}
				has := labelNames(known, selector)
				for _, outer := range path {
					if aggregation, ok := outer.(*parser.AggregateExpr); ok && !aggregation.Without {
						Expect(has).To(ContainElements(aggregation.Grouping), "labels of %s", selector)
					}
				}
			})
		}
	})

	It("of the tests of alerts exist, with these labels", func() {
		for _, one := range situations() {
			for _, given := range one.Input {
				wanted := metric(given.Series)
				Expect(slices.ContainsFunc(known, func(series labels.Labels) bool { return same(series, wanted) })).To(BeTrue(),
					"%s: no recorded series is like %s", one.Name, given.Series)
			}
		}
	})
})

// inspect shows each part of an expression, with the parts that it is in.
func inspect(text string, see func(node parser.Node, path []parser.Node)) {
	GinkgoHelper()
	parsed, err := expressions.ParseExpr(text)
	Expect(err).NotTo(HaveOccurred(), text)
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		see(node, path)
		return nil
	})
}

// isRecordedBy is whether a series is the result of a recording rule, all of which have a colon in their name.
func isRecordedBy(name string) bool { return strings.Contains(name, ":") }

func matches(series labels.Labels, selector *parser.VectorSelector) bool {
	return !slices.ContainsFunc(selector.LabelMatchers, func(matcher *labels.Matcher) bool {
		return !series.Has(matcher.Name) || !matcher.Matches(series.Get(matcher.Name))
	})
}

// labelNames are the labels that all series have that a selector matches.
func labelNames(known []labels.Labels, selector *parser.VectorSelector) []string {
	var common []string
	first := true
	for _, series := range known {
		if !matches(series, selector) {
			continue
		}
		var names []string
		series.Range(func(l labels.Label) { names = append(names, l.Name) })
		if first {
			common, first = names, false
		}
		common = slices.DeleteFunc(common, func(name string) bool { return !slices.Contains(names, name) })
	}
	return common
}

// same is whether two series differ only in the values of identities.
func same(a, b labels.Labels) bool {
	return labels.Equal(anonymous(a), anonymous(b))
}

func anonymous(series labels.Labels) labels.Labels {
	builder := labels.NewBuilder(series)
	for _, name := range identities {
		if series.Has(name) {
			builder.Set(name, "any")
		}
	}
	return builder.Labels()
}
