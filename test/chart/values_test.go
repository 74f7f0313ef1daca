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

package chart_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// everything switches all optional objects on. What a value does then shows.
const everything = `
monitoring:
  serviceMonitor: {enabled: true}
  podMonitor: {enabled: true}
  prometheusRule: {enabled: true}
  dashboards: {enabled: true}
networkPolicy: {enabled: true}
`

// excluding are the values that a value excludes: it is set without them.
var excluding = map[string]string{
	"metrics.enabled": "monitoring: {serviceMonitor: {enabled: false}}",
	"watchNamespaces": "monitoring: {serviceMonitor: {enabled: false}}",
}

type schema struct {
	Description string            `json:"description"`
	Properties  map[string]schema `json:"properties"`
	Default     json.RawMessage   `json:"default"`
	Examples    []json.RawMessage `json:"examples"`
}

// leaves are the values of the schema, by their path: those with a default.
func leaves() map[string]schema {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(chartFolder, "values.schema.json"))
	Expect(err).NotTo(HaveOccurred())
	var top schema
	Expect(json.Unmarshal(text, &top)).To(Succeed())
	found := map[string]schema{}
	var walk func(string, schema)
	walk = func(path string, node schema) {
		if node.Default != nil {
			found[strings.TrimPrefix(path, ".")] = node
			return
		}
		for name, property := range node.Properties {
			walk(path+"."+name, property)
		}
	}
	delete(top.Properties, "global")
	walk("", top)
	return found
}

func paths() []string { return slices.Sorted(maps.Keys(leaves())) }

