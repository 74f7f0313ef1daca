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
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// defaultGracePeriod is the API's default for the time that a Pod has to stop, in seconds.
const defaultGracePeriod int64 = 30

// annotationsPath is where the Pods' annotations are.
const annotationsPath = templatePath + "/metadata/annotations"

// setPod sets what the CR says about the Pods and no other transformer reads. The operator's annotations come later
// and win.
type setPod struct{ *server }

// Transform implements resmap.Transformer.
func (t setPod) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	for key, value := range t.overrides.Annotations {
		if e.get(annotationsPath, key) == nil {
			e.set(annotationsPath, key, string(value))
		}
	}
	e.set(podSpecPath, "nodeSelector", t.nodeSelector())
	setList(e, podSpecPath, "tolerations", t.overrides.Tolerations)
	setList(e, podSpecPath, "imagePullSecrets", t.overrides.ImagePullSecrets)
	setList(e, podSpecPath, "resourceClaims", t.overrides.ResourceClaims)
	setList(e, containerPath, "envFrom", t.Spec.Server.ContainerSpec.EnvFrom)
	if lifecycle := t.Spec.Server.ContainerSpec.Lifecycle; lifecycle != nil {
		setTyped(e, containerPath, "lifecycle", lifecycle)
	}
	return e.err
}

// nodeSelector is the CR's, on nodes with Linux where the CR itself says nothing about the operating system.
func (t setPod) nodeSelector() map[string]any {
	selector := anyMap(t.overrides.NodeSelector)
	if _, said := selector[corev1.LabelOSStable]; !said && !t.affinityNamesOS() {
		selector[corev1.LabelOSStable] = string(corev1.Linux)
	}
	return selector
}

// affinityNamesOS says that the CR requires nodes by their operating system.
func (t setPod) affinityNamesOS() bool {
	own := t.overrides.Affinity
	if own == nil || own.NodeAffinity == nil || own.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	return slices.ContainsFunc(own.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(term.MatchExpressions, func(one corev1.NodeSelectorRequirement) bool { return one.Key == corev1.LabelOSStable })
	})
}

// setMap sets a map of strings; an empty one is left out.
func setMap[V ~string](e *editor, path, key string, values map[string]V) {
	if len(values) > 0 {
		e.set(path, key, anyMap(values))
	}
}

// setList sets a list of API types; an empty one is left out.
func setList[T any](e *editor, path, key string, typed []T) {
	if len(typed) == 0 {
		return
	}
	list, err := plainList(typed)
	if err != nil {
		e.fail(path+"/"+key, err)
		return
	}
	e.set(path, key, list)
}

// setTyped sets an API type.
func setTyped[T any](e *editor, path, key string, typed *T) {
	fields, err := plain(typed)
	if err != nil {
		e.fail(path+"/"+key, err)
		return
	}
	e.set(path, key, fields)
}

// terminationGracePeriod is the CR's own. Where the CR sets none, a wait before SIGTERM must not shorten the time that
// the server has to end.
func terminationGracePeriod(s *server) any {
	if seconds := s.overrides.TerminationGracePeriodSeconds; seconds != nil {
		return *seconds
	}
	lifecycle := s.Spec.Server.ContainerSpec.Lifecycle
	if lifecycle == nil || lifecycle.PreStop == nil || lifecycle.PreStop.Sleep == nil {
		return nil
	}
	return lifecycle.PreStop.Sleep.Seconds + defaultGracePeriod
}

// addInitContainers adds the CR's init containers, with the security context that the server's container has.
type addInitContainers struct{ *server }

// Transform implements resmap.Transformer.
func (t addInitContainers) Transform(m resmap.ResMap) error {
	if len(t.overrides.InitContainers) == 0 {
		return nil
	}
	e := edit(m, children.Deployment)
	context := e.get(containerPath, "securityContext")
	list := make([]any, 0, len(t.overrides.InitContainers))
	for i := range t.overrides.InitContainers {
		fields, err := t.initContainer(&t.overrides.InitContainers[i])
		if err != nil {
			return err
		}
		fields["securityContext"] = context
		list = append(list, fields)
	}
	e.set(podSpecPath, "initContainers", list)
	return e.err
}

// initContainer is a container of a Pod. A variable that comes twice is the last one, as in the server's container.
func (t addInitContainers) initContainer(declared *v1alpha1.InitContainer) (map[string]any, error) {
	one := *declared
	if one.Image == "" {
		one.Image = t.Image
	}
	env := newEnvironment()
	env.set(declared.Env...)
	one.Env = env.list()
	return plain(&one)
}

// affinity is what the operator prefers, each field of it replaced by the CR's. One that is empty says nothing.
func (t setPlacement) affinity() (map[string]any, error) {
	fields := map[string]any{}
	if t.replicated() {
		fields = t.antiAffinity()
	}
	own := t.overrides.Affinity
	if own == nil {
		own = &corev1.Affinity{}
	}
	replacing, err := plain(own)
	if err != nil {
		return nil, err
	}
	for key, value := range replacing {
		fields[key] = value
		if inner, isMap := value.(map[string]any); isMap && len(inner) == 0 {
			delete(fields, key)
		}
	}
	return fields, nil
}
