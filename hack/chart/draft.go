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

package chart

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// draft is an object of kustomize in which values of the chart get their places. A place is a mark in the object, which becomes
// a part of the template after the object is written as YAML. The first error is kept until the template is written.
type draft struct {
	object object
	// when is the condition of the whole object, and each what it is repeated for. Both are optional.
	when, each string
	places     []place
	err        error
}

// place is what replaces a mark: an expression inside of a line, or whole lines.
type place struct {
	text  string
	lines bool
}

// newDraft copies an object.
func newDraft(from object) *draft {
	text, err := yaml.Marshal(from)
	d := &draft{object: object{}}
	d.fail(err)
	d.fail(yaml.Unmarshal(text, &d.object))
	return d
}

func (d *draft) fail(err error) { d.err = errors.Join(d.err, err) }

// mark adds a place. Marks are the last of the keys of a mapping, because the first key of a list's element shares its line with
// the dash.
func (d *draft) mark(p place) string {
	d.places = append(d.places, p)
	return fmt.Sprintf("zzplace%dzz", len(d.places)-1)
}

// expression returns the mark of an expression, which can be a part of a text.
func (d *draft) expression(text string) string { return d.mark(place{text: "{{ " + text + " }}"}) }

// lines returns the mark of lines. It is an element of a list, or a key of a mapping.
func (d *draft) lines(text string) string {
	return d.mark(place{text: strings.Trim(text, "\n"), lines: true})
}

// at returns what is at a path: keys and indexes, separated by dots. It is nil if there is nothing.
func at(from any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch parent := from.(type) {
		case object:
			from = parent[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(parent) {
				return nil
			}
			from = parent[index]
		default:
			return nil
		}
	}
	return from
}

// parent returns the mapping that holds the last key of a path.
func (d *draft) parent(path string) (object, string) {
	folder, last := "", path
	if end := strings.LastIndex(path, "."); end >= 0 {
		folder, last = path[:end], path[end+1:]
	}
	if folder == "" {
		return d.object, last
	}
	parent, found := at(d.object, folder).(object)
	if !found {
		d.fail(fmt.Errorf("%s has no mapping at %s", identity(d.object), folder))
		return object{}, last
	}
	return parent, last
}

// set replaces what is at a path.
func (d *draft) set(path string, value any) {
	parent, last := d.parent(path)
	parent[last] = value
}

// setExpression replaces what is at a path, which must exist, by an expression.
func (d *draft) setExpression(path, text string) {
	if at(d.object, path) == nil {
		d.fail(fmt.Errorf("%s has nothing at %s", identity(d.object), path))
		return
	}
	d.set(path, d.expression(text))
}

// setLines replaces a field, or adds it, by lines that contain its key.
func (d *draft) setLines(path, text string) {
	parent, last := d.parent(path)
	delete(parent, last)
	parent[d.lines(text)] = ""
}

// optional is a field that the chart has only if the value is not empty.
func (d *draft) optional(path, value string) {
	_, key := d.parent(path)
	d.setLines(path, fmt.Sprintf("{{- with $.Values.%s }}\n%s:\n  {{- toYaml . | nindent +2 }}\n{{- end }}", value, key))
}

// extend adds lines to a list or a mapping, which must exist.
func (d *draft) extend(path, text string) {
	switch existing := at(d.object, path).(type) {
	case []any:
		d.set(path, append(existing, d.lines(text)))
	case object:
		existing[d.lines(text)] = ""
	default:
		d.fail(fmt.Errorf("%s has no list or mapping at %s", identity(d.object), path))
	}
}

// rewrite replaces texts in all strings of the object. whole is for strings that are the text, part for its other occurrences.
func (d *draft) rewrite(text, whole, part string) {
	var walk func(any) any
	walk = func(value any) any {
		switch value := value.(type) {
		case object:
			for key, element := range value {
				value[key] = walk(element)
			}
		case []any:
			for index, element := range value {
				value[index] = walk(element)
			}
		case string:
			if value == text {
				return d.expression(whole)
			}
			if strings.Contains(value, text) {
				return strings.ReplaceAll(value, text, d.expression(part))
			}
		}
		return value
	}
	walk(d.object)
}

// template writes the object as a part of a template.
func (d *draft) template() (string, error) {
	if d.err != nil {
		return "", d.err
	}
	content, err := yaml.Marshal(d.object)
	if err != nil {
		return "", fmt.Errorf("failed to write %s: %w", identity(d.object), err)
	}
	text := strings.ReplaceAll(string(content), "{{", `{{ "{{" }}`)
	for index, p := range d.places {
		text = p.replace(text, fmt.Sprintf("zzplace%dzz", index))
	}
	if strings.Contains(text, "zzplace") {
		return "", fmt.Errorf("a place of %s was not found", identity(d.object))
	}
	text = "---\n" + text
	if d.each != "" {
		text = "{{- range " + d.each + " }}\n" + text + "{{- end }}\n"
	}
	if d.when != "" {
		text = "{{- if " + d.when + " }}\n" + text + "{{- end }}\n"
	}
	return text, nil
}

// replace puts the place where its mark is.
func (p place) replace(text, mark string) string {
	if !p.lines {
		return strings.ReplaceAll(text, mark, p.text)
	}
	whole := regexp.MustCompile(`(?m)^ *(?:- ` + mark + `|` + mark + `: "")$`)
	return whole.ReplaceAllStringFunc(text, func(line string) string {
		return indented(p.text, len(line)-len(strings.TrimLeft(line, " ")))
	})
}

// indented indents lines of a template, and the text that they insert: "nindent +2" counts from there.
func indented(text string, by int) string {
	text = regexp.MustCompile(`nindent \+(\d+)`).ReplaceAllStringFunc(text, func(found string) string {
		more, _ := strconv.Atoi(strings.TrimPrefix(found, "nindent +"))
		return "nindent " + strconv.Itoa(by+more)
	})
	var out bytes.Buffer
	for index, line := range strings.Split(text, "\n") {
		if index > 0 {
			out.WriteByte('\n')
		}
		if line != "" {
			out.WriteString(strings.Repeat(" ", by) + line)
		}
	}
	return out.String()
}
