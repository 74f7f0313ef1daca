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

// Package report collects what a scorecard test found, in the format that scorecard reads.
package report

import (
	"fmt"

	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
)

// Report is the result of one test. It passes until an error is added.
type Report struct {
	result v1alpha3.TestResult
}

// New starts the report of a test, by its name on the command line.
func New(test string) *Report {
	return &Report{result: v1alpha3.TestResult{Name: test, State: v1alpha3.PassState}}
}

// Errorf adds something that must be changed; the text says what, and where.
func (r *Report) Errorf(format string, args ...any) {
	r.result.State = v1alpha3.FailState
	r.result.Errors = append(r.result.Errors, fmt.Sprintf(format, args...))
}

// Suggestf adds a suggestion, which does not fail the test.
func (r *Report) Suggestf(format string, args ...any) {
	r.result.Suggestions = append(r.result.Suggestions, fmt.Sprintf(format, args...))
}

// Logf adds a line about what was checked, which shows that the test checked something.
func (r *Report) Logf(format string, args ...any) {
	r.result.Log += fmt.Sprintf(format, args...) + "\n"
}

// Failed reports whether an error was added.
func (r *Report) Failed() bool { return r.result.State != v1alpha3.PassState }

// Result is what was found.
func (r *Report) Result() v1alpha3.TestResult { return r.result }
