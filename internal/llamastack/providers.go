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

package llamastack

import (
	"encoding/json"
	"errors"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// provider is what is read of an entry. Its configuration is not: it can be large, and carry secrets.
type provider struct {
	API    string `json:"api"`
	ID     string `json:"provider_id"`
	Type   string `json:"provider_type"`
	Health struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"health"`
}

// decodeProviders reads the list "data" of an object entry by entry, up to the limit, and reports whether there were more.
// It returns nil where there is no such list, or where the list is incomplete.
func decodeProviders(from *json.Decoder) ([]v1alpha1.ProviderInfo, bool) {
	if !opens(from, '{') {
		return nil, false
	}
	for from.More() {
		key, err := from.Token()
		if err != nil {
			return nil, false
		}
		if key == "data" {
			return decodeEntries(from)
		}
		var other skipped
		if err := from.Decode(&other); err != nil {
			return nil, false
		}
	}
	return nil, false
}

// decodeEntries keeps those that have an id. One without is a provider that the server's environment switched off, and
// one that is no provider at all is of no use.
func decodeEntries(from *json.Decoder) ([]v1alpha1.ProviderInfo, bool) {
	if !opens(from, '[') {
		return nil, false
	}
	providers := []v1alpha1.ProviderInfo{}
	for from.More() {
		var p provider
		if err := from.Decode(&p); err != nil {
			if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); mistyped {
				continue
			}
			return nil, false
		}
		switch {
		case p.ID == "":
		case len(providers) == maxProviders:
			return providers, true
		default:
			providers = append(providers, v1alpha1.ProviderInfo{
				API: cut(p.API), ProviderID: cut(p.ID), ProviderType: cut(p.Type),
				Health: v1alpha1.ProviderHealthStatus{Status: cut(p.Health.Status), Message: cut(p.Health.Message)},
			})
		}
	}
	if _, err := from.Token(); err != nil { // the end of the list
		return nil, false
	}
	return providers, false
}

func opens(from *json.Decoder, with json.Delim) bool {
	token, err := from.Token()
	return err == nil && token == with
}

// skipped is a value that nobody needs: it is checked, and not built.
type skipped struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*skipped) UnmarshalJSON([]byte) error { return nil }
