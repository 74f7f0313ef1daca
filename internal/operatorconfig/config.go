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

package operatorconfig

import "strings"

// Name of the ConfigMap.
const Name = "llama-stack-operator-config"

// Keys of the ConfigMap.
const (
	// KeyFeatureFlags holds a mapping of features to {enabled: bool}.
	KeyFeatureFlags = "featureFlags"
	// KeyImageOverrides holds a mapping of distribution names to images.
	KeyImageOverrides = "image-overrides"
	// KeyCABundleNamespaces holds a list of namespaces whose ConfigMaps any CR may name as its CA bundle.
	KeyCABundleNamespaces = "ca-bundle-namespaces"
)

// Keys lists the keys that are read.
func Keys() []string { return []string{KeyFeatureFlags, KeyImageOverrides, KeyCABundleNamespaces} }

// maxMessage is the length of a Problem's message, in bytes.
const maxMessage = 512

// Setting is a value that may not be known, because it was never read in a form that could be understood.
type Setting[T any] struct {
	// Value of the setting; the zero value where it is not known.
	Value T
	// Known says that Value is what an administrator wrote, or the default where none wrote anything.
	Known bool
}

// Config is what the ConfigMap says. Its maps and slices are shared: read them, and change none.
type Config struct {
	// NetworkPolicy says whether servers get a NetworkPolicy. Default false.
	NetworkPolicy Setting[bool]
	// ImageOverrides are images by distribution name, all of them valid references. Default empty.
	ImageOverrides Setting[map[string]string]
	// CABundleNamespaces are names of namespaces, sorted, without duplicates. Default empty.
	CABundleNamespaces Setting[[]string]
	// InvalidOverrides are the names in image-overrides whose image cannot be used, and why. ImageOverrides has the
	// image that such a name last had, where it had one.
	InvalidOverrides map[string]string
}

// Problem is something in the ConfigMap that was not understood.
type Problem struct {
	// Key of the ConfigMap.
	Key string
	// Message says what was found, where, and what to write. The same content gives the same text.
	Message string
}

// Defaults is the data of the ConfigMap as the operator creates it where there is none: that of 0.9.0.
func Defaults() map[string]string {
	return map[string]string{KeyFeatureFlags: flagNetworkPolicy + ":\n  " + flagEnabled + ": false\n"}
}

// Parse reads the ConfigMap's data. A key that is malformed keeps what last has; the zero Config is a last that knows
// nothing. Problems come in a fixed order, none means that all was understood. Other keys of data are not looked at.
func Parse(data map[string]string, last Config) (Config, []Problem) {
	var p problems
	c := Config{NetworkPolicy: settle(&p, KeyFeatureFlags, data, last.NetworkPolicy, p.networkPolicy)}
	previous := overrides{images: last.ImageOverrides.Value, invalid: last.InvalidOverrides}
	all := settle(&p, KeyImageOverrides, data, Setting[overrides]{previous, last.ImageOverrides.Known},
		func(text string) (overrides, error) { return p.overrides(text, previous.images) })
	c.ImageOverrides = Setting[map[string]string]{all.Value.images, all.Known}
	c.InvalidOverrides = all.Value.invalid
	c.CABundleNamespaces = settle(&p, KeyCABundleNamespaces, data, last.CABundleNamespaces, p.namespaces)
	return c, p
}

// problems collects what was not understood.
type problems []Problem

func (p *problems) add(key, message string) {
	*p = append(*p, Problem{Key: key, Message: bounded(message)})
}

// bounded cuts a text that quotes an administrator's: it ends up in events, conditions and logs.
func bounded(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// settle parses one key, and keeps last where that fails. An absent key is parsed as a blank one.
func settle[T any](p *problems, key string, data map[string]string, last Setting[T], parse func(string) (T, error)) Setting[T] {
	value, err := parse(data[key])
	if err == nil {
		return Setting[T]{Value: value, Known: true}
	}
	stays := "what exists on the cluster stays as it is until then"
	if last.Known {
		stays = "the last good value stays in force until then"
	}
	p.add(key, err.Error()+"; "+stays)
	return last
}
