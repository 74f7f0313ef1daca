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
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// situation is an entry of testdata/alerts.yaml, in the format of "promtool test rules": series with their values minute by
// minute, and the alerts at some times.
type situation struct {
	Name   string        `json:"name"`
	Input  []input       `json:"input_series"`
	Alerts []expectation `json:"alert_rule_test"`
}

type input struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

type expectation struct {
	At     string `json:"eval_time"`
	Alert  string `json:"alertname"`
	Firing []struct {
		Labels map[string]string `json:"exp_labels"`
	} `json:"exp_alerts"`
}

func situations() []situation {
	content, err := os.ReadFile("testdata/alerts.yaml")
	if err != nil {
		panic(err)
	}
	var file struct {
		Interval string      `json:"evaluation_interval"`
		Tests    []situation `json:"tests"`
	}
	if err := yaml.UnmarshalStrict(content, &file); err != nil {
		panic(err)
	}
	return file.Tests
}

var _ = Describe("The alerts", func() {
	for _, one := range situations() {
		It(one.Name, func() {
			end := time.Duration(0)
			for _, expected := range one.Alerts {
				end = max(end, duration(expected.At))
			}
			evaluate(one.Input, end, func(at time.Duration, groups map[string]*rules.Group) {
				for _, expected := range one.Alerts {
					if duration(expected.At) == at {
						Expect(firing(groups, expected.Alert)).To(ConsistOf(labelsOf(expected)), "%s at %s", expected.Alert, expected.At)
					}
				}
			})
		})
	}

	It("are each seen to fire, and not to fire", func() {
		fires, silent := map[string]bool{}, map[string]bool{}
		for _, one := range situations() {
			for _, expected := range one.Alerts {
				if len(expected.Firing) == 0 {
					silent[expected.Alert] = true
				} else {
					fires[expected.Alert] = true
				}
			}
		}
		all := allRules()
		for i := range all {
			if name := all[i].Alert; name != "" {
				Expect(fires).To(HaveKey(name))
				Expect(silent).To(HaveKey(name))
			}
		}
	})
})

// evaluate runs all rules every minute, and shows the groups after each time.
func evaluate(series []input, end time.Duration, see func(at time.Duration, groups map[string]*rules.Group)) {
	GinkgoHelper()
	var load strings.Builder
	load.WriteString("load 1m\n")
	for _, one := range series {
		fmt.Fprintf(&load, "  %s %s\n", one.Series, one.Values)
	}
	data, err := promqltest.NewLazyLoader(load.String(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true, Parser: expressions})
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(data.Close()).To(Succeed()) }()
	data.SubqueryInterval = time.Minute
	groups, problems := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(data.QueryEngine(), data.Storage()), AppendableV2: data.Storage(), Context: context.Background(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: discard, Parser: expressions,
	}).LoadGroups(time.Minute, rules.FromMaps(), "", nil, false, ruleFile())
	Expect(problems).To(BeEmpty())
	for at := time.Duration(0); at <= end; at += time.Minute {
		now := time.Unix(0, 0).UTC().Add(at)
		data.WithSamplesTill(now, func(err error) {
			Expect(err).NotTo(HaveOccurred())
			for _, group := range groups {
				group.Eval(data.Context(), now)
				for _, rule := range group.Rules() {
					Expect(rule.LastError()).NotTo(HaveOccurred(), rule.Name())
				}
			}
		})
		see(at, groups)
	}
}

// firing are the labels of the alerts of a name that fire, without the name.
func firing(groups map[string]*rules.Group, name string) []map[string]string {
	found := []map[string]string{}
	for _, group := range groups {
		for _, rule := range group.AlertingRules() {
			for _, alert := range rule.ActiveAlerts() {
				if rule.Name() == name && alert.State == rules.StateFiring {
					labels := alert.Labels.Map()
					delete(labels, model.AlertNameLabel)
					found = append(found, labels)
				}
			}
		}
	}
	return found
}

func labelsOf(expected expectation) []map[string]string {
	all := []map[string]string{}
	for _, one := range expected.Firing {
		all = append(all, maps.Clone(one.Labels))
	}
	return all
}

func duration(text string) time.Duration {
	GinkgoHelper()
	parsed, err := model.ParseDuration(text)
	Expect(err).NotTo(HaveOccurred())
	return time.Duration(parsed)
}
