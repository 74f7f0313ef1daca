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

package convert

// workload takes what the Pods are made of.
func (c *conversion) workload() {
	const (
		workload  = "spec.workload"
		overrides = "spec.workload.overrides"
		server    = "spec.server"
		container = "spec.server.containerSpec"
		pods      = "spec.server.podOverrides"
	)
	value, _ := c.source.get(workload + ".storage")
	if volume := asMap(value); volume != nil && len(volume) == 0 { // it has the defaults
		c.source.take(workload + ".storage")
		c.target.set(server+".storage", volume)
	}
	c.move([][2]string{
		{workload + ".replicas", "spec.replicas"},
		{workload + ".workers", server + ".workers"},
		{workload + ".resources", container + ".resources"},
		{workload + ".resourceClaims", pods + ".resourceClaims"},
		{workload + ".topologySpreadConstraints", server + ".topologySpreadConstraints"},
		{workload + ".podDisruptionBudget.minAvailable", server + ".podDisruptionBudget.minAvailable"},
		{workload + ".podDisruptionBudget.maxUnavailable", server + ".podDisruptionBudget.maxUnavailable"},
		{workload + ".autoscaling.minReplicas", server + ".autoscaling.minReplicas"},
		{workload + ".autoscaling.maxReplicas", server + ".autoscaling.maxReplicas"},
		{workload + ".autoscaling.targetCPUUtilizationPercentage", server + ".autoscaling.targetCPUUtilizationPercentage"},
		{workload + ".autoscaling.targetMemoryUtilizationPercentage", server + ".autoscaling.targetMemoryUtilizationPercentage"},
		{workload + ".storage.size", server + ".storage.size"},
		{workload + ".storage.mountPath", server + ".storage.mountPath"},
		{overrides + ".serviceAccountName", pods + ".serviceAccountName"},
		{overrides + ".terminationGracePeriodSeconds", pods + ".terminationGracePeriodSeconds"},
		{overrides + ".volumes", pods + ".volumes"},
		{overrides + ".volumeMounts", pods + ".volumeMounts"},
		{overrides + ".env", container + ".env"},
		{overrides + ".command", container + ".command"},
		{overrides + ".args", container + ".args"},
		{"spec.monitoring.enabled", server + ".telemetry.metrics.enabled"},
		{"spec.monitoring.metricsPort", server + ".telemetry.metrics.port"},
	})
	if c.target.has(server + ".storage") {
		c.target.set(server+".storage.retentionPolicy", "Retain")
	}
}
