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

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// sample is one series of a scrape. Unlike prometheus.NewConstMetric, it shares its labels with other samples, so
// that a scrape allocates less than half.
type sample struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	number float64
}

// newSample returns a gauge. The labels must be in the order of their names.
func newSample(desc *prometheus.Desc, number float64, labels ...*dto.LabelPair) *sample {
	return &sample{desc: desc, labels: labels, number: number}
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.labels, &dto.Gauge{Value: &s.number}
	return nil
}

// texts are the labels of one scrape that several samples have.
type texts map[[2]string]*dto.LabelPair

func (t texts) label(name, value string) *dto.LabelPair {
	key := [2]string{name, value}
	label, ok := t[key]
	if !ok {
		label = newLabel(name, value)
		t[key] = label
	}
	return label
}

func newLabel(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }
