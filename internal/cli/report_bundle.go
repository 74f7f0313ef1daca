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
	"encoding/json"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/internal/redact"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// The limits of a report, in bytes.
const (
	// largestReport is the sum of all files before compression.
	largestReport = 128 << 20
	// largestObjects is the sum of all objects, which are held in memory.
	largestObjects = 64 << 20
)

// mostMissing is how many things that could not be read the index lists.
const mostMissing = 1000

// indexFile is the last file that is written.
const indexFile = "index.json"

// reportIndex is the index.
type reportIndex struct {
	// Version of the program.
	Version string       `json:"version"`
	Time    metav1.Time  `json:"time"`
	Files   []reportFile `json:"files"`
	Missing []reportMiss `json:"missing"`
}

// reportFile is a file of the report.
type reportFile struct {
	Path  string `json:"path"`
	Bytes int    `json:"bytes"`
	// Truncated says that only the end is there.
	Truncated bool `json:"truncated,omitempty"`
}

// reportMiss is what could not be read.
type reportMiss struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// bundle is a report. All that is written passes through its redactor.
type bundle struct {
	redactor redact.Redactor
	sink     sink
	index    reportIndex
	objects  []heldObject
	held     int
	written  int
}

// heldObject is an object until it is written: the values of all objects are removed from each of them.
type heldObject struct {
	path    string
	content map[string]any
	redact  func(map[string]any) map[string]any
}

func newBundle(index reportIndex) *bundle {
	index.Files, index.Missing = []reportFile{}, []reportMiss{}
	return &bundle{index: index}
}

// add holds an object.
func (b *bundle) add(path string, object *unstructured.Unstructured) {
	b.hold(path, object, b.redactor.Object)
}

// hold holds an object, and a way to remove the secrets from it.
func (b *bundle) hold(path string, object *unstructured.Unstructured, without func(map[string]any) map[string]any) {
	content, err := json.Marshal(object.Object)
	if err != nil {
		b.miss(path, err)
		return
	}
	if b.held+len(content) > largestObjects {
		b.miss(path, fmt.Errorf("the objects of the report have %d bytes, which is the limit; name one server or one namespace", b.held))
		return
	}
	b.held += len(content)
	without(object.Object)
	b.objects = append(b.objects, heldObject{path: path, content: object.Object, redact: without})
}

// flush writes the objects that are held.
func (b *bundle) flush() error {
	for _, held := range b.objects {
		content, err := yaml.Marshal(held.redact(held.content))
		if err != nil {
			return fmt.Errorf("failed to write %s as YAML: %w", held.path, err)
		}
		if err := b.put(held.path, content, false); err != nil {
			return err
		}
	}
	b.objects = nil
	return nil
}

// text writes a text without secrets.
func (b *bundle) text(path, content string, truncated bool) error {
	return b.put(path, []byte(b.redactor.Text(content)), truncated)
}

// put writes a file, unless the report is full.
func (b *bundle) put(path string, content []byte, truncated bool) error {
	if b.written+len(content) > largestReport {
		b.miss(path, fmt.Errorf("the report has %d bytes, which is the limit; name one server or one namespace", b.written))
		return nil
	}
	b.written += len(content)
	b.index.Files = append(b.index.Files, reportFile{Path: path, Bytes: len(content), Truncated: truncated})
	return b.sink.write(path, content)
}

// miss notes what could not be read.
func (b *bundle) miss(what string, err error) {
	if err != nil && len(b.index.Missing) < mostMissing {
		b.index.Missing = append(b.index.Missing, reportMiss{What: what, Why: clean(b.redactor.Text(explain(err).Error()))})
	}
}

// finish writes the index.
func (b *bundle) finish() error {
	content, err := json.MarshalIndent(b.index, "", "  ")
	if err != nil {
		return fmt.Errorf("failed to write the index: %w", err)
	}
	return b.sink.write(indexFile, append(content, '\n'))
}
