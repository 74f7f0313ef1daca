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

package status

import (
	"cmp"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

const (
	// maxProviders is how many are listed. Real servers have tens; an object has room for so many.
	maxProviders = 200
	// maxProviderText is how much of a text of the server's is kept, in bytes.
	maxProviderText = 256
)

// setServer is the image, what the server said of itself, and the versions. What was known stays known while the image
// is the same, so that a server that is away for a moment keeps its version; another image is another server.
func (f *facts) setServer(next *v1alpha1.LlamaStackDistributionStatus) {
	next.Image = cmp.Or(f.Image, f.old.Image)
	next.DistributionConfig.ActiveDistribution = cmp.Or(f.ActiveDistribution, f.old.DistributionConfig.ActiveDistribution)
	next.DistributionConfig.AvailableDistributions = f.Available
	known := f.old.Image == "" || f.old.Image == next.Image // 0.9.0 did not tell the image
	f.setVersion(next, known)
	f.setProviders(next, known)
}

// setVersion moves lastUpdated with the versions and with nothing else.
func (f *facts) setVersion(next *v1alpha1.LlamaStackDistributionStatus, known bool) {
	before := f.old.Version
	server := f.Server.Version
	if known {
		server = cmp.Or(server, before.LlamaStackServerVersion)
	}
	if f.OperatorVersion == before.OperatorVersion && server == before.LlamaStackServerVersion {
		return
	}
	next.Version = v1alpha1.VersionInfo{OperatorVersion: f.OperatorVersion, LlamaStackServerVersion: server, LastUpdated: f.Now}
}

func (f *facts) setProviders(next *v1alpha1.LlamaStackDistributionStatus, known bool) {
	before := f.old.DistributionConfig.Providers
	switch {
	case f.stopped():
		next.DistributionConfig.Providers = nil
	case f.Server.Providers != nil:
		next.DistributionConfig.Providers = listed(f.Server.Providers, before)
	case known:
		next.DistributionConfig.Providers = listed(before, nil)
	default:
		next.DistributionConfig.Providers = nil
	}
}

// listed sorts providers by their identity, bounds them and leaves their configuration empty, which can carry secrets and
// which 0.9.0 copied. The field is there, because 0.9.0's schema demands it: without it nobody could go back. The text of
// an error stays the one that was first told, until the status changes: such texts name ports and times and differ from
// one probe to the next.
func listed(providers, before []v1alpha1.ProviderInfo) []v1alpha1.ProviderInfo {
	list := make([]v1alpha1.ProviderInfo, 0, len(providers))
	for _, provider := range providers {
		list = append(list, cleaned(provider, before))
	}
	slices.SortFunc(list, func(a, b v1alpha1.ProviderInfo) int {
		return cmp.Or(cmp.Compare(a.API, b.API), cmp.Compare(a.ProviderID, b.ProviderID), cmp.Compare(a.ProviderType, b.ProviderType))
	})
	return list[:min(len(list), maxProviders)]
}

func cleaned(provider v1alpha1.ProviderInfo, before []v1alpha1.ProviderInfo) v1alpha1.ProviderInfo {
	clean := v1alpha1.ProviderInfo{
		API:          bounded(provider.API, maxProviderText),
		ProviderID:   bounded(provider.ProviderID, maxProviderText),
		ProviderType: bounded(provider.ProviderType, maxProviderText),
		Config:       &apiextensionsv1.JSON{Raw: []byte("{}")},
		Health: v1alpha1.ProviderHealthStatus{
			Status:  bounded(provider.Health.Status, maxProviderText),
			Message: bounded(provider.Health.Message, maxProviderText),
		},
	}
	for _, old := range before {
		if old.API == clean.API && old.ProviderID == clean.ProviderID && old.ProviderType == clean.ProviderType && old.Health.Status == clean.Health.Status {
			clean.Health.Message = bounded(old.Health.Message, maxProviderText)
		}
	}
	return clean
}
