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

package preview

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Takeover is what the takeover from 0.9.0 changes for one server.
type Takeover struct {
	// Done says that there is nothing of 0.9.0 to take over: this operator made or took over the Deployment, or there is none.
	Done bool
	// Problems hold the takeover up: the server keeps what 0.9.0 made.
	Problems []status.Problem
	// Changes to the objects of the server.
	Changes []string
}

// Takeover compares the objects of a server with those that this operator would apply. It reads only.
func (p *Previewer) Takeover(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (Takeover, error) {
	live := &appsv1.Deployment{}
	err := p.reader.Get(ctx, client.ObjectKeyFromObject(instance), live)
	if apierrors.IsNotFound(err) || err == nil && apply.Applied(live) {
		return Takeover{Done: true}, nil
	}
	if err != nil {
		return Takeover{}, fmt.Errorf("failed to read Deployment %s: %w", instance.Name, err)
	}
	wanted, err := p.Of(ctx, instance)
	if err != nil {
		return Takeover{}, err
	}
	found := Takeover{Problems: wanted.Problems}
	rendered := children.Find(wanted.Objects, children.Deployment)
	if rendered == nil {
		return found, nil
	}
	deployment := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(rendered.Object, deployment); err != nil {
		return Takeover{}, fmt.Errorf("failed to read the rendered Deployment: %w", err)
	}
	found.Changes = podChanges(live, deployment)
	err = p.reader.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: children.ServiceName(instance.Name)}, &corev1.Service{})
	if apierrors.IsNotFound(err) {
		found.Changes = append(found.Changes, "Service "+children.ServiceName(instance.Name)+" is created")
	} else if err != nil {
		return Takeover{}, fmt.Errorf("failed to read the Service of %s: %w", instance.Name, err)
	}
	return found, nil
}

// podChanges describe what is different in new Pods. Values of variables are left out.
func podChanges(live, wanted *appsv1.Deployment) []string {
	was, is := &live.Spec.Template.Spec, &wanted.Spec.Template.Spec
	if len(was.Containers) == 0 || len(is.Containers) == 0 {
		return nil
	}
	before, after := &was.Containers[0], &is.Containers[0]
	changes := containerChanges(before, after)
	if !equality.Semantic.DeepEqual(was.SecurityContext, is.SecurityContext) || !equality.Semantic.DeepEqual(before.SecurityContext, after.SecurityContext) {
		changes = append(changes, "Security context: "+securityOf(is)+" (before: as the image says)")
	}
	if off(is.AutomountServiceAccountToken) && !off(was.AutomountServiceAccountToken) {
		changes = append(changes, "The token of the Kubernetes API is no longer mounted; see podOverrides.automountServiceAccountToken")
	}
	if off(is.EnableServiceLinks) && !off(was.EnableServiceLinks) {
		changes = append(changes, "The variables of the Services in the namespace are no longer set")
	}
	if from, to := live.Spec.Strategy.Type, wanted.Spec.Strategy.Type; to != "" && from != to {
		changes = append(changes, fmt.Sprintf("Rollout strategy: %s (before: %s)", to, from))
	}
	return changes
}

func containerChanges(before, after *corev1.Container) []string {
	var changes []string
	if before.Image != after.Image {
		changes = append(changes, fmt.Sprintf("Image: %s (before: %s); to keep it, set spec.server.distribution.image", after.Image, before.Image))
	}
	if !slices.Equal(before.Command, after.Command) {
		changes = append(changes, "Command: "+commandOf(after)+" (before: "+commandOf(before)+")")
	}
	if !slices.Equal(before.Args, after.Args) {
		changes = append(changes, "The arguments of the command change")
	}
	changes = append(changes, differences("Variables", variablesOf(before), variablesOf(after))...)
	changes = append(changes, differences("Mounts", mountsOf(before), mountsOf(after))...)
	if was, is := before.StartupProbe, after.StartupProbe; was != nil && is != nil && was.FailureThreshold != is.FailureThreshold {
		changes = append(changes, fmt.Sprintf("Startup probe: %d failures (before: %d)", is.FailureThreshold, was.FailureThreshold))
	}
	return changes
}

// differences of two sets of names, whose values count, too.
func differences(what string, before, after map[string]string) []string {
	var added, removed, changed []string
	for name, value := range after {
		if was, ok := before[name]; !ok {
			added = append(added, name)
		} else if was != value {
			changed = append(changed, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			removed = append(removed, name)
		}
	}
	var lines []string
	for _, one := range []struct {
		verb  string
		names []string
	}{{"new", added}, {"gone", removed}, {"changed", changed}} {
		if len(one.names) > 0 {
			slices.Sort(one.names)
			lines = append(lines, what+" that are "+one.verb+": "+strings.Join(one.names, ", "))
		}
	}
	return lines
}

func variablesOf(container *corev1.Container) map[string]string {
	values := make(map[string]string, len(container.Env))
	for i := range container.Env {
		values[container.Env[i].Name] = container.Env[i].String()
	}
	return values
}

func mountsOf(container *corev1.Container) map[string]string {
	paths := make(map[string]string, len(container.VolumeMounts))
	for i := range container.VolumeMounts {
		mount := &container.VolumeMounts[i]
		paths[mount.MountPath] = mount.SubPath
	}
	return paths
}

// commandOf says what starts a container.
func commandOf(container *corev1.Container) string {
	switch {
	case len(container.Command) == 0:
		return "that of the image"
	case slices.Contains(container.Command, "launch"):
		return "the launcher, which starts the image's entrypoint or what its version needs"
	case slices.ContainsFunc(container.Command, func(word string) bool { return strings.Contains(word, "uvicorn") }):
		return "uvicorn, by a script of 0.9.0"
	}
	return "that of the spec"
}

// securityOf describes the user of Pods.
func securityOf(pod *corev1.PodSpec) string {
	text := "the Pod Security Standard restricted"
	if pod.SecurityContext != nil && pod.SecurityContext.RunAsUser != nil {
		text += fmt.Sprintf(", user %d", *pod.SecurityContext.RunAsUser)
	}
	return text
}

func off(value *bool) bool { return value != nil && !*value }
