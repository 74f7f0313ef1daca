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

package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// update makes the golden suite write what is rendered instead of comparing it.
var update = flag.Bool("update", false, "rewrite testdata/*/objects.yaml")

func TestRender(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Render")
}

// scenarios are the folders of testdata, each with an input.yaml and the objects.yaml that it renders to.
func scenarios() []string {
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil {
		panic(err)
	}
	names := make([]string, 0, len(inputs))
	for _, input := range inputs {
		names = append(names, filepath.Base(filepath.Dir(input)))
	}
	return names
}

// entries are the table entries for every scenario.
func entries() []TableEntry {
	names := scenarios()
	list := make([]TableEntry, 0, len(names))
	for _, name := range names {
		list = append(list, Entry(name, name))
	}
	return list
}

// scenario reads the input of a scenario.
func scenario(name string) render.Input {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join("testdata", name, "input.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var in render.Input
	Expect(yaml.UnmarshalStrict(text, &in)).To(Succeed(), "testdata/%s/input.yaml", name)
	return in
}

// shared is the Renderer of all specs, which also shows that it keeps nothing from one rendering to the next.
var shared = sync.OnceValues(render.New)

// renderer is the shared Renderer.
func renderer() *render.Renderer {
	GinkgoHelper()
	r, err := shared()
	Expect(err).NotTo(HaveOccurred())
	return r
}

// rendered renders an input that is expected to be fine.
func rendered(in render.Input) []*unstructured.Unstructured {
	GinkgoHelper()
	objects, err := renderer().Render(in)
	Expect(err).NotTo(HaveOccurred())
	return objects
}

// changed is the minimal input with a change.
func changed(change func(in *render.Input)) render.Input {
	GinkgoHelper()
	in := scenario("minimal")
	change(&in)
	return in
}

// kinds are the kinds of objects, in their order.
func kinds(objects []*unstructured.Unstructured) []string {
	result := make([]string, 0, len(objects))
	for _, object := range objects {
		result = append(result, object.GetKind())
	}
	return result
}

// object finds the object of a kind and converts it into its API type, strictly.
func object[T any](objects []*unstructured.Unstructured, kind string) *T {
	GinkgoHelper()
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind })
	Expect(i).To(BeNumerically(">=", 0), "there is no %s among %v", kind, kinds(objects))
	typed := new(T)
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(objects[i].Object, typed, true)).To(Succeed())
	return typed
}

// podTemplate is the Pod template of an input's Deployment.
func podTemplate(in render.Input) corev1.PodTemplateSpec {
	GinkgoHelper()
	return object[appsv1.Deployment](rendered(in), "Deployment").Spec.Template
}

// container is the server's container of an input's Deployment.
func container(in render.Input) corev1.Container {
	GinkgoHelper()
	containers := podTemplate(in).Spec.Containers
	Expect(containers).To(HaveLen(1))
	return containers[0]
}
