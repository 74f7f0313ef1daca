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

// Package chart_test renders the Helm chart with the helm program, and compares it with config/ and with what a real API server accepts.
package chart_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const root = "../.."

const (
	release   = "llama-stack-operator"
	namespace = "llama-stack-k8s-operator-system"
	crdName   = "CustomResourceDefinition/llamastackdistributions.llamastack.io"
)

var (
	chartFolder = filepath.Join(root, "charts", release)
	// helmProgram is the path of helm.
	helmProgram string
)

func TestChart(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Chart")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	if helmProgram = os.Getenv("HELM"); helmProgram == "" {
		command := exec.CommandContext(ctx, filepath.Join(root, "hack", "tool.sh"), "helm")
		command.Stderr = GinkgoWriter
		output, err := command.Output()
		Expect(err).NotTo(HaveOccurred(), "failed to build helm")
		helmProgram = strings.TrimSpace(string(output))
	}
})

// helm runs the program, and returns what it prints.
func helm(args ...string) (string, error) {
	command := exec.CommandContext(GinkgoT().Context(), helmProgram, args...)
	command.Env = append(os.Environ(), "KUBECONFIG=/dev/null")
	output, err := command.CombinedOutput()
	return string(output), err
}

// render renders a chart with values, as YAML.
func render(chart, values string, args ...string) (string, error) {
	file := filepath.Join(GinkgoT().TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		return "", err
	}
	return helm(append([]string{"template", release, chart, "--namespace", namespace, "--values", file}, args...)...)
}

// rendered renders the chart with values that it accepts.
func rendered(values string, args ...string) string {
	GinkgoHelper()
	output, err := render(chartFolder, values, args...)
	Expect(err).NotTo(HaveOccurred(), output)
	return output
}

// objects reads YAML documents, by kind and name. A name in another namespace than that of the release has the namespace.
func objects(text string) map[string]*unstructured.Unstructured {
	GinkgoHelper()
	found := map[string]*unstructured.Unstructured{}
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		object := &unstructured.Unstructured{}
		Expect(yaml.UnmarshalStrict([]byte(document), &object.Object)).To(Succeed(), document)
		if len(object.Object) == 0 {
			continue
		}
		name := object.GetKind() + "/" + object.GetName()
		if other := object.GetNamespace(); other != "" && other != namespace {
			name += "." + other
		}
		Expect(found).NotTo(HaveKey(name))
		found[name] = object
	}
	return found
}

// field reads a part of an object into a Go type.
func field[T any](object *unstructured.Unstructured, path ...string) T {
	GinkgoHelper()
	var into T
	Expect(object).NotTo(BeNil())
	content, found, err := unstructured.NestedFieldNoCopy(object.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeTrue(), "%v", path)
	text, err := json.Marshal(content)
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(text, &into)).To(Succeed())
	return into
}
