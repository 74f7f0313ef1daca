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

package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func configMap(namespace, name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: data}
}

// newNamespace makes a namespace with the ConfigMaps that specs refer to. It ends with the spec; nobody removes what is
// in it, since no operator runs that would reconcile it.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "faults-"}}
	Expect(controlPlane.Admin.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func() { objects.drop(namespace.Name) })
	for _, name := range []string{"config", "other"} {
		Expect(admin.Create(ctx, configMap(namespace.Name, name, map[string]string{"config.yaml": "version: '2'\nimage_name: " + name + "\n"}))).To(Succeed())
	}
	for _, name := range []string{"ca", "other-ca"} {
		Expect(admin.Create(ctx, configMap(namespace.Name, name, map[string]string{"ca-bundle.crt": authority(), "more.crt": authority()}))).To(Succeed())
	}
	return namespace.Name
}

// cluster does once what the controllers and nodes of a cluster would: it rolls out Deployments, binds PVCs, and
// collects dependents of deleted objects.
func cluster(ctx context.Context, namespace string) {
	GinkgoHelper()
	found := objects.in(namespace)
	uids := map[string]bool{}
	for _, object := range found {
		uids[string(object.GetUID())] = true
	}
	for _, object := range found {
		switch object.GetKind() {
		case "Deployment":
			rollOut(ctx, object)
		case "PersistentVolumeClaim":
			bind(ctx, object)
		case "Job":
			answer(ctx, object)
		}
		for _, owner := range object.GetOwnerReferences() {
			if !uids[string(owner.UID)] {
				remove(ctx, object)
			}
		}
		if object.GetKind() == v1alpha1.Kind && object.GetDeletionTimestamp() != nil {
			collect(ctx, object, found)
		}
	}
}

// neverStarts is the image of a server whose rollout fails at once.
const neverStarts = "registry.example/never-starts:1"

func rollOut(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, deployment)).To(Succeed())
	wanted := *deployment.Spec.Replicas
	status := appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation, Replicas: wanted, UpdatedReplicas: wanted, ReadyReplicas: wanted, AvailableReplicas: wanted,
	}
	if deployment.Spec.Template.Spec.Containers[0].Image == neverStarts {
		status.ReadyReplicas, status.AvailableReplicas = 0, 0
		status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}}
	}
	if deployment.Status.ObservedGeneration == status.ObservedGeneration && deployment.Status.AvailableReplicas == status.AvailableReplicas || deployment.DeletionTimestamp != nil {
		return
	}
	deployment.Status = status
	Expect(admin.Status().Update(ctx, deployment)).To(Succeed())
}

// refuses is the image of a server that refuses every configuration.
const refuses = "registry.example/refuses:1"

// answer ends a Job that checks a configuration.
func answer(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	job := &batchv1.Job{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, job)).To(Succeed())
	for _, other := range objects.in(job.Namespace) {
		if metav1.IsControlledBy(other, job) {
			return
		}
	}
	ended := harness.Terminated(0, harness.ValidReport)
	if job.Spec.Template.Spec.Containers[0].Image == refuses {
		ended = harness.Terminated(1, `{"result":"Invalid","findings":[{"severity":"error","path":"config.yaml","message":"unknown"}]}`)
	}
	Expect(harness.RunJob(ctx, admin, job, ended)).To(Succeed())
}

func bind(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	pvc := &corev1.PersistentVolumeClaim{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, pvc)).To(Succeed())
	asked, has := pvc.Spec.Resources.Requests[corev1.ResourceStorage], pvc.Status.Capacity[corev1.ResourceStorage]
	if pvc.DeletionTimestamp != nil || pvc.Status.Phase == corev1.ClaimBound && asked.Cmp(has) == 0 {
		return
	}
	pvc.Status.Phase, pvc.Status.Capacity = corev1.ClaimBound, pvc.Spec.Resources.Requests
	Expect(admin.Status().Update(ctx, pvc)).To(Succeed())
}

// collect removes what a LlamaStackDistribution owns that is deleted in the foreground, and then itself.
func collect(ctx context.Context, owner *unstructured.Unstructured, found []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, object := range found {
		if metav1.IsControlledBy(object, owner) {
			remove(ctx, object)
		}
	}
	unfinalize(ctx, owner)
}

func remove(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	unfinalize(ctx, object)
	Expect(client.IgnoreNotFound(admin.Delete(ctx, object.DeepCopy()))).To(Succeed())
}

// unfinalize removes the finalizers of PVCs and of deletions in the foreground, which only controllers remove.
func unfinalize(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	if len(object.GetFinalizers()) > 0 {
		Expect(client.IgnoreNotFound(admin.Patch(ctx, object.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))))).To(Succeed())
	}
}

