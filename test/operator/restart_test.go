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
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A restart of the operator", func() {
	It("writes nothing, lists, and reads each referenced ConfigMap once", func(ctx context.Context) {
		const count = 40
		namespace := newNamespace(ctx, false)
		create(ctx,
			configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}),
			configMap(namespace, "other-config", map[string]string{"config.yaml": "version: '2'\nimage_name: other\n"}),
			configMap(namespace, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("ca")}))
		var instances []*v1alpha1.LlamaStackDistribution
		for i := range count {
			instance := llsdtest.Make(fmt.Sprintf("many-%d", i)).Namespace(namespace).Replicas(2).Storage("1Gi").UserConfig("config")
			switch i % 4 {
			case 1:
				instance.UserConfig("other-config")
			case 2:
				instance.CABundle("ca")
			}
			instances = append(instances, instance.Obj())
			create(ctx, instances[i])
		}
		for _, instance := range instances {
			becomeReady(ctx, instance)
		}
		waitForQuiet()

		var before float64
		var mark int64
		whileDown(func() { before, mark = reconcilesTotal(), audit.Mark() })
		Eventually(reconcilesTotal).Should(BeNumerically(">=", before+count))
		waitForQuiet()
		seen := requestsSince(mark)
		Expect(harness.Writes(seen)).To(BeEmpty())
		var gets []string
		for _, r := range seen {
			if r.Verb == "get" && r.Resource != "" { // discovery has no resource
				gets = append(gets, r.Resource+" "+r.Namespace+"/"+r.Name)
			}
		}
		Expect(gets).To(ConsistOf("configmaps "+namespace+"/config", "configmaps "+namespace+"/other-config", "configmaps "+namespace+"/ca"))
	})

	It("heals what was edited while it was down, and follows the spec", func(ctx context.Context) {
		instance := llsdtest.Make("missed").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()

		whileDown(func() {
			edit(ctx, get(ctx, instance.Namespace, "missed-service", &corev1.Service{}), func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} })
			Expect(admin.Delete(ctx, get(ctx, instance.Namespace, "missed-sa", &corev1.ServiceAccount{}))).To(Succeed())
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--new"} })
		})
		Eventually(func() map[string]string {
			return get(ctx, instance.Namespace, "missed-service", &corev1.Service{}).Spec.Selector
		}).Should(HaveKeyWithValue("app", v1alpha1.AppName))
		Eventually(exists(ctx, instance.Namespace, "missed-sa", &corev1.ServiceAccount{})).Should(BeTrue())
		Eventually(func() []string { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Args }).Should(Equal([]string{"--new"}))
		becomeReady(ctx, instance)
	})

	It("changes nothing in the status of a server that words the same problem differently each time", func(ctx context.Context) {
		instance := llsdtest.Make("wordy").Namespace(newNamespace(ctx, false)).Obj()
		var asked atomic.Int32
		servers.Replace(instance.Namespace, "wordy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			harness.Answer(map[string]string{
				"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"0.7.3"}`,
				"/v1/providers": fmt.Sprintf(`{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{},`+
					`"health":{"status":"Error","message":"attempt %d"}}]}`, asked.Add(1)),
			}).ServeHTTP(w, r)
		}))
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProviderError))
		waitForQuiet()
		for range 2 {
			var before int32
			var mark int64
			whileDown(func() { before, mark = asked.Load(), audit.Mark() })
			Eventually(asked.Load).Should(BeNumerically(">", before))
			waitForQuiet()
			Expect(harness.Writes(audit.In(instance.Namespace, mark))).To(BeEmpty())
		}
	})
})

var _ = Describe("A second operator", func() {
	It("stands by with its caches filled, and continues when the first one stops", func(ctx context.Context) {
		instance := llsdtest.Make("led").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		leader := func() string {
			holder := get(ctx, harness.OperatorNamespace, manager.LeaseName, &coordinationv1.Lease{}).Spec.HolderIdentity
			if holder == nil {
				return ""
			}
			return *holder
		}
		first, mark := leader(), audit.Mark()
		stopped := operator
		operator = startOperator()
		DeferCleanup(func() { // both have the metrics of one process, which the end of the first one resets
			stopped.Stop()
			whileDown(func() {})
		})
		Eventually(audit.Watches(mark)).Should(ContainElements("llamastackdistributions", "configmaps", "deployments", "persistentvolumeclaims"))
		waitForQuiet()
		Expect(leader()).To(Equal(first))

		mark = audit.Mark()
		stopped.Stop()
		Expect(leader()).NotTo(Equal(first), "it gives the lease back, and nobody waits until that expires")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--second"} })
		args := func() []string { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Args }
		Eventually(args).Should(Equal([]string{"--second"}))
		Expect(leader()).NotTo(Equal(first))
		becomeReady(ctx, instance)
		Expect(audit.Watches(mark)()).To(BeEmpty(), "its caches were warm")
	})
})
