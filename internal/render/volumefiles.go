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
)

// defaultUser is the base's user, who writes to the volume where neither the CR nor the platform chooses another.
const defaultUser int64 = 1001

// FilesUser is the user that an input's Pods write files as; nil is the platform's choice.
func FilesUser(in Input) *int64 {
	var pod *corev1.PodSecurityContext
	if overrides := in.Spec.Server.PodOverrides; overrides != nil {
		pod = overrides.SecurityContext
	}
	if user := userOf(in.Spec.Server.ContainerSpec.SecurityContext, pod); user != nil || in.OpenShift {
		return user
	}
	return new(defaultUser)
}

// TemplateUser is the user that the Pods of a template write files as; nil is the image's or the platform's choice.
func TemplateUser(template *corev1.PodTemplateSpec) *int64 {
	if len(template.Spec.Containers) == 0 {
		return nil
	}
	return userOf(template.Spec.Containers[0].SecurityContext, template.Spec.SecurityContext)
}

// userOf is the user of a container, which is before the Pod's.
func userOf(container *corev1.SecurityContext, pod *corev1.PodSecurityContext) *int64 {
	if container != nil && container.RunAsUser != nil {
		return container.RunAsUser
	}
	if pod != nil {
		return pod.RunAsUser
	}
	return nil
}

// foreignFiles marks a Deployment on whose volume others may have written.
func foreignFiles(s *server) any {
	if s.ForeignFiles {
		return "true"
	}
	return nil
}
