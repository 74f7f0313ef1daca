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

// Package pictures draws dashboards as Grafana would show them: the same panels in the same places, with the values that the same
// queries return, in plain SVG.
package pictures

import (
	"context"
	"fmt"
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/recordings"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

const (
	// Sizes in pixels: of a column and a row of Grafana's grid, and of the title above.
	columnWidth, rowHeight, headHeight = 50, 26, 44
	columns                            = 24
	gap, padding                       = 4, 10
	// charWidth is about that of a letter.
	charWidth  = 6.8
	lineHeight = 15
)

// An area is a part of a picture.
type area struct{ x, y, w, h float64 }

// A canvas collects the elements of a picture.
type canvas struct {
	strings.Builder
}

// A series has the values of a query, or only the last.
type series struct {
	name   string
	labels labels.Labels
	points []promql.FPoint
	last   float64
}

// Draw returns the picture of a dashboard.
func Draw(ctx context.Context, of grafana.Dashboard, data *recordings.Data) ([]byte, error) {
	values, err := of.Select(ctx, data, recordings.Whole())
	if err != nil {
		return nil, fmt.Errorf("failed to draw the dashboard %s: %w", of.Title, err)
	}
	out, height := &canvas{}, 0.0
	for _, panel := range of.Panels {
		place := placeOf(panel.GridPos)
		height = max(height, place.y+place.h)
		if panel.Type == "row" {
			out.text(place.x+gap, place.y+place.h-gap, "r", panel.Title)
			continue
		}
		all, err := query(ctx, panel, values, data)
		if err != nil {
			return nil, fmt.Errorf("failed to draw the panel %s: %w", panel.Title, err)
		}
		out.panel(panel, place, all)
	}
	width := columns * columnWidth
	head := &canvas{}
	fmt.Fprintf(&head.Builder, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %s" font-family="Helvetica,Arial,sans-serif" font-size="11">`+"\n",
		width, px(height+gap))
	head.WriteString("<style>.t{font-weight:bold;font-size:12px}.r{font-weight:bold;font-size:13px}.g{fill:#666}.v{font-size:26px}.m{font-size:17px}" +
		".p{fill:#fff;stroke:#d8d9da}.a{stroke:#e4e5e6}.l{fill:none;stroke-width:1.5}.e{text-anchor:end}.c{text-anchor:middle}</style>\n")
	head.WriteString(`<rect width="100%" height="100%" fill="#f1f2f3"/>` + "\n")
	head.text(padding, 26, "m", of.Title+selected(of, values))
	return []byte(head.String() + out.String() + "</svg>\n"), nil
}

// selected are the values of the variables, as Grafana shows them above the panels.
func selected(of grafana.Dashboard, values grafana.Values) string {
	var text strings.Builder
	for _, variable := range of.Templating.List {
		value, ok := values[variable.Name]
		if !ok {
			continue
		}
		if value == variable.AllValue {
			value = "All"
		}
		text.WriteString(" · " + variable.Label + ": " + value)
	}
	return text.String()
}

func placeOf(grid grafana.Place) area {
	return area{
		x: float64(grid.X*columnWidth + gap), y: float64(grid.Y*rowHeight + headHeight),
		w: float64(grid.W*columnWidth - 2*gap), h: float64(grid.H*rowHeight - 2*gap),
	}
}

// query runs the queries of a panel.
func query(ctx context.Context, panel grafana.Panel, values grafana.Values, data *recordings.Data) ([]series, error) {
	var all []series
	for _, target := range panel.Targets {
		expr := values.Expand(target.Expr)
		if target.Instant {
			vector, err := data.Instant(ctx, expr)
			if err != nil {
				return nil, fmt.Errorf("failed to query the last values: %w", err)
			}
			for _, sample := range vector {
				all = append(all, series{name: legend(target.LegendFormat, sample.Metric), labels: sample.Metric, last: sample.F})
			}
			continue
		}
		matrix, err := data.Range(ctx, expr)
		if err != nil {
			return nil, fmt.Errorf("failed to query values over time: %w", err)
		}
		for _, one := range matrix {
			all = append(all, series{name: legend(target.LegendFormat, one.Metric), labels: one.Metric, points: one.Floats})
		}
	}
	return all, nil
}

var labelInLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)

// legend is the name of a series.
func legend(format string, of labels.Labels) string {
	return strings.TrimSpace(labelInLegend.ReplaceAllStringFunc(format, func(found string) string { return of.Get(strings.Trim(found, "{}")) }))
}

func (c *canvas) panel(panel grafana.Panel, place area, all []series) {
	fmt.Fprintf(&c.Builder, `<rect class="p" x="%s" y="%s" width="%s" height="%s" rx="2"/>`+"\n", px(place.x), px(place.y), px(place.w), px(place.h))
	c.text(place.x+padding, place.y+17, "t", panel.Title)
	inner := area{place.x + padding, place.y + 26, place.w - 2*padding, place.h - 34}
	switch panel.Type {
	case "stat":
		c.numbers(panel, inner, all)
	case "bargauge":
		c.bars(panel, inner, all)
	case "table":
		c.table(panel, inner, all)
	case "state-timeline":
		c.states(panel, inner, all)
	default:
		c.chart(panel, inner, all)
	}
}

// text writes a text that begins, ends or is centred at a point, as its class says.
func (c *canvas) text(x, y float64, class, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	fmt.Fprintf(&c.Builder, `<text%s x="%s" y="%s">%s</text>`+"\n", class, px(x), px(y), html.EscapeString(text))
}

func (c *canvas) rect(at area, fill string) {
	fmt.Fprintf(&c.Builder, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n", px(at.x), px(at.y), px(at.w), px(at.h), fill)
}

// px is a number of pixels. Whole ones are exact enough, small, and the same on every machine.
func px(v float64) string { return strconv.Itoa(int(math.Round(v))) }

// fit shortens a text to a width in pixels.
func fit(text string, width float64) string {
	letters := []rune(text)
	if most := int(width / charWidth); len(letters) > most && most > 1 {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// palette is the colour of a series.
func palette(i int) string {
	all := []string{"#3274d9", "#e0752d", "#37872d", "#c4162a", "#8f3bb8", "#d9a400", "#0e8a99", "#6b6b6b"}
	return all[i%len(all)]
}

// tint is the colour of the area below a series.
func tint(i int) string {
	all := []string{"#bcd1f3", "#f5d3bd", "#bdd6ba", "#eab4bb", "#dac0e7", "#f3e2ad", "#b1d8dc", "#cccccc"}
	return all[i%len(all)]
}

// color is one of Grafana's names of colours.
func color(name string) string {
	switch name {
	case "green":
		return "#37872d"
	case "orange":
		return "#e0752d"
	case "red":
		return "#c4162a"
	default:
		return "#8e8e8e"
	}
}
