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

package overlay

import (
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// Keys of the server's configuration.
const (
	keyServer    = "server"
	keyProviders = "providers"
	keyStorage   = "storage"
	keyBackends  = "backends"
	keyType      = "type"
)

// sketch is a configuration with what is known without the base.
func (b *builder) sketch() map[string]any {
	providers := map[string]any{}
	for i := range b.document.Providers {
		one := &b.document.Providers[i]
		if one.Disabled {
			continue
		}
		list, _ := providers[one.API].([]any)
		providers[one.API] = append(list, map[string]any{"provider_id": one.ID, "provider_type": one.Type, "config": one.Config})
	}
	sketch := map[string]any{
		"version": "2", keyProviders: providers, keyStorage: map[string]any{keyBackends: b.backends()},
	}
	if declared := b.document.Auth; declared != nil && (declared.APIKeys != nil || declared.OAuth2 != nil || declared.Kubernetes != nil) {
		sketch[keyServer] = map[string]any{"auth": map[string]any{"provider_config": map[string]any{keyType: "declared"}}}
	}
	return merged(sketch, b.document.Patch)
}

// backends are the declared stores. With base Empty, SQLite is the default; other bases have stores of their own.
func (b *builder) backends() map[string]any {
	kind := ""
	if b.document.Base == v1alpha1.ConfigBaseEmpty {
		kind = typeSQLite
	}
	if b.document.Storage != nil {
		kind = b.document.Storage.Type
	}
	backends := map[string]any{}
	if kind != "" {
		backends["sql_default"] = map[string]any{keyType: "sql_" + kind}
		backends["kv_default"] = map[string]any{keyType: "kv_" + kind}
	}
	if b.document.KeyValue != nil {
		backends["kv_default"] = map[string]any{keyType: "kv_" + b.document.KeyValue.Type}
	}
	return backends
}

// merged is a JSON merge patch, except that lists are concatenated: a sketch has entries of both.
func merged(into, patch map[string]any) map[string]any {
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(into, key)
		case map[string]any:
			inner, _ := into[key].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			into[key] = merged(inner, value)
		case []any:
			list, _ := into[key].([]any)
			into[key] = slices.Concat(list, value)
		default:
			into[key] = value
		}
	}
	return into
}
