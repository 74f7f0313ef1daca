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

package references_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/references"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "References")
}

// rolling is a server, in YAML, that rolls for its references.
func rolling(spec string) *v1alpha1.ServerSpec {
	GinkgoHelper()
	server := &v1alpha1.ServerSpec{}
	Expect(yaml.UnmarshalStrict([]byte(spec), server)).To(Succeed())
	server.Rollout = &v1alpha1.RolloutSpec{OnReferenceChange: v1alpha1.ReferenceChangeRoll}
	return server
}

// whole is a ConfigMap of which every key counts.
func whole(name string) references.ConfigMap { return references.ConfigMap{Name: name, Whole: true} }

// keyed is a ConfigMap of which these keys count.
func keyed(name string, keys map[string]bool) references.ConfigMap {
	return references.ConfigMap{Name: name, Keys: keys}
}

// secret is a variable with a key of a Secret.
func secret(name string) corev1.EnvVar {
	return corev1.EnvVar{ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "key",
	}}}
}

// Variables of a container, in YAML.
const (
	fromConfigMap = "{name: A, valueFrom: {configMapKeyRef: {name: a, key: k}}}"
	fromOptional  = "{name: B, valueFrom: {configMapKeyRef: {name: a, key: k, optional: true}}}"
	fromSecret    = "{name: C, valueFrom: {secretKeyRef: {name: s, key: k}}}"
)

func variables(each ...string) string {
	return "containerSpec: {env: [" + strings.Join(each, ", ") + "]}"
}

func sources(each ...string) string {
	return "containerSpec: {envFrom: [{" + strings.Join(each, "}, {") + "}]}"
}

func volumes(each ...string) string {
	return "podOverrides: {volumes: [{name: v, " + strings.Join(each, "}, {name: v, ") + "}]}"
}

var _ = Describe("What the Pods of a server read", func() {
	DescribeTable("is in", func(spec string, configMaps []references.ConfigMap, secrets ...string) {
		found := references.Of(rolling(spec), nil)
		Expect(found.ConfigMaps).To(Equal(configMaps))
		Expect(found.Secrets).To(HaveExactElements(secrets))
		Expect(found.Beyond).To(BeFalse())
	},
		Entry("nothing", "{}", nil),
		Entry("a variable", variables("{name: A, value: b}", fromConfigMap, fromSecret), []references.ConfigMap{keyed("a", map[string]bool{"k": true})}, "s"),
		Entry("a variable that can be absent", variables(fromOptional), []references.ConfigMap{keyed("a", map[string]bool{"k": false})}),
		Entry("a variable that has to be there once", variables(fromConfigMap, fromOptional), []references.ConfigMap{keyed("a", map[string]bool{"k": true})}),
		Entry("the Pod's own fields", variables("{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}"), nil),
		Entry("sources of variables", sources("configMapRef: {name: a}", "secretRef: {name: s}", "configMapRef: {name: b, optional: true}"),
			[]references.ConfigMap{whole("a"), whole("b")}, "s"),
		Entry("volumes", volumes("configMap: {name: a}", "configMap: {name: b, items: [{key: k, path: k}]}", "secret: {secretName: s}", "emptyDir: {}"),
			[]references.ConfigMap{whole("a"), keyed("b", map[string]bool{"k": true})}, "s"),
		Entry("a volume that can be absent", volumes("configMap: {name: b, optional: true, items: [{key: k, path: k}]}"),
			[]references.ConfigMap{keyed("b", map[string]bool{"k": false})}),
		Entry("a projected volume", volumes("projected: {sources: [{configMap: {name: a, items: [{key: k, path: p}]}}, {secret: {name: s}}, {serviceAccountToken: {path: t}}]}"),
			[]references.ConfigMap{keyed("a", map[string]bool{"k": true})}, "s"),
		Entry("an init container", "podOverrides: {initContainers: [{name: i, env: ["+fromConfigMap+"]}]}",
			[]references.ConfigMap{keyed("a", map[string]bool{"k": true})}),
		Entry("several places, once", volumes("configMap: {name: a}", "secret: {secretName: s}")+"\n"+variables(fromConfigMap, fromSecret),
			[]references.ConfigMap{{Name: "a", Whole: true, Keys: map[string]bool{"k": true}}}, "s"),
		Entry("a reference without a name, which is none", sources("configMapRef: {}", "secretRef: {}"), nil),
	)

	It("is in the variables of the declared configuration", func() {
		Expect(references.Of(rolling("{}"), []corev1.EnvVar{secret("s")}).Secrets).To(HaveExactElements("s"))
	})

	It("is the Secret with the headers for a collector", func() {
		Expect(references.Of(rolling("telemetry: {otlp: {endpoint: 'http://c', headersFrom: {name: s, key: k}}}"), nil).Secrets).To(HaveExactElements("s"))
	})

	It("does not matter to a server that does not roll for it", func() {
		server := rolling("containerSpec: {envFrom: [{configMapRef: {name: a}}]}")
		server.Rollout.OnReferenceChange = "Ignore"
		Expect(references.Of(server, []corev1.EnvVar{secret("s")})).To(Equal(references.Set{}))
		server.Rollout = nil
		Expect(references.Of(server, []corev1.EnvVar{secret("s")})).To(Equal(references.Set{}))
	})

	DescribeTable("is limited", func(configMaps, secrets int, beyond bool) {
		server := rolling("{}")
		for i := range configMaps * 10 { // each of them is named ten times
			server.ContainerSpec.EnvFrom = append(server.ContainerSpec.EnvFrom, corev1.EnvFromSource{
				ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("c-%d", i/10)}},
			})
		}
		for i := range secrets {
			server.ContainerSpec.Env = append(server.ContainerSpec.Env, secret(fmt.Sprintf("s-%d", i)))
		}
		found := references.Of(server, nil)
		Expect(found.Beyond).To(Equal(beyond))
		Expect(found.ConfigMaps).To(HaveLen(min(configMaps, references.MaxConfigMaps)))
		Expect(found.Secrets).To(HaveLen(min(secrets, references.MaxSecrets)))
	},
		Entry("by the number of ConfigMaps and Secrets", references.MaxConfigMaps, references.MaxSecrets, false),
		Entry("and says that there are more ConfigMaps", references.MaxConfigMaps+1, 0, true),
		Entry("and says that there are more Secrets", 0, references.MaxSecrets+1, true),
	)
})

