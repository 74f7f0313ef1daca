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
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	sourceVariable = "${datasource}"
	refreshOnTime  = 2
)

// A lintRule is one of grafana/dashboard-linter, by its name there. The linter itself is no module that the Go proxy serves with a
// checksum. spoil makes a dashboard break the rule.
type lintRule struct {
	name   string
	report func(of grafana.Dashboard) []string
	spoil  func(of *grafana.Dashboard)
	// except is why the dashboards break the rule on purpose.
	except string
}

// fixedJobs is the reason for the exceptions about jobs and instances.
const fixedJobs = "the monitors of config/monitoring set the names of the jobs, and the rules refer to them too; " +
	"a server, not an instance, is what a person selects"

// units are those of Grafana that the dashboards may use, beside suffixes of their own.
func units() []string { return []string{"short", "s", "bytes", "percentunit", "reqps", "ops"} }

func lintRules() []lintRule {
	return []lintRule{
		{name: "template-datasource-rule", report: func(of grafana.Dashboard) []string {
			return unless(slices.ContainsFunc(of.Templating.List, func(v grafana.Variable) bool {
				return v.Type == "datasource" && v.Name == "datasource" && v.Label == "Data source" && v.Query == "prometheus"
			}), "no variable for the data source")
		}, spoil: func(of *grafana.Dashboard) { of.Templating.List[0].Label = "" }},
		{name: "template-job-rule", report: templated("job"), except: fixedJobs},
		{name: "template-instance-rule", report: templated("instance"), except: fixedJobs},
		{name: "template-label-promql-rule", report: ofVariables(func(v grafana.Variable) []string {
			parts := regexp.MustCompile(`^label_values\((.+), \w+\)$`).FindStringSubmatch(v.Query)
			return unless(len(parts) == 2 && parses(parts[1]), "no series in "+v.Query)
		}), spoil: func(of *grafana.Dashboard) { of.Templating.List[1].Query = "label_values(a{, b)" }},
		{name: "template-on-time-change-reload-rule", report: ofVariables(func(v grafana.Variable) []string {
			return unless(v.Refresh == refreshOnTime, "the variable is not read again when the time changes")
		}), spoil: func(of *grafana.Dashboard) { of.Templating.List[1].Refresh = 1 }},
		{name: "uneditable-dashboard", report: func(of grafana.Dashboard) []string { return unless(!of.Editable, "a person can edit the dashboard") },
			spoil: func(of *grafana.Dashboard) { of.Editable = true }},
		{name: "panel-datasource-rule", report: ofPanels(func(panel grafana.Panel) []string {
			found := unless(panel.Datasource.UID == sourceVariable, "the panel has a data source of its own")
			for _, target := range panel.Targets {
				found = append(found, unless(target.Datasource.UID == sourceVariable, "a query has a data source of its own")...)
			}
			return found
		}), spoil: func(of *grafana.Dashboard) { of.Panels[0].Targets[0].Datasource.UID = "mine" }},
		{name: "panel-title-description-rule", report: ofPanels(func(panel grafana.Panel) []string {
			return unless(panel.Title != "" && strings.HasSuffix(panel.Description, "."), "no title, or no description")
		}), spoil: func(of *grafana.Dashboard) { of.Panels[0].Description = "" }},
		{name: "panel-units-rule", report: ofPanels(func(panel grafana.Panel) []string {
			unit := panel.FieldConfig.Defaults.Unit
			return unless(slices.Contains(units(), unit) || strings.HasPrefix(unit, "suffix:"), "no unit of Grafana: "+unit)
		}), spoil: func(of *grafana.Dashboard) { of.Panels[0].FieldConfig.Defaults.Unit = "seconds" }},
		{name: "panel-no-targets-rule", report: ofPanels(func(panel grafana.Panel) []string {
			return unless(len(panel.Targets) > 0, "no query")
		}), spoil: func(of *grafana.Dashboard) { of.Panels[0].Targets = nil }},
		{name: "target-promql-rule", report: ofTargets(func(target grafana.Target) []string {
			return unless(parses(target.Expr), "no PromQL: "+target.Expr)
		}), spoil: query("sum by (")},
		{name: "target-rate-interval-rule", report: ofTargets(unlikeRateInterval), spoil: query("rate(a_total[5m])")},
		{name: "target-counter-agg-rule", report: ofTargets(bareCounters), spoil: query("sum(a_total)")},
		{name: "target-job-rule", report: ofTargets(without("job")), except: fixedJobs},
		{name: "target-instance-rule", report: ofTargets(without("instance")), except: fixedJobs},
	}
}

