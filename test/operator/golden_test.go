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
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// scenariosFolder has what servers are rendered to.
const scenariosFolder = "../../internal/render/testdata"

// loosened are the scenarios whose user asks for more than the Pod Security Standard "restricted" allows.
func loosened() []string {
	return []string{"openshift-own-security", "securitycontext-root", "securitycontext-privileged"}
}

var _ = Describe("What is rendered", Ordered, ContinueOnFailure, func() {
	const namespace = "apps" // of every scenario
	BeforeAll(func(ctx context.Context) {
		restricted := namespaceObject(namespace)
		restricted.Labels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
		create(ctx, restricted,
			&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "serving"}, Value: 1},
			&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "nvidia"}, Handler: "nvidia"})
		Eventually(func() error { // admission knows a PriorityClass a moment later
			return admin.Create(ctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "dry"},
				Spec:       corev1.PodSpec{PriorityClassName: "serving", Containers: []corev1.Container{{Name: "a", Image: "a"}}},
			}, client.DryRunAll)
		}).Should(Succeed())
	})

	var entries []any
	for _, name := range scenarioNames() {
		entries = append(entries, Entry(name, name))
	}
	DescribeTable("is accepted by the API server, and by its Pod Security admission", append([]any{func(ctx context.Context, name string) {
		for _, object := range renderedObjects(name) {
			Expect(object.GetNamespace()).To(Equal(namespace))
			apply := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
			Expect(admin.Apply(ctx, apply, client.FieldOwner("test"), client.DryRunAll)).To(Succeed(), object.GetKind())
			if object.GetKind() != "Deployment" {
				continue
			}
			deployment := &appsv1.Deployment{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, deployment)).To(Succeed())
			pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
			pod.Namespace, pod.Name = namespace, "dry"
			matcher := Succeed()
			if slices.Contains(loosened(), name) {
				matcher = MatchError(ContainSubstring(`violates PodSecurity "restricted:latest"`))
			}
			Expect(admin.Create(ctx, pod, client.DryRunAll)).To(matcher)
		}
	}}, entries...)...)
})

func scenarioNames() []string {
	files, err := filepath.Glob(filepath.Join(scenariosFolder, "*", "objects.yaml"))
	if err != nil {
		panic(err)
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names
}

func renderedObjects(name string) []*unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(scenariosFolder, name, "objects.yaml"))
	Expect(err).NotTo(HaveOccurred())
	return objectsIn(text)
}

// objectsIn reads the documents of a YAML file.
func objectsIn(text []byte) []*unstructured.Unstructured {
	GinkgoHelper()
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), len(text))
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		Expect(err).NotTo(HaveOccurred())
		objects = append(objects, object)
	}
}
