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

package llsdtest

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	_ "embed"
)

// Case is a LlamaStackDistribution as a person writes it, and what the API server says of it.
type Case struct {
	// Name says in words what the case is about.
	Name string
	// Spec is YAML.
	Spec string
	// Field and Message are of the error; both are empty for a case that is accepted.
	Field, Message string
}

// Object of the case, of the given name and namespace. It panics where Spec is no YAML.
func (c Case) Object(namespace, name string) *unstructured.Unstructured {
	var spec map[string]any
	read([]byte(c.Spec), &spec)
	return object(namespace, name, map[string]any{"spec": spec})
}

// Older is a LlamaStackDistribution as the 0.9.0 operator left it on a cluster.
type Older struct {
	Name   string         `json:"name"`
	Spec   map[string]any `json:"spec"`
	Status map[string]any `json:"status"`
}

// Object of this LlamaStackDistribution, with its status.
func (o Older) Object(namespace string) *unstructured.Unstructured {
	return object(namespace, o.Name, map[string]any{"spec": o.Spec, "status": o.Status}).DeepCopy()
}

//go:embed testdata/from-0.9.0.yaml
var older []byte

// FromOlder are objects of the 0.9.0 operator, which uses every field that it has in one of them.
func FromOlder() []Older {
	var objects []Older
	read(older, &objects)
	return objects
}

func object(namespace, name string, content map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// read YAML as the API server does: whole numbers are int64. It panics on what is none.
func read(data []byte, into any) {
	text, err := yaml.YAMLToJSONStrict(data)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(fmt.Errorf("failed to read test data: %w", err))
	}
}

// server is a spec with these lines of YAML in its server section, beside a distribution.
func server(lines string) string {
	return "server: {distribution: {name: starter}, " + lines + "}"
}

// allowedFrom is a spec that lets these namespaces in.
func allowedFrom(lines string) string {
	return "{server: {distribution: {name: starter}}, network: {allowedFrom: {" + lines + "}}}"
}
