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
	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// configView is what a server runs with.
type configView struct {
	Namespace string `json:"namespace"`
	Server    string `json:"server"`
	// From is the Pod that was read, or the Deployment if there is no Pod.
	From    string         `json:"from"`
	Image   string         `json:"image"`
	Command []string       `json:"command,omitempty"`
	Args    []string       `json:"args,omitempty"`
	Env     []variableView `json:"env"`
	// Files are the configurations that the operator mounted.
	Files []configFile `json:"files"`
	Notes []string     `json:"notes,omitempty"`
}

// variableView is a variable. Values of Secrets are never read.
type variableView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// configFile is a configuration with its secrets hidden.
type configFile struct {
	What      string `json:"what"`
	ConfigMap string `json:"configMap"`
	Key       string `json:"key"`
	Content   any    `json:"content,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

func (p *program) configCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "config [NAME]",
		Short: "Show what a server runs with",
		Long: "Show what a server runs with: the image, the command, the environment, and the configuration that the operator mounted in its " +
			"newest Pod. NAME can be left out if the namespace has one server.\n\nSecrets are not read: a variable shows from which Secret its value is. " +
			"Values are hidden if the name of the variable or of the field is that of a secret, such as api_key, and so are passwords in URLs.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.config(cmd.Context(), strings.Join(args, ""), format)
		},
	}
	addOutput(cmd, &format)
	cmd.AddCommand(p.configDiffCommand(), p.configValidateCommand())
	return cmd
}

func (p *program) config(ctx context.Context, name, format string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	server, err := s.oneServer(ctx, name)
	if err != nil {
		return err
	}
	pods, err := s.pods(ctx, server)
	if err != nil {
		return err
	}
	from, template, err := s.templateOf(ctx, server, pods)
	if err != nil {
		return err
	}
	view := configOf(server, from, template)
	s.addFiles(ctx, server, template, &view)
	return p.show(format, view, func(out painter) { out.config(&view) })
}

// oneServer is the server of a name, or the only one of the namespace.
func (s *session) oneServer(ctx context.Context, name string) (*v1alpha1.LlamaStackDistribution, error) {
	if name != "" {
		return s.server(ctx, name)
	}
	var found []*v1alpha1.LlamaStackDistribution
	names, total := []string{}, 0
	err := s.eachServer(ctx, s.namespace, func(server *v1alpha1.LlamaStackDistribution) {
		total++
		if len(names) < maxListed {
			found, names = append(found, server), append(names, server.Name)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case total == 0:
		return nil, fmt.Errorf("%s has no %s; to list those of all namespaces, run: %s status -A", place(s.namespace), v1alpha1.Kind, Name)
	case total > 1:
		return nil, fmt.Errorf("%s has %d servers; add the name of one of them: %s", place(s.namespace), total, strings.Join(names, ", "))
	}
	return found[0], nil
}

// maxListed is how many names a message lists.
const maxListed = 10

// templateOf is what the newest Pod of a server runs, or what the Deployment asks for, and which of them it is.
func (s *session) templateOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution, pods []corev1.Pod) (string, *corev1.PodSpec, error) {
	pods = slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	if len(pods) > 0 {
		newest := slices.MaxFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
		return "Pod " + newest.Name, &newest.Spec, nil
	}
	deployment := &appsv1.Deployment{}
	if err := s.Get(ctx, client.ObjectKeyFromObject(server), deployment); err != nil {
		return "", nil, fmt.Errorf("failed to read the Deployment of %s, which has no Pods either: %w", server.Name, err)
	}
	return "Deployment " + deployment.Name + ", because there is no Pod", &deployment.Spec.Template.Spec, nil
}

// configOf is the view without the files.
func configOf(server *v1alpha1.LlamaStackDistribution, from string, pod *corev1.PodSpec) configView {
	view := configView{Namespace: server.Namespace, Server: server.Name, From: from, Env: []variableView{}, Files: []configFile{}}
	container := containerOf(server, pod)
	if container == nil {
		view.Notes = append(view.Notes, "it has no container "+server.Spec.Server.ContainerName())
		return view
	}
	view.Image = container.Image
	view.Command, view.Args = hideWords(container.Command), hideWords(container.Args)
	for i := range container.EnvFrom {
		view.Env = append(view.Env, allOf(&container.EnvFrom[i]))
	}
	for i := range container.Env {
		view.Env = append(view.Env, variableView{Name: clean(container.Env[i].Name), Value: clean(valueOf(&container.Env[i]))})
	}
	return view
}

// containerOf is the container of the server; nil if it is not there.
func containerOf(server *v1alpha1.LlamaStackDistribution, pod *corev1.PodSpec) *corev1.Container {
	at := slices.IndexFunc(pod.Containers, func(one corev1.Container) bool { return one.Name == server.Spec.Server.ContainerName() })
	if at < 0 {
		return nil
	}
	return &pod.Containers[at]
}

// allOf describes variables with all keys of a ConfigMap or a Secret.
func allOf(source *corev1.EnvFromSource) variableView {
	view := variableView{Name: source.Prefix + "*"}
	switch {
	case source.SecretRef != nil:
		view.Value = "<all keys of Secret " + source.SecretRef.Name + ">"
	case source.ConfigMapRef != nil:
		view.Value = "<all keys of ConfigMap " + source.ConfigMapRef.Name + ">"
	}
	return view
}

// valueOf is the value of a variable, or where it is from.
func valueOf(variable *corev1.EnvVar) string {
	from := variable.ValueFrom
	switch {
	case from == nil:
		return hideText(variable.Name, variable.Value)
	case from.SecretKeyRef != nil:
		return fmt.Sprintf("<from Secret %s key %s>", from.SecretKeyRef.Name, from.SecretKeyRef.Key)
	case from.ConfigMapKeyRef != nil:
		return fmt.Sprintf("<from ConfigMap %s key %s>", from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
	case from.FieldRef != nil:
		return "<from the field " + from.FieldRef.FieldPath + " of the Pod>"
	case from.ResourceFieldRef != nil:
		return "<from the resource " + from.ResourceFieldRef.Resource + " of the container>"
	case from.FileKeyRef != nil:
		return fmt.Sprintf("<from the file %s key %s>", from.FileKeyRef.Path, from.FileKeyRef.Key)
	}
	return ""
}
