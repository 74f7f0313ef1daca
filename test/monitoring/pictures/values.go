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
	"maps"
	"slices"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
)

// numbers draws the last values beside each other, or the names of the series.
func (c *canvas) numbers(panel grafana.Panel, in area, all []series) {
	width := in.w / float64(len(all))
	for i, one := range all {
		middle := in.x + width*(float64(i)+0.5)
		if panel.Options.TextMode == "name" {
			c.text(middle, in.y+in.h/2+4, "m c", fit(one.name, width*0.65))
			continue
		}
		text := format(one.last, panel.FieldConfig.Defaults.Unit)
		c.WriteString(`<g fill="` + color(threshold(panel, one.last)) + `">`)
		c.text(middle, in.y+in.h/2+8, "v c", text)
		c.WriteString("</g>\n")
		if len(all) > 1 {
			c.text(middle, in.y+in.h, "g c", one.name)
		}
	}
}

// threshold is the colour of a value.
func threshold(panel grafana.Panel, v float64) string {
	name := ""
	for _, step := range panel.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value == nil || v >= *step.Value {
			name = step.Color
		}
	}
	return name
}

// bars draws a bar for each value.
func (c *canvas) bars(panel grafana.Panel, in area, all []series) {
	top := 0.0
	for _, one := range all {
		top = max(top, one.last)
	}
	height := min(in.h/float64(len(all)), 3*lineHeight)
	label := in.w * 0.4
	for i, one := range all {
		y := in.y + height*float64(i)
		c.text(in.x, y+height/2+4, "", fit(one.name, label))
		c.rect(area{in.x + label, y + 4, (in.w - label - 40) * one.last / top, height - 8}, palette(0))
		c.text(in.x+in.w, y+height/2+4, "e", format(one.last, panel.FieldConfig.Defaults.Unit))
	}
}

// table draws the labels of the series in rows.
func (c *canvas) table(panel grafana.Panel, in area, all []series) {
	options := panel.Transformations[0].Options
	order := slices.SortedFunc(maps.Keys(options.IndexByName), func(a, b string) int { return options.IndexByName[a] - options.IndexByName[b] })
	width := in.w / float64(len(order))
	fits := int(in.h/lineHeight) - 1
	for column, label := range order {
		x := in.x + width*float64(column)
		c.text(x, in.y+lineHeight-4, "g", options.RenameByName[label])
		for row, one := range all[:min(len(all), fits)] {
			c.text(x, in.y+lineHeight*float64(row+2)-3, "", fit(one.labels.Get(label), width))
		}
	}
	if len(all) > fits {
		c.text(in.x+in.w, in.y+lineHeight-4, "g e", "… "+strconv.Itoa(len(all)-fits)+" more")
	}
}

// states draws a bar for each series, in the colours of its values over time.
func (c *canvas) states(panel grafana.Panel, in area, all []series) {
	texts := panel.FieldConfig.Defaults.Mappings[0].Options
	label := 130.0
	plot := area{in.x + label, in.y, in.w - label, in.h - timeHeight - lineHeight}
	height := plot.h / float64(len(all))
	for i, one := range all {
		y := plot.y + height*float64(i)
		c.text(plot.x-6, y+height/2+4, "e", fit(one.name, label))
		for from := 0; from < len(one.points); {
			to := from
			for to+1 < len(one.points) && one.points[to+1].F == one.points[from].F {
				to++
			}
			start, end := x(one.points[from].T, plot), x(one.points[min(to+1, len(one.points)-1)].T, plot)
			c.rect(area{start, y + 2, end - start, height - 4}, color(texts[format(one.points[from].F, "short")].Color))
			from = to + 1
		}
	}
	c.hours(plot)
	at := in.x
	for _, value := range slices.Sorted(maps.Keys(texts)) {
		c.rect(area{at, in.y + in.h - 9, swatch, swatch}, color(texts[value].Color))
		c.text(at+swatch+4, in.y+in.h, "", texts[value].Text)
		at += 80
	}
}
