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
	"maps"
	"path/filepath"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// build reads a kustomization of config/.
func build(folder string) map[string]*unstructured.Unstructured {
	GinkgoHelper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "config", folder))
	Expect(err).NotTo(HaveOccurred())
	text, err := resources.AsYaml()
	Expect(err).NotTo(HaveOccurred())
	return objects(string(text))
}

// without removes objects.
func without(all map[string]*unstructured.Unstructured, names ...string) map[string]*unstructured.Unstructured {
	GinkgoHelper()
	rest := maps.Clone(all)
	for _, name := range names {
		Expect(rest).To(HaveKey(name))
		delete(rest, name)
	}
	return rest
}

// same compares objects one by one, for a short message.
func same(actual, expected map[string]*unstructured.Unstructured) {
	GinkgoHelper()
	Expect(slices.Sorted(maps.Keys(actual))).To(Equal(slices.Sorted(maps.Keys(expected))))
	for name, object := range expected {
		Expect(actual[name].Object).To(Equal(object.Object), name)
	}
}

var _ = Describe("The chart", func() {
	It("renders config/default by default, except the namespace", func() {
		actual := objects(rendered(""))
		same(actual, without(build("default"), "Namespace/"+namespace))
	})

	It("renders config/monitoring and config/network-policy", func() {
		actual := objects(rendered(`
monitoring:
  serviceMonitor: {enabled: true}
  podMonitor: {enabled: true}
  prometheusRule: {enabled: true}
  dashboards: {enabled: true}
networkPolicy: {enabled: true}
`))
		expected := without(build("default"), "Namespace/"+namespace)
		maps.Copy(expected, build("monitoring"))
		maps.Copy(expected, build("network-policy"))
		same(actual, expected)
	})

	It("renders config/namespaced with a grant in each watched namespace", func() {
		actual := objects(rendered("watchNamespaces: [team-a, team-b]"))
		expected := without(build("namespaced"), "Namespace/"+namespace)
		for _, watched := range []string{"team-a", "team-b"} {
			for _, object := range build("namespaced/grant") {
				object.SetNamespace(watched)
				expected[object.GetKind()+"/"+object.GetName()+"."+watched] = object
			}
		}
		deployment := "Deployment/llama-stack-k8s-operator-controller-manager"
		setEnv(expected[deployment], "WATCH_NAMESPACES", "team-a,team-b")
		same(actual, expected)
	})

	It("keeps the CRD and the ConfigMap when Helm deletes the rest", func() {
		all := objects(rendered("config: {rollouts: {atOnce: 1}}"))
		for _, name := range []string{crdName, "ConfigMap/llama-stack-operator-config"} {
			Expect(all[name].GetAnnotations()).To(HaveKeyWithValue("helm.sh/resource-policy", "keep"), name)
		}
		Expect(objects(rendered("crds: {keep: false}"))[crdName].GetAnnotations()).NotTo(HaveKey("helm.sh/resource-policy"))
	})

	It("uses the namespace of the release wherever config/ has a namespace", func() {
		output, err := helm("template", release, chartFolder, "--namespace", "elsewhere", "--set", "crds.install=false,networkPolicy.enabled=true")
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(output).NotTo(ContainSubstring(namespace))
		Expect(output).To(ContainSubstring("system:serviceaccount:elsewhere:llama-stack-k8s-operator-controller-manager"))
	})
})

// setEnv replaces the value of a variable that the container has.
func setEnv(deployment *unstructured.Unstructured, name, value string) {
	GinkgoHelper()
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	Expect(err).NotTo(HaveOccurred())
	found := false
	for _, variable := range containers[0].(map[string]any)["env"].([]any) {
		if variable := variable.(map[string]any); variable["name"] == name {
			variable["value"], found = value, true
		}
	}
	Expect(found).To(BeTrue(), name)
	Expect(unstructured.SetNestedSlice(deployment.Object, containers, "spec", "template", "spec", "containers")).To(Succeed())
}

// operator is the Deployment of a render.
func operator(text string) appsv1.Deployment {
	GinkgoHelper()
	return appsv1.Deployment{
		Spec: field[appsv1.DeploymentSpec](objects(text)["Deployment/llama-stack-k8s-operator-controller-manager"], "spec"),
	}
}
