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
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// hostnameWeight is how much a node without another Pod of the server counts for the scheduler: as much as can be.
const hostnameWeight int64 = 100

// setPlacement spreads the Pods of a server that can have more than one.
type setPlacement struct{ *server }

// Transform implements resmap.Transformer.
func (t setPlacement) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	constraints, err := t.constraints()
	if err != nil {
		return err
	}
	if len(constraints) > 0 {
		e.set(podSpecPath, "topologySpreadConstraints", constraints)
	}
	affinity, err := t.affinity()
	if err != nil {
		return err
	}
	if len(affinity) > 0 {
		e.set(podSpecPath, "affinity", affinity)
	}
	return e.err
}

// constraints are the CR's, or even distribution over regions, zones and nodes as far as the scheduler can.
func (t setPlacement) constraints() ([]any, error) {
	if own := t.Spec.Server.TopologySpreadConstraints; len(own) > 0 {
		return plainList(own)
	}
	if !t.replicated() {
		return nil, nil
	}
	keys := []string{corev1.LabelTopologyRegion, corev1.LabelTopologyZone, corev1.LabelHostname}
	list := make([]any, 0, len(keys))
	for _, key := range keys {
		list = append(list, map[string]any{
			"maxSkew":           int64(1),
			"topologyKey":       key,
			"whenUnsatisfiable": string(corev1.ScheduleAnyway),
			"labelSelector":     t.instanceSelector(),
		})
	}
	return list, nil
}

// antiAffinity prefers nodes that have no Pod of the server yet.
func (t setPlacement) antiAffinity() map[string]any {
	term := map[string]any{
		"weight": hostnameWeight,
		"podAffinityTerm": map[string]any{
			"topologyKey":   corev1.LabelHostname,
			"labelSelector": t.instanceSelector(),
		},
	}
	return map[string]any{"podAntiAffinity": map[string]any{"preferredDuringSchedulingIgnoredDuringExecution": []any{term}}}
}

// instanceSelector finds the Pods of the server by the instance label that they carry.
func (t setPlacement) instanceSelector() map[string]any {
	return map[string]any{matchLabelsKey: map[string]any{v1alpha1.LabelInstance: t.podLabels[v1alpha1.LabelInstance]}}
}
