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

package redact

import (
	"fmt"
	"regexp"
	"slices"
)

// shown are the annotations whose values stay: they are times, numbers and names. All others can contain anything, such as
// kubectl's last-applied-configuration or a compressed Pod template. A hash is not shown, either: that of a short value can be
// guessed.
var shown = map[string]bool{ //nolint:gochecknoglobals // nobody changes it
	"llamastack.io/paused": true, "llamastack.io/restarted-at": true, "llamastack.io/check": true, "llamastack.io/checked": true,
	"llamastack.io/suspended": true, "llamastack.io/requested-size": true,
	"llamastack.io/foreign-files":       true,
	"deployment.kubernetes.io/revision": true, "kubectl.kubernetes.io/restartedAt": true,
	"storageclass.kubernetes.io/is-default-class": true, "openshift.io/required-scc": true, "openshift.io/scc": true,
	"pv.kubernetes.io/bind-completed": true, "pv.kubernetes.io/bound-by-controller": true,
	"volume.kubernetes.io/storage-provisioner": true, "volume.kubernetes.io/selected-node": true,
}

// free are the fields of a LlamaStackDistribution with content in the form of the server's configuration.
var free = []string{ //nolint:gochecknoglobals // nobody changes it
	".spec.server.config.providers.config", ".spec.server.config.models.metadata", ".spec.server.config.resources",
	".spec.server.config.patch", ".spec.server.config.auth.access", ".status.distributionConfig.providers.config",
}

// identity are fields that name objects, types, and keys of labels and ConfigMaps. They stay as they are, because other objects
// refer to them.
var identity = []string{ //nolint:gochecknoglobals // nobody changes it
	"apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "secretName", "secret",
	"key", "topologyKey", "configMapKeys", "matchLabelKeys", "mismatchLabelKeys",
}

// variable is a reference to a variable of the container, without its default.
var variable = regexp.MustCompile(`^\$\{env\.[A-Za-z0-9_]+(:[=+])?\}$`)

// Object is an object of the API without secrets: of the contents of a ConfigMap, the keys and sizes, and of those of a
// Secret, nothing. What it removes is also removed by Text from then on. The object itself does not change.
func (r *Redactor) Object(object map[string]any) map[string]any {
	return r.closed(object, func(_, _, size string) string { return size })
}

// Compared is as Object, and says of each key of a ConfigMap whether its content is the same in another one.
func (r *Redactor) Compared(object map[string]any, name string, other map[string]any) map[string]any {
	return r.closed(object, func(field, key, size string) string {
		content, _ := object[field].(map[string]any)
		compared, _ := other[field].(map[string]any)
		switch found, ok := compared[key]; {
		case !ok:
			return size + ", not in " + name
		case found != content[key]:
			return size + ", differs from " + name
		}
		return size + ", equal to " + name
	})
}

// closed is an object without the contents of a ConfigMap or Secret. say is what is said of a key of a ConfigMap.
func (r *Redactor) closed(object map[string]any, say func(field, key, size string) string) map[string]any {
	open := map[string]any{}
	for key, value := range object {
		if key != "data" && key != "binaryData" && key != "stringData" {
			open[key] = value
		}
	}
	kept := r.Open(open)
	for field, value := range object {
		if _, ok := open[field]; ok {
			continue
		}
		kept[field] = Removed
		if entries, ok := value.(map[string]any); ok && object["kind"] == "ConfigMap" {
			said := map[string]any{}
			for key, content := range entries {
				said[key] = "[removed: " + say(field, key, fmt.Sprintf("%d bytes", len(fmt.Sprint(content)))) + "]"
			}
			kept[field] = said
		}
	}
	return kept
}

// Open is as Object, with the contents of a ConfigMap that is the operator's own.
func (r *Redactor) Open(object map[string]any) map[string]any {
	kept := map[string]any{}
	for key, value := range object {
		kept[key] = r.value("."+key, key, value)
	}
	return kept
}

// value is a value without secrets. path has the keys that lead to it.
func (r *Redactor) value(path, key string, value any) any {
	if slices.Contains(free, path) {
		return r.configuration(key, value)
	}
	switch value := value.(type) {
	case map[string]any:
		return r.fields(path, key, value)
	case []any:
		if key == "args" || key == "command" {
			return r.arguments(value)
		}
		kept := make([]any, len(value))
		for i := range value {
			kept[i] = r.value(path, key, value[i])
		}
		return kept
	case string:
		return r.text(key, value)
	}
	return value
}

// text is a text without secrets.
func (r *Redactor) text(key, value string) string {
	switch {
	case slices.Contains(identity, key):
		return value
	case Named(key) && value != "":
		return r.remember(value, key)
	}
	return r.Text(value)
}

// fields are the fields of a part of an object.
func (r *Redactor) fields(path, key string, fields map[string]any) map[string]any {
	kept := map[string]any{}
	name, named := fields["name"].(string)
	for field, value := range fields {
		text, isText := value.(string)
		switch {
		case field == "managedFields":
		case key == "annotations":
			kept[field] = r.annotation(field, text)
		case named && field == "value" && isText: // a variable, or a header
			kept[field] = r.remember(text, name)
		default:
			kept[field] = r.value(path+"."+field, field, value)
		}
	}
	return kept
}

// annotation is the value of an annotation.
func (r *Redactor) annotation(key, value string) string {
	if shown[key] {
		return r.Text(value)
	}
	return fmt.Sprintf("[removed: %d bytes]", len(value))
}

// arguments are the words of a command line. What is no text is none of its words.
func (r *Redactor) arguments(words []any) []any {
	texts, kept := make([]string, len(words)), make([]any, len(words))
	for i, word := range words {
		texts[i] = Removed
		if text, ok := word.(string); ok {
			texts[i] = text
		}
	}
	shown := Words(texts, func(name, value string) string { return r.remember(value, name) }, func(text string) string {
		for _, found := range secretsIn(text) {
			r.remember(found, "")
		}
		return r.Text(text)
	})
	for i, text := range shown {
		kept[i] = text
	}
	return kept
}

// configuration is a part of a server's configuration without its texts, which can be anything. The names of variables
// stay, and so do numbers.
func (r *Redactor) configuration(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for field, content := range value {
			kept[field] = r.configuration(field, content)
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i := range value {
			kept[i] = r.configuration(key, value[i])
		}
		return kept
	case string:
		if variable.MatchString(value) || value == "" {
			return value
		}
		return r.remember(value, key)
	}
	return value
}
