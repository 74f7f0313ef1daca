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

package recordings

import (
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

const (
	// A history has a sample of each series every minute, for long enough that the first query of a panel has a past.
	historyStart   = 1796000400
	historyMinutes = 480
	minute         = 60

	// What happens to a counter in a minute is its recorded value so many times.
	perMinute = 6
	// What fails is rarer than what does not, though both were recorded once.
	rarely = 0.05
	// When the process of the server starts again.
	restartMinute = 300
	mebibyte      = 1 << 20
)

// A level is the value of a gauge over time: a wave around a value.
type level struct {
	base, swing float64
	whole       bool
}

// levels are those of gauges whose recorded value is only a 1, or a moment of many.
func levels() map[string]level {
	return map[string]level{
		"process_resident_memory_bytes":               {58 * mebibyte, 2 * mebibyte, false},
		"go_memstats_alloc_bytes":                     {21 * mebibyte, 5 * mebibyte, false},
		"go_goroutines":                               {160, 8, true},
		"process_open_fds":                            {22, 3, true},
		"workqueue_depth":                             {1, 2, true},
		"workqueue_longest_running_processor_seconds": {0.04, 0.04, false},
		"controller_runtime_active_workers":           {0.5, 0.5, true},
		"llama_stack_operator_rollouts_waiting":       {1, 1.5, true},
		"ogx_concurrent_requests":                     {2, 2, true},
		"kubelet_volume_stats_capacity_bytes":         {10240 * mebibyte, 0, false},
		"kubelet_volume_stats_used_bytes":             {3600 * mebibyte, 900 * mebibyte, false},
		"kubelet_volume_stats_available_bytes":        {6640 * mebibyte, 900 * mebibyte, false},
	}
}

// means are those of the operator's histograms in seconds, of which only the series were recorded.
func means() map[string]float64 {
	return map[string]float64{
		"controller_runtime_reconcile_time_seconds":   0.06,
		"llama_stack_operator_probe_duration_seconds": 0.12,
		"llama_stack_operator_time_to_ready_seconds":  48,
		"workqueue_queue_duration_seconds":            0.004,
		"workqueue_work_duration_seconds":             0.06,
	}
}

// A track is a series with its values over time.
type track struct {
	labels  labels.Labels
	samples []chunks.Sample
}

// history gives samples values over time. The recordings have series, but no history, and those of the operator have no values.
// The values are made up, the same every time, and large enough to be seen.
func history(samples []Sample) []track {
	shares := shareTime(samples)
	tracks := make([]track, 0, len(samples))
	for i, sample := range samples {
		one := track{labels: sample.Labels}
		for at := shares[i].from; at < shares[i].to; at++ {
			one.add(at, sample.at(at))
		}
		if shares[i].to < historyMinutes {
			one.add(shares[i].to, math.Float64frombits(value.StaleNaN))
		}
		tracks = append(tracks, one)
	}
	return tracks
}

func (t *track) add(at int, v float64) {
	t.samples = append(t.samples, point{1000 * (historyStart + minute*int64(at)), v})
}

type share struct{ from, to int }

// shareTime is when each series exists: always, but a condition has one status and reason at a time, in the recorded order.
func shareTime(samples []Sample) []share {
	condition := func(sample Sample) string {
		if sample.name() != "llama_stack_operator_llamastackdistribution_condition" {
			return ""
		}
		return sample.Labels.Get("exported_namespace") + "/" + sample.Labels.Get("llamastackdistribution") + "/" + sample.Labels.Get("type")
	}
	number := map[string]int{}
	for _, sample := range samples {
		number[condition(sample)]++
	}
	seen := map[string]int{}
	shares := make([]share, len(samples))
	for i, sample := range samples {
		shares[i] = share{0, historyMinutes}
		if of := condition(sample); of != "" {
			shares[i] = share{historyMinutes * seen[of] / number[of], historyMinutes * (seen[of] + 1) / number[of]}
			seen[of]++
		}
	}
	return shares
}

func (s Sample) name() string { return s.Labels.Get(model.MetricNameLabel) }

// at is the value after some minutes.
func (s Sample) at(minutes int) float64 {
	name := s.name()
	for suffix, step := range map[string]func(string) float64{
		"_total": s.perMinute, "_count": s.perMinute, "_sum": s.sumPerMinute, "_bucket": s.bucketPerMinute,
	} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			return step(base) * s.wave(minutes)
		}
	}
	return s.gauge(name, minutes)
}

