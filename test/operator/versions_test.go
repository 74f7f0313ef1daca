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

package operator_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A server whose version the release does not support", func() {
	It("is Ready and can be edited, with a condition and an Event", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		servers.Replace(namespace, "newer", harness.Answer(map[string]string{
			"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"9.1.0"}`, "/v1/providers": `{"data":[]}`, "/v1/models": `{"data":[]}`,
		}))
		instance := llsdtest.Make("newer").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		unsupported := say(metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew, "The server has version 9.1.0")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionVersionSupported)).Should(unsupported)
		Eventually(eventsOf(ctx, instance)).Should(ContainElement(HavePrefix("Warning VersionTooNew: The server has version 9.1.0")))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(2)) })
		becomeReady(ctx, instance)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionVersionSupported)()).To(unsupported)
	})
})
