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
	"encoding/json"
	"fmt"
	"math/rand"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// rounds is how many random values of a field are tried.
const rounds = 100

// text is the JSON of a value.
func text(value any) string {
	GinkgoHelper()
	bytes, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return string(bytes)
}

// roundTrip fills a field of the spec with random values, the same in every run, renders, and expects to find each in the Pod template as
// it was. set returns the value that it set, find the one that it found.
func roundTrip[T any](set func(in *render.Input, value T), find func(template corev1.PodTemplateSpec) T) {
	GinkgoHelper()
	funcs := fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs)
	filler := fuzzer.FuzzerFor(funcs, rand.NewSource(1), serializer.NewCodecFactory(runtime.NewScheme())).NilChance(0.7)
	for round := range rounds {
		var value T
		filler.Fill(&value)
		want := text(value)
		in := scenario("minimal")
		in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{}
		set(&in, value)

		Expect(text(find(podTemplate(in)))).To(MatchJSON(want), fmt.Sprintf("round %d", round))
	}
}

var _ = Describe("What the user writes arrives as it was written:", func() {
	It("a volume", func() {
		roundTrip(func(in *render.Input, value corev1.Volume) {
			in.Spec.Server.PodOverrides.Volumes = []corev1.Volume{value}
		}, func(template corev1.PodTemplateSpec) corev1.Volume {
			return template.Spec.Volumes[2]
		})
	})

	It("a mount", func() {
		roundTrip(func(in *render.Input, value corev1.VolumeMount) {
			in.Spec.Server.PodOverrides.VolumeMounts = []corev1.VolumeMount{value}
		}, func(template corev1.PodTemplateSpec) corev1.VolumeMount {
			return template.Spec.Containers[0].VolumeMounts[3]
		})
	})

	It("an environment variable", func() {
		roundTrip(func(in *render.Input, value corev1.EnvVar) {
			in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{value}
		}, func(template corev1.PodTemplateSpec) corev1.EnvVar {
			return template.Spec.Containers[0].Env[len(always)]
		})
	})

	It("a constraint", func() {
		roundTrip(func(in *render.Input, value corev1.TopologySpreadConstraint) {
			in.Spec.Server.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{value}
		}, func(template corev1.PodTemplateSpec) corev1.TopologySpreadConstraint {
			return template.Spec.TopologySpreadConstraints[0]
		})
	})

	It("a command and its arguments", func() {
		roundTrip(func(in *render.Input, value [2]string) {
			in.Spec.Server.ContainerSpec.Command, in.Spec.Server.ContainerSpec.Args = value[:1], value[1:]
		}, func(template corev1.PodTemplateSpec) [2]string {
			return [2]string{template.Spec.Containers[0].Command[0], template.Spec.Containers[0].Args[0]}
		})
	})

	DescribeTable("text that YAML would read as something else", func(value string) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "A", Value: value}}
			in.UserConfig = &render.UserConfig{CopyName: "copy", Hash: value}
		})

		Expect(environment(in)).To(HaveKeyWithValue("A", value))
		Expect(podTemplate(in).Annotations).To(HaveKeyWithValue("configmap.hash/user-config", value))
	},
		Entry("a number", "8321"),
		Entry("a number with an exponent", "1e3"),
		Entry("an octal number", "0777"),
		Entry("a boolean", "true"),
		Entry("a boolean of YAML 1.1", "no"),
		Entry("null", "null"),
		Entry("a tilde", "~"),
		Entry("a date", "2026-01-01"),
		Entry("an anchor", "&a"),
		Entry("an alias", "*a"),
		Entry("a comment", "a # b"),
		Entry("a mapping", "a: b"),
		Entry("lines", "a\nb\n"),
		Entry("nothing", ""),
	)
})
