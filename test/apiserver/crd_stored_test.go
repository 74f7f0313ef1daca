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

package apiserver_test

import (
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// olderGroup is the group of a copy of the CustomResourceDefinition that these specs may change while others run.
const olderGroup = "older.example.com"

// crdFile is the generated CustomResourceDefinition.
var crdFile = filepath.Join(crdFolder, "llamastack.io_llamastackdistributions.yaml")

func readCRD() *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	data, err := os.ReadFile(crdFile)
	Expect(err).NotTo(HaveOccurred())
	var crd apiextensionsv1.CustomResourceDefinition
	Expect(yaml.UnmarshalStrict(data, &crd)).To(Succeed())
	return &crd
}

// inGroup moves a CustomResourceDefinition to another group.
func inGroup(crd *apiextensionsv1.CustomResourceDefinition, group string) *apiextensionsv1.CustomResourceDefinition {
	crd.Spec.Group = group
	crd.Name = crd.Spec.Names.Plural + "." + group
	return crd
}

// withoutRules removes from a schema what is not in the one of 0.9.0: the rules, and that types of conditions are
// unique.
func withoutRules(props *apiextensionsv1.JSONSchemaProps) {
	props.XValidations, props.XListType, props.XListMapKeys = nil, nil, nil
	for name := range props.Properties {
		child := props.Properties[name]
		withoutRules(&child)
		props.Properties[name] = child
	}
	if props.Items != nil {
		withoutRules(props.Items.Schema)
	}
}

var _ = Describe("A LlamaStackDistribution that was stored before there were rules", Ordered, func() {
	// stored are the broken objects by case.
	stored := map[string]*unstructured.Unstructured{}
	var namespace string

	older := func(object *unstructured.Unstructured) *unstructured.Unstructured {
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: olderGroup, Version: "v1alpha1", Kind: object.GetKind()})
		return object
	}
	// patch changes one field of an object, of its status when the field is one.
	patch := func(ctx SpecContext, object *unstructured.Unstructured, value any, fields ...string) error {
		changed := object.DeepCopy()
		Expect(unstructured.SetNestedField(changed.Object, value, fields...)).To(Succeed())
		if fields[0] == "status" {
			return admin.Status().Patch(ctx, changed, client.MergeFrom(object))
		}
		return admin.Patch(ctx, changed, client.MergeFrom(object))
	}

	BeforeAll(func(ctx SpecContext) {
		namespace = newNamespace()
		crd := inGroup(readCRD(), olderGroup)
		withoutRules(crd.Spec.Versions[0].Schema.OpenAPIV3Schema)
		_, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{crd}})
		Expect(err).NotTo(HaveOccurred())

		for i, c := range llsdtest.Refused() {
			object := older(c.Object(namespace, "a-"+string(rune('a'+i/26))+string(rune('a'+i%26))))
			if err := admin.Create(ctx, object); err == nil {
				stored[c.Name] = object
			} else {
				Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%s: %v", c.Name, err)
			}
		}
		Expect(len(stored)).To(BeNumerically(">", 40))

		duplicates := older(llsdtest.Case{Spec: "server: {distribution: {name: starter}}"}.Object(namespace, "duplicates"))
		Expect(admin.Create(ctx, duplicates)).To(Succeed())
		condition := map[string]any{"type": "DeploymentReady", "status": "True", "reason": "A", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
		Expect(patch(ctx, duplicates, []any{condition, condition}, "status", "conditions")).To(Succeed())
		stored["duplicates"] = duplicates

		var current apiextensionsv1.CustomResourceDefinition
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(crd), &current)).To(Succeed())
		current.Spec = inGroup(readCRD(), olderGroup).Spec
		Expect(admin.Update(ctx, &current)).To(Succeed())
		// The server serves the change when it refuses what it accepted before.
		Eventually(func() error {
			broken := older(llsdtest.Case{Spec: "server: {distribution: {}}"}.Object(namespace, "probe"))
			return admin.Create(ctx, broken, client.DryRunAll)
		}).WithTimeout(crdTimeout).ShouldNot(Succeed())
	})

	BeforeEach(func(ctx SpecContext) {
		for _, object := range stored {
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		}
	})

	It("can have its status written", func(ctx SpecContext) {
		for name, object := range stored {
			Expect(patch(ctx, object, "Failed", "status", "phase")).To(Succeed(), name)
		}
	})

	It("can have its metadata written", func(ctx SpecContext) {
		for name, object := range stored {
			Expect(patch(ctx, object, map[string]any{"a": "b"}, "metadata", "labels")).To(Succeed(), name)
			Expect(patch(ctx, object, []any{"example.com/finalizer"}, "metadata", "finalizers")).To(Succeed(), name)
		}
	})

	It("can have another field changed, if the rule is about one field", func(ctx SpecContext) {
		object := stored["a port above 65535"]
		Expect(patch(ctx, object, int64(2), "spec", "server", "workers")).To(Succeed())
		Expect(patch(ctx, stored["a label with its value"], int64(2), "spec", "replicas")).To(Succeed())
	})

	It("cannot become invalid in another way, but valid", func(ctx SpecContext) {
		object := stored["a port above 65535"]
		Expect(patch(ctx, object, int64(70000), "spec", "server", "containerSpec", "port")).NotTo(Succeed())
		Expect(patch(ctx, object, int64(8321), "spec", "server", "containerSpec", "port")).To(Succeed())
	})

	It("can have conditions of one type twice, until they are written", func(ctx SpecContext) {
		object := stored["duplicates"]
		Expect(patch(ctx, object, int64(2), "spec", "replicas")).To(Succeed())
		conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
		Expect(err).NotTo(HaveOccurred())
		Expect(conditions).To(HaveLen(2))
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		Expect(patch(ctx, object, conditions[:1], "status", "conditions")).To(Succeed())
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		Expect(patch(ctx, object, conditions, "status", "conditions")).NotTo(Succeed())
	})

	It("can be deleted", func(ctx SpecContext) {
		for name, object := range stored {
			object.SetFinalizers(nil)
			Expect(admin.Update(ctx, object)).To(Succeed(), name)
			Expect(admin.Delete(ctx, object)).To(Succeed(), name)
			Expect(apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(object), object))).To(BeTrue(), name)
		}
		clear(stored)
	})
})