// with is YAML that sets one value.
func with(path string, value any) string {
	GinkgoHelper()
	steps := strings.Split(path, ".")
	slices.Reverse(steps)
	for _, step := range steps {
		value = map[string]any{step: value}
	}
	text, err := yaml.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// merged is YAML in which later values replace earlier ones.
func merged(texts ...string) string {
	GinkgoHelper()
	all := map[string]any{}
	for _, text := range texts {
		var values map[string]any
		Expect(yaml.Unmarshal([]byte(text), &values)).To(Succeed())
		merge(all, values)
	}
	text, err := yaml.Marshal(all)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func merge(into, from map[string]any) {
	for key, value := range from {
		inner, isMap := value.(map[string]any)
		if existing, both := into[key].(map[string]any); isMap && both {
			merge(existing, inner)
			continue
		}
		into[key] = value
	}
}

var _ = Describe("A value of the chart", func() {
	It("has a default in values.yaml, and a row in the README, which have no other values", func() {
		text, err := os.ReadFile(filepath.Join(chartFolder, "values.yaml"))
		Expect(err).NotTo(HaveOccurred())
		var defaults map[string]any
		Expect(yaml.UnmarshalStrict(text, &defaults)).To(Succeed())
		readme, err := os.ReadFile(filepath.Join(chartFolder, "README.md"))
		Expect(err).NotTo(HaveOccurred())
		var documented []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+) \\| .+ \\|$").FindAllStringSubmatch(string(readme), -1) {
			Expect(row[2]).To(MatchRegexp(".{6}"), row[0])
			documented = append(documented, row[1])
		}
		Expect(documented).To(ConsistOf(paths()))

		assembled := map[string]any{}
		for path, leaf := range leaves() {
			var value any
			Expect(json.Unmarshal(leaf.Default, &value)).To(Succeed())
			var one map[string]any
			Expect(yaml.Unmarshal([]byte(with(path, value)), &one)).To(Succeed())
			merge(assembled, one)
			Expect(leaf.Description).NotTo(BeEmpty(), path)
		}
		Expect(defaults).To(Equal(assembled))
	})

	It("has a reader: its change changes what is rendered", func() {
		before := map[string]string{}
		for path, leaf := range leaves() {
			Expect(leaf.Examples).To(HaveLen(1), path)
			var example any
			Expect(json.Unmarshal(leaf.Examples[0], &example)).To(Succeed())
			if _, isBoolean := example.(bool); isBoolean && strings.HasSuffix(path, ".enabled") && strings.HasPrefix(path, "monitoring.") || path == "networkPolicy.enabled" {
				example = false
			}
			base := merged(everything, excluding[path])
			if before[base] == "" {
				before[base] = rendered(base)
			}
			Expect(rendered(merged(base, with(path, example)))).NotTo(Equal(before[base]), path)
		}
	})

	DescribeTable("is refused", func(values, message string) {
		output, err := render(chartFolder, values)
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring(message))
	},
		Entry("if the key is unknown", "replica: 1", "'replica' not allowed"),
		Entry("if the key is unknown in a mapping", "image: {name: a}", "'name' not allowed"),
		Entry("if the key is unknown in a setting of the ConfigMap", "config: {featureFlags: {enableNetworkPolicies: {enabled: true}}}", "'enableNetworkPolicies' not allowed"),
		Entry("if the key is unknown in an element", "tolerations: [{keys: a}]", "'keys' not allowed"),
		Entry("of another type", "replicas: two", "want integer"),
		Entry("that is no digest", "image: {digest: sha256:12}", "does not match pattern"),
		Entry("that breaks a selector", "podLabels: {control-plane: other}", "invalid propertyName 'control-plane'"),
		Entry("that is no namespace", "watchNamespaces: [Team]", "does not match pattern"),
		Entry("for a monitor without metrics", "{metrics: {enabled: false}, monitoring: {serviceMonitor: {enabled: true}}}", "Set metrics.enabled"),
		Entry("for a monitor of an operator that serves some namespaces", "{watchNamespaces: [a], monitoring: {serviceMonitor: {enabled: true}}}", "has no metrics"),
	)

	It("is what helm shows", func() {
		output, err := helm("show", "values", chartFolder)
		Expect(err).NotTo(HaveOccurred())
		text, err := os.ReadFile(filepath.Join(chartFolder, "values.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(strings.TrimSpace(output)).To(Equal(strings.TrimSpace(string(text))))
	})
})

var _ = Describe("The image of the operator", func() {
	digest := "sha256:" + strings.Repeat("1", 64)
	DescribeTable("is", func(values, image string) {
		Expect(operator(rendered(values)).Spec.Template.Spec.Containers[0].Image).To(Equal(image))
	},
		Entry("by its tag", "image: {repository: a.example/operator, tag: dev}", "a.example/operator:dev"),
		Entry("by its digest", fmt.Sprintf("image: {tag: dev, digest: %q}", digest), "quay.io/llamastack/llama-stack-k8s-operator@"+digest),
		Entry("from a mirror", "{image: {tag: dev}, imageMirrors: {quay.io: m.example/quay}}", "m.example/quay/llamastack/llama-stack-k8s-operator:dev"),
		Entry("from the mirror of the longest prefix", "{image: {tag: dev}, imageMirrors: {quay.io: a, quay.io/llamastack: b.example, quay.io/llama: c}}",
			"b.example/llama-stack-k8s-operator:dev"),
	)

	It("comes with those of the distributions, from mirrors and for more names", func() {
		env := operator(rendered(`
imageMirrors: {docker.io: m.example/docker}
distributionImages: {my-own: docker.io/my/own:1, meta-reference-gpu: null}
`)).Spec.Template.Spec.Containers[0].Env
		images := map[string]string{}
		for _, variable := range env {
			if strings.HasPrefix(variable.Name, "RELATED_IMAGE_") {
				images[variable.Name] = variable.Value
			}
		}
		Expect(images).To(HaveKeyWithValue("RELATED_IMAGE_MY_OWN", "m.example/docker/my/own:1"))
		Expect(images).To(HaveKeyWithValue("RELATED_IMAGE_STARTER", HavePrefix("m.example/docker/llamastack/distribution-starter:")))
		Expect(images).NotTo(HaveKey("RELATED_IMAGE_META_REFERENCE_GPU"))
	})
})
