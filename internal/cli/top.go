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
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// scrapesAtOnce is how many Pods are asked at the same time.
	scrapesAtOnce = 8
	// shortestInterval is the shortest time between two scrapes.
	shortestInterval = 100 * time.Millisecond
	defaultInterval  = 5 * time.Second
)

// mebibyte is the unit in which memory is shown.
const mebibyte = 1 << 20

// topRow is what "top" shows of a server.
type topRow struct {
	load

	Server string `json:"server"`
	Pods   int    `json:"pods"`
	// MemoryBytes is the memory of the Pods; nil if it is not known.
	MemoryBytes *int64 `json:"memoryBytes,omitempty"`
	// Note says why numbers are missing.
	Note string `json:"note,omitempty"`
}

func (p *program) topCommand() *cobra.Command {
	var (
		format   string
		interval time.Duration
	)
	cmd := &cobra.Command{
		Use:   "top [NAME]",
		Short: "Show the requests, errors, speed and memory of servers",
		Long: "Show the requests and errors per second, the mean speed of one request in tokens per second, and the memory of a server, or of all servers of the namespace. " +
			"The speed is not the sum of all requests, of which servers have no metric: ten requests at a time with 20 tokens per second each show 20.\n\n" +
			"The numbers are the difference between two scrapes of the metrics of each Pod, through the API server (get pods/proxy). Servers have metrics if " +
			"spec.server.telemetry.metrics is enabled. The memory is that of metrics.k8s.io, or of the server's own process where the cluster has no such API.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			if interval < shortestInterval {
				return fmt.Errorf("--interval %s is too short; use %s or more", interval, shortestInterval)
			}
			return p.top(cmd.Context(), strings.Join(args, ""), interval, format)
		},
	}
	cmd.Flags().DurationVar(&interval, "interval", defaultInterval, "The time between the two scrapes.")
	addOutput(cmd, &format)
	return cmd
}

// watched is a server whose Pods are scraped.
type watched struct {
	server *v1alpha1.LlamaStackDistribution
	pods   []corev1.Pod
	note   string
	memory *int64
	first  []sample
	second []sample
}

// top shows the load of servers.
func (p *program) top(ctx context.Context, name string, interval time.Duration, format string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	var all []*watched
	from := s
	see := func(server *v1alpha1.LlamaStackDistribution) { all = append(all, &watched{server: server}) }
	if name == "" {
		from = s.snapshot()
		err = s.eachServer(ctx, s.namespace, see)
	} else {
		err = s.seeServer(ctx, name, see)
	}
	if err != nil {
		return err
	}
	for _, w := range all {
		from.prepare(ctx, w)
	}
	if err := s.scrapeTwice(ctx, all, interval); err != nil {
		return err
	}
	rows := make([]topRow, 0, len(all))
	for _, w := range all {
		rows = append(rows, w.row())
	}
	return p.show(format, map[string]any{itemsKey: rows}, func(out painter) { out.top(rows, s.namespace) })
}

// prepare finds the Pods of a server, and their memory.
func (s *session) prepare(ctx context.Context, w *watched) {
	pods, err := s.pods(ctx, w.server)
	if err != nil {
		w.note = reasonOf(err)
		return
	}
	w.pods = slices.DeleteFunc(pods, func(pod corev1.Pod) bool { return pod.Status.Phase != corev1.PodRunning })
	switch {
	case len(w.pods) == 0:
		w.note = "no Pod runs; " + next(w.server)
		return
	case w.server.Spec.Server.MetricsPort() == 0:
		w.note = "it has no metrics; to turn them on, set spec.server.telemetry.metrics.enabled"
	}
	w.memory = s.memory(ctx, w.server)
}

// memory is that of the Pods of a server; nil where the cluster or the user's rights do not show it.
func (s *session) memory(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *int64 {
	selector, err := selectorOf(server)
	if err != nil {
		return nil
	}
	total, found := int64(0), false
	err = s.eachPage(ctx, listOf(kinds.podMetrics), func(item runtime.Object) {
		object, ok := item.(*unstructured.Unstructured)
		if !ok {
			return
		}
		containers, _, _ := unstructured.NestedSlice(object.Object, "containers")
		for _, container := range containers {
			fields, _ := container.(map[string]any)
			text, _, _ := unstructured.NestedString(fields, "usage", "memory")
			if used, err := resource.ParseQuantity(text); err == nil {
				total, found = total+used.Value(), true
			}
		}
	}, client.InNamespace(server.Namespace), client.MatchingLabelsSelector{Selector: selector})
	if err != nil || !found {
		return nil
	}
	return &total
}

// scrapeTwice scrapes all Pods with metrics, waits, and scrapes those that answered again.
func (s *session) scrapeTwice(ctx context.Context, all []*watched, interval time.Duration) error {
	if !slices.ContainsFunc(all, func(w *watched) bool { return w.note == "" }) {
		return nil
	}
	s.scrapeAll(ctx, all, func(w *watched) *[]sample { return &w.first })
	select {
	case <-ctx.Done():
		return fmt.Errorf("failed to wait for the second scrape: %w", ctx.Err())
	case <-time.After(interval):
	}
	s.scrapeAll(ctx, all, func(w *watched) *[]sample { return &w.second })
	return nil
}

// scrapeAll scrapes all Pods of servers with metrics.
func (s *session) scrapeAll(ctx context.Context, all []*watched, into func(*watched) *[]sample) {
	var group errgroup.Group
	group.SetLimit(scrapesAtOnce)
	for _, w := range all {
		port := w.server.Spec.Server.MetricsPort()
		if w.note != "" || port == 0 {
			continue
		}
		samples := make([]sample, len(w.pods))
		*into(w) = samples
		for i := range w.pods {
			group.Go(func() error {
				text, err := s.scrape(ctx, &w.pods[i], metricsPort{number: port})
				if err == nil {
					samples[i], err = sampleOf(text)
				}
				samples[i].at, samples[i].err = time.Now(), err
				return nil
			})
		}
	}
	_ = group.Wait()
}

// row is what is shown of a server.
func (w *watched) row() topRow {
	row := topRow{Server: w.server.Name, Pods: len(w.pods), MemoryBytes: w.memory, Note: w.note}
	sum := loadOf(w.first, w.second)
	row.load = sum.load
	if row.MemoryBytes == nil && sum.memory > 0 {
		row.MemoryBytes = new(int64(sum.memory))
	}
	if sum.err != nil {
		row.Note = reasonOf(sum.err)
	}
	return row
}

// top prints the rows, and below them why numbers are missing.
func (p painter) top(rows []topRow, namespace string) {
	if len(rows) == 0 {
		p.linef("No %ss in %s.", v1alpha1.Kind, place(namespace))
		return
	}
	lines := [][]cell{cells("SERVER", "PODS", "REQUESTS/S", "ERRORS/S", "TOKENS/S PER REQUEST", "MEMORY")}
	for i := range rows {
		row := &rows[i]
		memory := "-"
		if row.MemoryBytes != nil {
			memory = resource.NewQuantity(*row.MemoryBytes/mebibyte*mebibyte, resource.BinarySI).String()
		}
		lines = append(lines, cells(row.Server, strconv.Itoa(row.Pods), rate(row.Requests), rate(row.Errors), rate(row.Tokens), memory))
	}
	p.table("", lines)
	for i := range rows {
		if rows[i].Note != "" {
			p.linef("%s: %s", rows[i].Server, rows[i].Note)
		}
	}
}

// rate is a number, or a dash.
func rate(number *float64) string {
	if number == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", *number)
}
