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

// Package progress reports the progress of long steps.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Log writes a line when a step starts, when it ends, and at intervals in between. It is safe for concurrent use.
type Log struct {
	// Out gets the lines.
	Out io.Writer
	// Every is the interval of the lines of a long step; 0 is 10 seconds.
	Every time.Duration

	mu sync.Mutex
}

// defaultEvery is long enough not to fill a log, and short enough to show progress.
const defaultEvery = 10 * time.Second

// Printf writes one line. It ignores an error of the write, because it has no other output.
func (l *Log) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.Out, format+"\n", args...)
}

// Step runs a long step. It only shows the last line of the output of do, at intervals and when do fails.
func (l *Log) Step(title string, do func(io.Writer) error) error {
	started := time.Now()
	l.Printf("%s ...", title)

	tail := &tail{}
	stop := l.remind(title, tail, started)
	err := do(tail)
	stop()

	seconds := time.Since(started).Seconds()
	if err != nil {
		l.Printf("%s: failed after %.0f s", title, seconds)
		return err
	}
	l.Printf("%s: done in %.1f s", title, seconds)
	return nil
}

// remind reports at intervals that the step still runs, until the returned function is called.
func (l *Log) remind(title string, tail *tail, started time.Time) func() {
	every := l.Every
	if every == 0 {
		every = defaultEvery
	}
	ticker, done := time.NewTicker(every), make(chan struct{})

	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			select {
			case <-ticker.C:
				l.Printf("%s: %.0f s so far; %s", title, time.Since(started).Seconds(), tail.last())
			case <-done:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(done)
		ended.Wait()
	}
}

// tail keeps the last line that is not blank.
type tail struct {
	mu          sync.Mutex
	line, begun string
}

// Write implements io.Writer.
func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()

	lines := strings.FieldsFunc(t.begun+string(data), func(r rune) bool { return r == '\n' || r == '\r' })
	t.begun = ""
	if len(data) > 0 && !strings.HasSuffix(string(data), "\n") && len(lines) > 0 {
		t.begun, lines = lines[len(lines)-1], lines[:len(lines)-1]
	}
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			t.line = line
		}
	}
	return len(data), nil
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.line == "" {
		return "no output yet"
	}
	const width = 100
	line := strings.TrimSpace(t.line)
	return line[:min(len(line), width)]
}
