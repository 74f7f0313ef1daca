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

package operator_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The names under which 0.9.0 and the person who installs operators write.
const (
	incumbentUpdates = "manager"
	installer        = "kubectl"
)

// The CRDs, as the two releases are installed with them.
func incumbentCRD() string {
	GinkgoHelper()
	return filepath.Join(harness.Root(), "test", "crdify", "testdata", "0.9.0.yaml")
}

func currentCRD() string {
	GinkgoHelper()
	return filepath.Join(harness.Root(), "config", "crd", "bases", "llamastack.io_llamastackdistributions.yaml")
}

// installCRD does what "kubectl apply --server-side --force-conflicts" does, and waits until the API server follows.
func installCRD(ctx context.Context, file string, knowsSuspend bool) {
	GinkgoHelper()
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	crd := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(content, &crd.Object)).To(Succeed())
	unstructured.RemoveNestedField(crd.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(crd.Object, "status")
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(crd), client.FieldOwner(installer), client.ForceOwnership)).To(Succeed())
	probe := unstructuredInstance("default", "probe", map[string]any{
		"suspend": true, "server": map[string]any{"distribution": map[string]any{"name": "starter"}},
	})
	Eventually(func() error {
		return admin.Create(ctx, probe.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict"))
	}).Should(WithTransform(func(err error) bool { return err == nil }, Equal(knowsSuspend)))
}

// unstructuredInstance is an instance whose fields no Go type narrows down.
func unstructuredInstance(namespace, name string, spec any) *unstructured.Unstructured {
	instance := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	instance.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
	instance.SetNamespace(namespace)
	instance.SetName(name)
	return instance
}

// incumbent writes as 0.9.0 does, which reads nothing of what is there but the owner, and writes at every reconcile.
type incumbent struct {
	extractor metav1ac.UnstructuredExtractor
}

func newIncumbent() incumbent {
	GinkgoHelper()
	discovered, err := discovery.NewDiscoveryClientForConfig(controlPlane.Config)
	Expect(err).NotTo(HaveOccurred())
	extractor, err := metav1ac.NewUnstructuredExtractor(discovered)
	Expect(err).NotTo(HaveOccurred())
	return incumbent{extractor: extractor}
}

// reconcile writes one object of an instance from what 0.9.0 left of it before, and returns what the API server says.
func (i incumbent) reconcile(ctx context.Context, owner client.Object, left *unstructured.Unstructured) error {
	GinkgoHelper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(left.GroupVersionKind())
	if err := admin.Get(ctx, client.ObjectKeyFromObject(left), live); apierrors.IsNotFound(err) {
		return admin.Create(ctx, i.whole(left, nil), client.FieldOwner(incumbentUpdates))
	} else if err != nil {
		return err
	}
	if !slices.ContainsFunc(live.GetOwnerReferences(), func(reference metav1.OwnerReference) bool {
		return reference.UID == owner.GetUID()
	}) {
		return nil // it is somebody else's
	}
	switch left.GetKind() {
	case "PersistentVolumeClaim":
		return nil
	case "Ingress":
		return admin.Update(ctx, i.whole(left, live), client.FieldOwner(incumbentUpdates))
	case "ConfigMap":
		text, err := json.Marshal(map[string]any{"data": left.Object["data"]})
		Expect(err).NotTo(HaveOccurred())
		return admin.Patch(ctx, live, client.RawPatch(types.MergePatchType, text), client.FieldOwner(incumbentUpdates))
	default:
		return i.apply(ctx, owner.GetName(), i.applied(owner.GetName(), left))
	}
}

// applied is what 0.9.0 asks for when it applies an object. What is recorded of its applies lacks the storage that a
// server got later, which it wrote by an update.
func (i incumbent) applied(owner string, left *unstructured.Unstructured) *unstructured.Unstructured {
	GinkgoHelper()
	intent, err := i.extractor.Extract(left, owner)
	Expect(err).NotTo(HaveOccurred())
	if left.GetKind() == "Deployment" {
		Expect(unstructured.SetNestedField(intent.Object, nestedIn(left, "spec", "template", "spec", "volumes"), "spec", "template", "spec", "volumes")).To(Succeed())
		if nestedIn(left, "spec", "strategy", "type") == "Recreate" {
			Expect(unstructured.SetNestedField(intent.Object, "Recreate", "spec", "strategy", "type")).To(Succeed())
		}
	}
	return intent
}

func (incumbent) apply(ctx context.Context, manager string, intent *unstructured.Unstructured) error {
	return admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(intent), client.FieldOwner(manager), client.ForceOwnership)
}

// whole is an object as 0.9.0 creates it, or puts it in the place of the live one.
func (incumbent) whole(left, live *unstructured.Unstructured) *unstructured.Unstructured {
	object := left.DeepCopy()
	for _, key := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"} {
		unstructured.RemoveNestedField(object.Object, "metadata", key)
	}
	delete(object.Object, "status")
	if live != nil {
		object.SetResourceVersion(live.GetResourceVersion())
	}
	return object
}

// report writes a status as 0.9.0 does: the phase, its own conditions, and what it keeps of the providers as its types
// have them, where a configuration that is not there is null and a message is never absent.
func (incumbent) report(ctx context.Context, namespace, name string) error {
	instance := unstructuredInstance(namespace, name, nil)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(instance), instance); err != nil {
		return err
	}
	status, _, err := unstructured.NestedMap(instance.Object, "status")
	if err != nil {
		return err
	}
	status["phase"] = "Initializing"
	providers, _, err := unstructured.NestedSlice(status, "distributionConfig", "providers")
	if err != nil {
		return err
	}
	for _, one := range providers {
		provider, ok := one.(map[string]any)
		if !ok {
			continue
		}
		if _, found := provider["config"]; !found {
			provider["config"] = nil
		}
		if health, ok := provider["health"].(map[string]any); ok && health["message"] == nil {
			health["message"] = ""
		}
	}
	if len(providers) > 0 {
		if err := unstructured.SetNestedSlice(status, providers, "distributionConfig", "providers"); err != nil {
			return err
		}
	}
	instance.Object["status"] = status
	return admin.Status().Update(ctx, instance, client.FieldOwner(incumbentUpdates))
}

// nestedIn is a field of an object.
func nestedIn(object *unstructured.Unstructured, path ...string) any {
	GinkgoHelper()
	value, _, err := unstructured.NestedFieldCopy(object.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	return value
}
