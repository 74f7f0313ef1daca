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

// Package recordings has the series that the operator, a server and the kubelet export, as config/monitoring/testdata has them,
// with the labels that Prometheus adds when it scrapes them with the monitors of config/monitoring.
package recordings

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	operatorJob = "llama-stack-k8s-operator"
	serversJob  = "llama-stack-servers"
)

// A Sample is a series with the value that was recorded.
type Sample struct {
	Labels labels.Labels
	Value  float64
}

// A source is a file with what was recorded, and the labels of its target.
type source struct {
	file    string
	targets []string
}

func sources() []source {
	return []source{
		// test/operator records it, and compares it with what the operator exports.
		{file: "operator.prom", targets: []string{"job", operatorJob, "namespace", "llama-stack-k8s-operator-system", "pod", "operator-0"}},
		// The name is that of a server in the recording of the operator, so that there is one with all series.
		{file: "server.prom", targets: []string{"job", serversJob, "namespace", "apps", "pod", "declared-0", "llamastackdistribution", "declared"}},
		// The kubelet's own label "namespace" is that of the PVC.
		{file: "kubelet.prom", targets: []string{"job", "kubelet"}},
	}
}

// Read returns the series of all files in the folder, and Prometheus' own series about its targets.
func Read(folder string) ([]Sample, error) {
	var all []Sample
	for _, from := range sources() {
		content, err := os.ReadFile(filepath.Join(folder, from.file))
		if err != nil {
			return nil, fmt.Errorf("failed to read a recording: %w", err)
		}
		lines := string(content) + "up 1\n"
		for line := range strings.Lines(lines) {
			text := strings.TrimSpace(line)
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			sample, err := from.sample(text)
			if err != nil {
				return nil, fmt.Errorf("failed to read %q in %s: %w", text, from.file, err)
			}
			all = append(all, sample)
		}
	}
	return all, nil
}

// sample is a line of Prometheus' text format. As in Prometheus, a label of the target replaces that of the series; the kubelet
// is scraped with its own label "namespace".
func (from source) sample(line string) (Sample, error) {
	end := strings.LastIndex(line, " ")
	series, err := parser.NewParser(parser.Options{}).ParseMetric(line[:end])
	if err != nil {
		return Sample{}, fmt.Errorf("failed to parse the series: %w", err)
	}
	value, err := strconv.ParseFloat(line[end+1:], 64)
	if err != nil {
		return Sample{}, fmt.Errorf("failed to parse the value: %w", err)
	}
	builder := labels.NewBuilder(series)
	for i := 0; i < len(from.targets); i += 2 {
		builder.Set(from.targets[i], from.targets[i+1])
	}
	return Sample{Labels: builder.Labels(), Value: value}, nil
}

// Whole selects the server in a dashboard that has series in all recordings.
func Whole() map[string]string { return map[string]string{"server": "declared"} }
