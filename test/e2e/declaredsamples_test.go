//go:build e2e

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

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// sampleVLLM is the backend in the samples.
	sampleVLLM = "http://vllm.vllm.svc.cluster.local:8000/v1"
	// sampleEmbeddings is the model for embeddings in the samples, and its dimensions.
	sampleEmbeddings = "nomic-ai/nomic-embed-text-v1.5"
	sampleDimensions = 768

	modulesFolder = "/opt/stand-in"
	tokenFolder   = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
)

// modules stand in for Python packages of gigabytes, and for a file that one of them downloads.
func modules() map[string]string {
	return map[string]string{
		"torch.py": "def no_grad():\n    return lambda function: function\n",
		"sentence_transformers.py": "import numpy\n\n\nclass SentenceTransformer:\n    def __init__(self, name, **_):\n        pass\n\n" +
			fmt.Sprintf("    def encode(self, texts, **_):\n        return numpy.ones((len(texts), %d), dtype='float32')\n", sampleDimensions),
		"tiktoken.py": "class Encoding:\n    def encode(self, text, **_):\n        return text.split()\n\n\ndef get_encoding(name):\n    return Encoding()\n",
	}
}

// outsideHosts are those that the samples' providers connect to.
func outsideHosts() []string {
	return []string{"api.openai.com", "api.anthropic.com", "*.eu-central-1.amazonaws.com", "*.eu-central-1.api.aws"}
}

// declaredSamples are those with a declared configuration.
func declaredSamples() []string {
	return slices.DeleteFunc(sampleFiles(), func(file string) bool { return !strings.HasPrefix(file, "declared_") })
}

// sampleModels are what the providers of the samples call their models.
func sampleModels() string {
	GinkgoHelper()
	names := map[string]bool{}
	for _, file := range declaredSamples() {
		server, _ := sample(file)
		for _, model := range server.Spec.Server.Config.Models {
			names[model.ProviderModelID] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ",")
}

// surroundings are what the samples presuppose, in a namespace: a vLLM, hosts on the Internet, a database as CloudNativePG
// makes it, Secrets, and what an image of this suite lacks.
type surroundings struct{ namespace, vllm, proxy string }

func makeSurroundings(ctx context.Context) surroundings {
	GinkgoHelper()
	around := surroundings{namespace: newNamespace(ctx)}
	around.vllm = fmt.Sprintf("http://backend.%s.svc:8000/v1", around.namespace)
	around.proxy = fmt.Sprintf("http://outside.%s.svc:3128", around.namespace)

	certificate, key := harness.NewKeyPair(outsideHosts()...)
	outside := standInPod(around.namespace, "outside", 3128, "/health", "outside", "--models="+sampleModels(), "--tls-cert=/tls/tls.crt", "--tls-key=/tls/tls.key")
	outside.Spec.Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "outside"}}}}
	outside.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}}
	backend := standInPod(around.namespace, "backend", 8000, "/health", "inference", "--models="+sampleModels(), fmt.Sprintf("--dimensions=%d", sampleDimensions))

	create(ctx,
		&corev1.Secret{ObjectMeta: objectMeta(around.namespace, "outside"), StringData: map[string]string{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key}},
		&corev1.ConfigMap{ObjectMeta: objectMeta(around.namespace, "outside"), Data: map[string]string{v1alpha1.DefaultCABundleKey: certificate}},
		&corev1.ConfigMap{ObjectMeta: objectMeta(around.namespace, "modules"), Data: modules()},
		&corev1.ServiceAccount{ObjectMeta: objectMeta(around.namespace, "bedrock")},
		outside, serviceOf(around.namespace, "outside", 3128), backend, serviceOf(around.namespace, "backend", 8000))
	for name, key := range map[string]string{"vllm": "token", "openai": "api-key", "anthropic": "api-key"} {
		create(ctx, &corev1.Secret{ObjectMeta: objectMeta(around.namespace, name), StringData: map[string]string{key: "secret"}})
	}
	startDatabase(ctx, around.namespace)
	Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, around.namespace) }).WithTimeout(podStarts).Should(And(HaveLen(3), HaveEach(beReady())))
	return around
}

