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

package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// Names of report entries: faults of which doctor named the cause, and those of which it cannot.
const (
	Diagnosed   = "doctor named the cause"
	Undiagnosed = "doctor cannot name the cause"
)

// mostUndiagnosed is of how many faults doctor may not name the cause.
const mostUndiagnosed = 1

// Diagnoses compares the entries of a report with the faults that are documented: each spec with the label has one, and each is of
// a documented fault. When all of these specs ran, each documented fault has one. It returns a summary, or "" if none ran.
func Diagnoses(report types.Report, label string, documented []string) (string, error) {
	var named, unnamed []string
	var problems []error
	ran, whole := 0, true
	for i := range report.SpecReports {
		spec := &report.SpecReports[i]
		if !slices.Contains(spec.Labels(), label) {
			continue
		}
		if spec.State != types.SpecStatePassed {
			whole = false
			continue
		}
		ran++
		before := len(named) + len(unnamed)
		for _, entry := range spec.ReportEntries {
			switch entry.Name {
			case Diagnosed:
				named = append(named, entry.StringRepresentation())
			case Undiagnosed:
				unnamed = append(unnamed, entry.StringRepresentation())
			}
		}
		if before == len(named)+len(unnamed) {
			problems = append(problems, fmt.Errorf("the spec %q does not ask doctor for the cause", spec.FullText()))
		}
	}
	if ran == 0 {
		return "", nil
	}
	all := slices.Concat(named, unnamed)
	for _, fault := range all {
		if !slices.Contains(documented, fault) {
			problems = append(problems, fmt.Errorf("the fault %q is not documented", fault))
		}
	}
	for _, fault := range documented {
		if whole && !slices.Contains(all, fault) {
			problems = append(problems, fmt.Errorf("no spec asked doctor for the cause of %q", fault))
		}
	}
	if len(unnamed) > mostUndiagnosed {
		problems = append(problems, fmt.Errorf("doctor cannot name the cause of %d faults", len(unnamed)))
	}
	return fmt.Sprintf("Doctor named the cause of %d of %d faults; not of %q", len(named), len(all), unnamed), errors.Join(problems...)
}

// DocumentedFaults are the faults of the table in docs/reliability.md that names the check of doctor for each.
func DocumentedFaults(page string) []string {
	_, table, _ := strings.Cut(page, "| counted from | `doctor` |\n")
	var faults []string
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		if fault := strings.TrimSpace(strings.Split(line, "|")[1]); fault != "---" {
			faults = append(faults, fault)
		}
	}
	return faults
}
