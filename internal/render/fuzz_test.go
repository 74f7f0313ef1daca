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
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// FuzzRender holds for any texts that the API server admits in a spec: they arrive in the Pod as they were written,
// whatever they would mean in YAML or in a kustomization; no variable comes twice; every object has a name of its own,
// is what its API type can read, and is the same the next time.
func FuzzRender(f *testing.F) {
	for _, seed := range [][4]string{
		{"A", "value", "registry.example.com/a/b:1", "--arg"},
		{"HF_HOME", "$(LLS_PORT)", "~", "null"},
		{"LLS_PORT", "1e3", "0777", "{{ .Values.x }}"},
		{"A.B", "a: b\n# c", "&a", "*a"},
		{"A", "\u2028\u0085\t", "- x", "!!binary x"},
		{"A", "", "x", "<<"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	minimal, err := os.ReadFile("testdata/minimal/input.yaml")
	if err != nil {
		f.Fatal(err)
	}
	renderer, err := render.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value, image, arg string) {
		for _, text := range []string{name, value, image, arg} {
			if !utf8.ValidString(text) {
				t.Skip("JSON, and so the API server, knows no such text")
			}
		}
		var in render.Input
		if err := yaml.UnmarshalStrict(minimal, &in); err != nil {
			t.Fatal(err)
		}
		in.Image = image
		in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: name, Value: value}}
		in.Spec.Server.ContainerSpec.Args = []string{arg, value}

		objects, err := renderer.Render(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := renderer.Render(in)
		if err != nil || !reflect.DeepEqual(objects, again) {
			t.Fatalf("the next time it is another: %v", err)
		}
		checkNames(t, objects)
		checkContainer(t, in, objects)
	})
}

func checkNames(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	seen := map[string]bool{}
	for _, object := range objects {
		key := object.GetKind() + "/" + object.GetName()
		if seen[key] || !strings.HasPrefix(object.GetName(), "demo") && object.GetName() == "" {
			t.Errorf("%s", key)
		}
		seen[key] = true
	}
}

func checkContainer(t *testing.T, in render.Input, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		var deployment appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &deployment, true); err != nil {
			t.Fatal(err)
		}
		container := deployment.Spec.Template.Spec.Containers[0]
		if container.Image != in.Image || !reflect.DeepEqual(container.Args, in.Spec.Server.ContainerSpec.Args) {
			t.Errorf("image %q, arguments %q", container.Image, container.Args)
		}
		values := map[string][]string{}
		for _, variable := range container.Env {
			values[variable.Name] = append(values[variable.Name], variable.Value)
			if len(values[variable.Name]) > 1 {
				t.Errorf("the variable %s comes twice", variable.Name)
			}
		}
		own := in.Spec.Server.ContainerSpec.Env[0]
		if !reflect.DeepEqual(values[own.Name], []string{own.Value}) {
			t.Errorf("the variable %q is %q, want %q", own.Name, values[own.Name], own.Value)
		}
		return
	}
	t.Error("no Deployment")
}
