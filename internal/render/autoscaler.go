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
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// setAutoscaler sets what the autoscaler looks at; the base's metric is CPU at 80 %.
type setAutoscaler struct{ *server }

// Transform implements resmap.Transformer.
func (t setAutoscaler) Transform(m resmap.ResMap) error {
	if !t.autoscaled {
		return nil
	}
	var metrics []any
	if target := t.Spec.Server.Autoscaling.TargetCPUUtilizationPercentage; target != nil {
		metrics = append(metrics, utilization(corev1.ResourceCPU, *target))
	}
	if target := t.Spec.Server.Autoscaling.TargetMemoryUtilizationPercentage; target != nil {
		metrics = append(metrics, utilization(corev1.ResourceMemory, *target))
	}
	if len(metrics) == 0 {
		return nil
	}
	e := edit(m, kindAutoscaler)
	e.set(specPath, "metrics", metrics)
	return e.err
}

// utilization is a metric: the average use of a resource in percent of what the Pods request.
func utilization(name corev1.ResourceName, percent int32) map[string]any {
	return map[string]any{
		"type": "Resource",
		"resource": map[string]any{
			nameKey:  string(name),
			"target": map[string]any{"type": "Utilization", "averageUtilization": percent},
		},
	}
}
