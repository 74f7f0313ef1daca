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

// Package metrics defines the metrics of the operator. controller-runtime adds its metrics of reconciles, queues and
// requests to the same registry.
package metrics

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

const (
	namespace = "llama_stack_operator"

	labelKind   = "kind"
	labelAction = "action"
	labelSource = "source"
	labelResult = "result"
	labelKey    = "key"
	labelCause  = "cause"

	sourceRendered   = "rendered"
	sourceRemembered = "remembered"
)

// Metrics are the metrics of the operator. All methods are safe for concurrent use.
type Metrics struct {
	applied      *prometheus.CounterVec
	liveReads    *prometheus.CounterVec
	renders      *prometheus.CounterVec
	probes       *prometheus.CounterVec
	checks       *prometheus.CounterVec
	malformed    *prometheus.GaugeVec
	waiting      *prometheus.GaugeVec
	probeSeconds prometheus.Histogram
	readySeconds prometheus.Histogram
	servers      *servers
}

// Register creates and registers the metrics. It fails if they are already registered.
func Register(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		applied:   counter("applies_total", "Objects that the operator created, updated, adopted, took over or deleted, by kind and action.", labelKind, labelAction),
		liveReads: counter("live_reads_total", "Reads from the API server instead of a cache, by kind.", labelKind),
		renders:   counter("renders_total", "Reconciles that rendered objects, and reconciles that skipped it because nothing changed, by source.", labelSource),
		probes:    counter("probes_total", "Probes of a server's health, version and providers, by result.", labelResult),
		checks:    counter("config_checks_total", "Checks of a configuration that ended, by result, which is the reason of the condition ConfigValid.", labelResult),
		malformed: gauge("config_malformed", "1 for each malformed key of the operator's ConfigMap, whose last valid value is in use.", labelKey),
		waiting:   gauge("rollouts_waiting", "Servers that wait for a turn of a rollout that the operator causes, by cause.", labelCause),
		probeSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "probe_duration_seconds",
			Help:    "Duration of a probe, which is several requests with a timeout of 5 seconds each.",
			Buckets: []float64{0.01, 0.05, 0.25, 1, 2.5, 5, 10},
		}),
		readySeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "time_to_ready_seconds",
			Help:    "Time from the creation of a server or an edit of its spec until it is Ready, without edits while it is suspended or paused.",
			Buckets: []float64{1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600},
		}),
		servers: newServers(),
	}
	for _, collector := range []prometheus.Collector{
		m.applied, m.liveReads, m.renders, m.probes, m.checks, m.malformed, m.waiting, m.probeSeconds, m.readySeconds, m.servers,
	} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("failed to register a metric: %w", err)
		}
	}
	return m, nil
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// Applied counts a write of an object of the kind.
func (m *Metrics) Applied(kind, action string) { m.applied.WithLabelValues(kind, action).Inc() }

// LiveRead counts a read from the API server instead of a cache.
func (m *Metrics) LiveRead(kind string) { m.liveReads.WithLabelValues(kind).Inc() }

// Rendered counts a reconcile that rendered objects, or that skipped it because nothing changed.
func (m *Metrics) Rendered(remembered bool) {
	source := sourceRendered
	if remembered {
		source = sourceRemembered
	}
	m.renders.WithLabelValues(source).Inc()
}

// Probed counts a probe of a server by its result, and how long it took.
func (m *Metrics) Probed(result string, took time.Duration) {
	m.probes.WithLabelValues(result).Inc()
	m.probeSeconds.Observe(took.Seconds())
}

// Checked counts a check of a configuration by its result.
func (m *Metrics) Checked(result string) { m.checks.WithLabelValues(result).Inc() }

// ConfigMalformed sets whether a key of the operator's ConfigMap is malformed.
func (m *Metrics) ConfigMalformed(key string, malformed bool) {
	value := 0.0
	if malformed {
		value = 1
	}
	m.malformed.WithLabelValues(key).Set(value)
}

// RolloutsWaiting sets how many servers wait for a turn of a rollout, by cause.
func (m *Metrics) RolloutsWaiting(cause string, count int) {
	m.waiting.WithLabelValues(cause).Set(float64(count))
}

// Concluded shows what a reconcile found about a server, until the next one or Forget.
func (m *Metrics) Concluded(seen *Server) {
	if took, ready := m.servers.record(seen); ready {
		m.readySeconds.Observe(took.Seconds())
	}
}

// Forget removes the series of a deleted LlamaStackDistribution.
func (m *Metrics) Forget(key types.NamespacedName) { m.servers.forget(key) }

// Reset removes the series of LlamaStackDistributions and of the operator's ConfigMap. A process that is no longer the
// leader does not update them, and stale series keep alerts active.
func (m *Metrics) Reset() {
	m.malformed.Reset()
	m.waiting.Reset()
	m.servers.reset()
}
