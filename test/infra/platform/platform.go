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

// Package platform installs the operator as Open Data Hub and OpenShift AI do: from config/overlays. Only tests import it, and
// everything in it fails the running spec by itself.
package platform

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the platform applies with: a field owner for the component, and one for CRDs, which belong to no component.
const (
	component = "llamastackoperator"
	crds      = "platform.opendatahub.io"
)

// CommonLabels are what the platform puts on everything.
func CommonLabels() map[string]string {
	return map[string]string{
		"app.opendatahub.io/" + component: "true",
		"app.kubernetes.io/part-of":       component,
		"platform.opendatahub.io/part-of": component,
	}
}

// Build builds an overlay of the repository in the folder root as the platform does: from a copy, with its parameters, and its
// labels on every object, and on the selector and the Pods of Deployments.
func Build(root, overlay string, parameters map[string]string) resmap.ResMap {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	Expect(os.CopyFS(filepath.Join(folder, "config"), os.DirFS(filepath.Join(root, "config")))).To(Succeed())
	if len(parameters) > 0 {
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			lines = append(lines, name+"="+parameters[name])
		}
		Expect(os.WriteFile(filepath.Join(folder, "config", "overlays", overlay, "params.env"), []byte(strings.Join(lines, "\n")), 0o600)).To(Succeed())
	}
	labelled, err := yaml.Marshal(types.Kustomization{
		Resources: []string{"config/overlays/" + overlay},
		Labels: []types.Label{{Pairs: CommonLabels(), FieldSpecs: []types.FieldSpec{
			{Gvk: resid.Gvk{Kind: "Deployment"}, Path: "spec/template/metadata/labels", CreateIfNotPresent: true},
			{Gvk: resid.Gvk{Kind: "Deployment"}, Path: "spec/selector/matchLabels", CreateIfNotPresent: true},
		}}},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), labelled, 0o600)).To(Succeed())

	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	Expect(err).NotTo(HaveOccurred())
	return objects
}

// Apply applies the objects of Build as the platform does whenever one of them changes: each by server-side apply, with the number of
// replicas that the cluster has.
func Apply(ctx context.Context, kube client.Client, objects resmap.ResMap) {
	GinkgoHelper()
	for _, object := range decoded(objects) {
		owner := client.FieldOwner(component)
		switch object.GetKind() {
		case "CustomResourceDefinition":
			owner = crds
		case "Deployment":
			keepReplicas(ctx, kube, object)
		}
		Expect(kube.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.ForceOwnership, owner)).To(Succeed(), object.GetName())
	}
}

// Remove removes the objects of Build as the platform does: all but the CRD. The Deployment goes first.
func Remove(ctx context.Context, kube client.Client, objects resmap.ResMap) {
	GinkgoHelper()
	for _, object := range slices.Backward(decoded(objects)) {
		if object.GetKind() != "CustomResourceDefinition" {
			Expect(client.IgnoreNotFound(kube.Delete(ctx, object))).To(Succeed(), object.GetName())
		}
	}
}

// keepReplicas asks for the number of replicas that a Deployment has.
func keepReplicas(ctx context.Context, kube client.Client, wanted *unstructured.Unstructured) {
	GinkgoHelper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(wanted.GroupVersionKind())
	err := kube.Get(ctx, client.ObjectKeyFromObject(wanted), live)
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	if err != nil {
		return
	}
	replicas, _, err := unstructured.NestedInt64(live.Object, "spec", "replicas")
	Expect(err).NotTo(HaveOccurred())
	Expect(unstructured.SetNestedField(wanted.Object, replicas, "spec", "replicas")).To(Succeed())
}

func decoded(objects resmap.ResMap) []*unstructured.Unstructured {
	GinkgoHelper()
	var all []*unstructured.Unstructured
	for _, object := range objects.Resources() {
		text, err := object.MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		into := &unstructured.Unstructured{}
		Expect(into.UnmarshalJSON(text)).To(Succeed(), object.GetName())
		all = append(all, into)
	}
	return all
}
