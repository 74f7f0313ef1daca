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

package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The metrics of servers, as in docs/monitor.md.
const (
	requestsMetric = "ogx_requests_total"
	tokensMetric   = "ogx_inference_tokens_per_second"
	memoryMetric   = "process_resident_memory_bytes"
)

// load is what a server does.
type load struct {
	// Requests and Errors per second; nil if they are not known.
	Requests *float64 `json:"requestsPerSecond,omitempty"`
	Errors   *float64 `json:"errorsPerSecond,omitempty"`
	// Tokens per second of a request, as the mean of those that ended; nil if none did.
	Tokens *float64 `json:"tokensPerSecondPerRequest,omitempty"`
}

// sample is one scrape of one Pod.
type sample struct {
	at                             time.Time
	err                            error
	requests, errors               float64
	tokenRates, inferences, memory float64
}

// sampleOf reads the metrics of a server.
func sampleOf(text []byte) (sample, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return sample{}, fmt.Errorf("failed to read the metrics of the server: %w", err)
	}
	var s sample
	for _, metric := range families[requestsMetric].GetMetric() {
		s.requests += metric.GetCounter().GetValue()
		if labelled(metric, "status", "error") {
			s.errors += metric.GetCounter().GetValue()
		}
	}
	for _, metric := range families[tokensMetric].GetMetric() {
		s.tokenRates += metric.GetHistogram().GetSampleSum()
		s.inferences += float64(metric.GetHistogram().GetSampleCount())
	}
	for _, metric := range families[memoryMetric].GetMetric() {
		s.memory += metric.GetGauge().GetValue()
	}
	return s, nil
}

// labelled says whether a metric has a label.
func labelled(metric *dto.Metric, name, value string) bool {
	for _, label := range metric.GetLabel() {
		if label.GetName() == name {
			return label.GetValue() == value
		}
	}
	return false
}

// total is the load of all Pods of a server.
type total struct {
	load

	memory float64
	err    error
}

// loadOf is the load between two scrapes of the same Pods. A Pod that restarted in between counts from zero, and one that
// did not answer twice does not count.
func loadOf(first, second []sample) total {
	var sum total
	requests, failed, rates, ended, counted := 0.0, 0.0, 0.0, 0.0, false
	for i := range min(len(first), len(second)) {
		before, after := first[i], second[i]
		if err := cmp.Or(before.err, after.err); err != nil {
			sum.err = err
			continue
		}
		if after.requests < before.requests {
			before = sample{at: before.at}
		}
		seconds := after.at.Sub(before.at).Seconds()
		if seconds <= 0 {
			continue
		}
		counted = true
		requests += (after.requests - before.requests) / seconds
		failed += (after.errors - before.errors) / seconds
		rates += after.tokenRates - before.tokenRates
		ended += after.inferences - before.inferences
		sum.memory += after.memory
	}
	if counted {
		sum.Requests, sum.Errors = &requests, &failed
	}
	if ended > 0 {
		sum.Tokens = new(rates / ended)
	}
	return sum
}
