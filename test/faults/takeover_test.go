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
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// recorded is the server of 0.9.0 that is taken over here: one with a PVC.
const recorded = "stored"

// leave makes the server of an instance, and its objects, as 0.9.0 left them.
func leave(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	owner := llsdtest.Make(instance.Name).Namespace(instance.Namespace).Storage("").Obj()
	Expect(admin.Create(ctx, owner)).To(Succeed())
	files, err := filepath.Glob(filepath.Join(harness.Root(), "internal", "apply", "testdata", "takeover", "*.json"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		text, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		list := &unstructured.UnstructuredList{}
		Expect(list.UnmarshalJSON([]byte(strings.ReplaceAll(string(text), recorded, instance.Name)))).To(Succeed())
		for i := range list.Items {
			if name := list.Items[i].GetName(); name == instance.Name || strings.HasPrefix(name, instance.Name+"-") {
				restore(ctx, &list.Items[i], owner)
			}
		}
	}
}

// restore makes one object, and gives it its owner and its managers one after the other: what a write changes beside
// managedFields is counted as the writer's.
func restore(ctx context.Context, object *unstructured.Unstructured, owner *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	if recorded := object.GetOwnerReferences(); len(recorded) > 0 { // its UID is also in the fields of the managers
		text, err := object.MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		Expect(object.UnmarshalJSON([]byte(strings.ReplaceAll(string(text), string(recorded[0].UID), string(owner.UID))))).To(Succeed())
	}
	owners, managers := object.GetOwnerReferences(), object.GetManagedFields()
	for _, path := range [][]string{
		{"metadata", "uid"}, {"metadata", "resourceVersion"}, {"metadata", "generation"}, {"metadata", "creationTimestamp"},
		{"metadata", "ownerReferences"}, {"metadata", "managedFields"}, {"spec", "clusterIP"}, {"spec", "clusterIPs"}, {"status"},
	} {
		unstructured.RemoveNestedField(object.Object, path...)
	}
	object.SetNamespace(owner.Namespace)
	Expect(admin.Create(ctx, object)).To(Succeed())
	patchMetadata(ctx, object, "ownerReferences", owners)
	patchMetadata(ctx, object, "managedFields", managers)
}

func patchMetadata(ctx context.Context, object *unstructured.Unstructured, key string, value any) {
	GinkgoHelper()
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{key: value}})
	Expect(err).NotTo(HaveOccurred())
	Expect(admin.Patch(ctx, object, client.RawPatch(types.MergePatchType, text))).To(Succeed())
}
