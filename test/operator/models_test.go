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
	"net/http"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// serving answers as a healthy server, and with this list of models.
func serving(models string) http.Handler {
	return harness.Answer(map[string]string{
		"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"0.7.3"}`, "/v1/models": models,
		"/v1/providers": `{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{},"health":{"status":"Error"}}]}`,
	})
}

var _ = Describe("The models of a server", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, false) })

	declaring := func(name string, ids ...string) *llsdtest.Wrapper {
		return llsdtest.Make(name).Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{API: "inference", ID: "vllm", Type: "remote::vllm"}}}
			for _, id := range ids {
				i.Spec.Server.Config.Models = append(i.Spec.Server.Config.Models, v1alpha1.ConfigModel{ID: id, Provider: "vllm"})
			}
		})
	}
	modelsOf := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) *v1alpha1.ModelsStatus {
		GinkgoHelper()
		status, err := statusOf(ctx, instance)()
		Expect(err).NotTo(HaveOccurred())
		return status.Models
	}
	writes := func(mark int64) []harness.Request {
		waitForQuiet()
		return harness.Writes(audit.In(namespace, mark))
	}

	It("are in the status, whatever its configuration", func(ctx context.Context) {
		instance := llsdtest.Make("plain").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(modelsOf(ctx, instance)).To(Equal(&v1alpha1.ModelsStatus{
			Total: new(int32(1)), Items: []v1alpha1.ModelInfo{{ID: "vllm/assistant", Provider: "vllm", Type: "llm"}},
		}))
		status, err := statusOf(ctx, instance)()
		Expect(err).NotTo(HaveOccurred())
		Expect(status.Conditions).NotTo(ContainElement(HaveField("Type", "ModelsRegistered")))
	})

	It("are compared with the declared ones, with the first answer", func(ctx context.Context) {
		waitForQuiet()
		mark := audit.Mark()
		without := declaring("without").Obj()
		create(ctx, without)
		becomeReady(ctx, without)
		before := len(writes(mark))

		mark, since := audit.Mark(), time.Now()
		instance := declaring("with", "assistant").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionModelsRegistered)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered))
		becomeReady(ctx, instance)
		late := lateStatuses(since)
		Expect(len(writes(mark))).To(BeNumerically("<=", before+late), "writes of a creation: %v", writes(mark))
	})

	It("that are declared and missing have a condition with the cause, until an edit has rolled out", func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		servers.Replace(namespace, "missing", serving(`{"data":[{"identifier":"assistant","provider_id":"vllm","model_type":"llm"}]}`))
		instance := declaring("missing", "assistant", "absent").Obj()
		create(ctx, instance)
		rollOutNow(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionModelsRegistered)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonModelsMissing,
			"declared models: absent (the provider vllm reports an error). "))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Models = i.Spec.Server.Config.Models[:1]
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing))
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionModelsRegistered)()).To(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "not observed yet"),
			"the server before the edit is not judged by the edit")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionConfigValid)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonValid))
		rollOutNow(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionModelsRegistered)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonModelsRegistered))
	})

	DescribeTable("are unknown for a reason, and the server is Ready", func(ctx context.Context, handler http.Handler, message string) {
		servers.Replace(namespace, "unknown", handler)
		instance := declaring("unknown", "assistant").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionModelsRegistered)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, message))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(modelsOf(ctx, instance)).To(HaveField("Message", ContainSubstring(message)))
	},
		Entry("with authentication", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), "requires credentials"),
		Entry("with too long a list", serving(`{"data":[`+strings.Repeat(`{"id":"assistant"},`, 10_000)+`{"id":"b"}]}`), "more than 128 KiB"),
	)
})
