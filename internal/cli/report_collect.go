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
	"path"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kinds are those that are read beside those of package children.
var kinds = struct { //nolint:gochecknoglobals // nobody changes it
	crd, class, podMetrics, pod, replicaSet, deployment, job, lease, slice, policy, quota, limits, event,
	node, selfReview, review schema.GroupVersionKind
}{
	crd:        schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"},
	class:      storagev1.SchemeGroupVersion.WithKind("StorageClass"),
	podMetrics: schema.GroupVersionKind{Group: "metrics.k8s.io", Version: "v1beta1", Kind: "PodMetrics"},
	pod:        corev1.SchemeGroupVersion.WithKind(kindPod),
	replicaSet: appsv1.SchemeGroupVersion.WithKind(kindReplicaSet),
	deployment: appsv1.SchemeGroupVersion.WithKind(children.Deployment),
	job:        batchv1.SchemeGroupVersion.WithKind(kindJob),
	lease:      coordinationv1.SchemeGroupVersion.WithKind("Lease"),
	slice:      discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"),
	policy:     networkingv1.SchemeGroupVersion.WithKind(children.NetworkPolicy),
	quota:      corev1.SchemeGroupVersion.WithKind("ResourceQuota"),
	limits:     corev1.SchemeGroupVersion.WithKind("LimitRange"),
	event:      corev1.SchemeGroupVersion.WithKind("Event"),
	node:       corev1.SchemeGroupVersion.WithKind("Node"),
	selfReview: authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"),
	review:     authorizationv1.SchemeGroupVersion.WithKind("SubjectAccessReview"),
}

// crdName is the name of the CRD.
const crdName = serverResource + ".llamastack.io"

// mapOthers adds the kinds above.
func mapOthers(mapper *meta.DefaultRESTMapper) {
	for _, kind := range []schema.GroupVersionKind{kinds.replicaSet, kinds.job, kinds.lease, kinds.slice, kinds.quota, kinds.limits} {
		mapper.Add(kind, meta.RESTScopeNamespace)
	}
	for _, kind := range []schema.GroupVersionKind{kinds.crd, kinds.class, kinds.node, kinds.selfReview, kinds.review} {
		mapper.Add(kind, meta.RESTScopeRoot)
	}
	pods := kinds.podMetrics.GroupVersion().WithResource("pods")
	mapper.AddSpecific(kinds.podMetrics, pods, pods, meta.RESTScopeNamespace)
}

// collector reads what a report has.
type collector struct {
	*session

	// streams is without the limit of the session: a log takes longer than an object. connection says whether the API server took
	// too long for one.
	streams    *session
	connection *impatient
	// silent are the nodes that have not sent a log in time.
	silent map[string]bool
	bundle *bundle
	// from is the namespace of the operator.
	from string
	logs []podFiles
}

// podFiles is a Pod whose logs and metrics are read, the folder for them, and where the metrics are.
type podFiles struct {
	pod     corev1.Pod
	folder  string
	metrics metricsPort
}

// metricsPort is where a Pod has metrics; without a number, it has none.
type metricsPort struct {
	number int32
	tls    bool
}

// operatorMetrics is where the operator has its metrics, as it is shipped.
func operatorMetrics() metricsPort { return metricsPort{number: 8443, tls: true} } //nolint:mnd // as in config/manager

// cluster reads what is about the whole cluster.
func (c *collector) cluster(ctx context.Context) {
	crd, err := c.readObject(ctx, kinds.crd, "", crdName)
	if err != nil {
		c.bundle.miss("the CRD", err)
	} else {
		withoutSchemas(crd)
		c.bundle.add("cluster/crd.yaml", crd)
	}
	c.list(ctx, kinds.class, "cluster", nil)
}

// withoutSchemas removes the schemas of a CRD, which are the same for everybody.
func withoutSchemas(crd *unstructured.Unstructured) {
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, version := range versions {
		if fields, ok := version.(map[string]any); ok {
			delete(fields, "schema")
		}
	}
	_ = unstructured.SetNestedSlice(crd.Object, versions, "spec", "versions")
}

