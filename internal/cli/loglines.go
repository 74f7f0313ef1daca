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
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// longestLine is how much of a line is held, in bytes. A longer line is shown in parts.
const longestLine = 64 << 10

// logReader reads a log line by line.
type logReader struct {
	from   *source
	stream io.ReadCloser
	lines  *bufio.Reader
	after  time.Time
	format string

	// at is the time of line, the line that is next.
	at   time.Time
	line string
}

func newLogReader(from *source, stream io.ReadCloser, after time.Time, format string) *logReader {
	return &logReader{from: from, stream: stream, lines: bufio.NewReaderSize(stream, longestLine), after: after, format: format}
}

// logLine is a line as JSON.
type logLine struct {
	Time      time.Time `json:"time"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Line      string    `json:"line"`
}

// advance reads the next line that is shown, and returns io.EOF after the last one.
func (r *logReader) advance() error {
	for {
		text, _, err := r.lines.ReadLine()
		if err != nil {
			_ = r.stream.Close()
			return fmt.Errorf("failed to read a line: %w", err)
		}
		stamp, line, ok := strings.Cut(string(text), " ")
		at, parsed := time.Parse(time.RFC3339Nano, stamp)
		if !ok && parsed == nil {
			line = "" // an empty line has a time only
		}
		if parsed == nil {
			r.at = at
		} else {
			line = string(text) // the rest of a line that is too long has no time
		}
		if !r.at.After(r.after) || r.from.keep != nil && !r.from.keep(line) {
			continue
		}
		r.line = line
		return nil
	}
}

// write writes the line that is next.
func (r *logReader) write(out io.Writer) error {
	text := fmt.Appendf(nil, "[%s] %s", r.from.pod.Name, r.line)
	if r.format == asJSON {
		var err error
		if text, err = json.Marshal(logLine{Time: r.at, Pod: r.from.pod.Name, Container: r.from.container, Line: r.line}); err != nil {
			return fmt.Errorf("failed to write JSON: %w", err)
		}
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("failed to write the log: %w", err)
	}
	return nil
}

// mergeLogs prints logs that end in the order of time.
func mergeLogs(out io.Writer, readers []*logReader) error {
	var open []*logReader
	for _, reader := range readers {
		switch err := reader.advance(); {
		case err == nil:
			open = append(open, reader)
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("failed to read the log of Pod %s: %w", reader.from.pod.Name, err)
		}
	}
	for len(open) > 0 {
		first := 0
		for i := range open {
			if open[i].at.Before(open[first].at) {
				first = i
			}
		}
		if err := open[first].write(out); err != nil {
			return err
		}
		switch err := open[first].advance(); {
		case errors.Is(err, io.EOF):
			open = append(open[:first], open[first+1:]...)
		case err != nil:
			return fmt.Errorf("failed to read the log of Pod %s: %w", open[first].from.pod.Name, err)
		}
	}
	return nil
}

// about says whether a line of the operator is about a server: its structured log has the namespace and the name.
func about(server *v1alpha1.LlamaStackDistribution) func(line string) bool {
	return func(line string) bool {
		var entry struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		}
		return json.Unmarshal([]byte(line), &entry) == nil && entry.Namespace == server.Namespace && entry.Name == server.Name
	}
}

// timeAfter is a time as an option of a log.
func timeAfter(at time.Time) *metav1.Time { return &metav1.Time{Time: at} }
