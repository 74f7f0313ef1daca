//go:build perf

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

package perf_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// bench is the result of `make bench`, as in its JSON.
type bench struct {
	// Servers there were.
	Servers int     `json:"servers"`
	Phases  []phase `json:"phases"`
	Memory  memory  `json:"memory"`
	Metrics scrape  `json:"metrics"`
	// Pods are the additional results of `make bench-pods`.
	Pods *podFigures `json:"pods,omitempty"`
}

// phase of the bench. Requests are those of the operator, without Events, the lease and watches.
type phase struct {
	Name string `json:"name"`
	// Seconds until all was quiet, which depends on the machine.
	Seconds    float64 `json:"seconds"`
	Reads      int     `json:"reads"`
	Writes     int     `json:"writes"`
	Reconciles int     `json:"reconciles"`
	// LogLines and LogBytes are the size of the log.
	LogLines int `json:"logLines"`
	LogBytes int `json:"logBytes"`
	// Requests by verb and resource, the most frequent first.
	Requests []tally `json:"requests"`

	servers int
}

// tally is how often something was requested.
type tally struct {
	Verb      string  `json:"verb"`
	Resource  string  `json:"resource"`
	Count     int     `json:"count"`
	PerServer float64 `json:"perServer"`
}

// memory of an operator that has just started with all servers.
type memory struct {
	ResidentMiB          float64 `json:"residentMiB"`
	AnonymousMiB         float64 `json:"anonymousMiB"`
	LiveHeapMiB          float64 `json:"liveHeapMiB"`
	LiveHeapKiBPerServer float64 `json:"liveHeapKiBPerServer"`
}

// scrape is the part of the metrics that is about servers, in the text format.
type scrape struct {
	SeriesPerServer float64 `json:"seriesPerServer"`
	BytesPerServer  float64 `json:"bytesPerServer"`
}

func inBench() client.DeleteAllOfOption { return client.InNamespace(benchNamespace) }

func (b *bench) patience() time.Duration { return patienceFor(b.Servers) }

// measure runs a function, waits until the operator is quiet, and counts what it sent meanwhile.
func (b *bench) measure(name string, do func()) *phase {
	GinkgoHelper()
	waitForQuiet()
	mark, reconciles, process, start := audit.Mark(), operator.reconciles(), operator.session, time.Now()
	lines, bytes := operator.logged.lines.Load(), operator.logged.bytes.Load()
	profiled(name, do)
	waitForQuiet()
	if operator.session != process {
		reconciles = 0 // a new process has counted from the beginning
	}
	p := phase{Name: name, Seconds: (time.Since(start) - quietTime).Seconds(), Reconciles: int(operator.reconciles() - reconciles), servers: b.Servers}
	p.LogLines, p.LogBytes = int(operator.logged.lines.Load()-lines), int(operator.logged.bytes.Load()-bytes)
	p.tally(audit.Since(mark))
	b.Phases = append(b.Phases, p)
	return &p
}

func (p *phase) tally(requests []harness.Request) {
	p.Reads, p.Writes = len(harness.Reads(requests)), len(harness.Writes(requests))
	counts := map[tally]int{}
	for _, r := range requests {
		resource := cmp.Or(r.Resource, "discovery")
		if r.Subresource != "" {
			resource += "/" + r.Subresource
		}
		counts[tally{Verb: r.Verb, Resource: resource}]++
	}
	for t, n := range counts {
		t.Count, t.PerServer = n, float64(n)/float64(p.servers)
		p.Requests = append(p.Requests, t)
	}
	slices.SortFunc(p.Requests, func(a, b tally) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Resource, b.Resource), strings.Compare(a.Verb, b.Verb))
	})
}

func (p *phase) perServer(n int) float64 { return float64(n) / float64(p.servers) }

func (p *phase) count(verb, resource string) int {
	for _, t := range p.Requests {
		if t.Verb == verb && t.Resource == resource {
			return t.Count
		}
	}
	return 0
}

func (b *bench) remember() {
	GinkgoHelper()
	live := operator.liveHeap()
	b.Memory = memory{
		ResidentMiB: operator.resident("VmRSS") / mebi, AnonymousMiB: operator.resident("RssAnon") / mebi, LiveHeapMiB: live / mebi,
		LiveHeapKiBPerServer: max(0, live-idleHeap) / float64(b.Servers) / kibi,
	}
}

// expose reads a page of metrics.
func (b *bench) expose(page string) {
	series, bytes := 0, 0
	for line := range strings.Lines(page) {
		if strings.Contains(line, `llamastackdistribution="`) {
			series, bytes = series+1, bytes+len(line)
		}
	}
	b.Metrics = scrape{SeriesPerServer: float64(series) / float64(b.Servers), BytesPerServer: float64(bytes) / float64(b.Servers)}
}

// report shows the figures as a table, and writes them as JSON to the file that BENCH_JSON names, if any.
func (b *bench) report() {
	GinkgoHelper()
	AddReportEntry(fmt.Sprintf("the operator's requests with %d servers", b.Servers), b.String(), ReportEntryVisibilityAlways)
	path := os.Getenv("BENCH_JSON")
	if path == "" {
		return
	}
	text, err := json.MarshalIndent(b, "", "  ")
	Expect(err).NotTo(HaveOccurred())
	Expect(os.MkdirAll(filepath.Dir(path), 0o755)).To(Succeed())
	Expect(os.WriteFile(path, append(text, '\n'), 0o644)).To(Succeed())
}

// String is a table in Markdown.
func (b *bench) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintln(table, "\n| phase\t| verb\t| resource\t| requests\t| for each server\t|\n| ---\t| ---\t| ---\t| ---:\t| ---:\t|")
	for _, p := range b.Phases {
		for _, t := range p.Requests {
			_, _ = fmt.Fprintf(table, "| %s\t| %s\t| %s\t| %d\t| %.2f\t|\n", p.Name, t.Verb, t.Resource, t.Count, t.PerServer)
		}
		_, _ = fmt.Fprintf(table, "| %s\t| all\t| %d reads, %d writes; %d reconciles in %.0f s\t| %d\t| %.2f\t|\n",
			p.Name, p.Reads, p.Writes, p.Reconciles, p.Seconds, p.Reads+p.Writes, p.perServer(p.Reads+p.Writes))
		_, _ = fmt.Fprintf(table, "| %s\t| log\t| %.0f KiB\t| %d lines\t| %.2f\t|\n", p.Name, float64(p.LogBytes)/kibi, p.LogLines, p.perServer(p.LogLines))
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(&text, "\nmemory: %.1f MiB resident, %.1f MiB of it anonymous; live heap %.1f MiB, %.1f KiB for each server\n",
		b.Memory.ResidentMiB, b.Memory.AnonymousMiB, b.Memory.LiveHeapMiB, b.Memory.LiveHeapKiBPerServer)
	_, _ = fmt.Fprintf(&text, "metrics: %.1f series and %.1f KiB for each server in a scrape\n", b.Metrics.SeriesPerServer, b.Metrics.BytesPerServer/kibi)
	if b.Pods != nil {
		text.WriteString(b.Pods.String())
	}
	return text.String()
}
