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
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

const (
	// maxModels is the maximum number of listed models, and maxModelsSize their size together, in bytes of JSON.
	maxModels, maxModelsSize = 50, 6 << 10
	// maxModelText is the maximum size of one text of a model.
	maxModelText = 256
	// modelSize is the size of a model without its texts.
	modelSize = len(`{"id":"","provider":"","type":""},`)
	// rerankSince is the first release of the server with models of the type rerank.
	rerankSince, typeRerank = "0.4.0", "rerank"
	// allProviders is the provider of a model that the server registers with each of its providers.
	allProviders = "all"
)

// setModels keeps the last list while the server does not answer: as for providers, with the same image.
func (f *facts) setModels(next *v1alpha1.LlamaStackDistributionStatus) {
	models := f.Server.Models
	unknown := f.old.Models == nil || f.old.Models.Total == nil
	switch {
	case f.stopped():
		next.Models = nil
	case models.Known:
		total := int32(min(models.Total, maxCount)) //nolint:gosec // it is limited
		next.Models = &v1alpha1.ModelsStatus{Total: &total, Items: listedModels(models.Items, &f.Instance.Spec.Server)}
	case models.Lasting, models.Problem != "" && unknown:
		next.Models = &v1alpha1.ModelsStatus{Message: bound.Text(models.Problem, maxModelText)}
	case !f.sameImage():
		next.Models = nil
	}
}

// maxCount fits every type of number, and is more than any answer that the operator reads can list.
const maxCount = 1 << 30

// listedModels limits models, and omits declared ones last.
func listedModels(models []v1alpha1.ModelInfo, server *v1alpha1.ServerSpec) []v1alpha1.ModelInfo {
	declared := map[string]bool{}
	for _, id := range ModelIDs(server) {
		declared[id] = true
	}
	var fit []v1alpha1.ModelInfo
	bytes := maxModelsSize
	for _, first := range []bool{true, false} {
		for _, model := range models {
			model = v1alpha1.ModelInfo{
				ID: bound.Text(model.ID, maxModelText), Provider: bound.Text(model.Provider, maxModelText), Type: bound.Text(model.Type, maxModelText),
			}
			size := modelSize + bound.Size(model.ID) + bound.Size(model.Provider) + bound.Size(model.Type)
			if declared[model.ID] == first && len(fit) < maxModels && size <= bytes {
				fit, bytes = append(fit, model), bytes-size
			}
		}
	}
	slices.SortStableFunc(fit, func(a, b v1alpha1.ModelInfo) int { return strings.Compare(a.ID, b.ID) })
	return fit
}

// ModelIDs returns the ids under which servers can list the declared models: the id as it is (0.2), provider and
// providerModelID (0.3 to 0.7), or provider and id (from 0.8). The ids are limited as those in a status.
func ModelIDs(server *v1alpha1.ServerSpec) []string {
	if server.Config == nil {
		return nil
	}
	var ids []string
	for i := range server.Config.Models {
		ids = append(ids, idsOf(&server.Config.Models[i])...)
	}
	return ids
}

func idsOf(model *v1alpha1.ConfigModel) []string {
	ids := []string{model.ID, model.Provider + "/" + model.ID}
	if model.ProviderModelID != "" {
		ids = append(ids, model.Provider+"/"+model.ProviderModelID)
	}
	for i := range ids {
		ids[i] = bound.Text(ids[i], maxModelText)
	}
	return ids
}

// modelsRegistered reports whether the server lists the declared models. It is nil without any. The finding about a
// generation stands while the server does not answer, or runs with another configuration.
func (f *facts) modelsRegistered() *finding {
	models, config := f.Server.Models, f.Instance.Spec.Server.Config
	was := f.was(v1alpha1.ConditionModelsRegistered)
	switch {
	case config == nil || len(config.Models) == 0:
		return nil
	case f.stopped():
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0"}
	case models.Declared && models.Known:
		return f.registration(config.Models)
	case !models.Lasting && was != nil && was.Status != metav1.ConditionUnknown && was.ObservedGeneration == f.Instance.Generation:
		return &finding{was.Status, v1alpha1.Reason(was.Reason), was.Message}
	case models.Declared && models.Problem != "":
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "The models of the server are not observed: " + bound.Text(models.Problem, maxModelText)}
	default:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "The models of the server are not observed yet"}
	}
}

// registration compares the declared models with the list of the server.
func (f *facts) registration(declared []v1alpha1.ConfigModel) *finding {
	providers := map[string]string{}
	for _, model := range f.Server.Models.Items {
		providers[model.ID] = model.Provider
	}
	var missing []string
	for i := range declared {
		if !registered(&declared[i], providers) {
			missing = append(missing, bound.Text(declared[i].ID, maxWord)+f.whyMissing(&declared[i]))
		}
	}
	if len(missing) == 0 {
		return &finding{metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered, "The server lists all declared models"}
	}
	more := ""
	if len(missing) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(missing)-maxNamed)
		missing = missing[:maxNamed]
	}
	return &finding{metav1.ConditionFalse, v1alpha1.ReasonModelsMissing, "The server does not list declared models: " + strings.Join(missing, ", ") + more +
		". Check the providers, and the logs of the Pods"}
}

// registered reports whether a model is among those listed, given by id with their provider. An id without a provider in
// it can belong to a model of another provider.
func registered(model *v1alpha1.ConfigModel, listed map[string]string) bool {
	ids := idsOf(model)
	for _, id := range ids[1:] {
		if _, ok := listed[id]; ok {
			return true
		}
	}
	provider, ok := listed[ids[0]]
	return ok && (provider == "" || provider == bound.Text(model.Provider, maxModelText) || model.Provider == allProviders)
}

// whyMissing returns why a model is not listed, in parentheses, or an empty string if that is unknown.
func (f *facts) whyMissing(model *v1alpha1.ConfigModel) string {
	if model.Type == typeRerank && f.olderThan(rerankSince) {
		return fmt.Sprintf(" (version %s has no models of the type rerank)", f.serverVersion())
	}
	if f.Server.Providers == nil || f.Server.Problem != "" || model.Provider == allProviders {
		return ""
	}
	for i := range f.Server.Providers {
		switch provider := &f.Server.Providers[i]; {
		case provider.API != "inference" || provider.ProviderID != model.Provider:
		case provider.Health.Status == healthError:
			return fmt.Sprintf(" (the provider %s reports an error)", bound.Text(model.Provider, maxWord))
		default:
			return ""
		}
	}
	return fmt.Sprintf(" (the server has no inference provider %s)", bound.Text(model.Provider, maxWord))
}

// olderThan reports whether the server's version is known, and before a release.
func (f *facts) olderThan(release string) bool {
	has, err := version.ParseGeneric(f.serverVersion())
	return err == nil && !has.AtLeast(version.MustParseGeneric(release))
}
