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

// Package convert turns an OGXServer, the kind of the successor of the 0.9.0 operator, into the LlamaStackDistribution
// that runs the same server. It takes each field from the source that it understands; what is left over at the end has no
// counterpart, and is returned with its path. So nothing is lost without a word, also of fields that a later release adds.
package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// The kind that is converted, in each version of its group.
const (
	Kind  = "OGXServer"
	Group = "ogx.io"
)

// Result is a converted server.
type Result struct {
	// Server is a LlamaStackDistribution, as JSON has it.
	Server map[string]any
	// Lost are fields without a counterpart.
	Lost []Loss
	// Notes say what is different, although each field has a counterpart.
	Notes []string
}

// Loss is a field of the source that the result does not have.
type Loss struct {
	// Field is its path, such as spec.disabledAPIs.
	Field string `json:"field"`
	// Advice says what to do instead, if anything.
	Advice string `json:"advice,omitempty"`
}

// Convertible reports whether an object is an OGXServer.
func Convertible(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	return object["kind"] == Kind && strings.HasPrefix(version, Group+"/")
}

// Convert converts an OGXServer, as JSON has it. The source does not change.
func Convert(object map[string]any) (*Result, error) {
	if !Convertible(object) {
		return nil, fmt.Errorf("the object is a %v of %v; only %s of %s can be converted", object["kind"], object["apiVersion"], Kind, Group)
	}
	c := &conversion{source: newTree(object), target: newTree(nil)}
	c.metadata()
	c.distribution()
	c.config()
	c.workload()
	c.network()
	return &Result{Server: c.target.root, Lost: c.lost(), Notes: c.notes}, nil
}

// conversion is one server while it is converted.
type conversion struct {
	source, target *tree
	notes          []string
	// advice is what to do about fields that stay in the source, by the beginning of their path.
	advice map[string]string
}

// notef remembers a difference.
func (c *conversion) notef(format string, arguments ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, arguments...))
}

// keep leaves a field in the source, with advice.
func (c *conversion) keep(path, advice string) {
	if c.advice == nil {
		c.advice = map[string]string{}
	}
	c.advice[path] = advice
}

// move takes fields, and puts them elsewhere as they are.
func (c *conversion) move(fields [][2]string) {
	for _, field := range fields {
		if value, ok := c.source.take(field[0]); ok {
			c.target.set(field[1], value)
		}
	}
}

// lost are the fields that nothing took.
func (c *conversion) lost() []Loss {
	leaves := c.source.leaves()
	lost := make([]Loss, 0, len(leaves))
	for _, path := range leaves {
		loss := Loss{Field: path}
		for _, beginning := range slices.Sorted(maps.Keys(c.advice)) { // the longest of those that fit is the last
			if path == beginning || strings.HasPrefix(path, beginning+".") || strings.HasPrefix(path, beginning+"[") {
				loss.Advice = c.advice[beginning]
			}
		}
		lost = append(lost, loss)
	}
	return lost
}

// metadata takes what identifies the object. What the cluster fills in is dropped.
func (c *conversion) metadata() {
	for _, path := range []string{"apiVersion", "kind", "status"} {
		c.source.take(path)
	}
	for _, name := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"} {
		c.source.take("metadata." + name)
	}
	c.target.set("apiVersion", v1alpha1.GroupVersion.String())
	c.target.set("kind", v1alpha1.Kind)
	c.move([][2]string{{"metadata.name", "metadata.name"}, {"metadata.namespace", "metadata.namespace"}, {"metadata.labels", "metadata.labels"}})
	annotations, _ := c.source.take("metadata.annotations")
	kept := map[string]any{}
	adopted := ""
	for name, value := range asMap(annotations) {
		switch {
		case name == "kubectl.kubernetes.io/last-applied-configuration":
		case name == Group+"/adopt-storage":
			adopted, _ = value.(string)
		case strings.HasPrefix(name, Group+"/"):
			c.notef("the annotation %s is left out: only the successor reads it", name)
		default:
			kept[name] = value
		}
	}
	if len(kept) > 0 {
		c.target.set("metadata.annotations", kept)
	}
	c.data(adopted)
}

// data says where the data of the server is. A PVC has one controller: it has to be freed before this operator can use it.
func (c *conversion) data(adopted string) {
	if _, ok := c.source.get("spec.workload.storage"); !ok && adopted == "" {
		return
	}
	if adopted == "" {
		name, _ := c.target.get("metadata.name")
		adopted, _ = name.(string)
	}
	c.notef("the data is in the PVC %s-pvc, which the %s owns. To keep it, remove the owner reference of the PVC before you delete the %s, "+
		"and set spec.server.storage.existingClaim to its name", adopted, Kind, Kind)
}

// distribution takes the image. The successor's names stand for images of OGX, which have another name here.
func (c *conversion) distribution() {
	c.move([][2]string{{"spec.distribution.image", "spec.server.distribution.image"}})
	name, _ := c.source.get("spec.distribution.name")
	text, ok := name.(string)
	if !ok {
		return
	}
	c.source.take("spec.distribution.name")
	if slices.Contains([]string{"starter", "postgres-demo"}, text) {
		text = "ogx-" + text
	} else {
		c.notef("the distribution %s is used as it is; check that the operator has it: kubectl llamastack doctor", text)
	}
	c.target.set("spec.server.distribution.name", text)
}
