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
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render/configure"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// checkOf is the check of a server.
func checkOf(in render.Input) render.Check {
	GinkgoHelper()
	check, err := render.NewCheck(in, children.Find(rendered(in), children.Deployment))
	Expect(err).NotTo(HaveOccurred())
	return check
}

var _ = Describe("The Job of a check", func() {
	for _, name := range []string{"config", "config-userconfig", "userconfig", "everything"} {
		It("is check.yaml in "+name, func() {
			golden := filepath.Join("testdata", name, "check.yaml")
			check := checkOf(scenario(name))
			text, err := yaml.Marshal(check.Job)
			Expect(err).NotTo(HaveOccurred())
			program, err := configure.Inline()
			Expect(err).NotTo(HaveOccurred())
			text = bytes.ReplaceAll(text, []byte(program), []byte("PROGRAM"))
			text = bytes.ReplaceAll(text, []byte(check.Hash), []byte("HASH"))
			text = bytes.ReplaceAll(text, []byte(check.Hash[:10]), []byte("HASH"))
			if *update {
				Expect(os.WriteFile(golden, text, 0o644)).To(Succeed())
			}
			want, err := os.ReadFile(golden)
			Expect(err).NotTo(HaveOccurred(), "write it with -update, then read it")
			Expect(string(text)).To(Equal(string(want)), "if this is meant, write it with -update and read the difference")
		})
	}

	for _, name := range scenarios() {
		It("is accepted where the Pods of "+name+" are, and is none of them", func() {
			in := scenario(name)
			evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
			Expect(err).NotTo(HaveOccurred())
			template := checkOf(in).Job.Spec.Template
			level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
			if _, loose := loosened[name]; !loose {
				result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec))
				Expect(result.Allowed).To(BeTrue(), result.ForbiddenDetail())
			}

			Expect(template.Labels).NotTo(HaveKey(v1alpha1.LabelApp))
			Expect(template.Labels).NotTo(HaveKey(v1alpha1.LabelInstance))
			for key := range in.Selector {
				Expect(template.Labels).NotTo(HaveKey(key))
			}
			Expect(template.Spec.InitContainers).To(BeEmpty())
			Expect(template.Spec.Containers).To(HaveLen(1))
			for _, volume := range template.Spec.Volumes {
				if volume.Name == "lls-storage" {
					Expect(volume.EmptyDir).NotTo(BeNil())
				}
			}
			for list := range 2 {
				resources := []corev1.ResourceList{template.Spec.Containers[0].Resources.Requests, template.Spec.Containers[0].Resources.Limits}[list]
				for resourceName := range resources {
					Expect(resourceName).To(BeElementOf(corev1.ResourceCPU, corev1.ResourceMemory))
				}
			}
		})
	}

	It("has a name that is a label, also with the suffix of a Pod", func() {
		name := render.CheckJobName(strings.Repeat("a", 55), "0123456789abcdef")
		Expect(validation.IsDNS1123Label(name + "-abcde")).To(BeEmpty())
		Expect(name).To(HaveSuffix("-check-0123456789"))
		Expect(render.CheckJobName("demo", "0123456789abcdef")).To(Equal("demo-check-0123456789"))
	})

	It("asks for no more than the server does", func() {
		in := scenario("config")
		in.Spec.Server.ContainerSpec.Resources = corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi"), "nvidia.com/gpu": resource.MustParse("1")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi"), corev1.ResourceCPU: resource.MustParse("50m"), "nvidia.com/gpu": resource.MustParse("1")},
		}
		resources := checkOf(in).Job.Spec.Template.Spec.Containers[0].Resources
		Expect(resources.Limits).To(HaveLen(2))
		Expect(resources.Limits.Memory().String()).To(Equal("128Mi"))
		Expect(resources.Limits.Cpu().String()).To(Equal("50m"))
		Expect(resources.Requests.Memory().String()).To(Equal("64Mi"))
		Expect(resources.Requests.Cpu().String()).To(Equal("50m"))
	})
})

var _ = DescribeTable("The hash of a check", func(change func(*render.Input), same bool) {
	in := scenario("config")
	before := checkOf(in).Hash
	change(&in)
	if same {
		Expect(checkOf(in).Hash).To(Equal(before))
		return
	}
	Expect(checkOf(in).Hash).NotTo(Equal(before))
},
	Entry("changes with the image", func(in *render.Input) { in.Image = "other" }, false),
	Entry("changes with the configuration", func(in *render.Input) { in.Config.CopyName = "example-config-0000000000000000" }, false),
	Entry("changes with the environment", func(in *render.Input) {
		in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
	}, false),
	Entry("changes with the certificates", func(in *render.Input) { in.CABundle = &render.CABundle{Hash: "a"} }, false),
	Entry("stays with a restart", func(in *render.Input) { in.RestartedAt = "now" }, true),
	Entry("stays with the number of replicas", func(in *render.Input) { in.Spec.Replicas = new(int32(3)) }, true),
	Entry("stays with the probes", func(in *render.Input) {
		in.Spec.Server.ContainerSpec.StartupProbe = &v1alpha1.StartupProbe{FailureThreshold: new(int32(50))}
	}, true),
)
