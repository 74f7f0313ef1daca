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

// Package queries runs queries of Prometheus on series: those of recordings, and those that were scraped.
package queries

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// Window answers queries about series between two times.
type Window struct {
	Engine      *promql.Engine
	Series      storage.Queryable
	First, Last time.Time
	// Step is the time between two values of a query over time.
	Step time.Duration
}

// Range returns the values of a query over time.
func (w *Window) Range(ctx context.Context, expr string) (promql.Matrix, error) {
	query, err := w.Engine.NewRangeQuery(ctx, w.Series, nil, expr, w.First, w.Last, w.Step)
	if err != nil {
		return nil, fmt.Errorf("failed to read the query %q: %w", expr, err)
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return nil, fmt.Errorf("failed to run the query %q: %w", expr, err)
	}
	result := make(promql.Matrix, 0, len(matrix))
	for _, series := range matrix {
		result = append(result, promql.Series{Metric: series.Metric, Floats: slices.Clone(series.Floats)})
	}
	slices.SortFunc(result, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return result, nil
}

// Instant returns the last values of a query.
func (w *Window) Instant(ctx context.Context, expr string) (promql.Vector, error) {
	query, err := w.Engine.NewInstantQuery(ctx, w.Series, nil, expr, w.Last)
	if err != nil {
		return nil, fmt.Errorf("failed to read the query %q: %w", expr, err)
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("failed to run the query %q: %w", expr, err)
	}
	result := slices.Clone(vector)
	slices.SortFunc(result, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
	return result, nil
}
