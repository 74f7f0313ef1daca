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

package scraping

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/queries"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

const (
	// past is how long queries over time go back, and step the time between two of their values.
	past = 15 * time.Minute
	step = 15 * time.Second

	reload     = time.Second
	maxSamples = 5_000_000
	timeout    = 30 * time.Second
)

// Server is what a Prometheus server does, without its API.
type Server struct {
	jobs       []job
	dashboards []grafana.Dashboard
	groups     map[string]*rules.Group
	manager    *scrape.Manager
	targets    chan map[string][]*targetgroup.Group
	database   *tsdb.DB
	engine     *promql.Engine
}

// Start keeps what it scrapes in a folder. A file has the token for monitors with one.
func Start(ctx context.Context, objects *Objects, folder, tokenFile string) (*Server, error) {
	settings, jobs, err := objects.configure(tokenFile)
	if err != nil {
		return nil, err
	}
	discard, options := slog.New(slog.DiscardHandler), tsdb.DefaultOptions()
	options.NoLockfile = true
	database, err := tsdb.Open(filepath.Join(folder, "data"), discard, nil, options, nil)
	if err != nil {
		return nil, fmt.Errorf("failed to open the storage: %w", err)
	}
	manager, err := scrape.NewManager(&scrape.Options{DiscoveryReloadInterval: model.Duration(reload)}, discard, nil, nil, database,
		prometheus.NewRegistry())
	if err == nil {
		err = manager.ApplyConfig(settings)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("failed to scrape: %w", err), database.Close())
	}
	expressions := parser.NewParser(parser.Options{})
	server := &Server{
		jobs: jobs, dashboards: objects.Dashboards, manager: manager, targets: make(chan map[string][]*targetgroup.Group), database: database,
		engine: promql.NewEngine(promql.EngineOpts{MaxSamples: maxSamples, Timeout: timeout, Parser: expressions}),
	}
	if err := server.load(ctx, objects.rules, folder, expressions); err != nil {
		return nil, errors.Join(err, database.Close())
	}
	go func() { _ = manager.Run(server.targets) }()
	return server, nil
}

// load reads the rules, which Evaluate evaluates.
func (s *Server) load(ctx context.Context, content []byte, folder string, expressions parser.Parser) error {
	file := filepath.Join(folder, "rules.yaml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return fmt.Errorf("failed to write the rules: %w", err)
	}
	groups, problems := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(s.engine, s.database), AppendableV2: s.database, Context: ctx,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler), Parser: expressions,
	}).LoadGroups(time.Minute, rules.FromMaps(), "", nil, false, file)
	if len(problems) > 0 {
		return fmt.Errorf("failed to load the rules: %w", errors.Join(problems...))
	}
	s.groups = groups
	return nil
}

// Close ends the scraping.
func (s *Server) Close() error {
	s.manager.Stop()
	if err := s.database.Close(); err != nil {
		return fmt.Errorf("failed to close the storage: %w", err)
	}
	return nil
}

// Discover replaces the targets.
func (s *Server) Discover(found Discovered) {
	all := map[string][]*targetgroup.Group{}
	for _, one := range s.jobs {
		sets := found.Endpoints
		if one.ofPods {
			sets = found.Pods
		}
		all[one.name] = []*targetgroup.Group{{Source: one.name, Targets: sets}}
	}
	s.targets <- all
}

// Report is what there is at a time.
type Report struct {
	// Queries is the number of all queries of all dashboards.
	Queries int `json:"queries"`
	// Missing are the queries without data, and the errors of others and of rules.
	Missing []string `json:"missing"`
	// Alerts are pending or fire.
	Alerts []Alert `json:"alerts"`
	// Down are targets that cannot be scraped; Up is the number of the others by job.
	Down []string       `json:"down"`
	Up   map[string]int `json:"up"`
}

// Alert is an alert and what it is about.
type Alert struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Server    string `json:"server"`
}

// Evaluate evaluates all rules, and all queries of the dashboards with these values of their variables.
func (s *Server) Evaluate(ctx context.Context, wanted grafana.Values) Report {
	now := time.Now()
	report := Report{Missing: []string{}, Alerts: []Alert{}, Down: []string{}, Up: map[string]int{}}
	for _, group := range s.groups {
		group.Eval(ctx, now)
		for _, rule := range group.Rules() {
			if err := rule.LastError(); err != nil {
				report.Missing = append(report.Missing, fmt.Sprintf("rule %s: %v", rule.Name(), err))
			}
		}
		for _, rule := range group.AlertingRules() {
			for _, active := range rule.ActiveAlerts() {
				report.Alerts = append(report.Alerts, Alert{rule.Name(), active.Labels.Get("namespace"), active.Labels.Get("llamastackdistribution")})
			}
		}
	}
	for _, targets := range s.manager.TargetsActive() {
		for _, one := range targets {
			if one.Health() == scrape.HealthGood {
				report.Up[one.Labels(labels.NewBuilder(labels.EmptyLabels())).Get(model.JobLabel)]++
			} else {
				report.Down = append(report.Down, fmt.Sprintf("%s: %v", one.URL(), one.LastError()))
			}
		}
	}
	series := &queries.Window{Engine: s.engine, Series: s.database, First: now.Add(-past), Last: now, Step: step}
	for i := range s.dashboards {
		query(ctx, series, &s.dashboards[i], wanted, &report)
	}
	return report
}

// query adds what is missing in a dashboard.
func query(ctx context.Context, series *queries.Window, board *grafana.Dashboard, wanted grafana.Values, report *Report) {
	values, noValues := board.Select(ctx, series, wanted)
	if noValues != nil {
		report.Missing = append(report.Missing, fmt.Sprintf("%s: %v", board.Title, noValues))
	}
	for i := range board.Panels {
		for _, target := range board.Panels[i].Targets {
			report.Queries++
			if noValues != nil {
				continue
			}
			expr := values.Expand(target.Expr)
			switch found, err := hasData(ctx, series, expr, target.Instant); {
			case err != nil:
				report.Missing = append(report.Missing, fmt.Sprintf("%s, %s: %v", board.Title, board.Panels[i].Title, err))
			case !found:
				report.Missing = append(report.Missing, fmt.Sprintf("%s, %s: no data for %s", board.Title, board.Panels[i].Title, expr))
			}
		}
	}
}

// hasData is whether a query returns a number.
func hasData(ctx context.Context, series *queries.Window, expr string, instant bool) (bool, error) {
	if instant {
		vector, err := series.Instant(ctx, expr)
		return slices.ContainsFunc(vector, func(one promql.Sample) bool { return !math.IsNaN(one.F) }), err
	}
	matrix, err := series.Range(ctx, expr)
	return slices.ContainsFunc(matrix, func(one promql.Series) bool {
		return slices.ContainsFunc(one.Floats, func(point promql.FPoint) bool { return !math.IsNaN(point.F) })
	}), err
}
