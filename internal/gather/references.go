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

package gather

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ReferencedConfigMaps indexes a LlamaStackDistribution by every ConfigMap whose change it must follow, and so by its
// namespace's own bundle even before there is one.
func ReferencedConfigMaps(object client.Object) []string {
	instance, ok := object.(*v1alpha1.LlamaStackDistribution)
	if !ok {
		return nil
	}
	keys := []string{instance.Namespace + "/" + odhBundle}
	if spec := instance.Spec.Server.UserConfig; spec != nil {
		keys = append(keys, instance.Namespace+"/"+spec.ConfigMapName)
	}
	if spec := instance.Spec.Server.CABundle(); spec != nil {
		keys = append(keys, bundleKey(spec, instance.Namespace).String())
	}
	return keys
}
