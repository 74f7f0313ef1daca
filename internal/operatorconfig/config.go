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

import "github.com/llamastack/llama-stack-k8s-operator/internal/bound"

// Name of the ConfigMap.
const Name = "llama-stack-operator-config"

// Keys of the ConfigMap.
const (
	// KeyFeatureFlags is a mapping of features to {enabled: bool}.
	KeyFeatureFlags = "featureFlags"
	// KeyImageOverrides is a mapping of names of distributions to images.
	KeyImageOverrides = "image-overrides"
	// KeyCABundleNamespaces is a list of namespaces whose ConfigMaps any CR can use as its CA bundle.
	KeyCABundleNamespaces = "ca-bundle-namespaces"
	// KeyRollouts is a mapping with the limits of concurrent rollouts that the operator causes.
	KeyRollouts = "rollouts"
)

// Keys lists the keys that are read.
func Keys() []string {
	return []string{KeyFeatureFlags, KeyImageOverrides, KeyCABundleNamespaces, KeyRollouts}
}

// maxMessage is the maximum length of a Problem's message, in bytes.
const maxMessage = 512

// Setting is a value that can be unknown, because no valid value was read yet.
type Setting[T any] struct {
	// Value of the setting. It is the zero value if it is unknown.
	Value T
	// Known means that Value is from the ConfigMap, or the default if the key is absent.
	Known bool
}

// Rollouts are the limits of concurrent rollouts that the operator causes, 1 to 1000.
type Rollouts struct {
	// AtOnce is the limit in the cluster, PerNamespace in each namespace.
	AtOnce, PerNamespace int
}

// DefaultRollouts are the default limits.
func DefaultRollouts() Rollouts { return Rollouts{AtOnce: 5, PerNamespace: 2} }

// Config is the content of the ConfigMap. Its maps and slices are shared and read-only.
type Config struct {
	// NetworkPolicy enables a NetworkPolicy for servers. Default false.
	NetworkPolicy Setting[bool]
	// ImageOverrides are images by name of the distribution, all valid references. Default empty.
	ImageOverrides Setting[map[string]string]
	// CABundleNamespaces are sorted names of namespaces, without duplicates. Default empty.
	CABundleNamespaces Setting[[]string]
	// Rollouts limit concurrent rollouts that the operator causes. Default DefaultRollouts.
	Rollouts Setting[Rollouts]
	// InvalidOverrides are the names in image-overrides with an invalid image, and the reason. For these,
	// ImageOverrides has the last valid image, if there is one.
	InvalidOverrides map[string]string
}

// Problem is an invalid part of the ConfigMap.
type Problem struct {
	// Key of the ConfigMap.
	Key string
	// Message describes the problem, its place and the fix. The same content gives the same message.
	Message string
}

// Defaults is the data of the ConfigMap that the operator creates, as in 0.9.0.
func Defaults() map[string]string {
	return map[string]string{KeyFeatureFlags: flagNetworkPolicy + ":\n  " + flagEnabled + ": false\n"}
}

// Parse reads the ConfigMap's data. A malformed key keeps its value in last; in the zero Config, all values are
// unknown. Problems are in a fixed order. Other keys of data are ignored.
func Parse(data map[string]string, last Config) (Config, []Problem) {
	var p problems
	c := Config{NetworkPolicy: settle(&p, KeyFeatureFlags, data, last.NetworkPolicy, p.networkPolicy)}
	previous := overrides{images: last.ImageOverrides.Value, invalid: last.InvalidOverrides}
	all := settle(&p, KeyImageOverrides, data, Setting[overrides]{previous, last.ImageOverrides.Known},
		func(text string) (overrides, error) { return p.overrides(text, previous.images) })
	c.ImageOverrides = Setting[map[string]string]{all.Value.images, all.Known}
	c.InvalidOverrides = all.Value.invalid
	c.CABundleNamespaces = settle(&p, KeyCABundleNamespaces, data, last.CABundleNamespaces, p.namespaces)
	c.Rollouts = settle(&p, KeyRollouts, data, last.Rollouts, p.rollouts)
	return c, p
}

// maxProblems is the maximum number of reported problems of one key: each becomes an Event and a log message.
const maxProblems = 10

// problems collects the problems of all keys.
type problems []Problem

func (p *problems) add(key, message string) {
	switch count := p.about(key); {
	case count < maxProblems:
		*p = append(*p, Problem{Key: key, Message: bound.Text(message, maxMessage)})
	case count == maxProblems:
		*p = append(*p, Problem{Key: key, Message: "there are more problems: they are reported after the first ones are fixed"})
	}
}

// about returns the number of problems of a key.
func (p *problems) about(key string) int {
	found := 0
	for _, problem := range *p {
		if problem.Key == key {
			found++
		}
	}
	return found
}

// settle parses one key, and keeps last if that fails. An absent key counts as blank.
func settle[T any](p *problems, key string, data map[string]string, last Setting[T], parse func(string) (T, error)) Setting[T] {
	value, err := parse(data[key])
	if err == nil {
		return Setting[T]{Value: value, Known: true}
	}
	stays := "objects on the cluster stay unchanged until then"
	if last.Known {
		stays = "the last valid value is used until then"
	}
	p.add(key, err.Error()+"; "+stays)
	return last
}
