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
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
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
	// answers says that the API server answers, and troubles are what it says about its parts. Without its database it is
	// blind: each read would fail.
	answers, blind bool
	troubles       string
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
	// bundles are the ConfigMaps of CA bundles that were read.
	bundles map[client.ObjectKey]map[string]string
	// missed is what could not be read; unseen, the kinds of it.
	missed []string
	unseen map[string]bool
}

// patient is what was read about a server that is checked.
type patient struct {
	*facts

	cluster  *clusterFacts
	owned    []client.Object
	nodes    []corev1.Node
	policies []networkingv1.NetworkPolicy
	slices   []discoveryv1.EndpointSlice
	quotas   []corev1.ResourceQuota
	// heard is when the kubelet of a node reported last, and warnings are the last ones about Pods that do not run.
	heard    map[string]time.Time
	warnings []corev1.Event
	// authorities are the certificates of the CA bundle, and serving is the Certificate behind the Secret.
	authorities []*x509.Certificate
	serving     *certificate
	// lost are ConfigMaps that the spec names and that do not exist.
	lost []string
	// reported are the conditions, and said their messages, that a check has reported.
	reported, said map[string]bool
}

// examine reads the cluster and the operator.
func (s *session) examine(ctx context.Context, from string, now metav1.Time) *clusterFacts {
	c := s.askServer(ctx, from, now)
	if c.blind {
		return c
	}
	c.from = s.home(ctx, from)
	var err error
	if c.crd, err = s.readObject(ctx, kinds.crd, "", crdName); err != nil {
		c.crd, c.noCRD = nil, apierrors.IsNotFound(err)
		if !c.noCRD {
			c.miss(err)
		}
	}
	own := ofOperator(c.from)
	c.operators = readAll[appsv1.Deployment](ctx, s, c, kinds.deployment, own...)
	c.processes = readAll[corev1.Pod](ctx, s, c, kinds.pod, own...)
	c.leases = readAll[coordinationv1.Lease](ctx, s, c, kinds.lease, client.InNamespace(c.from), client.MatchingFields{nameField: operatorLease})
	c.classes = readAll[storagev1.StorageClass](ctx, s, c, kinds.class)
	s.missingRights(ctx, c)
	if len(c.operators) == 1 {
		s.operatorLacks(ctx, c, &c.operators[0])
	}
	return c
}

// askServer asks the API server how it is.
func (s *session) askServer(ctx context.Context, from string, now metav1.Time) *clusterFacts {
	c := &clusterFacts{now: now, from: from, unseen: map[string]bool{}, bundles: map[client.ObjectKey]map[string]string{}}
	answer, err := s.core.RESTClient().Get().AbsPath(readyz).Param("verbose", "").DoRaw(ctx)
	switch {
	case err == nil, apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		c.answers = true
	default:
		c.troubles = troublesOf(string(answer), err)
		c.answers = len(answer) > 0
		c.blind = !c.answers || aboutDatabase.MatchString(c.troubles)
	}
	return c
}

