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

// Package testsummary turns the stream of "go test -json" into one line a package, the whole output of what
// failed, and a closing count. A spec that was skipped or left pending is no success: it hides what was not tested.
package testsummary

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Summary is the count over all packages. Specs of Ginkgo suites count one by one; a package without such a suite
// counts its top-level tests. A package that failed before or after its tests (build, panic, time limit) counts
// as one failure.
//
// LeftOut are specs that the label filter of a run leaves to another run ("make test" leaves some to "make test-full").
// A suite reports them itself; every other spec that did not run counts as skipped.
type Summary struct {
	Passed, Failed, Skipped, Pending, LeftOut int
}

// OK is whether nothing failed, and every spec ran that was not left to another run.
func (s Summary) OK() bool {
	return s.Failed == 0 && s.Skipped == 0 && s.Pending == 0
}

// String is the closing line: "12 passed, 0 failed", and what was left out, where there is any.
func (s Summary) String() string {
	line := fmt.Sprintf("%d passed, %d failed", s.Passed, s.Failed)
	if s.Skipped > 0 {
		line += fmt.Sprintf(", %d skipped", s.Skipped)
	}
	if s.Pending > 0 {
		line += fmt.Sprintf(", %d pending", s.Pending)
	}
	if s.LeftOut > 0 {
		line += fmt.Sprintf(", %d left to another run", s.LeftOut)
	}
	return line
}

// plus is the sum of both.
func (s Summary) plus(o Summary) Summary {
	return Summary{
		Passed:  s.Passed + o.Passed,
		Failed:  s.Failed + o.Failed,
		Skipped: s.Skipped + o.Skipped,
		Pending: s.Pending + o.Pending,
		LeftOut: s.LeftOut + o.LeftOut,
	}
}

// How a test or a package ended.
const (
	actionPass = "pass"
	actionFail = "fail"
	actionSkip = "skip"
)

// event is a line of "go test -json" (see "go doc test2json" and "go help buildjson").
//
//nolint:tagliatelle // the names are those of the go command
type event struct {
	Action      string  `json:"Action"`
	Package     string  `json:"Package"`
	ImportPath  string  `json:"ImportPath"`
	Test        string  `json:"Test"`
	Output      string  `json:"Output"`
	Elapsed     float64 `json:"Elapsed"`
	FailedBuild string  `json:"FailedBuild"`
}

// What is read off the output of a package: compiled once, never changed.
var (
	// suiteEnd is the last line of a Ginkgo suite, without its colours.
	suiteEnd = regexp.MustCompile(`(?:SUCCESS|FAIL)! -- (\d+) Passed \| (\d+) Failed(?: \| \d+ Flaked)? \| (\d+) Pending \| (\d+) Skipped`)
	colours  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	coverage = regexp.MustCompile(`^coverage: (\S+%) of statements`)
	// leftOut is the report entry of a suite whose label filter leaves specs out.
	leftOut = regexp.MustCompile(`^\s*Left out by label: (\d+)\b`)
)

// testedPackage is what was heard of a package so far.
type testedPackage struct {
	output  strings.Builder
	specs   Summary
	tests   Summary
	suites  int
	covered string
}

// counted is the package's part of the summary.
func (p *testedPackage) counted() Summary {
	if p.suites == 0 {
		return p.tests
	}
	count := p.specs
	count.Skipped -= count.LeftOut // Ginkgo counts them among the skipped ones
	return count
}

// reader holds the packages whose tests have not ended.
type reader struct {
	out      io.Writer
	packages map[string]*testedPackage
	builds   map[string]*strings.Builder
	total    Summary
}

// Read reads a stream of test events, writes a line for each package as it ends, and before it the whole output
// of one that failed, and returns the count. A line that is no event is passed on: it comes from the go command.
func Read(in io.Reader, out io.Writer) (Summary, error) {
	r := &reader{out: out, packages: map[string]*testedPackage{}, builds: map[string]*strings.Builder{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			r.unfinished()
			return r.total, nil
		}
		if err != nil {
			return r.total, fmt.Errorf("failed to read the test events: %w", err)
		}
	}
}

func (r *reader) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		_, _ = io.WriteString(r.out, line)
		return
	}
	switch {
	case e.Action == "build-output":
		r.build(e.ImportPath).WriteString(e.Output)
	case e.Package == "":
	case e.Action == "output":
		r.pkg(e.Package).heard(e.Output)
	case e.Test != "":
		r.pkg(e.Package).test(e)
	case e.Action == actionPass || e.Action == actionFail || e.Action == actionSkip:
		r.end(e)
	}
}

func (r *reader) pkg(name string) *testedPackage {
	if r.packages[name] == nil {
		r.packages[name] = &testedPackage{}
	}
	return r.packages[name]
}

func (r *reader) build(name string) *strings.Builder {
	if r.builds[name] == nil {
		r.builds[name] = &strings.Builder{}
	}
	return r.builds[name]
}

// heard remembers a piece of output and reads the counts off it.
func (p *testedPackage) heard(output string) {
	p.output.WriteString(output)
	plain := colours.ReplaceAllString(output, "")
	if m := suiteEnd.FindStringSubmatch(plain); m != nil {
		p.suites++
		p.specs = p.specs.plus(Summary{Passed: number(m[1]), Failed: number(m[2]), Pending: number(m[3]), Skipped: number(m[4])})
	}
	if m := leftOut.FindStringSubmatch(plain); m != nil {
		p.specs.LeftOut += number(m[1])
	}
	if m := coverage.FindStringSubmatch(plain); m != nil {
		p.covered = m[1]
	}
}

// number is a group of digits as a number.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the expressions match digits only
	return n
}

// test counts a top-level test; its subtests are part of it.
func (p *testedPackage) test(e event) {
	if strings.Contains(e.Test, "/") {
		return
	}
	switch e.Action {
	case actionPass:
		p.tests.Passed++
	case actionFail:
		p.tests.Failed++
	case actionSkip:
		p.tests.Skipped++
	}
}

// end reports the result of a package.
func (r *reader) end(e event) {
	p := r.pkg(e.Package)
	delete(r.packages, e.Package)
	count := p.counted()
	verdict := "ok"
	if e.Action == actionFail {
		if count.Failed == 0 {
			count.Failed = 1
		}
		if e.FailedBuild != "" {
			_, _ = io.WriteString(r.out, r.build(e.FailedBuild).String())
		}
	}
	if e.Action == actionFail || !count.OK() {
		_, _ = io.WriteString(r.out, p.output.String())
		verdict = "FAIL"
	}
	r.total = r.total.plus(count)
	if e.Action != actionFail && count == (Summary{}) {
		return // a package without tests: "skip", or "pass" where its coverage is measured
	}
	_, _ = fmt.Fprintf(r.out, "%-4s %-80s %7.1f s  %s%s\n", verdict, e.Package, e.Elapsed, count, covered(p.covered))
}

func covered(share string) string {
	if share == "" {
		return ""
	}
	return ", " + share + " of statements"
}

// unfinished counts packages that never ended: the go command was killed.
func (r *reader) unfinished() {
	for name, p := range r.packages {
		_, _ = fmt.Fprintf(r.out, "%sFAIL %s: the tests did not end\n", p.output.String(), name)
		r.total.Failed++
	}
}