// operator reads the operator.
func (c *collector) operator(ctx context.Context) {
	own := ofOperator(c.from)
	c.list(ctx, kinds.deployment, gatheredOperator, nil, own...)
	c.list(ctx, kinds.replicaSet, gatheredOperator, nil, own...)
	c.list(ctx, kinds.pod, gatheredOperator, c.withLogs(gatheredOperator, operatorMetrics()), own...)
	c.get(ctx, kinds.lease, c.from, operatorLease, gatheredOperator)
	config, err := c.readObject(ctx, children.Of(children.ConfigMap).GroupVersionKind, c.from, operatorconfig.Name)
	if err != nil {
		c.bundle.miss("ConfigMap "+operatorconfig.Name+" of the operator", err)
	} else {
		c.bundle.hold(path.Join(gatheredOperator, "configmap-"+operatorconfig.Name+".yaml"), config, c.bundle.redactor.Open)
	}
	c.events(ctx, c.from, gatheredOperator, aboutOperator)
}

// gatheredOperator is the folder of the operator.
const gatheredOperator = "operator"

// collect reads the servers, and what else is in their namespaces.
func (c *collector) collect(ctx context.Context, servers []*v1alpha1.LlamaStackDistribution) {
	mine := map[string][]func(*corev1.ObjectReference) bool{}
	for _, server := range servers {
		c.objects(ctx, server, path.Join("namespaces", server.Namespace, server.Name))
		mine[server.Namespace] = append(mine[server.Namespace], ownEvents(server))
	}
	for namespace, owners := range mine {
		folder := path.Join("namespaces", namespace)
		for _, kind := range []schema.GroupVersionKind{kinds.policy, kinds.quota, kinds.limits} {
			c.list(ctx, kind, folder, nil, client.InNamespace(namespace))
		}
		c.events(ctx, namespace, folder, func(of *corev1.ObjectReference) bool {
			return slices.ContainsFunc(owners, func(own func(*corev1.ObjectReference) bool) bool { return own(of) })
		})
	}
}

// objects reads a server with its objects. It is read once more, whole: a later release can have fields that this one lacks.
func (c *collector) objects(ctx context.Context, server *v1alpha1.LlamaStackDistribution, folder string) {
	c.get(ctx, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), server.Namespace, server.Name, folder)
	var deployment *unstructured.Unstructured
	for i := range children.All() {
		child := &children.All()[i]
		object := c.get(ctx, child.GroupVersionKind, server.Namespace, child.Name(server.Name), folder)
		if child.Kind == children.Deployment {
			deployment = object
		}
	}
	if claim := claimOf(server); claim != "" && claim != children.PVCName(server.Name) {
		c.get(ctx, children.Of(children.PersistentVolumeClaim).GroupVersionKind, server.Namespace, claim, folder)
	}
	c.configurations(ctx, server, deployment, folder)
	c.pods(ctx, server, folder)
}

// configurations reads the copies of configurations that the Pods of a Deployment mount, and compares that of the user with
// them.
func (c *collector) configurations(ctx context.Context, server *v1alpha1.LlamaStackDistribution, deployment *unstructured.Unstructured, folder string) {
	kind, user := children.Of(children.ConfigMap).GroupVersionKind, server.Spec.Server.UserConfig
	var used *unstructured.Unstructured
	for _, name := range copiesIn(server, deployment) {
		object := c.get(ctx, kind, server.Namespace, name, folder)
		if object == nil {
			continue
		}
		if _, ok, _ := unstructured.NestedString(object.Object, "data", v1alpha1.UserConfigKey); ok {
			used = object
		}
	}
	if user == nil {
		return
	}
	without := c.bundle.redactor.Object
	if used != nil {
		without = func(object map[string]any) map[string]any {
			return c.bundle.redactor.Compared(object, used.GetName(), used.Object)
		}
	}
	object, err := c.readObject(ctx, kind, server.Namespace, user.ConfigMapName)
	switch {
	case err == nil:
		c.bundle.hold(fileOf(folder, object), object, without)
	case !apierrors.IsNotFound(err):
		c.bundle.miss(fmt.Sprintf("%s %s/%s", kind.Kind, server.Namespace, user.ConfigMapName), err)
	}
}

