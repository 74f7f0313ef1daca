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

package llsdtest

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// playgroundTokens is how many variables with tokens a playground has.
const playgroundTokens = 12

// PlaygroundProvider is the provider of a Playground's models.
const PlaygroundProvider = "vllm-inference-1"

// Playground is a server as the dashboard of OpenShift AI makes it: a command of its own starts it with a file of its own.
// It takes VLLM_URL from its environment.
func Playground(namespace string) *Wrapper {
	w := Make("lsd-genai-playground").Namespace(namespace).ContainerName(v1alpha1.DefaultContainerName).Port(v1alpha1.DefaultPort).
		Command("/bin/sh", "-c", "llama stack run /etc/llama-stack/run.yaml").UserConfig("llama-stack-config").Replicas(1)
	for i := range playgroundTokens {
		w.Env(fmt.Sprintf("VLLM_API_TOKEN_%d", i+1), "fake")
	}
	return w.Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Labels = map[string]string{"opendatahub.io/dashboard": "true"}
		i.Annotations = map[string]string{"openshift.io/display-name": "a playground"}
	})
}

// PlaygroundConfig is the ConfigMap of a Playground, which owns it: the dashboard makes it after its server.
func PlaygroundConfig(server *v1alpha1.LlamaStackDistribution) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: server.Namespace, Name: "llama-stack-config",
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(server, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))},
		},
		Data: map[string]string{"run.yaml": playgroundConfig},
	}
}

const playgroundConfig = `version: '2'
image_name: rh
apis: [inference]
providers:
  inference:
  - provider_id: ` + PlaygroundProvider + `
    provider_type: remote::vllm
    config:
      base_url: ${env.VLLM_URL:=http://localhost:8000/v1}
      api_token: ${env.VLLM_API_TOKEN_1:=fake}
      refresh_models: true
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: /tmp/kv.db}
    sql_default: {type: sql_sqlite, db_path: /tmp/sql.db}
  stores:
    metadata: {namespace: registry, backend: kv_default}
    inference: {table_name: inference_store, backend: sql_default}
    conversations: {table_name: conversations, backend: sql_default}
    prompts: {namespace: prompts, backend: kv_default}
server:
  port: 8321
`
