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

package render

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// setLabels marks every object with the instance that it belongs to. The selectors are in fieldMappings.
type setLabels struct{ *server }

// Transform implements resmap.Transformer.
func (t setLabels) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		e := editResource(res)
		e.set(ownLabelsPath, v1alpha1.LabelInstance, t.Name)
		if e.err != nil {
			return e.err
		}
	}
	return nil
}
