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
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

const (
	// maxProviders is the maximum number of listed providers. Real servers have tens.
	maxProviders = 200
	// maxProviderText is the maximum size of one text of the server, and maxProvidersSize of all providers together, in
	// bytes of JSON. With the conditions, a status has at most 32 KiB of text from its server.
	maxProviderText  = 256
	maxProvidersSize = 20 << 10
	// providerSize is the size of a provider without its texts.
	providerSize = len(`{"api":"","config":{},"health":{"message":"","status":""},"provider_id":"","provider_type":""},`)
)

// setServer sets the image, the versions, the providers and the models. With the same image, known values stay, so that a server
// that is unavailable for a short time keeps its version.
func (f *facts) setServer(next *v1alpha1.LlamaStackDistributionStatus) {
	next.Image = cmp.Or(f.Image, f.old.Image)
	next.DistributionConfig.ActiveDistribution = cmp.Or(f.ActiveDistribution, f.old.DistributionConfig.ActiveDistribution)
	next.DistributionConfig.AvailableDistributions = f.Available
	f.setVersion(next)
	f.setProviders(next, f.sameImage())
	f.setModels(next)
}

// sameImage reports whether the known values are still valid. 0.9.0 did not report the image.
func (f *facts) sameImage() bool {
	return f.old.Image == "" || f.Image == "" || f.old.Image == f.Image
}

// serverVersion returns the last version that the server reported, or an empty string.
func (f *facts) serverVersion() string {
	if f.Server.Version == "" && f.sameImage() {
		return f.old.Version.LlamaStackServerVersion
	}
	return f.Server.Version
}

// setVersion changes lastUpdated only with the versions.
func (f *facts) setVersion(next *v1alpha1.LlamaStackDistributionStatus) {
	before, server := f.old.Version, f.serverVersion()
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

// listed sorts providers by their identity, limits them and clears their configuration, which can contain secrets and
// which 0.9.0 copied. The field stays, because the schema of 0.9.0 requires it: without it, a downgrade fails. The
// message of an error stays until the health status changes, because such messages contain ports and times that differ
// between probes.
func listed(providers, before []v1alpha1.ProviderInfo) []v1alpha1.ProviderInfo {
	list := make([]v1alpha1.ProviderInfo, 0, len(providers))
	for _, provider := range providers {
		list = append(list, cleaned(provider, before))
	}
	slices.SortFunc(list, func(a, b v1alpha1.ProviderInfo) int {
		return cmp.Or(cmp.Compare(a.API, b.API), cmp.Compare(a.ProviderID, b.ProviderID), cmp.Compare(a.ProviderType, b.ProviderType))
	})
	return fitting(list)
}

// fitting omits providers beyond the limits, unhealthy ones last, because a condition refers to them.
func fitting(list []v1alpha1.ProviderInfo) []v1alpha1.ProviderInfo {
	places, bytes := maxProviders, maxProvidersSize
	left := map[int]bool{}
	for _, broken := range []bool{true, false} {
		for i := range list {
			if (list[i].Health.Status == healthError) != broken {
				continue
			}
			if size := sizeOf(&list[i]); places > 0 && size <= bytes {
				places, bytes = places-1, bytes-size
			} else {
				left[i] = true
			}
		}
	}
	if len(left) == 0 {
		return list
	}
	fit := make([]v1alpha1.ProviderInfo, 0, len(list)-len(left))
	for i := range list {
		if !left[i] {
			fit = append(fit, list[i])
		}
	}
	return fit
}

func sizeOf(provider *v1alpha1.ProviderInfo) int {
	size := providerSize
	for _, text := range []string{provider.API, provider.ProviderID, provider.ProviderType, provider.Health.Status, provider.Health.Message} {
		size += bound.Size(text)
	}
	return size
}

func cleaned(provider v1alpha1.ProviderInfo, before []v1alpha1.ProviderInfo) v1alpha1.ProviderInfo {
	clean := v1alpha1.ProviderInfo{
		API:          bound.Text(provider.API, maxProviderText),
		ProviderID:   bound.Text(provider.ProviderID, maxProviderText),
		ProviderType: bound.Text(provider.ProviderType, maxProviderText),
		Config:       &apiextensionsv1.JSON{Raw: []byte("{}")},
		Health: v1alpha1.ProviderHealthStatus{
			Status:  bound.Text(provider.Health.Status, maxProviderText),
			Message: bound.Text(provider.Health.Message, maxProviderText),
		},
	}
	for _, old := range before {
		if old.API == clean.API && old.ProviderID == clean.ProviderID && old.ProviderType == clean.ProviderType && old.Health.Status == clean.Health.Status {
			clean.Health.Message = bound.Text(old.Health.Message, maxProviderText)
		}
	}
	return clean
}
