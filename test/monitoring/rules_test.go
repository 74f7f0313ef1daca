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
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	validation = model.UTF8Validation
	runbooks   = "https://github.com/llamastack/llama-stack-k8s-operator/blob/main/docs/runbooks/"
)

var (
	expressions = parser.NewParser(parser.Options{})
	discard     = slog.New(slog.DiscardHandler)
)

var _ = Describe("The rules", func() {
	It("are valid", func() {
		Expect(allRules()).To(ContainElement(HaveField("Alert", "LlamaStackOperatorDown")))
	})

	It("say how urgent an alert is, what it means and what to do", func() {
		all := allRules()
		for i := range all {
			rule := &all[i]
			if rule.Alert == "" {
				continue
			}
			Expect(rule.Labels["severity"]).To(BeElementOf("critical", "warning"), rule.Alert)
			Expect(rule.Annotations).To(And(
				HaveKeyWithValue("summary", HaveSuffix(".")),
				HaveKeyWithValue("description", HaveSuffix(".")),
				HaveKeyWithValue("runbook_url", runbooks+rule.Alert+".md"),
			), rule.Alert)
		}
	})
})
