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

package convert

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// config takes what the successor generates the server's configuration from.
func (c *conversion) config() {
	c.bases()
	providers := c.typed()
	providers = append(providers, c.custom()...)
	if len(providers) > 0 {
		c.target.set("spec.server.config.providers", providers)
		c.notef("the providers are merged with those of the image by api and id; the successor replaces all of an API. To remove one of the " +
			"image, list it with disabled: true")
	}
	c.models(providers)
	c.stores()
	c.keep("spec.providers", "set it under config of the provider, in the spelling of the server")
	c.keep("spec.disabledAPIs", "set spec.server.config.apis to the APIs that stay")
	c.keep("spec.registryRefreshIntervalSeconds", "set registry_refresh_interval_seconds under server in spec.server.config.patch")
	c.keep("spec.resources", "add it to spec.server.config.resources, in the form of the server's configuration")
}

// bases takes the ConfigMap that replaces the configuration of the image, or is merged with it.
func (c *conversion) bases() {
	for _, base := range []string{"spec.overrideConfig", "spec.baseConfig"} {
		c.keep(base, "put the configuration under the key config.yaml of the ConfigMap")
		const target = "spec.server.userConfig.configMapName"
		if c.target.has(target) {
			c.keep(base, "there is one ConfigMap here: merge this configuration into that of spec.overrideConfig")
			continue
		}
		for _, name := range []string{"configMapName", "name"} {
			if !c.target.has(target) {
				c.move([][2]string{{base + "." + name, target}})
			}
		}
		if key, _ := c.source.get(base + ".key"); key == "config.yaml" {
			c.source.take(base + ".key")
		}
	}
}

// typed takes the typed providers.
func (c *conversion) typed() []any {
	var providers []any
	for _, kind := range kinds() {
		path := "spec.providers." + kind.path
		value, _ := c.source.get(path)
		if object := asMap(value); object != nil {
			source := newTree(object)
			providers = append(providers, kind.provider(source))
			c.leave(path, source)
			continue
		}
		providers = append(providers, c.each(path, kind.provider)...)
	}
	return providers
}

// leave puts what a conversion did not take of the object at a path back there.
func (c *conversion) leave(path string, rest *tree) {
	if len(rest.root) == 0 {
		c.source.take(path)
		return
	}
	c.source.set(path, rest.root)
}

// each converts the objects of a list. What a conversion does not take stays in the list; null is in the place of what it took whole.
func (c *conversion) each(path string, convert func(*tree) map[string]any) []any {
	value, _ := c.source.get(path)
	items, ok := value.([]any)
	if !ok {
		return nil
	}
	converted, left := make([]any, 0, len(items)), slices.Clone(items)
	for place, item := range items {
		object := asMap(item)
		if object == nil {
			continue
		}
		source := newTree(object)
		converted = append(converted, convert(source))
		left[place] = nil
		if len(source.root) > 0 {
			left[place] = source.root
		}
	}
	c.source.set(path, left)
	if len(items) > 0 && !slices.ContainsFunc(left, func(item any) bool { return item != nil }) {
		c.source.take(path)
	}
	return converted
}

// provider takes the fields of one provider.
func (k kind) provider(source *tree) map[string]any {
	id, ok := source.take("id")
	if !ok {
		id = strings.ReplaceAll(k.typ, "::", "-")
	}
	config := newTree(nil)
	for _, field := range slices.Sorted(maps.Keys(k.fields)) {
		if value, ok := source.take(field); ok {
			config.set(k.fields[field], value)
		}
	}
	if k.adapt != nil {
		k.adapt(source, config)
	}
	if k.fill != nil {
		text, _ := id.(string)
		for key, value := range k.fill(text) {
			config.set(key, value)
		}
	}
	var secrets []any
	for _, field := range slices.Sorted(maps.Keys(k.secrets)) {
		if reference, ok := source.take(field); ok {
			secrets = append(secrets, map[string]any{"field": k.secrets[field], "secretKeyRef": reference})
		}
	}
	return provider(k.api, id, k.typ, config.root, secrets)
}

// has reports whether one of the paths has a value.
func (t *tree) has(paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		_, ok := t.get(path)
		return ok
	})
}

// provider is an entry of spec.server.config.providers.
func provider(api string, id, typ any, config map[string]any, secrets []any) map[string]any {
	entry := map[string]any{"api": api, "id": id, "type": typ}
	if len(config) > 0 {
		entry["config"] = config
	}
	if len(secrets) > 0 {
		entry["secrets"] = secrets
	}
	return entry
}

// custom takes the providers whose type and settings are written out: the lists called custom, and the lists that earlier versions
// of the kind have in the place of an API's object.
func (c *conversion) custom() []any {
	var providers []any
	declared, _ := c.source.get("spec.providers")
	for _, name := range slices.Sorted(maps.Keys(asMap(declared))) {
		for _, path := range []string{name, name + ".remote.custom", name + ".inline.custom", name + ".custom"} {
			providers = append(providers, c.each("spec.providers."+path, func(source *tree) map[string]any {
				return writtenOut(serverAPI(name), source)
			})...)
		}
	}
	return providers
}

// writtenOut takes a provider whose type and settings are written out.
func writtenOut(api string, source *tree) map[string]any {
	typ, ok := source.take("type")
	if !ok {
		typ, _ = source.take("provider")
	}
	text, _ := typ.(string)
	id, ok := source.take("id")
	if !ok {
		id = strings.ReplaceAll(text, "::", "-")
	}
	config := newTree(source.takeObject("settings"))
	if !config.has(baseURL) {
		if endpoint, ok := source.take("endpoint"); ok {
			config.set(baseURL, endpoint)
		}
	}
	references := source.takeObject("secretRefs")
	secrets := make([]any, 0, len(references))
	for _, field := range slices.Sorted(maps.Keys(references)) {
		secrets = append(secrets, map[string]any{"field": field, "secretKeyRef": references[field]})
	}
	return provider(api, id, typ, config.root, secrets)
}

// models takes the registered models. Without a provider, a model is of the first one for inference.
func (c *conversion) models(providers []any) {
	models := c.each("spec.resources.models", func(source *tree) map[string]any { return c.model(source, providers) })
	if len(models) > 0 {
		c.target.set("spec.server.config.models", models)
	}
}

// model takes the fields of one model.
func (c *conversion) model(source *tree, providers []any) map[string]any {
	model := newTree(nil)
	for _, field := range [][2]string{
		{"name", "id"}, {"provider", "provider"}, {"modelType", "type"},
		{"contextLength", "metadata.context_length"}, {"quantization", "metadata.quantization"},
	} {
		if value, ok := source.take(field[0]); ok {
			model.set(field[1], value)
		}
	}
	if !model.has("provider") {
		model.set("provider", firstInference(providers))
	}
	if typ, _ := model.get("type"); typ == "embedding" {
		id, _ := model.get("id")
		c.notef("set embeddingDimension of the model %v in spec.server.config.models: the %s has no field for it", id, Kind)
	}
	return model.root
}

// firstInference is the id of the first provider for inference, or empty.
func firstInference(providers []any) any {
	for _, entry := range providers {
		if asMap(entry)["api"] == inference {
			return asMap(entry)["id"]
		}
	}
	return ""
}

// stores takes where the server keeps what clients create. SQLite or PostgreSQL keeps the key-value stores too, unless Redis does.
func (c *conversion) stores() {
	const stores, sql, kv = "spec.server.config.storage", "spec.storage.sql", "spec.storage.kv"
	sqlType, declared := c.source.get(sql + ".type")
	if reference, ok := c.source.get(sql + ".connectionString"); ok && (!declared || sqlType == "postgres") {
		c.source.take(sql + ".connectionString")
		c.source.take(sql + ".type")
		c.target.set(stores+".postgres.uriSecretRef", reference)
	}
	kvType, _ := c.source.get(kv + ".type")
	if sqlType == sqlite {
		c.source.take(sql + ".type")
		c.target.set(stores+".sqlite", map[string]any{})
	}
	if kvType == sqlite && !c.target.has(stores+".postgres") && !c.source.has(sql) {
		c.source.take(kv + ".type")
		c.target.set(stores+".sqlite", map[string]any{})
	}
	if kvType == "redis" {
		c.redis(kv, stores+".redis")
	}
	if c.target.has(stores+".postgres") && !c.target.has(stores+".redis") {
		c.notef("the key-value stores are in PostgreSQL too; the %s keeps them in files, which are not copied", Kind)
	}
	c.keep(sql, "set sqlite or postgres in spec.server.config.storage")
	c.keep(kv, "set redis in spec.server.config.storage; without it, the other stores keep the key-value data too")
	c.keep(kv+".endpoint", "set spec.server.config.storage.redis.host and port")
	c.keep(kv+".password", "no version of the server has a password for Redis: use one without, or PostgreSQL")
}

// redis takes the address of a Redis, if nothing but host and port is in it.
func (c *conversion) redis(source, target string) {
	endpoint, _ := c.source.get(source + ".endpoint")
	text, _ := endpoint.(string)
	host, port, ok := address(text)
	if !ok {
		return
	}
	c.source.take(source + ".endpoint")
	c.source.take(source + ".type")
	c.target.set(target+".host", host)
	if port != 0 {
		c.target.set(target+".port", port)
	}
}

// address are host and port of a Redis, given as a URL without anything else, or as host:port.
func address(endpoint string) (string, int64, bool) {
	if !strings.Contains(endpoint, "://") {
		endpoint = "redis://" + endpoint
	}
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Scheme != "redis" || parsed.Hostname() == "" || parsed.User != nil || strings.Trim(parsed.Path, "/") != "" {
		return "", 0, false
	}
	if parsed.Port() == "" {
		return parsed.Hostname(), 0, true
	}
	port, err := strconv.ParseInt(parsed.Port(), 10, 32)
	return parsed.Hostname(), port, err == nil
}
