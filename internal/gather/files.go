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
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// files finds out whether another user than the server's may have written to its volumes. The kubelet changes the group
// of files after a check of the topmost folder only, which is quick, or of each file, which is safe. The finding stays:
// the operator does not know the files, and a change back restarts the Pods.
func files(instance *v1alpha1.LlamaStackDistribution, f *Found) {
	f.Input.ForeignFiles = mountsPVCs(instance) || instance.Spec.Server.Storage.UsesPVC() && writtenByOthers(instance, f)
}

func writtenByOthers(instance *v1alpha1.LlamaStackDistribution, f *Found) bool {
	deployment, pvc := f.Children.Deployment(), f.Children.PVC()
	switch {
	case instance.Spec.Server.Storage.Existing() != "":
		return true
	case deployment == nil:
		return pvc != nil && pvc.CreationTimestamp.Before(&instance.CreationTimestamp)
	case !apply.Applied(deployment):
		return true // an earlier release left the user to the image, which may be root
	case deployment.Annotations[v1alpha1.AnnotationForeignFiles] != "":
		return true
	default:
		return !ptr.Equal(render.TemplateUser(&deployment.Spec.Template), render.FilesUser(f.Input))
	}
}

// mountsPVCs reports whether the Pods mount PVCs beside the server's data.
func mountsPVCs(instance *v1alpha1.LlamaStackDistribution) bool {
	overrides := instance.Spec.Server.PodOverrides
	return overrides != nil && slices.ContainsFunc(overrides.Volumes, func(volume corev1.Volume) bool { return volume.PersistentVolumeClaim != nil })
}
