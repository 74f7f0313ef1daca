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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// clusterFacts are what was read about the cluster and the operator.
type clusterFacts struct {
	now metav1.Time
	// answers says that the API server answers, and troubles are what it says about its parts.
	answers  bool
	troubles string
	// crd is nil if it could not be read.
	crd       *unstructured.Unstructured
	noCRD     bool
	from      string
	operators []appsv1.Deployment
	processes []corev1.Pod
	leases    []coordinationv1.Lease
	// classes are nil if they could not be read.
	classes []storagev1.StorageClass
	// lacks are rights of the operator, and denied those of the user, that are missing.
	lacks, denied []string
	// missed is what could not be read; unseen, the kinds of it.
	missed []string
	unseen map[string]bool
}

// patient is what was read about a server that is checked.
type patient struct {
	*facts

	cluster  *clusterFacts
	owned    []unstructured.Unstructured
	nodes    []corev1.Node
	policies []networkingv1.NetworkPolicy
	slices   []discoveryv1.EndpointSlice
	quotas   []corev1.ResourceQuota
	// lost are ConfigMaps that the spec names and that do not exist.
	lost []string
	// reported are the conditions, and said their messages, that a check has reported.
	reported, said map[string]bool
}

// examine reads the cluster and the operator.
func (s *session) examine(ctx context.Context, from string, now metav1.Time) *clusterFacts {
	c := &clusterFacts{now: now, from: from, unseen: map[string]bool{}}
	answer, err := s.core.RESTClient().Get().AbsPath("/readyz").Param("verbose", "").DoRaw(ctx)
	switch {
	case err == nil, apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		c.answers = true
	default:
		c.troubles = troublesOf(string(answer), err)
		c.answers = len(answer) > 0
	}
	if !c.answers {
		return c
	}
	if c.crd, err = s.readObject(ctx, kinds.crd, "", crdName); err != nil {
		c.crd, c.noCRD = nil, apierrors.IsNotFound(err)
		if !c.noCRD {
			c.miss(err)
		}
	}
	own := []client.ListOption{client.InNamespace(from), client.MatchingLabels{operatorLabel: operatorValue}}
	c.operators = readAll[appsv1.Deployment](ctx, s, c, kinds.deployment, own...)
	c.processes = readAll[corev1.Pod](ctx, s, c, kinds.pod, own...)
	c.leases = readAll[coordinationv1.Lease](ctx, s, c, kinds.lease, client.InNamespace(from))
	c.classes = readAll[storagev1.StorageClass](ctx, s, c, kinds.class)
	c.denied = s.missingRights(ctx)
	if len(c.operators) == 1 {
		c.lacks = s.operatorLacks(ctx, &c.operators[0])
	}
	return c
}

// troublesOf is what the API server says about its parts, or why it does not answer.
func troublesOf(answer string, err error) string {
	var failed []string
	for line := range strings.Lines(answer) {
		if part, ok := strings.CutPrefix(line, "[-]"); ok {
			failed = append(failed, strings.TrimSpace(part))
		}
	}
	if len(failed) == 0 {
		return err.Error()
	}
	return strings.Join(failed, "; ")
}

// miss notes what could not be read.
func (c *clusterFacts) miss(err error) { c.missed = append(c.missed, reasonOf(err)) }

// readAll reads objects of a kind.
func readAll[T any](ctx context.Context, s *session, c *clusterFacts, kind schema.GroupVersionKind, options ...client.ListOption) []T {
	found := []T{}
	err := s.eachPage(ctx, listOf(kind), func(item runtime.Object) {
		var object T
		if content, ok := item.(*unstructured.Unstructured); ok && runtime.DefaultUnstructuredConverter.FromUnstructured(content.Object, &object) == nil {
			found = append(found, object)
		}
	}, options...)
	if err != nil {
		if !c.unseen[kind.Kind] {
			c.miss(err)
		}
		c.unseen[kind.Kind] = true
		return nil
	}
	return found
}

// wantedRights are those of the commands of this program: verb, group, resource, subresource.
var wantedRights = [][4]string{ //nolint:gochecknoglobals // nobody changes it
	{verbList, v1alpha1.GroupVersion.Group, serverResource, ""}, {verbPatch, v1alpha1.GroupVersion.Group, serverResource, ""},
	{verbList, "", "pods", ""}, {"get", "", "pods", "log"}, {verbList, "", "events", ""}, {"get", "apps", "deployments", ""},
}

// operatorRights are those without which the operator does nothing.
var operatorRights = [][4]string{ //nolint:gochecknoglobals // nobody changes it
	{verbList, v1alpha1.GroupVersion.Group, serverResource, ""}, {verbPatch, v1alpha1.GroupVersion.Group, serverResource, "status"},
	{verbPatch, "apps", "deployments", ""}, {verbPatch, "", "services", ""}, {verbPatch, "", "configmaps", ""},
}

