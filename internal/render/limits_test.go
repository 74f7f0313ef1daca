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
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// many are entries that differ, each made of its number.
func many[T any](count int, entry func(i int) T) []T {
	entries := make([]T, count)
	for i := range entries {
		entries[i] = entry(i)
	}
	return entries
}

func variable(i int) corev1.EnvVar { return corev1.EnvVar{Name: fmt.Sprintf("V%d", i), Value: "x"} }

var _ = DescribeTable("CheckSize takes a list of a certain length and no longer one:",
	func(field string, most int, fill func(spec *v1alpha1.LlamaStackDistributionSpec, count int)) {
		spec := llsdtest.Make("a").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{}
			i.Spec.Network = &v1alpha1.NetworkSpec{AllowedFrom: &v1alpha1.AllowedFromSpec{}}
		}).Obj().Spec
		fill(&spec, most)
		Expect(render.CheckSize(&spec)).To(Succeed())

		fill(&spec, most+1)
		err := render.CheckSize(&spec)
		var invalid *render.SpecError
		Expect(errors.As(err, &invalid)).To(BeTrue())
		Expect(invalid.Field).To(Equal(field))
		Expect(invalid.Message).To(ContainSubstring("there are %d entries, and at most %d are allowed: ", most+1, most))
	},
	Entry("variables", "spec.server.containerSpec.env", render.MaxVariables, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Server.ContainerSpec.Env = many(count, variable)
	}),
	Entry("variables of all containers", "spec.server.containerSpec.env", render.MaxVariables, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Server.ContainerSpec.Env = many(count-500, variable)
		spec.Server.PodOverrides.InitContainers = []v1alpha1.InitContainer{{Env: many(250, variable)}, {Env: many(250, variable)}}
	}),
	Entry("volumes", "spec.server.podOverrides.volumes", render.MaxVolumes, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Server.PodOverrides.Volumes = many(count, func(int) corev1.Volume { return corev1.Volume{} })
	}),
	Entry("mounts", "spec.server.podOverrides.volumeMounts", 1000, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Server.PodOverrides.VolumeMounts = many(count, func(int) corev1.VolumeMount { return corev1.VolumeMount{} })
	}),
	Entry("constraints", "spec.server.topologySpreadConstraints", 100, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Server.TopologySpreadConstraints = many(count, func(int) corev1.TopologySpreadConstraint { return corev1.TopologySpreadConstraint{} })
	}),
	Entry("namespaces", "spec.network.allowedFrom.namespaces", 1000, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Network.AllowedFrom.Namespaces = many(count, func(int) string { return "a" })
	}),
	Entry("labels", "spec.network.allowedFrom.labels", 1000, func(spec *v1alpha1.LlamaStackDistributionSpec, count int) {
		spec.Network.AllowedFrom.Labels = many(count, func(int) string { return "a" })
	}),
)

var _ = It("CheckSize takes a spec that says nothing", func() {
	Expect(render.CheckSize(&llsdtest.Make("a").Obj().Spec)).To(Succeed())
})
