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
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// addFiles adds the configurations that the operator mounted.
func (s *session) addFiles(ctx context.Context, server *v1alpha1.LlamaStackDistribution, pod *corev1.PodSpec, view *configView) {
	for i := range pod.Volumes {
		source := pod.Volumes[i].ConfigMap
		if source == nil || !render.IsConfigCopyName(server.Name, source.Name) {
			continue
		}
		configMap := &corev1.ConfigMap{}
		if err := s.Get(ctx, client.ObjectKey{Namespace: server.Namespace, Name: source.Name}, configMap); err != nil {
			view.Notes = append(view.Notes, reasonOf(fmt.Errorf("failed to read ConfigMap %s: %w", source.Name, err)))
			continue
		}
		view.Files = append(view.Files, filesOf(configMap)...)
	}
	slices.SortStableFunc(view.Files, func(a, b configFile) int { return -strings.Compare(a.Key, b.Key) })
	view.Notes = append(view.Notes, notesOn(server, view.Files)...)
}

// filesOf are the configurations in a copy of the operator.
func filesOf(configMap *corev1.ConfigMap) []configFile {
	var found []configFile
	for _, kind := range []struct{ key, what string }{
		{v1alpha1.UserConfigKey, "The configuration of spec.server.userConfig"}, {render.OverlayKey, "What spec.server.config declares"},
	} {
		text, ok := configMap.Data[kind.key]
		if !ok {
			continue
		}
		file := configFile{What: kind.what, ConfigMap: configMap.Name, Key: kind.key}
		var err error
		if file.Content, err = readConfig(text); err != nil {
			file.Problem = clean(err.Error())
		}
		found = append(found, file)
	}
	return found
}

// readConfig reads a configuration of a bounded size, and hides its secrets. The error has nothing of the text.
func readConfig(text string) (any, error) {
	if yamlbudget.TooLarge(text) {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are shown", len(text), yamlbudget.MaxBytes)
	}
	if _, err := yamlbudget.Parse(text); err != nil {
		return nil, errNoYAML
	}
	var content any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		return nil, errNoYAML
	}
	return hide(content, false), nil
}

// notesOn says what the files do not show.
func notesOn(server *v1alpha1.LlamaStackDistribution, files []configFile) []string {
	switch {
	case server.Spec.Server.Config != nil:
		return []string{"What spec.server.config declares is merged into its base (" + string(server.Spec.Server.ConfigBase()) +
			") in the Pod, by the init container " + v1alpha1.ConfigureContainerName + "; to see that it fits, run: " + command("check", server)}
	case len(files) == 0:
		return []string{"The server runs with the configuration in its image."}
	}
	return nil
}

// config prints the view.
func (p painter) config(view *configView) {
	p.table("", [][]cell{
		{{text: "Server:"}, {text: view.Server + " in namespace " + view.Namespace, tone: bold}},
		cells("From:", view.From),
		cells("Image:", dash(clean(view.Image))),
		cells("Command:", orImage(view.Command)),
		cells("Args:", orImage(view.Args)),
	})
	p.linef("\nEnvironment, in addition to that of the image:")
	rows := make([][]cell, 0, len(view.Env))
	for _, variable := range view.Env {
		rows = append(rows, cells(variable.Name, variable.Value))
	}
	p.table("  ", rows)
	for i := range view.Files {
		p.configFile(&view.Files[i])
	}
	for _, note := range view.Notes {
		p.linef("\n%s", note)
	}
}

// configFile prints a configuration as YAML, in which no control characters are left.
func (p painter) configFile(file *configFile) {
	p.linef("\n%s (ConfigMap %s, key %s):", p.in(bold, file.What), file.ConfigMap, file.Key)
	if file.Problem != "" {
		p.linef("  %s", p.in(waits, "Not shown: "+file.Problem))
		return
	}
	content, err := yaml.Marshal(file.Content)
	if err != nil {
		p.linef("  %s", p.in(waits, "Not shown: "+err.Error()))
		return
	}
	for line := range strings.Lines(string(content)) {
		p.linef("  %s", strings.TrimRight(line, "\n"))
	}
}

// orImage joins words of a command. Without any, those of the image apply.
func orImage(words []string) string {
	if len(words) == 0 {
		return "as in the image"
	}
	return clean(strings.Join(words, " "))
}