var _ = Describe("The rules of dashboard-linter", func() {
	for _, rule := range lintRules() {
		if rule.except != "" {
			It("leave out "+rule.name+", because "+rule.except, func() {
				var found []string
				for _, name := range boards() {
					found = append(found, rule.report(board(name))...)
				}
				Expect(found).NotTo(BeEmpty(), "the exception is not needed any more")
			})
			continue
		}
		It("hold: "+rule.name, func() {
			for _, name := range boards() {
				Expect(rule.report(board(name))).To(BeEmpty(), name)
			}
			spoiled := board("server")
			rule.spoil(&spoiled)
			Expect(rule.report(spoiled)).NotTo(BeEmpty(), "the rule finds nothing in a dashboard that breaks it")
		})
	}
})

func unless(holds bool, problem string) []string {
	if holds {
		return nil
	}
	return []string{problem}
}

func query(text string) func(of *grafana.Dashboard) {
	return func(of *grafana.Dashboard) { of.Panels[0].Targets[0].Expr = text }
}

func templated(name string) func(of grafana.Dashboard) []string {
	return func(of grafana.Dashboard) []string {
		return unless(slices.ContainsFunc(of.Templating.List, func(v grafana.Variable) bool { return v.Name == name }), "no variable "+name)
	}
}

func ofVariables(report func(v grafana.Variable) []string) func(of grafana.Dashboard) []string {
	return func(of grafana.Dashboard) []string {
		var found []string
		for _, v := range of.Templating.List {
			if v.Type == "query" {
				found = append(found, named(v.Name, report(v))...)
			}
		}
		return found
	}
}

func ofPanels(report func(panel grafana.Panel) []string) func(of grafana.Dashboard) []string {
	return func(of grafana.Dashboard) []string {
		var found []string
		for _, panel := range of.Panels {
			found = append(found, named(panel.Title, report(panel))...)
		}
		return found
	}
}

func ofTargets(report func(target grafana.Target) []string) func(of grafana.Dashboard) []string {
	return ofPanels(func(panel grafana.Panel) []string {
		var found []string
		for _, target := range panel.Targets {
			found = append(found, report(target)...)
		}
		return found
	})
}

func named(name string, problems []string) []string {
	found := make([]string, 0, len(problems))
	for _, problem := range problems {
		found = append(found, name+": "+problem)
	}
	return found
}

// rateInterval is an interval that no dashboard writes itself.
const rateInterval = "4321s"

// parsed is a query with any values of variables, or nil if it is none.
func parsed(expr string) parser.Expr {
	text := grafana.Values{"__rate_interval": rateInterval, "namespace": "any", "server": "any", "model": "any"}.Expand(expr)
	result, err := expressions.ParseExpr(text)
	if err != nil {
		return nil
	}
	return result
}

func parses(expr string) bool { return parsed(expr) != nil }

// each shows the selectors of a query with the function that each is in.
func each(target grafana.Target, see func(selector *parser.VectorSelector, function, interval string)) {
	expr := parsed(target.Expr)
	if expr == nil {
		return
	}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		function, interval := "", ""
		for _, outer := range path {
			switch of := outer.(type) {
			case *parser.Call:
				function = of.Func.Name
			case *parser.MatrixSelector:
				interval = fmt.Sprintf("%.0fs", of.Range.Seconds())
			}
		}
		see(selector, function, interval)
		return nil
	})
}

func isRate(function string) bool {
	return slices.Contains([]string{"rate", "irate", "increase"}, function)
}

func unlikeRateInterval(target grafana.Target) []string {
	var found []string
	each(target, func(selector *parser.VectorSelector, function, interval string) {
		found = append(found, unless(!isRate(function) || interval == rateInterval, "not $__rate_interval: "+selector.Name)...)
	})
	return found
}

func bareCounters(target grafana.Target) []string {
	var found []string
	each(target, func(selector *parser.VectorSelector, function, _ string) {
		counter := regexp.MustCompile(`_(total|count|sum|bucket)$`).MatchString(selector.Name)
		found = append(found, unless(!counter || isRate(function), "a counter without rate: "+selector.Name)...)
	})
	return found
}

func without(label string) func(target grafana.Target) []string {
	return func(target grafana.Target) []string {
		var found []string
		each(target, func(selector *parser.VectorSelector, _, _ string) {
			has := slices.ContainsFunc(selector.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == label && m.Value == "$"+label })
			found = append(found, unless(has, "no "+label+" of a variable: "+selector.Name)...)
		})
		return found
	}
}
