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

package cli

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("what config hides", func() {
	DescribeTable("is a text", func(name, text, shown string) {
		Expect(hideText(name, text)).To(Equal(shown))
	},
		Entry("with the name of a key", "OPENAI_API_KEY", "sk-1", "[removed]"),
		Entry("with the name of a key of another kind", "OPENAI_KEY", "sk-1", "[removed]"),
		Entry("with the name of a token", "HF_TOKEN", "hf_1", "[removed]"),
		Entry("with the name of a token in camel case", "accessToken", "hf_1", "[removed]"),
		Entry("with the name of a password", "PGPASSWORD", "p", "[removed]"),
		Entry("that is empty: no", "api_key", "", ""),
		Entry("that names a variable: no", "api_key", "${env.OPENAI_API_KEY}", "${env.OPENAI_API_KEY}"),
		Entry("that names a variable without a default: no", "api_key", "${env.OPENAI_API_KEY:=}", "${env.OPENAI_API_KEY:=}"),
		Entry("that is the default of a variable", "api_key", "${env.OPENAI_API_KEY:=sk-1}", "${env.OPENAI_API_KEY:=[removed]}"),
		Entry("that is around a variable", "api_key", "sk-${env.NAME}", "[removed]"),
		Entry("in a URL", "DATABASE", "postgres://u:p@w@host/db?password=q&a=b", "postgres://[removed]@host/db?password=[removed]&a=b"),
		Entry("in the parameters of a database", "DATABASE", "host=h password=p", "host=h password=[removed]"),
		Entry("of another name: no", "VLLM_URL", "http://vllm:8000/v1", "http://vllm:8000/v1"),
		Entry("with a name that only contains one: no", "tokenizer", "bert", "bert"),
	)

	It("is in documents at any depth, and leaves what is none", func() {
		Expect(hide(map[string]any{
			"providers": []any{map[string]any{"config": map[string]any{"api_key": "sk-1", "max_tokens": 4096.0, "url": "http://u:p@h"}}},
			"secrets":   map[string]any{"a": []any{"x", 1.0, true, nil}},
		}, false)).To(Equal(map[string]any{
			"providers": []any{map[string]any{"config": map[string]any{"api_key": "[removed]", "max_tokens": 4096.0, "url": "http://[removed]@h"}}},
			"secrets":   map[string]any{"a": []any{"[removed]", "[removed]", true, nil}},
		}))
	})

	It("is in commands", func() {
		Expect(hideWords([]string{"serve", "--api-key", "sk-1", "--token=t", "--url=http://u:p@h", "--port", "8321", "a\nb"})).To(Equal(
			[]string{"serve", "--api-key", "[removed]", "--token=[removed]", "--url=http://[removed]@h", "--port", "8321", "<text of 3 bytes>"}))
		Expect(hideWords(nil)).To(BeEmpty())
	})

	It("is not read from Secrets, of which a variable shows the place", func() {
		server := llsdtest.Make("demo").Obj()
		view := configOf(server, "Pod a", &corev1.PodSpec{Containers: []corev1.Container{{Name: "llama-stack", Image: "i", Env: []corev1.EnvVar{
			{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"}}},
			{Name: "B", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}, Key: "k"}}},
			{Name: "C", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
			{Name: "D", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}}},
			{Name: "E", ValueFrom: &corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{Path: "f", Key: "k"}}},
			{Name: "F", ValueFrom: &corev1.EnvVarSource{}},
		}, EnvFrom: []corev1.EnvFromSource{
			{Prefix: "P_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
			{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}}},
		}}}})

		Expect(view.Env).To(Equal([]variableView{
			{"P_*", "<all keys of Secret s>"},
			{"*", "<all keys of ConfigMap c>"},
			{"A", "<from Secret s key k>"},
			{"B", "<from ConfigMap c key k>"},
			{"C", "<from the field metadata.name of the Pod>"},
			{"D", "<from the resource limits.cpu of the container>"},
			{"E", "<from the file f key k>"},
			{"F", ""},
		}))
		Expect(configOf(server, "Pod a", &corev1.PodSpec{}).Notes).To(ConsistOf("it has no container llama-stack"))
	})

	It("is all of what cannot be read", func() {
		for _, text := range []string{"api_key: sk-1\nb: [", "a: 1\n---\napi_key: sk-1\n"} {
			_, err := readConfig(text)
			Expect(err).To(MatchError("it is not one YAML document that can be read"))
		}
		_, err := readConfig(string(make([]byte, 300<<10)))
		Expect(err).To(MatchError("it has 307200 bytes, and at most 262144 are shown"))
	})
})
