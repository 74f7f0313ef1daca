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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// minimalConfig starts servers of both eras. Their data is on the volume: 0.7.3 expands ~ in the default of a variable only,
// and a literal ~/.llama is a directory of that name where it runs.
const minimalConfig = `version: '2'
image_name: minimal
distro_name: minimal
apis: [inference, conversations, prompts]
providers:
  inference:
  - provider_id: PROVIDER
    provider_type: remote::vllm
    config:
      base_url: ${env.VLLM_URL}
      api_token: fake
      refresh_models: true
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: '${env.SQLITE_STORE_DIR:=~/.llama}/kv.db'}
    sql_default: {type: sql_sqlite, db_path: '${env.SQLITE_STORE_DIR:=~/.llama}/sql.db'}
  stores:
    metadata: {namespace: registry, backend: kv_default}
    inference: {table_name: inference_store, backend: sql_default}
    conversations: {table_name: conversations, backend: sql_default}
    prompts: {namespace: prompts, backend: kv_default}
    connectors: {namespace: connectors, backend: kv_default}
server:
  port: 8321
  insecure: true
`

// configWith is minimalConfig with an id for the provider, which is the first part of the ids of its models.
func configWith(provider string) map[string]string {
	return map[string]string{v1alpha1.UserConfigKey: strings.ReplaceAll(minimalConfig, "PROVIDER", provider)}
}

func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// The ids that OpenShift gives to a Pod: a user of the namespace's range, who is in no file of the image, and the
// root group.
const randomUser = int64(1000660000)

func likeOpenShift(server *llsdtest.Wrapper) *llsdtest.Wrapper {
	user, group := randomUser, int64(0)
	return server.PodSecurityContext(&corev1.PodSecurityContext{RunAsUser: &user, RunAsGroup: &group, FSGroup: &user})
}

// readOnly is a container that can only write to its data and /tmp.
func readOnly(server *llsdtest.Wrapper) *llsdtest.Wrapper {
	return server.SecurityContext(&corev1.SecurityContext{ReadOnlyRootFilesystem: new(true)})
}

var _ = Describe("Real servers with a random user id, a read-only image and a user's configuration", Ordered, func() {
	var (
		older, newer *v1alpha1.LlamaStackDistribution
		config       *corev1.ConfigMap
	)

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		config = &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: configWith("before")}
		older = readOnly(likeOpenShift(realServer(namespace, "older", image.llamaStack).Storage("1Gi").UserConfig(config.Name))).Obj()
		newer = readOnly(likeOpenShift(realServer(namespace, "newer", image.ogx).Storage("1Gi").UserConfig(config.Name))).Obj()
		create(ctx, config, older, newer)
	})

	It("become Ready and serve", func(ctx SpecContext) {
		for _, server := range []*v1alpha1.LlamaStackDistribution{older, newer} {
			becomeReady(ctx, server)
			serve(ctx, server, "before/"+firstModel, openAIShape)
		}
		pods, err := podsOf(ctx, config.Namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(pods).To(HaveEach(HaveField("Spec.SecurityContext", And(
			HaveField("RunAsUser", HaveValue(Equal(randomUser))), HaveField("RunAsGroup", HaveValue(BeZero())),
			HaveField("RunAsNonRoot", HaveValue(BeTrue())),
		))))
		Expect(pods).To(HaveEach(HaveField("Spec.Containers", HaveEach(HaveField("SecurityContext.ReadOnlyRootFilesystem", HaveValue(BeTrue()))))))
	}, NodeTimeout(2*serverStarts))

	It("roll out once when the content of the ConfigMap changes, and not for its labels", func(ctx SpecContext) {
		By("labelling it")
		edit(ctx, config, func(c *corev1.ConfigMap) { c.Labels = map[string]string{"touched": "true"} })
		By("changing one of the servers only")
		edit(ctx, older, func(server *v1alpha1.LlamaStackDistribution) { *server.Spec.Replicas = 0 })

		edit(ctx, config, func(c *corev1.ConfigMap) { c.Data = configWith("after") })
		Eventually(conditionOf(ctx, newer, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing))
		becomeReady(ctx, newer)
		serve(ctx, newer, "after/"+firstModel, openAIShape)
		Expect(revision(ctx, newer)).To(Equal("2"))

		sets := &appsv1.ReplicaSetList{}
		Expect(kube.List(ctx, sets, client.InNamespace(newer.Namespace), client.MatchingLabels{v1alpha1.LabelInstance: newer.Name})).To(Succeed())
		Expect(sets.Items).To(HaveLen(2))
	}, NodeTimeout(2*serverStarts))
})

var _ = Describe("A playground that a dashboard created", func() {
	It("runs its own command with its own file, and follows edits", func(ctx SpecContext) {
		server := llsdtest.Playground(newNamespace(ctx)).Image(image.llamaStack).Resources(small()).StartupProbe(eager()).Env("VLLM_URL", inference.first).Obj()
		create(ctx, server)
		create(ctx, llsdtest.PlaygroundConfig(server))
		becomeReady(ctx, server)
		serve(ctx, server, llsdtest.PlaygroundProvider+"/"+firstModel, openAIShape)

		edit(ctx, server, func(s *v1alpha1.LlamaStackDistribution) {
			s.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Annotations: map[string]v1alpha1.AnnotationValue{"edited": "yes"}}
		})
		Eventually(func() string { return revision(ctx, server) }).Should(Equal("2"))
		becomeReady(ctx, server)
	}, NodeTimeout(2*serverStarts))
})
