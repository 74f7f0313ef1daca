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

// schema is a JSON schema of draft 7.
type schema = map[string]any

// Keywords of JSON schemas.
const (
	propertiesKey = "properties"
	additionalKey = "additionalProperties"
)

const digestPattern = `^(sha256:[0-9a-f]{64})?$`

func typed(name string) schema { return schema{"type": name} }

// with adds a rule to a schema.
func with(s schema, key string, rule any) schema {
	s[key] = rule
	return s
}

func text() schema    { return typed("string") }
func boolean() schema { return typed("boolean") }
func integer() schema { return typed("integer") }

func notEmpty() schema { return with(text(), "minLength", 1) }

func matching(pattern string) schema { return with(text(), "pattern", pattern) }

func oneOf(texts ...any) schema { return with(text(), "enum", texts) }

func number(minimum, maximum int) schema {
	return with(with(integer(), "minimum", minimum), "maximum", maximum)
}

func listOf(element schema) schema { return with(typed("array"), "items", element) }

func mapOf(element schema) schema { return with(anything(), additionalKey, element) }

// structure is an object with these fields and no others.
func structure(fields schema, required ...any) schema {
	s := with(with(anything(), additionalKey, false), propertiesKey, fields)
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// anything is an object of Kubernetes, whose fields the API server checks.
func anything() schema { return typed("object") }

// labels must not replace those that the selectors of Deployment, Service and NetworkPolicy need.
func labels() schema {
	s := mapOf(text())
	s["propertyNames"] = schema{"not": schema{"enum": []any{"app.kubernetes.io/name", "control-plane"}}}
	return s
}

// dnsLabel is the name of a namespace.
func dnsLabel() schema { return matching(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`) }

func unique(list schema) schema {
	list["uniqueItems"] = true
	return list
}

func toleration() schema {
	return structure(schema{
		"key": text(), "operator": text(), "value": text(), "effect": text(), "tolerationSeconds": integer(),
	})
}

func affinity() schema {
	return structure(schema{"nodeAffinity": anything(), "podAffinity": anything(), "podAntiAffinity": anything()})
}

func spread() schema {
	return structure(schema{
		"maxSkew": integer(), "topologyKey": text(), "whenUnsatisfiable": text(), "labelSelector": anything(),
		"minDomains": integer(), "nodeAffinityPolicy": text(), "nodeTaintsPolicy": text(), "matchLabelKeys": listOf(text()),
	}, "maxSkew", "topologyKey", "whenUnsatisfiable")
}

func resourceRequirements() schema {
	quantities := mapOf(schema{"type": []any{"string", "number"}})
	return structure(schema{"limits": quantities, "requests": quantities, "claims": listOf(anything())})
}

func variable() schema {
	return structure(schema{nameKey: notEmpty(), "value": text(), "valueFrom": anything()}, nameKey)
}
