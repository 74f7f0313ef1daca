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
	live   client.Reader
	events *events.Events
}

// Start implements manager.Runnable. It runs once; what it cannot list it says in the log.
func (l *legacyBindings) Start(ctx context.Context) error {
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		if err := l.report(ctx, kind); err != nil {
			log.FromContext(ctx).Error(err, "failed to look for bindings of an earlier release")
		}
	}
	return nil
}

func (l *legacyBindings) report(ctx context.Context, kind string) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind(kind + "List"))
	if err := l.live.List(ctx, list, client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}); err != nil {
		return fmt.Errorf("failed to list %ss: %w", kind, err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		command := "kubectl delete " + strings.ToLower(kind) + " " + item.Name
		if item.Namespace != "" {
			command += " -n " + item.Namespace
		}
		log.FromContext(ctx).Info("a binding of an earlier release is left over", "kind", kind, "namespace", item.Namespace, "name", item.Name, "remove", command)
		if controller := metav1.GetControllerOf(item); controller != nil && controller.Kind == v1alpha1.Kind {
			l.events.LegacyBinding(ownerOf(item, controller), kind, item.Name, command)
		}
	}
	return nil
}

func ownerOf(item *metav1.PartialObjectMetadata, controller *metav1.OwnerReference) *v1alpha1.LlamaStackDistribution {
	return &v1alpha1.LlamaStackDistribution{
		TypeMeta:   metav1.TypeMeta{APIVersion: controller.APIVersion, Kind: controller.Kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: item.Namespace, Name: controller.Name, UID: controller.UID},
	}
}