// state is the part of a namespace that must be the same whatever happened before, by "Kind/name".
func state(namespace string) map[string]any {
	found := map[string]any{}
	for _, object := range objects.in(namespace) {
		if object.GetKind() == "Pod" {
			continue // those of checks, which the garbage collector deletes
		}
		if _, users := map[string]bool{"config": true, "other": true, "ca": true, "other-ca": true}[object.GetName()]; !users {
			found[object.GetKind()+"/"+object.GetName()] = stable(object)
		}
	}
	return found
}

// stable leaves out what differs between two runs: identities, versions and times, and the namespace's name.
func stable(object *unstructured.Unstructured) map[string]any {
	out := object.DeepCopy()
	var managers []any
	for _, entry := range object.GetManagedFields() {
		managers = append(managers, entry.Manager+" "+string(entry.Operation)+" "+entry.Subresource)
	}
	slices.SortFunc(managers, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	owners := out.GetOwnerReferences()
	for i := range owners {
		owners[i].UID = ""
	}
	out.SetOwnerReferences(owners)
	for _, key := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "namespace"} {
		unstructured.RemoveNestedField(out.Object, "metadata", key)
	}
	unstructured.RemoveNestedField(out.Object, "metadata", "annotations", apply.HashAnnotation)          // the owner's UID is in it
	unstructured.RemoveNestedField(out.Object, "metadata", "annotations", v1alpha1.AnnotationAppliedFor) // how often its author edited it is in it
	for _, key := range []string{"clusterIP", "clusterIPs"} {
		unstructured.RemoveNestedField(out.Object, "spec", key)
	}
	setNested(out.Object, managers, "metadata", "managedFields")
	fields := withoutNamespace(out.Object, object.GetNamespace())
	if object.GetKind() != v1alpha1.Kind {
		delete(fields, "status")
		return fields
	}
	return stableStatus(fields)
}

// withoutNamespace replaces the namespace in all texts.
func withoutNamespace(fields map[string]any, namespace string) map[string]any {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err) // it came as JSON
	}
	out := map[string]any{}
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte(namespace), []byte("NAMESPACE")), &out); err != nil {
		panic(err)
	}
	return out
}

// stableStatus is a LlamaStackDistribution without its spec, and with a status without times.
func stableStatus(out map[string]any) map[string]any {
	status, _ := out["status"].(map[string]any)
	unstructured.RemoveNestedField(status, "version", "lastUpdated")
	conditions, _ := status["conditions"].([]any)
	for _, condition := range conditions {
		if fields, ok := condition.(map[string]any); ok {
			delete(fields, "lastTransitionTime")
			delete(fields, "observedGeneration")
		}
	}
	delete(status, "observedGeneration")
	delete(out, "spec") // it is what was asked for
	return out
}

func setNested(fields map[string]any, value any, path ...string) {
	if err := unstructured.SetNestedField(fields, value, path...); err != nil {
		panic(err) // the path is the test's own
	}
}

// withoutCheck is a state without the result of a check.
func withoutCheck(state map[string]any) map[string]any {
	text, err := json.Marshal(state)
	if err != nil {
		panic(err) // it came as JSON
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	for _, object := range out {
		fields, _ := object.(map[string]any)
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationChecked)
		if status, ok := fields["status"].(map[string]any); ok {
			conditions, _ := status["conditions"].([]any)
			status["conditions"] = slices.DeleteFunc(conditions, func(one any) bool {
				return one.(map[string]any)["type"] == string(v1alpha1.ConditionConfigValid)
			})
		}
	}
	return out
}

// different says how two states differ; empty when they do not.
func different(one, other map[string]any) string { return cmp.Diff(one, other) }

// names of what is in a state.
func names(of map[string]any) []string { return slices.Sorted(maps.Keys(of)) }

// follows is what of a state follows from the spec alone, whatever the spec was before: not a PVC, which no edit
// removes or shrinks, not the copies of earlier configurations, not who else once managed a field, not which template
// was ready last, and not whether another user may have written to the volume before.
func follows(namespace string) map[string]any {
	found := map[string]any{}
	for name, object := range state(namespace) {
		fields, _ := object.(map[string]any)
		if kind, _, _ := strings.Cut(name, "/"); kind == "PersistentVolumeClaim" || kind == "ConfigMap" {
			continue
		}
		unstructured.RemoveNestedField(fields, "metadata", "managedFields")
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationRollout)
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationReadyTemplate)
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationChecked)
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationForeignFiles)
		unstructured.RemoveNestedField(fields, "metadata", "annotations", v1alpha1.AnnotationAppliedTemplate) // the template is compared
		unstructured.RemoveNestedField(fields, "spec", "template", "spec", "securityContext", "fsGroupChangePolicy")
		found[name] = fields
	}
	return found
}

// authority is a certificate in PEM, the same for all, since making one takes a while.
var authority = sync.OnceValue(func() string { return harness.NewCertificate("ca") })
