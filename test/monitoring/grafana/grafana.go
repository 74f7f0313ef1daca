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

// Package grafana reads dashboards as Grafana does: their panels, and their queries with the values of variables.
package grafana

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql"
)

// Dashboard is what Grafana reads of a dashboard.
type Dashboard struct {
	Title       string  `json:"title"`
	Description string  `json:"description"`
	UID         string  `json:"uid"`
	Editable    bool    `json:"editable"`
	Panels      []Panel `json:"panels"`
	Templating  struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Panel is a panel, or the title of a row of panels.
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description"`
	GridPos         Place            `json:"gridPos"`
	Datasource      Source           `json:"datasource"`
	Targets         []Target         `json:"targets"`
	Transformations []Transformation `json:"transformations"`
	FieldConfig     struct {
		Defaults Defaults `json:"defaults"`
	} `json:"fieldConfig"`
	Options struct {
		TextMode string `json:"textMode"`
	} `json:"options"`
}

// Place is where a panel is, in columns and rows of the grid.
type Place struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Defaults are how a panel shows values.
type Defaults struct {
	Unit       string    `json:"unit"`
	Mappings   []Mapping `json:"mappings"`
	Thresholds struct {
		Steps []Threshold `json:"steps"`
	} `json:"thresholds"`
	Custom struct {
		Stacking struct {
			Mode string `json:"mode"`
		} `json:"stacking"`
	} `json:"custom"`
}

// Source is a data source.
type Source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Target is a query.
type Target struct {
	Datasource   Source `json:"datasource"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
	Instant      bool   `json:"instant"`
	Range        bool   `json:"range"`
	RefID        string `json:"refId"`
}

// Transformation changes a table.
type Transformation struct {
	Options struct {
		RenameByName map[string]string `json:"renameByName"`
		IndexByName  map[string]int    `json:"indexByName"`
	} `json:"options"`
}

// Mapping has the texts of values.
type Mapping struct {
	Options map[string]Text `json:"options"`
}

// Text is shown instead of a value.
type Text struct {
	Text  string `json:"text"`
	Color string `json:"color"`
}

// Threshold is a value from which on a colour applies. The first has none.
type Threshold struct {
	Value *float64 `json:"value"`
	Color string   `json:"color"`
}

// Variable is what a person selects.
type Variable struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Label      string `json:"label"`
	Query      string `json:"query"`
	AllValue   string `json:"allValue"`
	Multi      bool   `json:"multi"`
	IncludeAll bool   `json:"includeAll"`
	Datasource Source `json:"datasource"`
	Refresh    int    `json:"refresh"`
}

// Read reads a dashboard.
func Read(file string) (Dashboard, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Dashboard{}, fmt.Errorf("failed to read a dashboard: %w", err)
	}
	result, err := Parse(content)
	if err != nil {
		return Dashboard{}, fmt.Errorf("failed to read the dashboard %s: %w", file, err)
	}
	return result, nil
}

// Parse reads the content of a dashboard.
func Parse(content []byte) (Dashboard, error) {
	var result Dashboard
	if err := json.Unmarshal(content, &result); err != nil {
		return Dashboard{}, fmt.Errorf("failed to parse a dashboard: %w", err)
	}
	return result, nil
}

// Data answers queries.
type Data interface {
	// Instant returns the last values of a query.
	Instant(ctx context.Context, expr string) (promql.Vector, error)
}

// Values are the values of variables.
type Values map[string]string

// builtIn are variables of Grafana itself, for a scrape every minute.
func builtIn() Values { return Values{"__rate_interval": "6m"} }

var reference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)\}`)

// Expand replaces variables by their values. Unknown ones stay.
func (v Values) Expand(text string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := v[strings.Trim(found, "${}")]; ok {
			return value
		}
		return found
	})
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// Select returns the values of a dashboard's variables: those that are wanted, else all where that is an option, else the first.
// It fails if the data lacks a wanted value, or has none.
func (d Dashboard) Select(ctx context.Context, data Data, wanted Values) (Values, error) {
	values := builtIn()
	for _, variable := range d.Templating.List {
		if variable.Type != "query" {
			continue
		}
		options, err := variable.options(ctx, data, values)
		if err != nil {
			return nil, err
		}
		value, isWanted := wanted[variable.Name]
		switch {
		case len(options) == 0, isWanted && !slices.Contains(options, value):
			return nil, fmt.Errorf("failed to select a value of the variable %s: wanted %q, found %q", variable.Name, value, options)
		case isWanted:
		case variable.IncludeAll:
			value = variable.AllValue
		default:
			value = options[0]
		}
		values[variable.Name] = value
	}
	return values, nil
}

// options are the values that a person can select.
func (v Variable) options(ctx context.Context, data Data, values Values) ([]string, error) {
	parts := labelValues.FindStringSubmatch(v.Query)
	if parts == nil {
		return nil, fmt.Errorf("failed to read the variable %s: %q is no label_values(SERIES, LABEL)", v.Name, v.Query)
	}
	found, err := data.Instant(ctx, values.Expand(parts[1]))
	if err != nil {
		return nil, fmt.Errorf("failed to read the variable %s: %w", v.Name, err)
	}
	var options []string
	for _, sample := range found {
		options = append(options, sample.Metric.Get(parts[2]))
	}
	slices.Sort(options)
	return slices.Compact(options), nil
}