// adapt is a sample as it runs here: with an image of the suite, its backend in place of vLLM, and its proxy, which answers for
// the hosts on the Internet.
func (s surroundings) adapt(file, serverImage string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	server, configMaps := sample(file)
	Expect(configMaps).To(BeEmpty(), "what a declared configuration is for")
	server.Namespace = s.namespace
	spec := &server.Spec.Server
	startup := eager()
	spec.Distribution = v1alpha1.DistributionType{Image: serverImage}
	spec.ContainerSpec.Resources, spec.ContainerSpec.StartupProbe = small(), &startup
	spec.TLSConfig = &v1alpha1.TLSConfig{CABundle: &v1alpha1.CABundleConfig{ConfigMapName: "outside"}}
	for i := range spec.Config.Providers {
		if config := spec.Config.Providers[i].Config; config != nil {
			config.Raw = bytes.ReplaceAll(config.Raw, []byte(sampleVLLM), []byte(s.vllm))
		}
	}
	variables := map[string]string{
		"HTTPS_PROXY": s.proxy, "PYTHONPATH": modulesFolder,
		// What Amazon's cluster adds to Pods of a ServiceAccount with a role.
		"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/bedrock", "AWS_WEB_IDENTITY_TOKEN_FILE": tokenFolder + "/token",
		"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		spec.ContainerSpec.Env = append(spec.ContainerSpec.Env, corev1.EnvVar{Name: name, Value: variables[name]})
	}
	mountExtras(spec)
	return server
}

// mountExtras adds the modules, and the token that stands for a role.
func mountExtras(spec *v1alpha1.ServerSpec) {
	if spec.PodOverrides == nil {
		spec.PodOverrides = &v1alpha1.PodOverrides{}
	}
	spec.PodOverrides.Volumes = []corev1.Volume{
		{Name: "modules", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "modules"}}}},
		{Name: "role", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "sts.amazonaws.com", Path: "token"}},
		}}}},
	}
	spec.PodOverrides.VolumeMounts = []corev1.VolumeMount{{Name: "modules", MountPath: modulesFolder}, {Name: "role", MountPath: tokenFolder}}
}

// withKey gives a provider a key, where the release has no roles.
func withKey(server *v1alpha1.LlamaStackDistribution) *v1alpha1.LlamaStackDistribution {
	server.Spec.Server.Config.Providers[0].Secrets = []v1alpha1.ConfigSecret{
		{Field: "api_key", SecretKeyRef: v1alpha1.SecretKey{Name: "openai", Key: "api-key"}},
	}
	return server
}

// era is a release of the server, in the image that the suite has of it.
type era struct {
	version string
	image   func() string
	// keyOnly is true where the provider of Bedrock takes nothing but a key.
	keyOnly bool
	// scraped is true where the server has an endpoint for Prometheus.
	scraped bool
	// searching is how many of two replicas find vectors that a client has left on the first, before they start again.
	searching int
}

// complete checks that each model of a sample that is for chats completes one, by the name that the release lists and by the
// provider's own.
func (e era) complete(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(conditionOf(ctx, server, v1alpha1.ConditionModelsRegistered)).WithTimeout(observed).
		Should(say(metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered))
	for _, model := range server.Spec.Server.Config.Models {
		if model.Type == "embedding" {
			continue
		}
		listed, name := model.Provider+"/"+model.ID, model.Provider+"/"+model.ProviderModelID
		if e.version == llamaStackVersion {
			listed = name
		}
		serve(ctx, server, listed, openAIShape)
		Eventually(func() (string, error) { return chat(ctx, server, name, sentence) }).Should(ContainSubstring(sentence))
	}
}

func eras() []era {
	return []era{
		{version: llamaStackVersion, image: func() string { return image.llamaStack }, keyOnly: true, searching: 1},
		{version: ogxBeforeVersion, image: func() string { return image.ogxBefore }, scraped: true, searching: 2},
		{version: ogxVersion, image: func() string { return image.ogx }, scraped: true, searching: 2},
	}
}

