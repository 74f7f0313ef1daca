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
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// exclude removes the objects that the server does not ask for.
type exclude struct{ *server }

// Transform implements resmap.Transformer.
func (t exclude) Transform(m resmap.ResMap) error {
	demand := t.Demand()
	for _, res := range m.Resources() {
		if child := children.Of(res.GetKind()); child == nil || child.IsWanted(demand) {
			continue
		}
		if err := m.Remove(res.CurId()); err != nil {
			return fmt.Errorf("failed to leave out the %s: %w", res.GetKind(), err)
		}
	}
	return nil
}
