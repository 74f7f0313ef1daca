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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/preview"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// migration is what is left to do, or to know, about 0.9.0.
type migration struct {
	Servers []takeover `json:"servers"`
	// Left are objects of 0.9.0 that a person removes or moves.
	Left   []leftover `json:"left"`
	Unread []string   `json:"unread,omitempty"`
}

// takeover is that of one server.
type takeover struct {
	Namespace string   `json:"namespace"`
	Server    string   `json:"server"`
	Done      bool     `json:"done"`
	Problems  []string `json:"problems,omitempty"`
	Changes   []string `json:"changes,omitempty"`
	Advice    []string `json:"advice,omitempty"`
}

// leftover is an object of 0.9.0.
type leftover struct {
	Object  string `json:"object"`
	Why     string `json:"why"`
	Command string `json:"command"`
}

func (p *program) migrateCommand() *cobra.Command {
	var (
		everywhere bool
		format     string
	)
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Show what a takeover from 0.9.0 changes, and what to clean up",
		Long: "Show what the takeover from the 0.9.0 operator changes for each server, what holds it up, and which objects of 0.9.0 are left to " +
			"clean up, with the commands. The command only reads. It works before and after you install the operator.\n\n" +
			"With --all-namespaces, it also finds a 0.9.0 operator, and its ConfigMap, in another namespace than " + OperatorNamespace + ". " +
			"An image behind the name of a distribution is the one of this release.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.migrate(cmd.Context(), everywhere, format) },
	}
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "Show all namespaces.")
	addOutput(cmd, &format)
	return cmd
}

func (p *program) migrate(ctx context.Context, everywhere bool, format string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	namespace := s.scope(everywhere)
	previewer, err := preview.New(s)
	if err != nil {
		return fmt.Errorf("failed to prepare the comparison: %w", err)
	}
	found := migration{Servers: []takeover{}, Left: []leftover{}}
	err = s.eachServer(ctx, namespace, func(server *v1alpha1.LlamaStackDistribution) {
		found.Servers = append(found.Servers, takeoverOf(ctx, previewer, server))
	})
	if err != nil {
		return err
	}
	s.findLeft(ctx, namespace, &found)
	return p.show(format, found, func(out painter) { out.migration(&found, namespace) })
}

// takeoverOf describes the takeover of one server. What cannot be read is a problem of this one only.
func takeoverOf(ctx context.Context, previewer *preview.Previewer, server *v1alpha1.LlamaStackDistribution) takeover {
	view := takeover{Namespace: server.Namespace, Server: server.Name}
	found, err := previewer.Takeover(ctx, server)
	if err != nil {
		view.Problems = append(view.Problems, reasonOf(err))
		return view
	}
	view.Done = found.Done
	for _, problem := range found.Problems {
		view.Problems = append(view.Problems, clean(problem.Message))
	}
	for _, change := range found.Changes {
		view.Changes = append(view.Changes, clean(change))
	}
	if storage := server.Spec.Server.Storage; storage.WantsPVC() && !storage.Retains() {
		view.Advice = append(view.Advice, "The PVC is deleted with the server, as in 0.9.0; to keep its data, set spec.server.storage.retentionPolicy: Retain "+
			"after the takeover")
	}
	return view
}

// findLeft finds what 0.9.0 left beside servers.
func (s *session) findLeft(ctx context.Context, namespace string, found *migration) {
	bindings := client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
	const anyuid = "it allows the SCC anyuid, which servers no longer need"
	s.seek(ctx, found, rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), func(item *metav1.PartialObjectMetadata) {
		found.add("RoleBinding", item, anyuid, "kubectl", "delete", "rolebinding", item.Name, "-n", item.Namespace)
	}, client.InNamespace(namespace), bindings)
	if namespace != metav1.NamespaceAll {
		return
	}
	s.seek(ctx, found, rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), func(item *metav1.PartialObjectMetadata) {
		found.add("ClusterRoleBinding", item, anyuid, "kubectl", "delete", "clusterrolebinding", item.Name)
	}, bindings)
	s.seek(ctx, found, appsv1.SchemeGroupVersion.WithKind("Deployment"), func(item *metav1.PartialObjectMetadata) {
		if item.Namespace != OperatorNamespace {
			found.add("Deployment", item, "an operator in this namespace does not know of the one in "+OperatorNamespace+
				"; stop it, and remove it where another tool restores it", "kubectl", "scale", "deployment", item.Name, "-n", item.Namespace, "--replicas=0")
		}
	}, client.MatchingFields{nameField: operatorDeployment})
	s.seek(ctx, found, corev1.SchemeGroupVersion.WithKind("ConfigMap"), func(item *metav1.PartialObjectMetadata) {
		if item.Namespace != OperatorNamespace {
			found.add("ConfigMap", item, "the operator reads this ConfigMap in "+OperatorNamespace+" only; copy what it has",
				"kubectl", "get", "configmap", item.Name, "-n", item.Namespace, "-o", "yaml")
		}
	}, client.MatchingFields{nameField: operatorconfig.Name})
}

// What the 0.9.0 operator is made of.
const (
	operatorDeployment = "llama-stack-k8s-operator-controller-manager"
	nameField          = "metadata.name"
)

// seek calls a function for the objects of a kind, of which it reads the metadata.
func (s *session) seek(ctx context.Context, found *migration, kind schema.GroupVersionKind, see func(*metav1.PartialObjectMetadata), options ...client.ListOption) {
	list := func() client.ObjectList {
		into := &metav1.PartialObjectMetadataList{}
		into.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		return into
	}
	err := s.eachPage(ctx, list, func(object runtime.Object) {
		if item, ok := object.(*metav1.PartialObjectMetadata); ok {
			see(item)
		}
	}, options...)
	if err != nil {
		found.Unread = append(found.Unread, reasonOf(fmt.Errorf("failed to list the %ss: %w", kind.Kind, err)))
	}
}

func (m *migration) add(kind string, item *metav1.PartialObjectMetadata, why string, words ...string) {
	name := kind + " " + item.Name
	if item.Namespace != "" {
		name += " in namespace " + item.Namespace
	}
	m.Left = append(m.Left, leftover{Object: name, Why: why, Command: shell.Command(words...)})
}

// migration prints the view.
func (p painter) migration(view *migration, namespace string) {
	if len(view.Servers) == 0 {
		p.linef("No %ss in %s.", v1alpha1.Kind, place(namespace))
	}
	for i := range view.Servers {
		p.takeover(&view.Servers[i])
	}
	if len(view.Left) > 0 {
		p.linef("%s", p.in(bold, "To clean up:"))
	}
	for _, one := range view.Left {
		p.linef("  %s: %s.\n    %s", one.Object, one.Why, one.Command)
	}
	for _, unread := range view.Unread {
		p.linef("%s", p.in(waits, "Not shown: "+unread))
	}
}

func (p painter) takeover(view *takeover) {
	name := view.Server + " in namespace " + view.Namespace
	switch {
	case view.Done:
		p.linef("%s: %s", p.in(bold, name), p.in(good, "nothing to take over"))
		return
	case len(view.Problems) > 0:
		p.linef("%s: %s", p.in(bold, name), p.in(bad, "the takeover is held up; the server keeps what 0.9.0 made"))
	default:
		p.linef("%s: the takeover restarts it once", p.in(bold, name))
	}
	for _, problem := range view.Problems {
		p.linef("  %s", p.in(bad, problem))
	}
	for _, line := range append(view.Changes, view.Advice...) {
		p.linef("  %s", line)
	}
}
