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

package edits_test

import (
	"bytes"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/edits"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Edits")
}

var _ = Describe("What is printed of an edit", func() {
	edited := func(before, after *llsdtest.Wrapper) string {
		out := &bytes.Buffer{}
		edits.Log(out)(before.Obj(), after.Obj())
		return out.String()
	}
	base := func() *llsdtest.Wrapper { return llsdtest.Make("a").Namespace("ns") }

	DescribeTable("has no text that may be a password", func(before, after *llsdtest.Wrapper, named string) {
		printed := edited(before, after)
		Expect(printed).NotTo(ContainSubstring("s3cret"))
		Expect(printed).To(And(ContainSubstring(named), MatchRegexp(`(?m)^-.*"hidden [0-9a-f]{8}"`), MatchRegexp(`(?m)^\+.*"hidden [0-9a-f]{8}"`)))
	},
		Entry("of a variable", base().Env("API_TOKEN", "s3cret-1"), base().Env("API_TOKEN", "s3cret-2"), "API_TOKEN"),
		Entry("of a command", base().Command("run", "--key=s3cret-1"), base().Command("run", "--key=s3cret-2"), "command"),
		Entry("of an argument", base().Args("s3cret-1"), base().Args("s3cret-2"), "args"),
		Entry("of an init container", initWith(base(), "s3cret-1"), initWith(base(), "s3cret-2"), "INIT_TOKEN"),
		Entry("of an annotation", annotated(base(), "s3cret-1"), annotated(base(), "s3cret-2"), "auth-snippet"),
		Entry("of a volume", mounted(base(), "s3cret-1"), mounted(base(), "s3cret-2"), "volumeAttributes"),
	)

	It("is printed for people if the flag is set", func() {
		out := &bytes.Buffer{}
		edits.Log(out)(base().Obj(), base().Image("other").Obj())
		Expect(out.String()).To(And(ContainSubstring("ns/a"), MatchRegexp(`(?m)^\+.*"image": "other"`)))
	})

	It("shows what stayed the same as such, and where a variable comes from", func() {
		reference := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "credentials"}, Key: "token"}
		from := corev1.EnvVar{Name: "B", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: reference}}
		printed := edited(base().Env("A", "s3cret"), base().Env("A", "s3cret").EnvVar(from))
		Expect(printed).To(And(ContainSubstring("credentials"), Not(MatchRegexp(`(?m)^[-+].*hidden`))))
	})
})

func initWith(w *llsdtest.Wrapper, token string) *llsdtest.Wrapper {
	return w.Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{{Name: "init", Env: []corev1.EnvVar{{Name: "INIT_TOKEN", Value: token}}}}}
	})
}

func annotated(w *llsdtest.Wrapper, text string) *llsdtest.Wrapper {
	return w.Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Network = &v1alpha1.NetworkSpec{Ingress: &v1alpha1.IngressSpec{Annotations: map[string]v1alpha1.AnnotationValue{"auth-snippet": v1alpha1.AnnotationValue(text)}}}
	})
}

func mounted(w *llsdtest.Wrapper, text string) *llsdtest.Wrapper {
	source := &corev1.CSIVolumeSource{Driver: "csi.example.com", VolumeAttributes: map[string]string{"passphrase": text}}
	return w.Volume(corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{CSI: source}}, "/data")
}
