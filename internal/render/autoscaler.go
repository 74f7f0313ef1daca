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

// setAutoscaler sets the metrics of the autoscaler and how fast it acts. The metric of the base is CPU at 80 %.
type setAutoscaler struct{ *server }

// Transform implements resmap.Transformer.
func (t setAutoscaler) Transform(m resmap.ResMap) error {
	if !t.autoscaled {
		return nil
	}
	e := edit(m, children.HorizontalPodAutoscaler)
	declared := t.Spec.Server.Autoscaling
	if metrics := metricsOf(declared); len(metrics) > 0 {
		e.set(specPath, "metrics", metrics)
	}
	if declared.ScaleUp != nil {
		setTyped(e, specPath+"/behavior", "scaleUp", declared.ScaleUp)
	}
	if declared.ScaleDown != nil {
		setTyped(e, specPath+"/behavior", "scaleDown", declared.ScaleDown)
	}
	return e.err
}

func metricsOf(declared *v1alpha1.AutoscalingSpec) []any {
	var metrics []any
	if target := declared.TargetCPUUtilizationPercentage; target != nil {
		metrics = append(metrics, utilization(corev1.ResourceCPU, *target))
	}
	if target := declared.TargetMemoryUtilizationPercentage; target != nil {
		metrics = append(metrics, utilization(corev1.ResourceMemory, *target))
	}
	for _, metric := range declared.Metrics {
		if metric.Pods != nil {
			metrics = append(metrics, map[string]any{typeKey: "Pods", "pods": average(metric.Pods)})
		}
		if metric.External != nil {
			metrics = append(metrics, map[string]any{typeKey: "External", "external": average(metric.External)})
		}
	}
	return metrics
}

// average is a metric of another kind than the use of a resource.
func average(declared *v1alpha1.MetricTarget) map[string]any {
	metric := map[string]any{nameKey: declared.Name}
	if len(declared.MatchLabels) > 0 {
		metric["selector"] = map[string]any{matchLabelsKey: anyMap(declared.MatchLabels)}
	}
	return map[string]any{
		"metric": metric,
		"target": map[string]any{typeKey: "AverageValue", "averageValue": declared.AverageValue.String()},
	}
}

// utilization is a metric: the average use of a resource in percent of what the Pods request.
func utilization(name corev1.ResourceName, percent int32) map[string]any {
	return map[string]any{
		typeKey: "Resource",
		"resource": map[string]any{
			nameKey:  string(name),
			"target": map[string]any{typeKey: "Utilization", "averageUtilization": percent},
		},
	}
}
