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
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// authConfig has a policy of routes without one for /v1/health, so that a server answers 403 to unknown clients.
const authConfig = `version: '2'
server:
  auth:
    provider_config:
      type: custom
      endpoint: http://nobody/validate
    route_policy:
    - permit:
        paths: /v1/models
`

var _ = Describe("A server that", func() {
	It("starts slowly is waited for", func(ctx SpecContext) {
		server := standIn(newNamespace(ctx), "server", `{}`).Env("STAND_IN_START_DELAY", "20s").Obj()
		create(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing))
		Eventually(statusOf(ctx, server)).Should(HaveField("Phase", v1alpha1.PhaseInitializing))
		becomeReady(ctx, server)

		pods, err := podsOf(ctx, server.Namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(pods).To(HaveLen(1))
		Expect(pods[0].Status.ContainerStatuses[0].RestartCount).To(BeZero())
	}, NodeTimeout(2*podStarts))

	DescribeTable("refuses requests about its health is alive", func(ctx SpecContext, code int) {
		namespace := newNamespace(ctx)
		create(ctx, &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: map[string]string{v1alpha1.UserConfigKey: authConfig}})
		server := standIn(namespace, "server", fmt.Sprintf(`{"faults": {"*": {"code": %d}}}`, code)).
			UserConfig("config").Command("/stand-in").Obj()
		create(ctx, server)

		becomeReady(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).
			Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, strconv.Itoa(code)))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).
			Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "not observed"))
	},
		Entry("because it requires a token", 401, NodeTimeout(2*podStarts)),
		Entry("because of its policy", 403, NodeTimeout(2*podStarts)),
		Entry("because of a rate limit", 429, NodeTimeout(2*podStarts)),
	)

	It("has a broken provider is Ready, and its health says which one", func(ctx SpecContext) {
		server := standIn(newNamespace(ctx), "server", `{"providers": [
			{"api": "inference", "provider_id": "gpu", "provider_type": "remote::vllm", "health": {"status": "Error", "message": "no route"}},
			{"api": "vector_io", "provider_id": "faiss", "provider_type": "inline::faiss", "health": {"status": "OK"}},
			{"api": "files", "provider_id": "local", "provider_type": "inline::localfs", "health": {"status": "Not Implemented"}}
		]}`).Obj()
		create(ctx, server)

		becomeReady(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).
			Should(And(say(metav1.ConditionFalse, v1alpha1.ReasonProviderError, "gpu"), Not(ContainSubstring("faiss"))))
		Expect(statusOf(ctx, server)()).To(HaveField("DistributionConfig.Providers", HaveLen(3)))
	}, NodeTimeout(2*podStarts))

	It("reports that it is unhealthy is not Ready", func(ctx SpecContext) {
		server := standIn(newNamespace(ctx), "server", `{"health": "Error"}`).Obj()
		create(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(podStarts).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy))
		Eventually(statusOf(ctx, server)).Should(HaveField("Phase", v1alpha1.PhaseFailed))
	}, NodeTimeout(2*podStarts))

	DescribeTable("sends invalid answers is alive, and the operator continues", func(ctx SpecContext, behaviour string) {
		server := standIn(newNamespace(ctx), "server", behaviour).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).
			Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved))
		Expect(statusOf(ctx, server)()).To(And(
			HaveField("Version.LlamaStackServerVersion", BeEmpty()), HaveField("DistributionConfig.Providers", BeEmpty()),
		))
	},
		Entry("of two million bytes", `{"faults": {"*": {"padding": 2000000}}}`, NodeTimeout(2*podStarts)),
		Entry("that only starts like JSON", `{"faults": {"*": {"malformed": true}}}`, NodeTimeout(2*podStarts)),
	)

	It("lists hundreds of providers with long messages has a status that fits", func(ctx SpecContext) {
		const each = `{"api": "inference", "provider_id": "p%04d", "provider_type": "remote::vllm", "health": {"status": "Error", "message": "%s"}}`
		var providers []string
		for i := range 400 { // as many as fit an environment variable
			providers = append(providers, fmt.Sprintf(each, i, strings.Repeat("long ", 30)))
		}
		server := standIn(newNamespace(ctx), "server", `{"providers": [`+strings.Join(providers, ",")+`]}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProviderError))
	}, NodeTimeout(2*podStarts))

	It("does not end at SIGTERM is killed after its grace period", func(ctx SpecContext) {
		const grace = 3
		server := standIn(newNamespace(ctx), "server", `{"ignoreSIGTERM": true}`).GracePeriod(grace).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		By("rolling out")
		edit(ctx, server, setEnv("STAND_IN_BEHAVIOUR", `{"version": "9.9.9", "ignoreSIGTERM": true}`))
		Eventually(statusOf(ctx, server)).WithTimeout(podStarts).Should(HaveField("Version.LlamaStackServerVersion", "9.9.9"))

		// The kubelet waits for so long, and not for the 30 s that a Pod has by default; when it begins to depends on the machine.
		Expect(onlyPod(ctx, server.Namespace).Spec.TerminationGracePeriodSeconds).To(HaveValue(BeEquivalentTo(grace)))

		By("deleting it")
		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(owned).WithContext(ctx).WithArguments(server.Namespace).WithTimeout(podStarts).Should(BeEmpty())
	}, NodeTimeout(4*podStarts))
})
