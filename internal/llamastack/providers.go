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

// decodeProviders returns the list up to the limit, and reports whether there were more. It returns nil where there is no list,
// or an incomplete one. It keeps the entries that have an id. One without is a provider that the server's environment switched
// off, and one that is no provider at all is of no use.
func decodeProviders(from *json.Decoder) ([]v1alpha1.ProviderInfo, bool) {
	providers, more := []v1alpha1.ProviderInfo{}, false
	listed := decodeList(from, func(p provider, whole bool) bool {
		switch {
		case !whole || p.ID == "":
		case len(providers) == maxProviders:
			more = true
		default:
			providers = append(providers, v1alpha1.ProviderInfo{
				API: cut(p.API), ProviderID: cut(p.ID), ProviderType: cut(p.Type),
				Health: v1alpha1.ProviderHealthStatus{Status: cut(p.Health.Status), Message: cut(p.Health.Message)},
			})
		}
		return !more
	})
	if !listed {
		return nil, false
	}
	return providers, more
}
