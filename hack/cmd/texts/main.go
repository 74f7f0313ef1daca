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

// Command texts prints the texts in source files that are not comments, for a linter of prose: messages and names of
// specs in Go, messages in shell scripts, and the help of Makefiles. Each text is a comment of a line in the language of
// shell scripts, because linters report the lines of such comments exactly.
//
//	texts PLACES FILE...
//
// It writes the place of each text into the file PLACES, as FILE:LINE, a line each. A text in a line with the comment
// "in Kubernetes' words" is left out.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// foreign is in the comment of a line whose text is not ours.
const foreign = "in Kubernetes' words"

// fewestSpaces is in a text that is prose. One without can be a name or a path.
const fewestSpaces = 1

const fileMode = 0o644

// text is a text and the line of its file.
type text struct {
	content string
	line    int
}

func main() {
	if len(os.Args) < 3 { //nolint:mnd // the program, PLACES and at least one file
		fmt.Fprintln(os.Stderr, "usage: texts PLACES FILE...")
		os.Exit(2)
	}
	places, err := printTexts(os.Stdout, os.Args[2:])
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(places), fileMode)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// printTexts prints the texts of the files, and returns their places.
func printTexts(out io.Writer, paths []string) (string, error) {
	var places strings.Builder
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("failed to read the source: %w", err)
		}
		find := inScript
		if strings.HasSuffix(path, ".go") {
			find = inGo
		}
		found, err := find(string(source))
		if err != nil {
			return "", fmt.Errorf("failed to find the texts in %s: %w", path, err)
		}
		for _, t := range found {
			if _, err := fmt.Fprintf(out, "# %s\n\n", t.content); err != nil {
				return "", fmt.Errorf("failed to print a text: %w", err)
			}
			fmt.Fprintf(&places, "%s:%d\n", path, t.line)
		}
	}
	return places.String(), nil
}

// isProse reports whether a text is prose of one line.
func isProse(content string) bool {
	return strings.Count(content, " ") >= fewestSpaces && !strings.Contains(content, "\n")
}

// oneLine returns a text with single spaces: linters take other white space for the end of a line.
func oneLine(content string) string { return strings.Join(strings.Fields(content), " ") }

// inGo returns the string literals of a file of Go.
func inGo(source string) ([]text, error) {
	lines := strings.Split(source, "\n")
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("failed to parse it: %w", err)
	}
	var found []text
	ast.Inspect(parsed, func(node ast.Node) bool {
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		line := files.Position(literal.Pos()).Line
		content, err := strconv.Unquote(literal.Value)
		if err == nil && isProse(content) && !strings.HasSuffix(lines[line-1], foreign) {
			found = append(found, text{oneLine(content), line})
		}
		return true
	})
	return found, nil
}

// quoted is a string in double quotes, and help the description of a target.
var (
	quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	help   = regexp.MustCompile(`^[a-zA-Z0-9_-]+:.*## (.*)$`)
)

// inScript returns the strings of a shell script, and the help of a Makefile.
func inScript(source string) ([]text, error) {
	var found []text
	line := 0
	for content := range strings.Lines(source) {
		line++
		content = strings.TrimSpace(content)
		if match := help.FindStringSubmatch(content); match != nil {
			found = append(found, text{match[1], line})
			continue
		}
		if strings.HasPrefix(content, "#") {
			continue
		}
		for _, match := range quoted.FindAllStringSubmatch(content, -1) {
			if isProse(match[1]) {
				found = append(found, text{oneLine(match[1]), line})
			}
		}
	}
	return found, nil
}
