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
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/queries"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

const (
	// Hours is how much of a history queries return.
	Hours = 6
	// step is the time between two values of a query.
	step = 5 * time.Minute

	maxSamples = 1_000_000
	timeout    = 30 * time.Second
)

// Data answers queries about a history of the recordings.
type Data struct {
	engine *promql.Engine
	tracks []track
}

// Load reads the recordings in a folder.
func Load(folder string) (*Data, error) {
	samples, err := Read(folder)
	if err != nil {
		return nil, err
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: maxSamples, Timeout: timeout, Parser: parser.NewParser(parser.Options{})})
	return &Data{engine: engine, tracks: history(samples)}, nil
}

// Without returns the data without some series.
func (d *Data) Without(some func(labels.Labels) bool) *Data {
	rest := slices.DeleteFunc(slices.Clone(d.tracks), func(one track) bool { return some(one.labels) })
	return &Data{engine: d.engine, tracks: rest}
}

// Still returns the data as if nothing happened: each series keeps its last value.
func (d *Data) Still() *Data {
	still := make([]track, len(d.tracks))
	for i, one := range d.tracks {
		still[i].labels = one.labels
		for at, last := 0, one.samples[len(one.samples)-1].F(); at < historyMinutes; at++ {
			still[i].add(at, last)
		}
	}
	return &Data{engine: d.engine, tracks: still}
}

// First and Last are the first and the last time of a query.
func First() time.Time { return Last().Add(-Hours * time.Hour) }

// Last is the time of an instant query.
func Last() time.Time { return time.Unix(historyStart+minute*(historyMinutes-1), 0) }

// Range returns the values of a query over time.
func (d *Data) Range(ctx context.Context, expr string) (promql.Matrix, error) {
	return d.window().Range(ctx, expr)
}

// Instant returns the last values of a query.
func (d *Data) Instant(ctx context.Context, expr string) (promql.Vector, error) {
	return d.window().Instant(ctx, expr)
}

// window is the whole history.
func (d *Data) window() *queries.Window {
	return &queries.Window{Engine: d.engine, Series: d, First: First(), Last: Last(), Step: step}
}

// Querier implements storage.Queryable.
func (d *Data) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := &set{}
		for _, one := range d.tracks {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(one.labels.Get(m.Name)) }) {
				found.series = append(found.series, storage.NewListSeries(one.labels, one.samples))
			}
		}
		return found
	}}, nil
}

// point implements chunks.Sample.
type point struct {
	at    int64
	value float64
}

func (p point) T() int64 { return p.at }

func (point) ST() int64 { return 0 }

func (p point) F() float64 { return p.value }

func (point) H() *histogram.Histogram { return nil }

func (point) FH() *histogram.FloatHistogram { return nil }

func (point) Type() chunkenc.ValueType { return chunkenc.ValFloat }

// Copy implements chunks.Sample.
func (p point) Copy() chunks.Sample { return p }

// set implements storage.SeriesSet.
type set struct {
	series []storage.Series
	next   int
}

func (s *set) Next() bool { s.next++; return s.next <= len(s.series) }

func (s *set) At() storage.Series { return s.series[s.next-1] }

func (*set) Err() error { return nil }

func (*set) Warnings() annotations.Annotations { return nil }

// bound is the upper bound of a bucket.
func bound(le string) float64 {
	number, err := strconv.ParseFloat(le, 64)
	if err != nil {
		return math.Inf(1)
	}
	return number
}
