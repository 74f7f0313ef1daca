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

package controller

import (
	"context"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// legacyBindings reports, once when the operator starts on OpenShift, the bindings by which 0.9.0 let servers run under
// the SCC anyuid. They are not needed any more. Removing them is a person's decision: the operator may not write RBAC.
type legacyBindings struct {
	cached client.Reader
	live   client.Reader
	events *events.Events
}

// Start implements manager.Runnable. It runs once; what it cannot list it says in the log.
func (l *legacyBindings) Start(ctx context.Context) error {
	for kind, report := range map[string]func(context.Context) error{kindRoleBinding: l.reportRoleBindings, kindClusterRoleBinding: l.reportClusterRoleBindings} {
		if err := report(ctx); err != nil {
			log.FromContext(ctx).Error(err, "failed to look for bindings of an earlier release", "kind", kind)
		}
	}
	return nil
}

const (
	kindRoleBinding        = "RoleBinding"
	kindClusterRoleBinding = "ClusterRoleBinding"
)

// labelled finds what 0.9.0 made.
func labelled() client.MatchingLabels {
	return client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
}

func (l *legacyBindings) reportRoleBindings(ctx context.Context) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind(kindRoleBinding + "List"))
	if err := l.live.List(ctx, list, labelled()); err != nil {
		return fmt.Errorf("failed to list RoleBindings: %w", err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		command := fmt.Sprintf("kubectl delete rolebinding %s -n %s", item.Name, item.Namespace)
		tellBinding(ctx, kindRoleBinding, item, command)
		if controller := metav1.GetControllerOf(item); controller != nil && controller.Kind == v1alpha1.Kind {
			l.events.LegacyBinding(ownerOf(item, controller), kindRoleBinding, item.Name, command)
		}
	}
	return nil
}

// reportClusterRoleBindings tells of those to ServiceAccounts of servers. They have no owner: whom they are for is whose
// ServiceAccount they name.
func (l *legacyBindings) reportClusterRoleBindings(ctx context.Context) error {
	list := &rbacv1.ClusterRoleBindingList{}
	if err := l.live.List(ctx, list, labelled()); err != nil {
		return fmt.Errorf("failed to list ClusterRoleBindings: %w", err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		command := "kubectl delete clusterrolebinding " + item.Name
		tellBinding(ctx, kindClusterRoleBinding, item, command)
		for _, subject := range item.Subjects {
			if instance := l.serverOf(ctx, subject); instance != nil {
				l.events.LegacyBinding(instance, kindClusterRoleBinding, item.Name, command)
			}
		}
	}
	return nil
}

func tellBinding(ctx context.Context, kind string, item client.Object, command string) {
	log.FromContext(ctx).Info("a binding of an earlier release is left over",
		"kind", kind, "namespace", item.GetNamespace(), "name", item.GetName(), "remove", command)
}

// serverOf is whose ServiceAccount a subject is, nil where it is nobody's.
func (l *legacyBindings) serverOf(ctx context.Context, subject rbacv1.Subject) *v1alpha1.LlamaStackDistribution {
	name, ok := strings.CutSuffix(subject.Name, "-sa")
	if !ok || subject.Kind != rbacv1.ServiceAccountKind {
		return nil
	}
	instance := &v1alpha1.LlamaStackDistribution{}
	if err := l.cached.Get(ctx, client.ObjectKey{Namespace: subject.Namespace, Name: name}, instance); err != nil {
		return nil
	}
	return instance
}

func ownerOf(item *metav1.PartialObjectMetadata, controller *metav1.OwnerReference) *v1alpha1.LlamaStackDistribution {
	return &v1alpha1.LlamaStackDistribution{
		TypeMeta:   metav1.TypeMeta{APIVersion: controller.APIVersion, Kind: controller.Kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: item.Namespace, Name: controller.Name, UID: controller.UID},
	}
}
