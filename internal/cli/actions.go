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

package cli

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// edits are the commands that change a field or an annotation.
func edits() []edit {
	return []edit{
		{
			use: "restart", short: "Restart a server", done: "restarted", settled: restarted,
			long: "Restart a server: new Pods replace the old ones, as the rollout of the server says. Data on a PVC stays.\n\n" +
				"Sets the annotation " + v1alpha1.AnnotationRestartedAt + ".",
			patch:  annotated(v1alpha1.AnnotationRestartedAt),
			refuse: needsPods, effect: always("New Pods replace the old ones. Data on a PVC stays; data in the Pods is lost."),
		},
		{
			use: "suspend", short: "Stop a server, and keep everything else", done: "suspended", settled: suspended,
			long: "Stop a server: its Pods are deleted. The PVC, the Service and its URL, the configuration and the number of replicas " +
				"stay, and the autoscaler is removed until the server is resumed.\n\nSets spec.suspend.",
			patch: func(string) map[string]any { return spec("suspend", true) },
			effect: func(server *v1alpha1.LlamaStackDistribution) string {
				return "The server stops: its Pods are deleted, and it answers nobody. The PVC, the Service and the configuration stay. " +
					"To start it again, run: " + command("resume", server)
			},
		},
		{
			use: "resume", short: "Start a suspended server again", done: "resumed", settled: serves,
			long:   "Start a suspended server again, with the data and the number of replicas that it had.\n\nRemoves spec.suspend.",
			patch:  func(string) map[string]any { return spec("suspend", nil) },
			refuse: needsReplicas, effect: always("The server starts with the data on its PVC, and serves when its Pods are ready."),
		},
		{
			use: "pause", short: "Stop the operator from changing a server", done: "paused", settled: paused,
			long: "Stop the operator from changing the objects of a server, for example while you try out changes of its Deployment. The " +
				"server continues to serve.\n\nSets the annotation " + v1alpha1.AnnotationPaused + ".",
			patch: func(string) map[string]any { return annotation(v1alpha1.AnnotationPaused, "true") },
			effect: func(server *v1alpha1.LlamaStackDistribution) string {
				return "The server continues to serve. The operator changes and repairs nothing, and applies no edit, until you run: " + command("unpause", server)
			},
		},
		{
			use: "unpause", short: "Let the operator work on a paused server again", done: "unpaused", settled: unpaused,
			long: "Let the operator work on a paused server again. It restores what the LlamaStackDistribution declares.\n\n" +
				"Removes the annotation " + v1alpha1.AnnotationPaused + ".",
			patch:  func(string) map[string]any { return annotation(v1alpha1.AnnotationPaused, nil) },
			effect: always("The operator restores what is declared. If the Pod template was changed, new Pods replace the old ones."),
		},
		{
			use: "rollback", short: "Let a rollout that fails be undone", done: "set to roll back", settled: observed,
			long: "Let the operator undo a rollout that fails: the last Pod template that was ready runs again until the spec changes. Data is " +
				"not rolled back. The operator records templates from now on, so the rollout that fails next is undone; one that has " +
				"failed already is not.\n\nSets spec.server.rollout.rollback to " + string(v1alpha1.RollbackAutomatic) + ".",
			patch: func(string) map[string]any {
				return spec("server", map[string]any{"rollout": map[string]any{"rollback": v1alpha1.RollbackAutomatic}})
			},
			refuse: rollsBackAlready, effect: always("The Pods stay. The rollout that fails next is undone; one that has failed already is not: correct the spec."),
		},
		{
			use: "check", short: "Check the configuration of a server", done: "requested to be checked", settled: checked, waits: true,
			long: "Check the configuration that a LlamaStackDistribution declares, in a Job with the image of the server. No Pod of the " +
				"server is replaced. The command fails if the configuration is not valid.\n\nSets the annotation " + v1alpha1.AnnotationCheck + ".",
			patch:  annotated(v1alpha1.AnnotationCheck),
			refuse: needsConfiguration, effect: always("A Job checks the configuration. The server continues to serve, and no Pod of it is replaced."),
		},
	}
}

// annotated sets an annotation to the new value.
func annotated(key string) func(string) map[string]any {
	return func(value string) map[string]any { return annotation(key, value) }
}

// annotation is a patch of an annotation; nil removes it.
func annotation(key string, value any) map[string]any {
	return map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: value}}}
}

// spec is a patch of a field of spec; nil removes it.
func spec(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}

// always is the same effect for each server.
func always(text string) func(*v1alpha1.LlamaStackDistribution) string {
	return func(*v1alpha1.LlamaStackDistribution) string { return text }
}

func needsPods(server *v1alpha1.LlamaStackDistribution) error {
	switch {
	case server.Spec.Suspend:
		return fmt.Errorf("%s is suspended and has no Pods to restart; to start it, run: %s", server.Name, command("resume", server))
	case server.Paused():
		return fmt.Errorf("%s is paused, so the operator would not restart it; first run: %s", server.Name, command("unpause", server))
	}
	return nil
}

func needsReplicas(server *v1alpha1.LlamaStackDistribution) error {
	if replicas := server.Spec.Replicas; replicas != nil && *replicas == 0 && !server.Spec.Server.Autoscaled() {
		return fmt.Errorf("%s has spec.replicas 0 and would not start; run: %s", server.Name, scaleUp(server))
	}
	return nil
}

func needsConfiguration(server *v1alpha1.LlamaStackDistribution) error {
	switch {
	case server.Paused():
		return fmt.Errorf("%s is paused, so the operator would not check it; first run: %s", server.Name, command("unpause", server))
	case !server.Spec.Server.Configured():
		return fmt.Errorf("%s has neither spec.server.config nor userConfig, so there is nothing to check: it runs with the configuration in its image", server.Name)
	}
	return nil
}

func rollsBackAlready(server *v1alpha1.LlamaStackDistribution) error {
	if server.RollsBack() {
		return fmt.Errorf("%s already has spec.server.rollout.rollback %s; what happened is in: %s", server.Name, v1alpha1.RollbackAutomatic, command("status", server))
	}
	return nil
}
