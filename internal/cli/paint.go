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

package cli

import (
	"io"
	"strings"
	"unicode/utf8"
)

// tone is how much a text matters.
type tone string

// Tones, as the marks that a screen turns into the escape sequences that show them. No text has them: they are not valid in
// UTF-8.
const (
	plain tone = ""
	bold  tone = "\xf8"
	good  tone = "\xf9"
	waits tone = "\xfa"
	bad   tone = "\xfb"
	// over ends a tone.
	over tone = "\xfc"
)

// gap is the space between two columns.
const gap = 2

// painter prints text, with colours or without.
type painter struct {
	io.Writer

	colours bool
}

// painter has colours where the screen has them.
func (p *program) painter() painter {
	shown, ok := p.Out.(*screen)
	return painter{Writer: p.Out, colours: ok && shown.colours}
}

// linef prints a line.
func (p painter) linef(format string, arguments ...any) { sayf(p, format+"\n", arguments...) }

// in is the text in its tone.
func (p painter) in(how tone, text string) string {
	if !p.colours || how == plain || text == "" {
		return text
	}
	return string(how) + text + string(over)
}

// cell is a text of a table.
type cell struct {
	text string
	tone tone
}

// cells are texts without a tone.
func cells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, text := range texts {
		row[i].text = text
	}
	return row
}

// table prints rows with aligned columns, each row in one line. The last column of a row is as long as it is.
func (p painter) table(indent string, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			cell := &row[i]
			cell.text = clean(cell.text)
			widths[i] = max(widths[i], utf8.RuneCountInString(cell.text))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(p.in(cell.tone, cell.text))
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell.text)+gap))
			}
		}
		p.linef("%s%s", indent, strings.TrimRight(line.String(), " "))
	}
}
