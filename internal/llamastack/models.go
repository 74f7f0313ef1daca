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
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
)

// maxModels is how many models are kept beside those that the target wants. Servers that list the models of a hosted provider
// have hundreds.
const maxModels = 50

// Models is what a server said about its models. The zero value is that of a server that was not asked.
type Models struct {
	// Known is true when the server gave the whole list.
	Known bool
	// Total is the number of different ids in the list.
	Total int
	// Items are those of the list that the target wants, and the first others by id up to 50 in all. They are sorted by id, each
	// id once, with texts as those of providers.
	Items []v1alpha1.ModelInfo
	// Problem says in stable words why the models are unknown.
	Problem string
	// Lasting is true when the problem is in an answer, such as a refusal. No answer, or a server error, says nothing about what
	// was known before.
	Lasting bool
	// Settled is true when the target wants models and was settled: the list is that of the current revision.
	Settled bool
}

// Equal reports whether the two are the same.
func (m Models) Equal(other Models) bool {
	return m.Known == other.Known && m.Total == other.Total && m.Problem == other.Problem && m.Lasting == other.Lasting &&
		m.Settled == other.Settled && slices.Equal(m.Items, other.Items)
}

// Wanted are the ids of models that are kept wherever they are in the list, each as in v1alpha1.ModelInfo. Its values can be
// compared.
type Wanted string

// Want returns the ids as one value.
func Want(ids []string) Wanted { return Wanted(strings.Join(ids, wantedSeparator)) }

// wantedSeparator is in no id, because ids are printable.
const wantedSeparator = "\n"

// ids as a set; nil is none.
func (w Wanted) ids() map[string]bool {
	if w == "" {
		return nil
	}
	ids := map[string]bool{}
	for id := range strings.SplitSeq(string(w), wantedSeparator) {
		ids[id] = true
	}
	return ids
}

// model is what is read of an entry: of the server's own shape up to 0.3, or of OpenAI's shape later.
type model struct {
	modelKind

	ID         string    `json:"id"`
	Identifier string    `json:"identifier"`
	Custom     modelKind `json:"custom_metadata"`
}

type modelKind struct {
	Type     string `json:"model_type"`
	Provider string `json:"provider_id"`
}

func (m model) info() v1alpha1.ModelInfo {
	return v1alpha1.ModelInfo{
		ID: cmp.Or(m.ID, m.Identifier), Provider: cmp.Or(m.Provider, m.Custom.Provider), Type: cmp.Or(m.Type, m.Custom.Type),
	}
}

// modelsReader is as readHealth, but what was wrong is part of the models: the health of a server does not depend on it.
func modelsReader(wanted Wanted) func(*Observation, answer) string {
	return func(o *Observation, got answer) string {
		o.Models = readModels(got, wanted)
		return ""
	}
}

func readModels(got answer, wanted Wanted) Models {
	switch {
	case got.code == http.StatusUnauthorized, got.code == http.StatusForbidden:
		return Models{Problem: fmt.Sprintf("it requires credentials, which the operator does not have (HTTP %d)", got.code), Lasting: true}
	case got.problem != "":
		passing := got.code == 0 || got.code == http.StatusTooManyRequests || got.code >= http.StatusInternalServerError
		return Models{Problem: "GET " + pathModels + ": " + got.problem, Lasting: !passing}
	}
	all, ok := decodeModels(json.NewDecoder(bytes.NewReader(got.body)))
	if !ok {
		return Models{Problem: "GET " + pathModels + `: answered without a list "data"`, Lasting: true}
	}
	return Models{Known: true, Total: len(all), Items: kept(all, wanted.ids())}
}

// decodeModels returns the entries that have an id, sorted, each id once. The metadata that a user gave a model is among what
// describes it, with values of any type.
func decodeModels(from *json.Decoder) ([]v1alpha1.ModelInfo, bool) {
	var all []v1alpha1.ModelInfo
	listed := decodeList(from, func(m model, _ bool) bool {
		if info := m.info(); info.ID != "" {
			all = append(all, info)
		}
		return true
	})
	slices.SortFunc(all, compareModels)
	return slices.CompactFunc(all, func(a, b v1alpha1.ModelInfo) bool { return a.ID == b.ID }), listed
}

func compareModels(a, b v1alpha1.ModelInfo) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Provider, b.Provider), strings.Compare(a.Type, b.Type))
}

// kept are the wanted models, and the first others.
func kept(all []v1alpha1.ModelInfo, wanted map[string]bool) []v1alpha1.ModelInfo {
	items, others := []v1alpha1.ModelInfo{}, []v1alpha1.ModelInfo{}
	for _, info := range all {
		if wanted[bound.Text(info.ID, maxText)] {
			items = append(items, info)
		} else if len(others) < maxModels {
			others = append(others, info)
		}
	}
	items = append(items, others[:min(len(others), max(maxModels-len(items), 0))]...)
	for i, info := range items {
		items[i] = v1alpha1.ModelInfo{ID: cut(info.ID), Provider: cut(info.Provider), Type: cut(info.Type)}
	}
	slices.SortFunc(items, compareModels)
	return slices.CompactFunc(items, func(a, b v1alpha1.ModelInfo) bool { return a.ID == b.ID })
}
