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
			"With --all-namespaces, it also finds a 0.9.0 operator, and its ConfigMap, in another namespace than that of this operator, which is " +
			OperatorNamespace + " if it does not run yet. " +
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
	previewer, err := preview.New(s.snapshot())
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
	const why = "it allows the SCC anyuid, which servers no longer need"
	seek(ctx, s, found, rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), func(item *rbacv1.RoleBinding) {
		if item.RoleRef.Name == v1alpha1.LegacyRole {
			found.add("RoleBinding", item, why, "kubectl", "delete", "rolebinding", item.Name, "-n", item.Namespace)
		}
	}, client.InNamespace(namespace), bindings)
	if namespace != metav1.NamespaceAll {
		return
	}
	seek(ctx, s, found, rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), func(item *rbacv1.ClusterRoleBinding) {
		if item.RoleRef.Name == v1alpha1.LegacyRole {
			found.add("ClusterRoleBinding", item, why, "kubectl", "delete", "clusterrolebinding", item.Name)
		}
	}, bindings)
	var operators []appsv1.Deployment
	known := seek(ctx, s, found, appsv1.SchemeGroupVersion.WithKind("Deployment"), func(item *appsv1.Deployment) {
		operators = append(operators, *item)
	}, client.MatchingFields{nameField: operatorDeployment})
	if known { // else nobody knows where the operator runs
		s.findElsewhere(ctx, found, operators)
	}
}

// findElsewhere finds what 0.9.0 left in other namespaces than that of the operator.
func (s *session) findElsewhere(ctx context.Context, found *migration, operators []appsv1.Deployment) {
	homes := homesOf(operators)
	home := strings.Join(homes, ", ")
	for i := range operators {
		item := &operators[i]
		old, known := isOld(item)
		switch {
		case slices.Contains(homes, item.Namespace):
		case !known:
			found.add("Deployment", item, "which release of the operator it is, is not known; 0.9.0 does not know of the operator in "+home+
				", so if it is 0.9.0, stop it", "kubectl", "get", "deployment", item.Name, "-n", item.Namespace, "-o", "yaml")
		case old && item.Spec.Replicas != nil && *item.Spec.Replicas == 0:
			found.add("Deployment", item, "it is stopped; delete it when the takeover is complete, and remove it where another tool restores it",
				"kubectl", "delete", "deployment", item.Name, "-n", item.Namespace)
		case old:
			found.add("Deployment", item, "the 0.9.0 operator in this namespace does not know of the one in "+home+
				"; stop it, and remove it where another tool restores it", "kubectl", "scale", "deployment", item.Name, "-n", item.Namespace, "--replicas=0")
		}
	}
	seekMetadata(ctx, s, found, corev1.SchemeGroupVersion.WithKind("ConfigMap"), func(item *metav1.PartialObjectMetadata) {
		if !slices.Contains(homes, item.Namespace) {
			found.add("ConfigMap", item, "the operator reads this ConfigMap in "+home+" only; copy what it has",
				"kubectl", "get", "configmap", item.Name, "-n", item.Namespace, "-o", "yaml")
		}
	}, client.MatchingFields{nameField: operatorconfig.Name})
}

// homesOf are the namespaces in which this operator runs, or the one in which it is installed as it is shipped.
func homesOf(operators []appsv1.Deployment) []string {
	var homes []string
	for i := range operators {
		if old, known := isOld(&operators[i]); known && !old {
			homes = append(homes, operators[i].Namespace)
		}
	}
	if len(homes) == 0 {
		return []string{OperatorNamespace}
	}
	return homes
}

// nameField is the field by which objects of a name are selected.
const nameField = "metadata.name"

// seek calls a function for the objects of a kind, and says whether they could be read.
func seek[T any](ctx context.Context, s *session, found *migration, kind schema.GroupVersionKind, see func(*T), options ...client.ListOption) bool {
	return found.read(kind, readEach(ctx, s, kind, see, options...))
}

// seekMetadata does the same with the metadata.
func seekMetadata(ctx context.Context, s *session, found *migration, kind schema.GroupVersionKind, see func(*metav1.PartialObjectMetadata), options ...client.ListOption) {
	found.read(kind, s.eachPage(ctx, metadataOf(kind), func(object runtime.Object) {
		if item, ok := object.(*metav1.PartialObjectMetadata); ok {
			see(item)
		}
	}, options...))
}

// read notes what could not be read.
func (m *migration) read(kind schema.GroupVersionKind, err error) bool {
	if err != nil {
		m.Unread = append(m.Unread, reasonOf(fmt.Errorf("failed to list the %ss: %w", kind.Kind, err)))
	}
	return err == nil
}

func (m *migration) add(kind string, item metav1.Object, why string, words ...string) {
	name := kind + " " + item.GetName()
	if item.GetNamespace() != "" {
		name += " in namespace " + item.GetNamespace()
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
