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

package observed

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollback"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	appsv1 "k8s.io/api/apps/v1"
)

// RequestedImage is the image of the template that was last asked for. The one that runs is another where the server was
// rolled back, or where admission rewrites images; it is all that is known of a server that an earlier release made.
func RequestedImage(deployment *appsv1.Deployment, instance *v1alpha1.LlamaStackDistribution) string {
	if record := rollouts.Read(deployment); record.Image != "" {
		return record.Image
	}
	if instance.RollsBack() {
		if record := rollback.Read(deployment); record.Failed != "" {
			return record.Image
		}
	}
	return RunningImage(deployment, instance)
}

// RunningImage is the image of the server's container, or "" where there is none.
func RunningImage(deployment *appsv1.Deployment, instance *v1alpha1.LlamaStackDistribution) string {
	if deployment == nil {
		return ""
	}
	name := instance.Spec.Server.ContainerSpec.Name
	containers := deployment.Spec.Template.Spec.Containers
	for i := range containers {
		if containers[i].Name == name {
			return containers[i].Image
		}
	}
	if len(containers) > 0 {
		return containers[0].Image
	}
	return ""
}