var _ = Describe("The record of the contents", func() {
	first := references.Record{}.Next("1", references.Seen{"a": "x", "b": "y"}, references.Seen{"s": "u@1"})

	It("is read as it was written", func() {
		Expect(references.Read(first.String())).To(Equal(first))
		Expect(references.Read(references.Record{Author: "1"}.String())).To(HaveField("Author", "1"))
	})

	DescribeTable("is empty for a text that nobody wrote", func(text string) {
		Expect(references.Read(text)).To(Equal(references.Record{}))
	},
		Entry("", ""), Entry("", "1"), Entry("", "1;2"), Entry("", "1;2;3;4"),
	)

	It("differs for each content, and does not contain it", func() {
		other := references.Record{}.Next("1", references.Seen{"a": "z", "b": "y"}, references.Seen{"s": "u@1"})
		Expect(other.ConfigMaps.Hash()).NotTo(Equal(first.ConfigMaps.Hash()))
		Expect(other.Secrets.Hash()).To(Equal(first.Secrets.Hash()))
		Expect(first.String()).NotTo(ContainSubstring("u@1"))
		Expect(references.Record{}.Next("1", nil, nil).ConfigMaps.Hash()).To(BeEmpty())
	})

	It("names who caused the last change, but nobody for the first contents", func() {
		Expect(first.Author).To(BeEmpty())
		Expect(first.Next("2", references.Seen{"a": "x", "b": "y"}, references.Seen{"s": "u@1"})).To(Equal(first))
		Expect(first.Next("2", references.Seen{"a": "z", "b": "y"}, references.Seen{"s": "u@1"}).Author).To(Equal("2"))
		Expect(first.Next("2", references.Seen{"a": "x", "b": "y"}, references.Seen{"s": "u@2"}).Author).To(Equal("2"))
	})

	It("keeps what is not known any more, and forgets what is not used any more", func() {
		Expect(first.Next("2", references.Seen{"a": "", "b": "y"}, references.Seen{"s": ""})).To(Equal(first))
		Expect(first.Next("2", references.Seen{"a": "x"}, nil)).To(And(HaveField("ConfigMaps", HaveLen(1)), HaveField("Secrets", BeEmpty())))
		Expect(first.Next("2", references.Seen{"a": "x", "b": "y", "new": ""}, references.Seen{"s": "u@1"})).To(Equal(first), "it is not there yet")
	})

	DescribeTable("waits", func(record references.Record, author string, rolling, waits bool) {
		Expect(record.Waits(author, rolling)).To(Equal(waits))
	},
		Entry("for the end of the rollout that contents have caused", references.Record{Author: "1"}, "1", true, true),
		Entry("not without a rollout", references.Record{Author: "1"}, "1", false, false),
		Entry("not where the author has requested something else since", references.Record{Author: "1"}, "2", true, false),
		Entry("not during the first rollout", first, "1", true, false),
	)

	It("identifies a request by the generation and the restart", func() {
		Expect(references.AuthorOf(1, "")).To(Equal(references.AuthorOf(1, "")))
		Expect(references.AuthorOf(1, "")).NotTo(Equal(references.AuthorOf(2, "")))
		Expect(references.AuthorOf(1, "")).NotTo(Equal(references.AuthorOf(1, "now")))
	})

	It("is short, however many there are", func() {
		seen := references.Seen{}
		for i := range references.MaxConfigMaps {
			seen[fmt.Sprintf("%0253d", i)] = fmt.Sprintf("%01000d", i)
		}
		Expect(len(references.Record{}.Next("1", seen, seen).String())).To(BeNumerically("<", 3<<10))
	})
})
