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

package apply

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// canonical returns the fields that obj sets, each with the value that it has after a round trip through the Go type of its kind.
// For example, a quantity of 1000m becomes 1. A digest replaces the content of a ConfigMap.
func (c *comparer) canonical(obj *unstructured.Unstructured) (map[string]any, error) {
	typed, err := newObject(c.scheme, obj.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := fill(typed, obj.Object); err != nil {
		return nil, err
	}
	cm, digested := typed.(*corev1.ConfigMap)
	if digested {
		Digest(cm)
	}
	canon, err := fieldsOf(typed)
	if err != nil {
		return nil, err
	}
	fields := overlayMap(obj.Object, canon)
	if digested {
		delete(fields, "data")
		delete(fields, "binaryData")
		annotate(fields, DigestAnnotation, cm.Annotations[DigestAnnotation])
	}
	dropDefaults(obj.GroupVersionKind().GroupKind(), fields)
	return fields, nil
}

// overlayMap returns the keys of raw with the values of canon. The typed form knows neither null nor an empty list or map that may
// be left out, and no more does the API server; but a zero that was left out by the type is a value that the intent insists on.
func overlayMap(raw, canon map[string]any) map[string]any {
	out := make(map[string]any, len(raw))
	for key, value := range raw {
		if typed, ok := canon[key]; ok && value != nil {
			out[key] = overlay(value, typed)
		} else if scalar(value) {
			out[key] = value
		}
	}
	return out
}

func overlay(raw, canon any) any {
	switch r := raw.(type) {
	case map[string]any:
		if c, ok := canon.(map[string]any); ok {
			return overlayMap(r, c)
		}
	case []any:
		if c, ok := canon.([]any); ok && len(c) == len(r) {
			return overlayList(r, c)
		}
	}
	return canon
}

func overlayList(raw, canon []any) []any {
	out := make([]any, len(raw))
	for i := range raw {
		out[i] = overlay(raw[i], canon[i])
	}
	return out
}

func scalar(value any) bool {
	switch value.(type) {
	case nil, map[string]any, []any:
		return false
	}
	return true
}

// observed returns the fields of a live object, without those that nobody applies.
func observed(obj runtime.Object, gvk schema.GroupVersionKind) (map[string]any, error) {
	fields, err := fieldsOf(obj)
	if err != nil {
		return nil, err
	}
	fields["apiVersion"], fields["kind"] = gvk.ToAPIVersionAndKind()
	delete(fields, "status")
	if metadata, ok := fields["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
		delete(metadata, "creationTimestamp")
	}
	dropDefaults(gvk.GroupKind(), fields)
	return fields, nil
}

// dropDefaults removes what the API server fills in inside of structures that are compared as one piece (atomic lists and structs);
// everywhere else a field that the intent does not have is not compared. The defaults are those of the API reference:
// ObjectFieldSelector.apiVersion, ResourceFieldSelector.divisor, ServiceAccountTokenProjection.expirationSeconds and
// NetworkPolicyPort.protocol.
func dropDefaults(kind schema.GroupKind, fields map[string]any) {
	policy := kind == children.Of(children.NetworkPolicy).GroupKind()
	dropIn(fields, "", policy)
}

// tokenSeconds is the lifetime of a projected token that names none.
const tokenSeconds = int64(3600)

func dropIn(value any, key string, policy bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			dropIn(item, key, policy)
		}
	case map[string]any:
		switch key {
		case "fieldRef":
			dropIf(v, "apiVersion", "v1")
		case "resourceFieldRef":
			dropIf(v, "divisor", "0")
		case "serviceAccountToken":
			dropIf(v, "expirationSeconds", tokenSeconds)
		case "ports":
			if policy {
				dropIf(v, "protocol", string(corev1.ProtocolTCP))
			}
		}
		for k, item := range v {
			dropIn(item, k, policy)
		}
	}
}

func dropIf(m map[string]any, key string, value any) {
	if m[key] == value {
		delete(m, key)
	}
}
