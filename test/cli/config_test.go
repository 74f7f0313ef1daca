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

package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// userConfig has two secrets.
const userConfig = `version: 2
apis: [inference]
providers:
  inference:
  - provider_id: openai
    provider_type: remote::openai
    config: {api_key: sk-first}
  - provider_id: vllm
    provider_type: remote::vllm
    config: {url: "http://u:sk-second@vllm:8000/v1"}
`

// configured is a server with both kinds of configuration, and its namespace with an editor.
func configured(ctx context.Context) (string, *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	harness.Create(ctx, admin, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "config", Namespace: namespace}, Data: map[string]string{v1alpha1.UserConfigKey: userConfig},
	})
	server := llsdtest.Make("demo").Namespace(namespace).UserConfig("config").Env("HF_TOKEN", "sk-third").Env("PLAIN", "shown").Edit(
		func(server *v1alpha1.LlamaStackDistribution) {
			server.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{
				API: "inference", ID: "other", Type: "remote::vllm",
				Config:  &apiextensionsv1.JSON{Raw: []byte(`{"url": "http://other:8000/v1"}`)},
				Secrets: []v1alpha1.ConfigSecret{{Field: "api_token", SecretKeyRef: v1alpha1.SecretKey{Name: "keys", Key: "vllm"}}},
			}}}
		}).Obj()
	harness.Create(ctx, admin, server)
	harness.BecomeReady(ctx, admin, server)
	return namespace, server
}

var _ = Describe("config", func() {
	It("shows what a server runs with, without its secrets", func(ctx context.Context) {
		namespace, _ := configured(ctx)

		found := asEditor(ctx, namespace, "config")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(
			MatchRegexp(`Image: +`+image+`\n`), MatchRegexp(`Command: +/bin/sh -c <text of \d+ bytes> launch`),
			MatchRegexp(`LLSD_INFERENCE_OTHER_API_TOKEN +<from Secret keys key vllm>\n`),
			MatchRegexp(`HF_TOKEN +\[removed\]\n`), MatchRegexp(`PLAIN +shown\n`),
			ContainSubstring("The configuration of spec.server.userConfig (ConfigMap demo-config-"), ContainSubstring("api_key: '[removed]'"),
			ContainSubstring("http://[removed]@vllm:8000/v1"),
			ContainSubstring("What spec.server.config declares (ConfigMap demo-config-"), ContainSubstring("api_token: ${env.LLSD_INFERENCE_OTHER_API_TOKEN}"),
			ContainSubstring("run: kubectl llamastack check demo -n "+namespace)))
		Expect(found.Out).NotTo(ContainSubstring("sk-"))
		Expect(found.Requests).NotTo(ContainElement(ContainSubstring("/secrets")))
	})

	It("shows the same as JSON", func(ctx context.Context) {
		namespace, _ := configured(ctx)

		found := asEditor(ctx, namespace, "config", "demo", "-o", "json")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).NotTo(ContainSubstring("sk-"))
		var view struct {
			Image string           `json:"image"`
			Files []map[string]any `json:"files"`
		}
		Expect(json.Unmarshal([]byte(found.Out), &view)).To(Succeed())
		Expect(view.Image).To(Equal(image))
		Expect(view.Files).To(HaveExactElements(HaveKeyWithValue("key", "overlay.json"), HaveKeyWithValue("key", "config.yaml")))
	})

	It("needs a name where there are several servers, and says where there is none", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		Expect(asEditor(ctx, namespace, "config")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("has no LlamaStackDistribution"))))
		for _, name := range []string{"one", "two"} {
			harness.Create(ctx, admin, llsdtest.Make(name).Namespace(namespace).Replicas(0).Obj())
		}

		Expect(asEditor(ctx, namespace, "config")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("has 2 servers; add the name of one of them: one, two"))))
	})
})

// fileWith is a file with a server as a person would write it.
func fileWith(server *v1alpha1.LlamaStackDistribution) string {
	GinkgoHelper()
	written := llsdtest.Make(server.Name).Namespace("").Obj()
	written.Spec = server.Spec
	written.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind}
	content, err := yaml.Marshal(written)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "server.yaml")
	Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	return file
}

