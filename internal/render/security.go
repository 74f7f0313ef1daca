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
	"maps"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// firstUnprivilegedPort is the first port that a process without privileges may listen on by default.
const firstUnprivilegedPort = 1024

// OpenShift's annotation for the security context constraints that a Pod must run under, and those that every
// ServiceAccount may use.
const (
	RequiredSCCAnnotation = "openshift.io/required-scc"
	restrictedSCC         = "restricted-v2"
)

// Fields of security contexts that follow from others.
const (
	runAsNonRoot             = "runAsNonRoot"
	allowPrivilegeEscalation = "allowPrivilegeEscalation"
)

// setSecurity sets the security contexts. The base's satisfy the Pod Security Standard "restricted"; what the CR
// says replaces them field by field.
type setSecurity struct{ *server }

// Transform implements resmap.Transformer.
func (t setSecurity) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	pod, _ := e.get(podSpecPath, "securityContext").(map[string]any)
	container, _ := e.get(containerPath, "securityContext").(map[string]any)
	if err := t.podContext(pod); err != nil {
		return err
	}
	if err := t.containerContext(container); err != nil {
		return err
	}
	e.set(podSpecPath, "securityContext", pod)
	e.set(containerPath, "securityContext", container)
	if t.OpenShift && !t.choosesSCC() {
		e.set(templatePath+"/metadata/annotations", RequiredSCCAnnotation, restrictedSCC)
	}
	return e.err
}

// podContext completes the Pod's security context.
func (t setSecurity) podContext(pod map[string]any) error {
	if t.ForeignFiles {
		pod["fsGroupChangePolicy"] = string(corev1.FSGroupChangeAlways)
	}
	if t.OpenShift {
		// The namespace has ranges for these; any other id is refused.
		delete(pod, "runAsUser")
		delete(pod, "fsGroup")
	}
	if t.port < firstUnprivilegedPort {
		// 0.9.0 left the user to the image, and root could listen there.
		pod["sysctls"] = []any{map[string]any{nameKey: "net.ipv4.ip_unprivileged_port_start", "value": "0"}}
	}
	if t.asksForRoot() {
		delete(pod, runAsNonRoot)
	}
	if t.OpenShift && t.asksForUser() {
		// The constraints that allow a chosen user refuse Pods that name a profile; the others add this one.
		delete(pod, "seccompProfile")
	}
	return mergeTyped(pod, t.overrides.SecurityContext)
}

// containerContext completes the container's security context.
func (t setSecurity) containerContext(container map[string]any) error {
	own := t.Spec.Server.ContainerSpec.SecurityContext
	if own != nil && escalates(own) {
		delete(container, allowPrivilegeEscalation)
	}
	return mergeTyped(container, own)
}

// asksForRoot says that the CR runs the container as root, which alone must be enough to get it: with runAsNonRoot
// beside it the kubelet would refuse. Where the CR itself says runAsNonRoot, that is merged over this.
func (t setSecurity) asksForRoot() bool {
	user := t.user()
	return user != nil && *user == 0
}

// asksForUser says that the CR names the user that the container runs as, or wants privileges, which need one.
func (t setSecurity) asksForUser() bool {
	own := t.Spec.Server.ContainerSpec.SecurityContext
	return t.user() != nil || (own != nil && own.Privileged != nil && *own.Privileged)
}

// user that the CR names; the container's is before the Pod's.
func (t setSecurity) user() *int64 {
	return userOf(t.Spec.Server.ContainerSpec.SecurityContext, t.overrides.SecurityContext)
}

// escalates says that the context implies privilege escalation; the API server refuses it beside a denial.
func escalates(context *corev1.SecurityContext) bool {
	if context.Privileged != nil && *context.Privileged {
		return true
	}
	return context.Capabilities != nil && slices.Contains(context.Capabilities.Add, "CAP_SYS_ADMIN")
}

// choosesSCC says that the CR has a say in which security context constraints its Pods need: by naming them, by a
// security context of its own, or by a ServiceAccount that was granted others. Then the platform finds those that fit.
func (t setSecurity) choosesSCC() bool {
	_, named := t.overrides.Annotations[RequiredSCCAnnotation]
	return named || t.overrides.SecurityContext != nil || t.overrides.ServiceAccountName != "" ||
		t.Spec.Server.ContainerSpec.SecurityContext != nil
}

// mergeTyped merges an API type, or nothing for a nil pointer, over fields.
func mergeTyped[T any](fields map[string]any, typed *T) error {
	if typed == nil {
		return nil
	}
	own, err := plain(typed)
	if err != nil {
		return err
	}
	merge(fields, own)
	return nil
}

// merge puts fields over others: mappings field by field, everything else whole.
func merge(fields, over map[string]any) {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		current, wasMap := fields[key].(map[string]any)
		if isMap && wasMap {
			current = maps.Clone(current)
			merge(current, inner)
			fields[key] = current
			continue
		}
		fields[key] = value
	}
}
