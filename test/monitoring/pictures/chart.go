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

package pictures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/recordings"
	"github.com/prometheus/prometheus/promql"
)

const (
	axisWidth  = 62
	timeHeight = 16
	swatch     = 10
	// legendLines is how many lines a legend has at most.
	legendLines = 2
)

// chart draws lines over time, which can be stacked.
func (c *canvas) chart(panel grafana.Panel, in area, all []series) {
	lines := c.legend(in, names(all))
	plot := area{in.x + axisWidth, in.y + 4, in.w - axisWidth, in.h - 4 - timeHeight - float64(lines)*lineHeight}
	stacked := panel.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	if stacked {
		stack(all)
	}
	unit := panel.FieldConfig.Defaults.Unit
	top := ceiling(highest(all), unit)
	for i := range 3 {
		y := plot.y + plot.h*float64(i)/2
		fmt.Fprintf(&c.Builder, `<path class="a" d="M%s %sh%s"/>`+"\n", px(plot.x), px(y), px(plot.w))
		c.text(plot.x-6, y+4, "g e", format(top*float64(2-i)/2, unit))
	}
	c.hours(plot)
	for i, one := range slices.Backward(all) {
		path := curve(one.points, plot, top)
		if stacked {
			first, last := x(one.points[0].T, plot), x(one.points[len(one.points)-1].T, plot)
			fmt.Fprintf(&c.Builder, `<path fill="%s" d="%sV%sH%sz"/>`+"\n", tint(i), path, px(plot.y+plot.h), px(min(first, last)))
		}
		fmt.Fprintf(&c.Builder, `<path class="l" stroke="%s" d="%s"/>`+"\n", palette(i), path)
	}
}

// hours writes the times below a plot.
func (c *canvas) hours(plot area) {
	y := plot.y + plot.h + 13
	c.text(plot.x, y, "g", fmt.Sprintf("%d h ago", recordings.Hours))
	c.text(plot.x+plot.w/2, y, "g c", fmt.Sprintf("%d h ago", recordings.Hours/2))
	c.text(plot.x+plot.w, y, "g e", "now")
}

// legend writes the names of series at the bottom, and returns in how many lines.
func (c *canvas) legend(in area, all []string) int {
	type entry struct {
		at   float64
		line int
		text string
	}
	var entries []entry
	at, line := 0.0, 1
	for i, name := range all {
		text := fit(name, in.w-2*swatch)
		width := float64(len([]rune(text)))*charWidth + 2*swatch
		if at+width > in.w && at > 0 {
			at, line = 0, line+1
		}
		if line > legendLines {
			line = legendLines
			entries[i-1].text = fmt.Sprintf("… %d more", len(all)-i+1)
			break
		}
		entries = append(entries, entry{at, line, text})
		at += width
	}
	for i, one := range entries {
		y := in.y + in.h - float64(line-one.line)*lineHeight
		c.rect(area{in.x + one.at, y - 5, swatch, 3}, palette(i))
		c.text(in.x+one.at+swatch+3, y, "", one.text)
	}
	return line
}

func names(all []series) []string {
	texts := make([]string, 0, len(all))
	for _, one := range all {
		texts = append(texts, one.name)
	}
	return texts
}

// stack adds to the values of each series those of the series before it.
func stack(all []series) {
	sums := map[int64]float64{}
	for _, one := range all {
		for i, point := range one.points {
			sums[point.T] += point.F
			one.points[i].F = sums[point.T]
		}
	}
}

func highest(all []series) float64 {
	top := 0.0
	for _, one := range all {
		for _, point := range one.points {
			if !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
				top = max(top, point.F)
			}
		}
	}
	return top
}

// x is where a time in milliseconds is in a plot.
func x(at int64, plot area) float64 {
	first, last := recordings.First().UnixMilli(), recordings.Last().UnixMilli()
	return plot.x + plot.w*float64(at-first)/float64(last-first)
}

// curve is the path of a line. Points in the middle of a straight part are left out.
func curve(points []promql.FPoint, plot area, top float64) string {
	var places [][2]int
	for _, point := range points {
		if math.IsNaN(point.F) || math.IsInf(point.F, 0) {
			continue
		}
		place := [2]int{int(math.Round(x(point.T, plot))), int(math.Round(plot.y + plot.h*(1-point.F/top)))}
		if n := len(places); n >= 2 && places[n-1][1] == place[1] && places[n-2][1] == place[1] {
			places = places[:n-1]
		}
		places = append(places, place)
	}
	var path strings.Builder
	for i, place := range places {
		if i == 0 {
			fmt.Fprintf(&path, "M%d %d", place[0], place[1])
			continue
		}
		dx, dy := place[0]-places[i-1][0], place[1]-places[i-1][1]
		if dy == 0 {
			fmt.Fprintf(&path, "h%d", dx)
			continue
		}
		fmt.Fprintf(&path, "l%d %d", dx, dy)
	}
	return path.String()
}