// wave grows by 1 a minute, at times faster and at times slower. It is the same for all series of a histogram.
func (s Sample) wave(minutes int) float64 {
	period, phase := s.rhythm()
	return float64(minutes) + 0.6*period/(2*math.Pi)*(math.Cos(phase)-math.Cos(2*math.Pi*float64(minutes)/period+phase))
}

// rhythm is the length of a wave in minutes, and where it begins, from the labels.
func (s Sample) rhythm() (float64, float64) {
	sum := fnv.New32a()
	base := s.name()
	for _, suffix := range []string{"_count", "_sum", "_bucket"} {
		base = strings.TrimSuffix(base, suffix)
	}
	builder := labels.NewBuilder(s.Labels)
	_, _ = sum.Write([]byte(builder.Set(model.MetricNameLabel, base).Del("le").Labels().String()))
	hash := float64(sum.Sum32() % 1000)
	return 150 + hash/10, 2 * math.Pi * hash / 1000
}

func (s Sample) perMinute(name string) float64 {
	switch {
	case name == "process_cpu_seconds":
		return 1.5
	case slices.Contains([]string{"error", "Invalid", "requeue"}, s.Labels.Get("result")),
		strings.HasSuffix(name, "_errors"), strings.HasSuffix(name, "_retries"), strings.HasSuffix(name, "_live_reads"), strings.HasSuffix(name, "_checks"),
		strings.HasPrefix(s.Labels.Get("status_code"), "5"):
		return perMinute * rarely * s.Value
	default:
		return perMinute * s.Value
	}
}

func (s Sample) sumPerMinute(name string) float64 {
	if mean, ok := means()[name]; ok {
		return perMinute * mean
	}
	return perMinute * s.Value
}

func (s Sample) bucketPerMinute(name string) float64 {
	mean, ok := means()[name]
	if !ok {
		return perMinute * s.Value
	}
	return perMinute * (1 - math.Exp(-bound(s.Labels.Get("le"))/mean))
}

func (s Sample) gauge(name string, minutes int) float64 {
	of, known := levels()[name]
	switch {
	case name == "process_start_time_seconds":
		if s.Value > 1 && minutes >= restartMinute {
			return s.Value + minute*restartMinute
		}
		return s.Value
	case name == "llama_stack_operator_llamastackdistribution_last_transition_timestamp_seconds":
		return historyStart + minute*historyMinutes/2
	case name == "llama_stack_operator_llamastackdistribution_certificate_expiry_timestamp_seconds":
		return historyStart + 30*24*60*minute
	case known && (s.Value <= 1 || name == "ogx_concurrent_requests"):
		period, phase := s.rhythm()
		v := of.base + of.swing*math.Sin(2*math.Pi*float64(minutes)/period+phase)
		if of.whole {
			v = math.Round(v)
		}
		return max(0, v)
	case s.absent():
		return 0
	default:
		return s.Value
	}
}

// absent is whether a gauge is 0 though its recording has a 1, as all of the operator's have.
func (s Sample) absent() bool {
	server, down := s.Labels.Get("llamastackdistribution"), []string{"failed", "missing", "undone"}
	switch s.name() {
	case "llama_stack_operator_config_malformed":
		return s.Labels.Get("key") != "featureFlags"
	case "llama_stack_operator_contested_objects":
		return s.Labels.Get("kind") != "Ingress"
	case "llama_stack_operator_llamastackdistribution_replicas":
		return server == "stopped" || s.Labels.Get("state") == "ready" && slices.Contains(down, server)
	default:
		return false
	}
}
