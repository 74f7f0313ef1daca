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

package manifests_test

import (
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// samples are the LlamaStackDistributions of config/samples.
func samples() []*v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	var all []*v1alpha1.LlamaStackDistribution
	for _, object := range ofKind(build("samples"), v1alpha1.Kind) {
		all = append(all, typed[v1alpha1.LlamaStackDistribution](object))
	}
	return all
}

var _ = Describe("config/samples", func() {
	It("lists every file", func() {
		files, err := filepath.Glob(filepath.Join(root, "config", "samples", "*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(samples()).To(HaveLen(len(files)-1), "one LlamaStackDistribution a file")
	})

	It("has what each file needs, and no namespace", func() {
		for _, object := range build("samples").Resources() {
			Expect(object.GetNamespace()).To(BeEmpty(), object.GetName())
		}
	})

	It("keeps the data of each server that has storage", func() {
		for _, sample := range samples() {
			if storage := sample.Spec.Server.Storage; storage != nil {
				Expect(storage.RetentionPolicy).To(Equal(v1alpha1.RetentionRetain), sample.Name)
			}
		}
	})

	It("names distributions that are known, and pins images", func() {
		catalog, err := distribution.New(func(string) string { return "" })
		Expect(err).NotTo(HaveOccurred())
		for _, sample := range samples() {
			resolved, err := catalog.Resolve(sample.Spec.Server.Distribution, nil)
			Expect(err).NotTo(HaveOccurred(), sample.Name)
			Expect(resolved.Image).To(Or(HaveSuffix(":"+version("LLAMASTACK_VERSION")), HaveSuffix(":"+version("OGX_VERSION"))), sample.Name)
		}
	})

	It("can be rendered", func() {
		renderer, err := render.New()
		Expect(err).NotTo(HaveOccurred())
		for _, sample := range samples() {
			Expect(render.CheckName(sample.Name)).To(Succeed())
			objects, err := renderer.Render(render.Input{
				Name: sample.Name, Namespace: "apps", Spec: sample.Spec, Image: "example.com/server:1",
			})
			Expect(err).NotTo(HaveOccurred(), sample.Name)
			Expect(objects).NotTo(BeEmpty())
		}
	})

	It("has a configuration that the operator can read, in the ConfigMap that its server names", func() {
		configMap := the[corev1.ConfigMap](build("samples"), "ConfigMap")
		_, err := serverconfig.Parse(configMap.Data[v1alpha1.UserConfigKey])
		Expect(err).NotTo(HaveOccurred())
		Expect(samples()).To(ContainElement(HaveField("Spec.Server.UserConfig",
			Equal(&v1alpha1.UserConfigSpec{ConfigMapName: configMap.Name}))))
	})

	It("is what the README links", func() {
		readme, err := os.ReadFile(filepath.Join(root, "README.md"))
		Expect(err).NotTo(HaveOccurred())
		files, err := filepath.Glob(filepath.Join(root, "config", "samples", "*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		for _, file := range files {
			if name := filepath.Base(file); name != "kustomization.yaml" {
				Expect(string(readme)).To(ContainSubstring("(config/samples/" + name + ")"))
			}
		}
	})
})

var _ = Describe("config/manifests", func() {
	It("has the base of the bundle, the operator, and of the samples those that work by themselves as examples", func() {
		objects := build("manifests")
		Expect(ofKind(objects, "ClusterServiceVersion")).To(HaveLen(1))
		Expect(ofKind(objects, "Deployment")).To(HaveLen(1))
		var examples []string
		for _, example := range ofKind(objects, v1alpha1.Kind) {
			examples = append(examples, example.GetName())
		}
		Expect(examples).To(HaveExactElements("llamastackdistribution-sample", "llamastack-declared", "llamastack-exposed"))
	})

	It("has nothing that would be installed beside the operator", func() {
		Expect(ofKind(build("manifests"), "ConfigMap")).To(BeEmpty())
		Expect(ofKind(build("manifests"), "ServiceMonitor")).To(BeEmpty())
	})

	It("describes the existing kind, for all namespaces", func() {
		spec := read[csv](ofKind(build("manifests"), "ClusterServiceVersion")[0]).Spec
		Expect(spec.CustomResourceDefinitions.Owned).To(HaveExactElements(ownedKind{
			Kind:    v1alpha1.Kind,
			Version: v1alpha1.GroupVersion.Version,
			Name:    "llamastackdistributions." + v1alpha1.GroupVersion.Group,
		}))
		Expect(spec.InstallModes).To(HaveLen(4))
		for _, mode := range spec.InstallModes {
			Expect(mode.Supported).To(Equal(mode.Type == "AllNamespaces"))
		}
	})
})

// csv has the fields that the specs read from a ClusterServiceVersion.
type csv struct {
	Spec struct {
		CustomResourceDefinitions struct{ Owned []ownedKind }
		InstallModes              []struct {
			Type      string
			Supported bool
		}
	}
}

// ownedKind is a kind that the operator defines.
type ownedKind struct {
	Kind, Version, Name string
}
