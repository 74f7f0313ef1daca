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

// Package references finds the ConfigMaps and Secrets that a server's Pods read, and decides which of their contents the Pods
// are requested with. It reads nothing itself.
package references

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// MaxConfigMaps and MaxSecrets are how many of them one server rolls for.
const (
	MaxConfigMaps = 50
	MaxSecrets    = 50
)

// ConfigMap is one that Pods read, and what of it counts.
type ConfigMap struct {
	Name string
	// Whole says that every key counts.
	Whole bool
	// Keys are those that are named; true: the Pods do not start without it.
	Keys map[string]bool
}

// Set is what the Pods of a server read, in the order of the spec.
type Set struct {
	ConfigMaps []ConfigMap
	Secrets    []string
	// Beyond says that there are more ConfigMaps or Secrets, for which the server does not roll.
	Beyond bool
}

// Of is what the spec refers to, and the environment variables of the declared configuration. It is empty for a server
// that does not roll for its references.
func Of(server *v1alpha1.ServerSpec, declared []corev1.EnvVar) Set {
	if !server.RollsOnReferenceChange() {
		return Set{}
	}
	found := &collection{configMaps: map[string]int{}, secrets: map[string]bool{}}
	found.variables(server.ContainerSpec.Env)
	found.sources(server.ContainerSpec.EnvFrom)
	found.variables(declared)
	if otlp := server.OTLP(); otlp != nil && otlp.HeadersFrom != nil {
		found.secret(otlp.HeadersFrom.Name)
	}
	if overrides := server.PodOverrides; overrides != nil {
		found.volumes(overrides.Volumes)
		for i := range overrides.InitContainers {
			found.variables(overrides.InitContainers[i].Env)
		}
	}
	return found.Set
}

// collection is a Set in the making.
type collection struct {
	Set

	configMaps map[string]int
	secrets    map[string]bool
}

func (c *collection) variables(variables []corev1.EnvVar) {
	for i := range variables {
		from := variables[i].ValueFrom
		if from == nil {
			continue
		}
		if key := from.ConfigMapKeyRef; key != nil {
			c.key(key.Name, key.Key, ptr.Deref(key.Optional, false))
		}
		if key := from.SecretKeyRef; key != nil {
			c.secret(key.Name)
		}
	}
}

func (c *collection) sources(sources []corev1.EnvFromSource) {
	for i := range sources {
		if source := sources[i].ConfigMapRef; source != nil {
			c.whole(source.Name)
		}
		if source := sources[i].SecretRef; source != nil {
			c.secret(source.Name)
		}
	}
}

func (c *collection) volumes(volumes []corev1.Volume) {
	for i := range volumes {
		if source := volumes[i].ConfigMap; source != nil {
			c.files(source.Name, source.Items, source.Optional)
		}
		if source := volumes[i].Secret; source != nil {
			c.secret(source.SecretName)
		}
		if source := volumes[i].Projected; source != nil {
			c.projected(source.Sources)
		}
	}
}

func (c *collection) projected(sources []corev1.VolumeProjection) {
	for i := range sources {
		if source := sources[i].ConfigMap; source != nil {
			c.files(source.Name, source.Items, source.Optional)
		}
		if source := sources[i].Secret; source != nil {
			c.secret(source.Name)
		}
	}
}

// files are those of a volume: the listed keys, or all of them.
func (c *collection) files(name string, items []corev1.KeyToPath, optional *bool) {
	if len(items) == 0 {
		c.whole(name)
	}
	for i := range items {
		c.key(name, items[i].Key, ptr.Deref(optional, false))
	}
}

func (c *collection) whole(name string) {
	if configMap := c.configMap(name); configMap != nil {
		configMap.Whole = true
	}
}

func (c *collection) key(name, key string, optional bool) {
	configMap := c.configMap(name)
	if configMap == nil {
		return
	}
	if configMap.Keys == nil {
		configMap.Keys = map[string]bool{}
	}
	configMap.Keys[key] = configMap.Keys[key] || !optional
}

// configMap is the entry of a ConfigMap, which is made where there is none; nil: there is no place for one more.
func (c *collection) configMap(name string) *ConfigMap {
	at, known := c.configMaps[name]
	switch {
	case name == "":
		return nil
	case known:
		return &c.ConfigMaps[at]
	case len(c.ConfigMaps) == MaxConfigMaps:
		c.Beyond = true
		return nil
	}
	c.configMaps[name] = len(c.ConfigMaps)
	c.ConfigMaps = append(c.ConfigMaps, ConfigMap{Name: name})
	return &c.ConfigMaps[len(c.ConfigMaps)-1]
}

func (c *collection) secret(name string) {
	switch {
	case name == "" || c.secrets[name]:
	case len(c.Secrets) == MaxSecrets:
		c.Beyond = true
	default:
		c.secrets[name] = true
		c.Secrets = append(c.Secrets, name)
	}
}
