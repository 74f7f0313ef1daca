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
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// tone is how much a text matters.
type tone string

// Tones, as the parameters of the escape sequences that show them.
const (
	plain tone = ""
	bold  tone = "1"
	good  tone = "32"
	waits tone = "33"
	bad   tone = "31"
)

// gap is the space between two columns.
const gap = 2

// painter prints text, with colours or without.
type painter struct {
	io.Writer

	colours bool
}

// painter has colours on a terminal only, and not with NO_COLOR (https://no-color.org).
func (p *program) painter() painter {
	file, ok := p.Out.(*os.File)
	wanted := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return painter{Writer: p.Out, colours: wanted && ok && term.IsTerminal(int(file.Fd()))}
}

// linef prints a line.
func (p painter) linef(format string, arguments ...any) { sayf(p, format+"\n", arguments...) }

// in is the text in its tone.
func (p painter) in(how tone, text string) string {
	if !p.colours || how == plain || text == "" {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
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

// table prints rows with aligned columns. The last column of a row is as long as it is.
func (p painter) table(indent string, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
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
