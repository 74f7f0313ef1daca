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

// Package monitoring_test checks the rules of config/monitoring with Prometheus' own packages: they are valid, each alert fires
// when it should, and they select series that the operator and the servers really export. promtool does the first two as
// well, and takes many times as long to compile.
package monitoring_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	config   = "../../config/monitoring"
	recorded = config + "/testdata"
)

func TestMonitoring(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Monitoring")
}

// ruleFile writes the groups of the PrometheusRule to a file of their own, as Prometheus reads them.
func ruleFile() string {
	GinkgoHelper()
	var object struct {
		Spec map[string]any `json:"spec"`
	}
	content, err := os.ReadFile(filepath.Join(config, "rules.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(yaml.Unmarshal(content, &object)).To(Succeed())
	groups, err := yaml.Marshal(object.Spec)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "rules.yaml")
	Expect(os.WriteFile(file, groups, 0o600)).To(Succeed())
	return file
}

// allRules are the alerts and recording rules, after the checks that Prometheus does when it loads them.
func allRules() []rulefmt.Rule {
	GinkgoHelper()
	groups, problems := rulefmt.ParseFile(ruleFile(), false, validation, expressions, discard)
	Expect(problems).To(BeEmpty())
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	Expect(all).NotTo(BeEmpty())
	return all
}
