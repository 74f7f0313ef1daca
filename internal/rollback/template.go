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

package rollback

import (
	"fmt"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// restartedAt is what kubectl rollout restart sets. It stays kubectl's.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// templateOf is the template of a Deployment as it is, with what others and the API server have added.
func templateOf(deployment *appsv1.Deployment) (map[string]any, error) {
	template := deployment.Spec.Template.DeepCopy()
	delete(template.Annotations, restartedAt)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
	if err != nil {
		return nil, fmt.Errorf("failed to read the template of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	if metadata, ok := fields["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	return fields, nil
}

// covers says that a template has all that a rendered one asks for.
func covers(live, rendered map[string]any) bool {
	typed := &corev1.PodTemplateSpec{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(rendered, typed); err != nil {
		return false
	}
	asked, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return false
	}
	return has(live, asked)
}

func has(live, asked any) bool {
	switch asked := asked.(type) {
	case nil:
		return true
	case map[string]any:
		fields, _ := live.(map[string]any)
		for key, value := range asked {
			if empty, ok := value.(map[string]any); ok && len(empty) == 0 {
				continue
			}
			if !has(fields[key], value) {
				return false
			}
		}
		return true
	case []any:
		items, _ := live.([]any)
		if len(items) < len(asked) {
			return false
		}
		for i := range asked {
			if !has(items[i], asked[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(live, asked)
	}
}
