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
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// shown are the annotations whose values stay: they are times, numbers and hashes. All others can contain anything, such as
// kubectl's last-applied-configuration or a compressed Pod template.
var shown = map[string]bool{ //nolint:gochecknoglobals // nobody changes it
	"llamastack.io/paused": true, "llamastack.io/restarted-at": true, "llamastack.io/check": true, "llamastack.io/checked": true,
	"llamastack.io/suspended": true, "llamastack.io/applied-hash": true, "llamastack.io/requested-size": true,
	"llamastack.io/content-digest": true, "llamastack.io/foreign-files": true,
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

// identity are fields that name objects and types. They stay as they are, because other objects refer to them.
var identity = []string{"apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "secretName", "secret"} //nolint:gochecknoglobals // nobody changes it

var (
	// option is a command-line option or a variable with a value.
	option = regexp.MustCompile(`(?s)^(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=(.*)$`)
	// variable is a reference to a variable of the container, without its default.
	variable = regexp.MustCompile(`^\$\{env\.[A-Za-z0-9_]+(:[=+])?\}$`)
)

// Object is an object of the API without secrets: of the contents of a ConfigMap, the sizes and hashes, and of those of a
// Secret, nothing. What it removes is also removed by Text from then on. The object itself does not change.
func (r *Redactor) Object(object map[string]any) map[string]any {
	open := map[string]any{}
	for key, value := range object {
		if key != "data" && key != "binaryData" && key != "stringData" {
			open[key] = value
		}
	}
	kept := r.Open(open)
	for key, value := range object {
		if _, ok := open[key]; !ok {
			kept[key] = Removed
			if entries, ok := value.(map[string]any); ok && object["kind"] == "ConfigMap" {
				kept[key] = sizes(entries)
			}
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

// sizes are the sizes and hashes of contents instead of the contents.
func sizes(entries map[string]any) map[string]any {
	kept := map[string]any{}
	for key, value := range entries {
		text := fmt.Sprint(value)
		kept[key] = fmt.Sprintf("[removed: %d bytes, sha256 %x]", len(text), sha256.Sum256([]byte(text)))
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
	case secretKey.MatchString(key) && value != "":
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

// arguments are the words of a command line.
func (r *Redactor) arguments(words []any) []any {
	kept, secret := make([]any, len(words)), ""
	for i, word := range words {
		text, ok := word.(string)
		if !ok {
			kept[i] = Removed
			continue
		}
		parts := option.FindStringSubmatch(text)
		switch {
		case secret != "":
			kept[i], secret = r.remember(text, secret), ""
		case len(parts) > 0 && secretKey.MatchString(parts[1]):
			kept[i] = parts[1] + "=" + r.remember(parts[2], parts[1])
		case strings.HasPrefix(text, "-") && secretKey.MatchString(text) && !strings.ContainsAny(text, "= \n"):
			kept[i], secret = text, text
		default:
			for _, found := range secretsIn(text) {
				r.remember(found, "")
			}
			kept[i] = r.Text(text)
		}
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