// missingRights are the rights that the user lacks in the namespace.
func (s *session) missingRights(ctx context.Context) []string {
	var missing []string
	for _, right := range wantedRights {
		if allowed, err := s.review(ctx, kinds.selfReview, s.namespace, right, ""); err == nil && !allowed {
			missing = append(missing, fmt.Sprintf("%s %s in namespace %s", right[0], resourceOf(right), s.namespace))
		}
	}
	return missing
}

// operatorLacks are the rights that the operator lacks. Only an administrator may ask for those of others.
func (s *session) operatorLacks(ctx context.Context, operator *appsv1.Deployment) []string {
	namespace := metav1.NamespaceAll
	for _, container := range operator.Spec.Template.Spec.Containers {
		for _, word := range container.Args {
			if list, ok := strings.CutPrefix(word, "--watch-namespaces="); ok {
				namespace, _, _ = strings.Cut(list, ",")
			}
		}
	}
	user := "system:serviceaccount:" + operator.Namespace + ":" + operator.Spec.Template.Spec.ServiceAccountName
	var lacking []string
	for _, right := range operatorRights {
		allowed, err := s.review(ctx, kinds.review, namespace, right, user)
		if err != nil {
			return nil
		}
		if !allowed {
			lacking = append(lacking, right[0]+" "+resourceOf(right))
		}
	}
	return lacking
}

// resourceOf is the resource of a right with its subresource.
func resourceOf(right [4]string) string { return strings.TrimSuffix(right[2]+"/"+right[3], "/") }

// review asks the API server for a right of a user, or of oneself.
func (s *session) review(ctx context.Context, kind schema.GroupVersionKind, namespace string, right [4]string, user string) (bool, error) {
	spec := map[string]any{"resourceAttributes": map[string]any{
		"namespace": namespace, "verb": right[0], "group": right[1], "resource": right[2], "subresource": right[3],
	}}
	if user != "" {
		spec["user"] = user
	}
	review := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	review.SetGroupVersionKind(kind)
	if err := s.Create(ctx, review); err != nil {
		return false, fmt.Errorf("failed to review a right: %w", err)
	}
	allowed, _, _ := unstructured.NestedBool(review.Object, "status", "allowed")
	return allowed, nil
}

// examineServer reads a server, and what can be wrong around it.
func (s *session) examineServer(ctx context.Context, c *clusterFacts, server *v1alpha1.LlamaStackDistribution) *patient {
	f := &patient{facts: s.gather(ctx, server), cluster: c, reported: map[string]bool{}, said: map[string]bool{}}
	here := client.InNamespace(server.Namespace)
	for i := range children.All() {
		s.owned(ctx, f, &children.All()[i])
	}
	f.policies = readAll[networkingv1.NetworkPolicy](ctx, s, c, kinds.policy, here)
	f.quotas = readAll[corev1.ResourceQuota](ctx, s, c, kinds.quota, here)
	f.slices = readAll[discoveryv1.EndpointSlice](ctx, s, c, kinds.slice, here, client.MatchingLabels{discoveryv1.LabelServiceName: children.ServiceName(server.Name)})
	f.nodes = s.nodesOf(ctx, c, f.pods)
	if config := server.Spec.Server.UserConfig; config != nil {
		s.reference(ctx, f, config.ConfigMapName)
	}
	return f
}

// owned reads a child, to compare its labels and owners.
func (s *session) owned(ctx context.Context, f *patient, child *children.Child) {
	if object, err := s.readObject(ctx, child.GroupVersionKind, f.server.Namespace, child.Name(f.server.Name)); err == nil {
		f.owned = append(f.owned, *object)
	}
}

// reference looks up a ConfigMap that the spec names.
func (s *session) reference(ctx context.Context, f *patient, name string) {
	if _, err := s.readObject(ctx, children.Of(children.ConfigMap).GroupVersionKind, f.server.Namespace, name); apierrors.IsNotFound(err) {
		f.lost = append(f.lost, name)
	}
}

// nodesOf are all nodes if Pods wait for one, else those that Pods run on.
func (s *session) nodesOf(ctx context.Context, c *clusterFacts, pods []corev1.Pod) []corev1.Node {
	used := map[string]bool{}
	for i := range pods {
		used[pods[i].Spec.NodeName] = true
	}
	if len(used) == 0 {
		return nil
	}
	var found []corev1.Node
	for _, node := range readAll[corev1.Node](ctx, s, c, kinds.node) {
		if used[""] || used[node.Name] {
			found = append(found, node)
		}
	}
	return found
}