// askAgain asks the API server how it is after it did not answer a request in time.
func (s *session) askAgain(ctx context.Context, before *clusterFacts) *clusterFacts {
	c := s.askServer(ctx, before.from, before.now)
	c.blind = true
	if c.troubles == "" {
		c.troubles = "it does not answer requests in time; to wait longer, set --request-timeout"
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
	err := readEach(ctx, s, kind, func(object *T) { found = append(found, *object) }, options...)
	if err != nil {
		if !c.unseen[kind.Kind] {
			c.miss(err)
		}
		c.unseen[kind.Kind] = true
		return nil
	}
	return found
}

// readEach calls a function for the objects of a kind.
func readEach[T any](ctx context.Context, s *session, kind schema.GroupVersionKind, see func(*T), options ...client.ListOption) error {
	return s.eachPage(ctx, listOf(kind), func(item runtime.Object) {
		var object T
		if content, ok := item.(*unstructured.Unstructured); ok && runtime.DefaultUnstructuredConverter.FromUnstructured(content.Object, &object) == nil {
			see(&object)
		}
	}, options...)
}

// wantedRights are those of the commands of this program: verb, group, resource, subresource.
var wantedRights = [][4]string{ //nolint:gochecknoglobals // nobody changes it
	{verbGet, v1alpha1.GroupVersion.Group, serverResource, ""}, {verbList, v1alpha1.GroupVersion.Group, serverResource, ""},
	{"create", v1alpha1.GroupVersion.Group, serverResource, ""}, {verbPatch, v1alpha1.GroupVersion.Group, serverResource, ""},
	{verbList, "", podResource, ""}, {verbGet, "", podResource, "log"}, {verbGet, "", podResource, "proxy"}, {"create", "", podResource, "portforward"},
	{verbList, "", "events", ""}, {verbGet, "", "configmaps", ""}, {verbGet, "", "services", ""},
	{verbGet, "", "persistentvolumeclaims", ""}, {verbGet, "apps", "deployments", ""},
}

// operatorRights are those without which the operator does nothing.
var operatorRights = [][4]string{ //nolint:gochecknoglobals // nobody changes it
	{verbList, v1alpha1.GroupVersion.Group, serverResource, ""}, {verbPatch, v1alpha1.GroupVersion.Group, serverResource, "status"},
	{verbPatch, "apps", "deployments", ""}, {verbPatch, "", "services", ""}, {verbPatch, "", "configmaps", ""},
}

// missingRights finds the rights that the user lacks in the namespace.
func (s *session) missingRights(ctx context.Context, c *clusterFacts) {
	for _, right := range wantedRights {
		allowed, err := s.review(ctx, kinds.selfReview, s.namespace, right, "")
		if err != nil {
			c.miss(err)
			return
		}
		if !allowed {
			c.denied = append(c.denied, inNamespace(right, s.namespace))
		}
	}
}

// operatorLacks finds the rights that the operator lacks. Only an administrator may ask for those of others.
func (s *session) operatorLacks(ctx context.Context, c *clusterFacts, operator *appsv1.Deployment) {
	namespaces, known := watchedNamespaces(operator.Spec.Template.Spec.Containers)
	if !known {
		c.missed = append(c.missed, "the rights of the operator: Deployment "+operator.Name+" reads the namespaces that it watches from another object")
		return
	}
	user := "system:serviceaccount:" + operator.Namespace + ":" + operator.Spec.Template.Spec.ServiceAccountName
	for _, namespace := range namespaces {
		for _, right := range operatorRights {
			allowed, err := s.review(ctx, kinds.review, namespace, right, user)
			if err != nil {
				c.miss(err)
				return
			}
			if !allowed {
				c.lacks = append(c.lacks, inNamespace(right, namespace))
			}
		}
	}
}

// inNamespace describes a right in a namespace, or in all of them.
func inNamespace(right [4]string, namespace string) string {
	text := right[0] + " " + resourceOf(right)
	if namespace != metav1.NamespaceAll {
		text += " in namespace " + namespace
	}
	return text
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
	f.heard = s.heardOf(ctx, f.nodes)
	f.warnings = s.warningsOf(ctx, f)
	s.readCertificates(ctx, f)
	if config := server.Spec.Server.UserConfig; config != nil {
		s.reference(ctx, f, config.ConfigMapName)
	}
	return f
}

// owned reads a child, to compare its labels and owners. Of a ConfigMap, which can be large, that is all that is read.
func (s *session) owned(ctx context.Context, f *patient, child *children.Child) {
	key := client.ObjectKey{Namespace: f.server.Namespace, Name: child.Name(f.server.Name)}
	if child.Kind == children.ConfigMap {
		object := metadataOfOne(child.GroupVersionKind)
		if err := s.Get(ctx, key, object); err == nil {
			f.owned = append(f.owned, object)
		}
		return
	}
	if object, err := s.readObject(ctx, child.GroupVersionKind, key.Namespace, key.Name); err == nil {
		f.owned = append(f.owned, object)
	}
}

// reference looks up a ConfigMap that the spec names.
func (s *session) reference(ctx context.Context, f *patient, name string) {
	object := metadataOfOne(children.Of(children.ConfigMap).GroupVersionKind)
	if err := s.Get(ctx, client.ObjectKey{Namespace: f.server.Namespace, Name: name}, object); apierrors.IsNotFound(err) {
		f.lost = append(f.lost, name)
	}
}

// metadataOfOne is the metadata of an object to read.
func metadataOfOne(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	return object
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

// nodeLeases is the namespace of the leases by which kubelets report every 10 seconds.
const nodeLeases = "kube-node-lease"

// heardOf is when the kubelets of nodes reported last, for those who may read that.
func (s *session) heardOf(ctx context.Context, nodes []corev1.Node) map[string]time.Time {
	heard := map[string]time.Time{}
	for i := range nodes {
		object, err := s.readObject(ctx, kinds.lease, nodeLeases, nodes[i].Name)
		lease := coordinationv1.Lease{}
		if err != nil || runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &lease) != nil || lease.Spec.RenewTime == nil {
			continue
		}
		heard[nodes[i].Name] = lease.Spec.RenewTime.Time
	}
	return heard
}

// stale is how old a warning may be that says why a Pod does not run.
const stale = 10 * time.Minute

// warningsOf are the warnings about the Pods of a server that are not ready, or do not end. The status of a Pod does not have
// them.
func (s *session) warningsOf(ctx context.Context, f *patient) []corev1.Event {
	var found []corev1.Event
	for i := range f.pods {
		pod := &f.pods[i]
		if status.PodReady(pod) && pod.DeletionTimestamp == nil {
			continue
		}
		events := readAll[corev1.Event](ctx, s, f.cluster, kinds.event, client.InNamespace(pod.Namespace), client.MatchingFields{aboutName: pod.Name})
		for j := range events {
			if last := timeOf(&events[j]); events[j].Type == corev1.EventTypeWarning && f.cluster.now.Sub(last.Time) < stale {
				found = append(found, events[j])
			}
		}
	}
	return found
}
