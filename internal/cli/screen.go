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
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is where everything is printed that people read. It leaves out what a terminal would obey: texts are from the cluster,
// from servers and from their logs, where others write.
type screen struct {
	to       io.Writer
	terminal bool
	colours  bool
}

// newScreen has colours on a terminal only, and not with NO_COLOR (https://no-color.org).
func newScreen(to io.Writer) *screen {
	file, ok := to.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	return &screen{to: to, terminal: terminal, colours: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Write implements io.Writer.
func (s *screen) Write(text []byte) (int, error) {
	if _, err := io.WriteString(s.to, s.shown(string(text))); err != nil {
		return 0, fmt.Errorf("failed to write the output: %w", err)
	}
	return len(text), nil
}

// shown is a text as it is shown.
func (s *screen) shown(text string) string {
	if !s.colours {
		return printable(text)
	}
	var shown strings.Builder
	for text != "" {
		at := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError })
		if at < 0 {
			break
		}
		shown.WriteString(printable(text[:at]))
		_, size := utf8.DecodeRuneInString(text[at:])
		if sequence, ok := sequences[tone(text[at:at+size])]; ok {
			shown.WriteString(sequence)
		} else {
			shown.WriteRune(utf8.RuneError)
		}
		text = text[at+size:]
	}
	shown.WriteString(printable(text))
	return shown.String()
}

// sequences show tones.
var sequences = map[tone]string{bold: "\x1b[1m", good: "\x1b[32m", waits: "\x1b[33m", bad: "\x1b[31m", over: "\x1b[0m"} //nolint:gochecknoglobals // nobody changes it

// printable is a text without what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

// data is where output for programs is written, and logs: as it is, unless it goes to a terminal.
func (p *program) data() io.Writer {
	if shown, ok := p.Out.(*screen); ok && !shown.terminal {
		return shown.to
	}
	return p.Out
}
