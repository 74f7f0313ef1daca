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
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// setIngress sets what the CR says about the Ingress and is not one value each.
type setIngress struct{ *server }

// Transform implements resmap.Transformer.
func (t setIngress) Transform(m resmap.ResMap) error {
	e := edit(m, children.Ingress)
	declared := t.ingress()
	setMap(e, "metadata", "annotations", declared.Annotations)
	if declared.TLS != nil {
		tls := map[string]any{"hosts": []any{declared.Host}}
		if declared.TLS.SecretName != "" {
			tls["secretName"] = declared.TLS.SecretName
		}
		e.set(specPath, "tls", []any{tls})
	}
	return e.err
}

// ingress is what the CR says about it, which may be nothing.
func (s *server) ingress() v1alpha1.IngressSpec {
	if network := s.Spec.Network; network != nil && network.Ingress != nil {
		return *network.Ingress
	}
	return v1alpha1.IngressSpec{}
}
