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
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/recordings"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// identities are the labels whose values differ from cluster to cluster.
var identities = []string{"exported_namespace", "llamastackdistribution", "namespace", "pod", "persistentvolumeclaim", "model"}

// recordedSeries are all series that rules and dashboards may use: those of the recordings, and Prometheus' own series about its targets.
func recordedSeries() []labels.Labels {
	GinkgoHelper()
	samples, err := recordings.Read(recorded)
	Expect(err).NotTo(HaveOccurred())
	var all []labels.Labels
	for _, sample := range samples {
		all = append(all, sample.Labels)
	}
	return all
}

func metric(text string) labels.Labels {
	GinkgoHelper()
	parsed, err := expressions.ParseMetric(text)
	Expect(err).NotTo(HaveOccurred(), text)
	return parsed
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
