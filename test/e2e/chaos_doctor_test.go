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
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	gomegatypes "github.com/onsi/gomega/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// diagnosed is how long a fault lasts before its cause can be seen: a kubelet reports every 10 seconds.
	diagnosed = 2 * time.Minute
	// consults is how often a person asks again.
	consults = 2 * time.Second
)

// symptom is a finding of "kubectl llamastack doctor".
type symptom struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

var _ = ReportAfterSuite("diagnoses", func(report Report) {
	page, err := os.ReadFile("../../docs/reliability.md")
	Expect(err).NotTo(HaveOccurred())
	summary, err := harness.Diagnoses(report, chaos[0], harness.DocumentedFaults(string(page)))
	if summary != "" {
		fmt.Println("\n" + summary)
	}
	Expect(err).NotTo(HaveOccurred())
})

// doctor polls what "kubectl llamastack doctor" finds wrong about a server.
func doctor(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() ([]symptom, error) {
	GinkgoHelper()
	program, err := buildPlugin()
	Expect(err).NotTo(HaveOccurred())
	return func() ([]symptom, error) {
		command := exec.CommandContext(ctx, program, "doctor", server.Name, "--namespace", server.Namespace, "--output", "json")
		command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig())
		command.Stderr = GinkgoWriter
		output, err := command.Output()
		if failed := (&exec.ExitError{}); err != nil && !errors.As(err, &failed) {
			return nil, err // the exit code only says that there are failures
		}
		var shown struct {
			Findings []symptom `json:"findings"`
		}
		if err := json.Unmarshal(output, &shown); err != nil {
			return nil, err
		}
		return shown.Findings, nil
	}
}

// diagnose waits until doctor names the cause of a fault, which is called as in docs/reliability.md: a check finds what matches each of the expressions, and says what to
// do.
func diagnose(ctx context.Context, server *v1alpha1.LlamaStackDistribution, fault, check string, says ...string) {
	GinkgoHelper()
	named := make([]gomegatypes.GomegaMatcher, 0, len(says))
	for _, expression := range says {
		named = append(named, ContainElement(And(HaveField("Check", check), HaveField("Verdict", Not(Equal("OK"))),
			HaveField("Message", MatchRegexp(expression)), HaveField("Fix", Not(BeEmpty())))))
	}
	Eventually(doctor(ctx, server)).WithTimeout(diagnosed).WithPolling(consults).Should(And(named...), fault)
	AddReportEntry(harness.Diagnosed, fault, ReportEntryVisibilityNever)
}

// undiagnosed notes a fault of which doctor cannot name the cause.
func undiagnosed(fault, why string) {
	AddReportEntry(harness.Undiagnosed, fault, ReportEntryVisibilityNever)
	By("leaving out doctor: " + why)
}
