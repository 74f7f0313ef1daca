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
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// collectorPort is that of OpenTelemetry over HTTP. The stand-in answers gRPC there, too.
const collectorPort = 4318

// spanSource is what sent spans to the stand-in for a collector.
type spanSource struct{ Service, Team, Token, Protocol string }

// declaring makes a server declare a provider under a key of its configuration, and a model of it.
func declaring(server *llsdtest.Wrapper, key string) *v1alpha1.LlamaStackDistribution {
	return server.Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Config = &v1alpha1.ServerConfig{
			Base: v1alpha1.ConfigBaseEmpty, APIs: []string{"inference"},
			Providers: []v1alpha1.ConfigProvider{{
				API: "inference", ID: "declared", Type: "remote::vllm",
				Config:  &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{%q: "${env.VLLM_URL}", "refresh_models": false}`, key)},
				Secrets: []v1alpha1.ConfigSecret{{Field: "api_token", SecretKeyRef: v1alpha1.SecretKey{Name: "provider", Key: "token"}}},
			}},
			Models: []v1alpha1.ConfigModel{{ID: "assistant", Provider: "declared", ProviderModelID: firstModel}},
			Patch:  &apiextensionsv1.JSON{Raw: []byte(`{"server": {"insecure": true}}`)},
		}
	}).Obj()
}

var _ = Describe("Real servers with a declared configuration", Ordered, func() {
	var older, newer *v1alpha1.LlamaStackDistribution
	const collector = "collector"

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		older = declaring(readOnly(likeOpenShift(realServer(namespace, "older", image.llamaStack).Storage("1Gi"))), "base_url")
		newer = declaring(readOnly(likeOpenShift(realServer(namespace, "newer", image.ogx).Storage("1Gi"))), "base_url")
		for _, server := range []*v1alpha1.LlamaStackDistribution{older, newer} {
			endpoint := fmt.Sprintf("http://%s.%s.svc:%d", collector, namespace, collectorPort)
			server.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{OTLP: &v1alpha1.TelemetryOTLP{Endpoint: endpoint}}
		}
		newer.Spec.Server.Telemetry.OTLP.ServiceName, newer.Spec.Server.Telemetry.OTLP.Protocol = "renamed", "grpc"
		newer.Spec.Server.Telemetry.OTLP.SampleRatio = "0.9"
		newer.Spec.Server.Telemetry.OTLP.ResourceAttributes = map[string]v1alpha1.ResourceAttribute{"team": "ai"}
		newer.Spec.Server.Telemetry.OTLP.HeadersFrom = &v1alpha1.SecretKey{Name: "provider", Key: "headers"}
		secret := &corev1.Secret{ObjectMeta: objectMeta(namespace, "provider"), StringData: map[string]string{"token": "secret", "headers": "x-token=of-the-team"}}
		create(ctx, secret, standInPod(namespace, collector, collectorPort, "/health", collector), serviceOf(namespace, collector, collectorPort), older, newer)
	})

	It("become Ready, and serve the declared model", func(ctx SpecContext) {
		for _, server := range []*v1alpha1.LlamaStackDistribution{older, newer} {
			becomeReady(ctx, server)
			serve(ctx, server, "declared/"+firstModel, openAIShape)
			Eventually(conditionOf(ctx, server, v1alpha1.ConditionModelsRegistered)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered))
			Expect(statusOf(ctx, server)()).To(HaveField("Models.Items", ContainElement(
				v1alpha1.ModelInfo{ID: "declared/" + firstModel, Provider: "declared", Type: "llm"})))
		}
	}, NodeTimeout(2*serverStarts))

	It("send their traces to a collector, over HTTP and gRPC, as they are set to", func(ctx SpecContext) {
		sources := func() ([]spanSource, error) {
			var found []spanSource
			err := ask(ctx, clientset.CoreV1().RESTClient().Get().Namespace(older.Namespace).Resource("services").
				Name(fmt.Sprintf("http:%s:%d", collector, collectorPort)).SubResource("proxy").Suffix("/spans"), &found)
			return found, err
		}
		Eventually(sources).Should(ConsistOf(
			spanSource{Service: older.Name, Protocol: "http/protobuf"},
			spanSource{Service: "renamed", Team: "ai", Token: "of-the-team", Protocol: "grpc"},
		))
	})

	It("talk in the terminal, and nothing is wrong with them", func(ctx SpecContext) {
		for _, server := range []*v1alpha1.LlamaStackDistribution{older, newer} {
			talk(ctx, server, "declared/"+firstModel)
			examine(ctx, server)
		}
	}, NodeTimeout(serverStarts))

	It("report a key that the server does not know, with its path, and repair it", func(ctx SpecContext) {
		By("leaving one of the servers alone")
		edit(ctx, older, func(server *v1alpha1.LlamaStackDistribution) { server.Spec.Replicas = new(int32(0)) })
		edit(ctx, newer, func(server *v1alpha1.LlamaStackDistribution) {
			server.Spec.Server.Config.Models[0].Provider, server.Spec.Server.Config.Providers[0].Type = "declared", ""
			server.Spec.Server.Config.Providers[0].ID = "other"
		})
		Eventually(conditionOf(ctx, newer, v1alpha1.ConditionReady)).WithTimeout(verdictTime).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "spec.server.config.providers[0]"))
		edit(ctx, newer, func(server *v1alpha1.LlamaStackDistribution) {
			server.Spec.Server.Config.Providers[0].ID, server.Spec.Server.Config.Providers[0].Type = "declared", "remote::vllm"
		})
		becomeReady(ctx, newer)
	}, NodeTimeout(2*serverStarts))
})