// copiesIn are the names of the copies of configurations that a Deployment mounts.
func copiesIn(server *v1alpha1.LlamaStackDistribution, deployment *unstructured.Unstructured) []string {
	if deployment == nil {
		return nil
	}
	var found []string
	volumes, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "volumes")
	for _, volume := range volumes {
		fields, _ := volume.(map[string]any)
		name, _, _ := unstructured.NestedString(fields, "configMap", "name")
		if render.IsConfigCopyName(server.Name, name) {
			found = append(found, name)
		}
	}
	return found
}

// pods reads the Pods of a server, and what created them or leads to them.
func (c *collector) pods(ctx context.Context, server *v1alpha1.LlamaStackDistribution, folder string) {
	selector, err := selectorOf(server)
	if err != nil {
		c.bundle.miss("the Pods of "+server.Name, err)
		return
	}
	own := []client.ListOption{client.InNamespace(server.Namespace), client.MatchingLabelsSelector{Selector: selector}}
	c.list(ctx, kinds.replicaSet, folder, nil, own...)
	c.list(ctx, kinds.job, folder, nil, own...)
	c.list(ctx, kinds.pod, folder, c.withLogs(folder, metricsPort{number: server.Spec.Server.MetricsPort()}), own...)
	c.list(ctx, kinds.podMetrics, folder, nil, own...)
	c.list(ctx, kinds.slice, folder, nil, client.InNamespace(server.Namespace),
		client.MatchingLabels{discoveryv1.LabelServiceName: children.ServiceName(server.Name)})
}

// get reads an object, and returns nil if there is none. One that does not exist is not needed.
func (c *collector) get(ctx context.Context, kind schema.GroupVersionKind, namespace, name, folder string) *unstructured.Unstructured {
	object, err := c.readObject(ctx, kind, namespace, name)
	if err == nil {
		c.bundle.add(fileOf(folder, object), object)
		return object
	}
	if !apierrors.IsNotFound(err) {
		c.bundle.miss(fmt.Sprintf("%s %s/%s", kind.Kind, namespace, name), err)
	}
	return nil
}

// list reads objects, and calls a function for each if there is one.
func (c *collector) list(ctx context.Context, kind schema.GroupVersionKind, folder string, see func(*unstructured.Unstructured), options ...client.ListOption) {
	err := c.eachPage(ctx, listOf(kind), func(item runtime.Object) {
		if object, ok := item.(*unstructured.Unstructured); ok {
			c.bundle.add(fileOf(folder, object), object)
			if see != nil {
				see(object)
			}
		}
	}, options...)
	if isUnserved(err) {
		err = fmt.Errorf("the cluster does not serve %s", kind.GroupVersion())
	}
	c.bundle.miss(fmt.Sprintf("%s of %s", kind.Kind, folder), err)
}

// listOf makes empty lists of a kind.
func listOf(kind schema.GroupVersionKind) func() client.ObjectList {
	return func() client.ObjectList {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		return list
	}
}

// fileOf is the file of an object.
func fileOf(folder string, object *unstructured.Unstructured) string {
	return path.Join(folder, strings.ToLower(object.GetKind())+"-"+object.GetName()+".yaml")
}

// withLogs notes Pods whose logs are read.
func (c *collector) withLogs(folder string, metrics metricsPort) func(*unstructured.Unstructured) {
	return func(object *unstructured.Unstructured) {
		files := podFiles{folder: path.Join(folder, object.GetName()), metrics: metrics}
		err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &files.pod)
		if err != nil {
			c.bundle.miss("Pod "+object.GetName(), err)
			return
		}
		c.logs = append(c.logs, files)
	}
}

// events reads the last Events of a namespace that are about certain objects.
func (c *collector) events(ctx context.Context, namespace, folder string, mine func(*corev1.ObjectReference) bool) {
	var found []any
	err := c.eachPage(ctx, listOf(kinds.event), func(item runtime.Object) {
		event := corev1.Event{}
		object, ok := item.(*unstructured.Unstructured)
		if !ok || runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &event) != nil || !mine(&event.InvolvedObject) {
			return
		}
		found = append(found[max(0, len(found)-mostEvents+1):], object.Object)
	}, client.InNamespace(namespace))
	if err != nil {
		c.bundle.miss("Events of "+place(namespace), err)
		return
	}
	list := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "List", itemsKey: found}}
	c.bundle.add(path.Join(folder, "events.yaml"), list)
}