var _ = Describe("The samples with a declared configuration", func() {
	for _, one := range eras() {
		Context("on a real server "+one.version, Ordered, func() {
			servers := map[string]*v1alpha1.LlamaStackDistribution{}
			const shared, counted = "declared_pgvector.yaml", "declared_vllm.yaml"

			BeforeAll(func(ctx SpecContext) {
				around := makeSurroundings(ctx)
				for _, file := range declaredSamples() {
					servers[file] = around.adapt(file, one.image())
					if file == "declared_bedrock.yaml" && one.keyOnly {
						withKey(servers[file])
					}
					if file == counted && one.scraped {
						servers[file].Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}
					}
					create(ctx, servers[file])
				}
			})

			for _, file := range declaredSamples() {
				It(file+" completes chats", func(ctx SpecContext) {
					becomeReady(ctx, servers[file])
					one.complete(ctx, servers[file])
				}, NodeTimeout(2*serverStarts))
			}

			if one.scraped {
				It(counted+" counts its requests for Prometheus", func(ctx SpecContext) {
					Eventually(scrape(ctx, servers[counted])).Should(MatchRegexp(
						`(?m)^ogx_requests_total{api="inference",method="openai_chat_completion",.*status="success",status_code="200"} [1-9]`))
					Expect(load(ctx, servers[counted])).To(And(HaveKey("requestsPerSecond"), HaveKey("memoryBytes"), Not(HaveKey("note"))), "kubectl llamastack top")
				}, NodeTimeout(serverStarts))
			}

			It("declared_openai.yaml computes embeddings itself", func(ctx SpecContext) {
				var vectors embeddings
				body := map[string]string{"model": "sentence-transformers/" + sampleEmbeddings, "input": sentence}
				Eventually(func() error { return post(ctx, servers["declared_openai.yaml"], "/v1/embeddings", body, &vectors) }).Should(Succeed())
				Expect(vectors.Data).To(HaveExactElements(HaveField("Embedding", HaveLen(sampleDimensions))))
			}, NodeTimeout(serverStarts))

			It(shared+" shares its state between replicas, and has it after all Pods were deleted", func(ctx SpecContext) {
				server := servers[shared]
				shares := say(metav1.ConditionTrue, v1alpha1.ReasonSharedState)
				if one.searching < 2 {
					shares = say(metav1.ConditionFalse, v1alpha1.ReasonLocalState, "before version 1.0.0")
				}
				Eventually(conditionOf(ctx, server, v1alpha1.ConditionStateShared)).Should(shares)
				By("leaving nothing else to do")
				for file, other := range servers {
					if file != shared {
						edit(ctx, other, func(other *v1alpha1.LlamaStackDistribution) { other.Spec.Replicas = new(int32(0)) })
					}
				}
				before := replicasOf(ctx, server)
				Expect(before).To(HaveLen(2))
				left := leaveState(ctx, &before[0])
				remember(ctx, before, left)
				search(ctx, before[:one.searching], left)

				for i := range before {
					Expect(kube.Delete(ctx, &before[i])).To(Succeed())
				}
				Eventually(func() []corev1.Pod { return replicasOf(ctx, server) }).WithTimeout(serverStarts).
					Should(And(HaveLen(2), HaveEach(beReady()), Not(ContainElement(HaveField("UID", BeElementOf(before[0].UID, before[1].UID))))))
				after := replicasOf(ctx, server)
				remember(ctx, after, left)
				search(ctx, after, left)
				Expect(kube.Get(ctx, client.ObjectKey{Namespace: server.Namespace, Name: server.Name + "-pvc"}, &corev1.PersistentVolumeClaim{})).NotTo(Succeed())
			}, NodeTimeout(2*serverStarts))

			It(shared+" keeps its Pods after an edit with a wrong password", func(ctx SpecContext) {
				server := servers[shared]
				before := replicasOf(ctx, server)
				create(ctx, &corev1.Secret{ObjectMeta: objectMeta(server.Namespace, "mistyped"), StringData: map[string]string{"password": "wrong"}})
				edit(ctx, server, func(server *v1alpha1.LlamaStackDistribution) {
					server.Spec.Server.Config.Providers[1].Secrets[0].SecretKeyRef.Name = "mistyped"
				})
				Eventually(conditionOf(ctx, server, v1alpha1.ConditionConfigValid)).WithTimeout(verdictTime).
					Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, "spec.server.config.providers[1]", "the database refuses the password"))
				Expect(replicasOf(ctx, server)).To(ConsistOf(HaveField("UID", before[0].UID), HaveField("UID", before[1].UID)))
			}, NodeTimeout(serverStarts))
		})
	}
})

// scrape polls the metrics of a server, through the port of its Service for them.
func scrape(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (string, error) {
	return func() (string, error) {
		series, err := clientset.CoreV1().RESTClient().Get().Namespace(server.Namespace).Resource("services").
			Name("http:" + server.Name + "-service:metrics").SubResource("proxy").Suffix("metrics").Do(ctx).Raw()
		return string(series), err
	}
}

// embeddings are the answer of /v1/embeddings.
type embeddings struct {
	Data []struct {
		Embedding []float64 `json:"embedding"`
	} `json:"data"`
}
