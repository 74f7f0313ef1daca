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

// Package dashboards has the Grafana dashboards of config/monitoring/dashboards, from which "make dashboards" writes them.
package dashboards

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Units of Grafana.
const (
	unitCount    = "short"
	unitSeconds  = "s"
	unitBytes    = "bytes"
	unitShare    = "percentunit"
	unitRequests = "reqps"
	unitPerSec   = "ops"
	unitTokens   = "suffix: tokens/s"
)

// The kinds of panels.
type kind int

const (
	// lines over time.
	lines kind = iota
	// stacked lines over time.
	stacked
	// number is the last value, or several beside each other.
	number
	// name is the label of the series, as a text.
	name
	// bars are the last values of several series.
	bars
	// rows are the labels of the series that exist now.
	rows
	// states over time, by the values of conditionValues.
	states
)

const (
	// A row of Grafana has 24 columns.
	quarter, third, half, full = 6, 8, 12, 24

	lowHeight, height = 4, 8
	fillStacked       = 40
	fillLines         = 10
	fillStates        = 80
)

const (
	green, orange, red, blue, grey = "green", "orange", "red", "blue", "text"
)

// A panel builds a panel of Grafana.
type panel struct {
	kind        kind
	title       string
	description string
	unit        string
	width       uint32
	queries     []query
	// warn and alarm are the values from which on the panel is orange and red; 0 means never.
	warn, alarm float64
	// columns are the labels that rows show, with their titles.
	columns []column
}

type query struct {
	expr, legend string
}

type column struct {
	label, title string
}

// one is a panel's only query.
func one(expr, legend string) []query { return []query{{expr, legend}} }

// Build implements cog.Builder.
func (p panel) Build() (dashboard.Panel, error) {
	result, err := p.visualization().Build()
	if err != nil {
		return dashboard.Panel{}, fmt.Errorf("failed to build the panel %s: %w", p.title, err)
	}
	for i, q := range p.queries {
		target, err := p.target(i, q).Build()
		if err != nil {
			return dashboard.Panel{}, fmt.Errorf("failed to build a query of the panel %s: %w", p.title, err)
		}
		result.Targets = append(result.Targets, target)
	}
	source := datasource()
	result.Datasource, result.Title, result.Description = &source, &p.title, &p.description
	result.GridPos = &dashboard.GridPos{W: p.width, H: p.height()}
	if result.FieldConfig == nil {
		result.FieldConfig = dashboard.NewFieldConfigSource()
	}
	result.FieldConfig.Defaults.Unit = &p.unit
	thresholds, err := p.thresholds().Build()
	if err != nil {
		return dashboard.Panel{}, fmt.Errorf("failed to build the thresholds of the panel %s: %w", p.title, err)
	}
	result.FieldConfig.Defaults.Thresholds = &thresholds
	if p.kind == states {
		result.FieldConfig.Defaults.Mappings = conditionValues()
	}
	return result, nil
}

func (p panel) height() uint32 {
	if p.kind == number || p.kind == name {
		return lowHeight
	}
	return height
}

func (p panel) visualization() cog.Builder[dashboard.Panel] {
	last := common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})
	legend := common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)
	switch p.kind {
	case number:
		return stat.NewPanelBuilder().ReduceOptions(last).ColorMode(common.BigValueColorModeValue).GraphMode(common.BigValueGraphModeNone)
	case name:
		return stat.NewPanelBuilder().ReduceOptions(last).ColorMode(common.BigValueColorModeNone).GraphMode(common.BigValueGraphModeNone).
			TextMode(common.BigValueTextModeName)
	case bars:
		return bargauge.NewPanelBuilder().ReduceOptions(last).Orientation(common.VizOrientationHorizontal).
			DisplayMode(common.BarGaugeDisplayModeBasic).Min(0)
	case rows:
		return table.NewPanelBuilder().Transformations([]dashboard.DataTransformerConfig{p.organize()})
	case states:
		return statetimeline.NewPanelBuilder().Legend(legend).FillOpacity(fillStates).ShowValue(common.VisibilityModeNever)
	case stacked:
		return timeseries.NewPanelBuilder().Legend(legend).Min(0).FillOpacity(fillStacked).
			Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal))
	default:
		return timeseries.NewPanelBuilder().Legend(legend).Min(0).FillOpacity(fillLines)
	}
}

func (p panel) target(i int, q query) cog.Builder[variants.Dataquery] {
	target := prometheus.NewDataqueryBuilder().Datasource(datasource()).Expr(q.expr).LegendFormat(q.legend).RefId(string("ABC"[i]))
	switch p.kind {
	case rows:
		return target.Instant().Format(prometheus.PromQueryFormatTable)
	case bars, name, number:
		return target.Instant()
	default:
		return target.Range()
	}
}

// organize leaves the columns of the labels in a table.
func (p panel) organize() dashboard.DataTransformerConfig {
	names, order := map[string]string{}, map[string]int{}
	for i, c := range p.columns {
		names[c.label], order[c.label] = c.title, i
	}
	return dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": map[string]bool{"Time": true, "Value": true}, "renameByName": names, "indexByName": order,
	}}
}

func (p panel) thresholds() cog.Builder[dashboard.ThresholdsConfig] {
	steps := []dashboard.Threshold{{Color: green}}
	if p.warn != 0 {
		steps = append(steps, dashboard.Threshold{Value: &p.warn, Color: orange})
	}
	if p.alarm != 0 {
		steps = append(steps, dashboard.Threshold{Value: &p.alarm, Color: red})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

// conditionValues are the texts and colours of the values of a condition over time.
func conditionValues() []dashboard.ValueMapping {
	result := func(text, color string) dashboard.ValueMappingResult {
		return dashboard.ValueMappingResult{Text: &text, Color: &color}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: map[string]dashboard.ValueMappingResult{
		"1": result("True", green), "2": result("False", red), "3": result("Unknown", grey),
	}}}}
}
