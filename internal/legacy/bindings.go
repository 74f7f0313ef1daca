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

package legacy

import (
	"context"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Bindings reports, once when the operator starts on OpenShift, the bindings by which 0.9.0 let servers run under
// the SCC anyuid. They are not needed any more. Removing them is a person's decision: the operator may not write RBAC.
type Bindings struct {
	Cached client.Reader
	Live   client.Reader
	Events *events.Events
	// Namespaces whose bindings are reported; none is all of them, and the bindings of the cluster.
	Namespaces []string
}

// Start implements manager.Runnable. It runs once; it logs what it cannot list.
func (l *Bindings) Start(ctx context.Context) error {
	for kind, report := range map[string]func(context.Context) error{kindRoleBinding: l.reportRoleBindings, kindClusterRoleBinding: l.reportClusterRoleBindings} {
		if err := report(ctx); err != nil {
			log.FromContext(ctx).Error(err, "failed to list the bindings of an earlier release", "kind", kind)
		}
	}
	return nil
}

const (
	kindRoleBinding        = "RoleBinding"
	kindClusterRoleBinding = "ClusterRoleBinding"
)

// labelled finds what 0.9.0 made, and what has its label from others.
func labelled() client.MatchingLabels {
	return client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
}

func (l *Bindings) reportRoleBindings(ctx context.Context) error {
	namespaces := l.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		if err := l.reportRoleBindingsIn(ctx, namespace); err != nil {
			return err
		}
	}
	return nil
}

func (l *Bindings) reportRoleBindingsIn(ctx context.Context, namespace string) error {
	empty := func() *rbacv1.RoleBindingList { return &rbacv1.RoleBindingList{} }
	_, err := listwatch.Pages(ctx, l.Live, listwatch.MostPages, empty, func(page *rbacv1.RoleBindingList) {
		for i := range page.Items {
			if page.Items[i].RoleRef.Name == v1alpha1.LegacyRole {
				l.reportRoleBinding(ctx, &page.Items[i])
			}
		}
	}, labelled(), client.InNamespace(namespace))
	return err
}

func (l *Bindings) reportRoleBinding(ctx context.Context, item *rbacv1.RoleBinding) {
	command := shell.Command("kubectl", "delete", "rolebinding", item.Name, "-n", item.Namespace)
	reportBinding(ctx, kindRoleBinding, item, command)
	if controller := metav1.GetControllerOf(item); controller != nil && controller.Kind == v1alpha1.Kind {
		l.Events.LegacyBinding(ownerOf(item, controller), kindRoleBinding, item.Name, command)
	}
}

// reportClusterRoleBindings reports those to ServiceAccounts of servers. They have no owner: the server is the one whose
// ServiceAccount they name.
func (l *Bindings) reportClusterRoleBindings(ctx context.Context) error {
	if len(l.Namespaces) > 0 {
		return nil // the operator may not list them
	}
	empty := func() *rbacv1.ClusterRoleBindingList { return &rbacv1.ClusterRoleBindingList{} }
	_, err := listwatch.Pages(ctx, l.Live, listwatch.MostPages, empty, func(page *rbacv1.ClusterRoleBindingList) {
		for i := range page.Items {
			if page.Items[i].RoleRef.Name == v1alpha1.LegacyRole {
				l.reportClusterRoleBinding(ctx, &page.Items[i])
			}
		}
	}, labelled())
	return err
}

func (l *Bindings) reportClusterRoleBinding(ctx context.Context, item *rbacv1.ClusterRoleBinding) {
	command := shell.Command("kubectl", "delete", "clusterrolebinding", item.Name)
	reportBinding(ctx, kindClusterRoleBinding, item, command)
	for _, subject := range item.Subjects {
		if instance := l.serverOf(ctx, subject); instance != nil {
			l.Events.LegacyBinding(instance, kindClusterRoleBinding, item.Name, command)
		}
	}
}

func reportBinding(ctx context.Context, kind string, item client.Object, command string) {
	log.FromContext(ctx).Info("a binding of an earlier release is left over",
		"kind", kind, "namespace", item.GetNamespace(), "name", item.GetName(), "remove", command)
}

// serverOf is whose ServiceAccount a subject is, nil where it is nobody's.
func (l *Bindings) serverOf(ctx context.Context, subject rbacv1.Subject) *v1alpha1.LlamaStackDistribution {
	name, ok := strings.CutSuffix(subject.Name, "-sa")
	if !ok || subject.Kind != rbacv1.ServiceAccountKind {
		return nil
	}
	instance := &v1alpha1.LlamaStackDistribution{}
	if err := l.Cached.Get(ctx, client.ObjectKey{Namespace: subject.Namespace, Name: name}, instance); err != nil {
		return nil
	}
	return instance
}

func ownerOf(item client.Object, controller *metav1.OwnerReference) *v1alpha1.LlamaStackDistribution {
	return &v1alpha1.LlamaStackDistribution{
		TypeMeta:   metav1.TypeMeta{APIVersion: controller.APIVersion, Kind: controller.Kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: item.GetNamespace(), Name: controller.Name, UID: controller.UID},
	}
}