var _ = Describe("config diff", func() {
	It("shows that nothing changes", func(ctx context.Context) {
		namespace, server := configured(ctx)

		found := asEditor(ctx, namespace, "config", "diff", "-f", fileWith(server))

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(Equal("Nothing changes.\n"))
	})

	It("shows what changes in the objects and the configuration, that Pods restart, and changes nothing", func(ctx context.Context) {
		namespace, server := configured(ctx)
		before := declared(ctx, server)
		edited := server.DeepCopy()
		edited.Spec.Server.ContainerSpec.Env[0].Value = "sk-fourth"
		edited.Spec.Server.ContainerSpec.Env[1].Value = "other"
		edited.Spec.Server.Config.Providers[0].Config = &apiextensionsv1.JSON{Raw: []byte(`{"url": "http://new:8000/v1"}`)}

		found := asEditor(ctx, namespace, "config", "diff", "-f", fileWith(edited))

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(
			MatchRegexp(`Declared configuration:\n(.*\n)*- +"url": "http://other:8000/v1"\n\+ +"url": "http://new:8000/v1"\n`),
			MatchRegexp(`Deployment:\n(.*\n)*- +"value": "shown"\n\+ +"value": "other"\n`),
			HaveSuffix("demo: Pods restart: new Pods replace all of the server's.\n"), Not(ContainSubstring("Service:"))))
		Expect(found.Out + found.Err).NotTo(ContainSubstring("sk-"))
		Expect(found.Requests).To(HaveEach(HavePrefix("GET ")))
		same := asEditor(ctx, namespace, "config", "diff", "-f", fileWith(edited), "-o", "json")
		var view struct {
			Items []struct {
				Server  string           `json:"server"`
				Restart bool             `json:"restart"`
				Changes []map[string]any `json:"changes"`
			} `json:"items"`
		}
		Expect(json.Unmarshal([]byte(same.Out), &view)).To(Succeed(), same.Err)
		Expect(view.Items).To(HaveExactElements(And(HaveField("Server", "demo"), HaveField("Restart", true), HaveField("Changes", ContainElement(And(
			HaveKeyWithValue("what", "Deployment"), HaveKeyWithValue("before", HaveKeyWithValue("kind", "Deployment")), HaveKey("after")))))))
		Expect(same.Out).NotTo(ContainSubstring("sk-"))
		Expect(declared(ctx, server)).To(Equal(before))
	})

	It("says where no Pod restarts, and where there were none", func(ctx context.Context) {
		namespace, server := readyServer(ctx)
		edited := server.DeepCopy()
		edited.Spec.Network = &v1alpha1.NetworkSpec{ExposeRoute: true}
		Expect(asEditor(ctx, namespace, "config", "diff", "-f", fileWith(edited)).Out).To(And(
			ContainSubstring("Ingress:"), HaveSuffix("demo: the Pods stay as they are; none restarts.\n")))

		absent := llsdtest.Make("new").Storage("1Gi").Obj()
		Expect(asEditor(ctx, namespace, "config", "diff", "-f", fileWith(absent)).Out).To(And(
			ContainSubstring("PersistentVolumeClaim:"), HaveSuffix("new: Pods start; there were none.\n")))
	})

	It("refuses a file for another namespace than -n says", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		file := filepath.Join(GinkgoT().TempDir(), "server.yaml")
		Expect(os.WriteFile(file, []byte("apiVersion: llamastack.io/v1alpha1\nkind: LlamaStackDistribution\nmetadata: {name: demo, namespace: other}\n"+
			"spec: {server: {distribution: {name: starter}}}\n"), 0o600)).To(Succeed())

		Expect(asEditor(ctx, namespace, "config", "diff", "-f", file)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("in namespace other, and -n says "+namespace))))
	})

	It("refuses what would not take effect", func(ctx context.Context) {
		namespace, server := readyServer(ctx)
		edited := server.DeepCopy()
		edited.Spec.Server.UserConfig = &v1alpha1.UserConfigSpec{ConfigMapName: "missing"}

		Expect(asEditor(ctx, namespace, "config", "diff", "-f", fileWith(edited))).To(And(HaveField("Code", 1), HaveField("Err", And(
			ContainSubstring("the edit of demo would not take effect"), ContainSubstring("missing, which spec.server.userConfig names, does not exist")))))
	})
})

var _ = Describe("config validate with a cluster", func() {
	It("lets the API server check it, and reads what it refers to", func(ctx context.Context) {
		namespace, server := configured(ctx)
		before := declared(ctx, server)
		valid := asEditor(ctx, namespace, "config", "validate", "--online", "-f", fileWith(server))
		Expect(valid).To(And(HaveField("Code", 0), HaveField("Out", HavePrefix("demo: valid\n"))), valid.Err)

		other := llsdtest.Make("demo").UserConfig("missing").Obj()
		found := asEditor(ctx, namespace, "config", "validate", "--online", "-f", fileWith(other))

		Expect(found.Code).To(Equal(1))
		Expect(found.Out).To(ContainSubstring("missing, which spec.server.userConfig names, does not exist"))
		Expect(declared(ctx, server)).To(Equal(before))
	})
})
