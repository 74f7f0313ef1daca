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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator's traffic", func() {
	// A CR with storage, a user configuration and 2 replicas has these children: ServiceAccount, PVC, Service,
	// PodDisruptionBudget, Deployment, copy of the configuration.
	const children = 6

	// quiet asks for all of them.
	quiet := func(ctx context.Context, namespace string) *v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		waitForQuiet()
		return llsdtest.Make("quiet").Namespace(namespace).Distribution("starter").Replicas(2).Storage("1Gi").UserConfig("config").Obj()
	}

	// expectFew also takes how many statuses more a slow machine can cost.
	expectFew := func(namespace string, mark int64, late int) {
		GinkgoHelper()
		waitForQuiet()
		seen := audit.In(namespace, mark)
		Expect(len(harness.Reads(seen))).To(BeNumerically("<=", children+1), "reads: %v", harness.Reads(seen))
		Expect(len(harness.Writes(seen))).To(BeNumerically("<=", children+3+late), "writes: %v", harness.Writes(seen))
	}

	It("creates a server with few requests and then goes quiet", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := quiet(ctx, namespace)
		mark, reconciles, since := audit.Mark(), reconcilesTotal(), time.Now()
		create(ctx, instance)
		becomeReady(ctx, instance)
		late := lateStatuses(since) // each of which is a reconcile as well
		Expect(reconcilesTotal()-reconciles).To(BeNumerically("<=", 6+late), "reconciles until the server is Ready and its health is known")
		expectFew(namespace, mark, late)
	})

	It("creates a server with few requests, also if the changes of its PVC and of its Pods come one by one", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		instance := quiet(ctx, namespace)
		mark, since := audit.Mark(), time.Now()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonStoragePending))

		for _, happens := range []func(){
			func() {
				Expect(harness.BindPVC(ctx, admin, client.ObjectKey{Namespace: namespace, Name: "quiet-pvc"})).To(Succeed())
			},
			func() { rollOutNow(ctx, instance) },
		} {
			before := reconcilesTotal()
			happens()
			Eventually(reconcilesTotal).Should(BeNumerically(">", before), "it is seen alone")
		}
		becomeReady(ctx, instance)
		expectFew(namespace, mark, lateStatuses(since))
	})

	It("reports the progress of a server within seconds, also when nothing else happens", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		instance := llsdtest.Make("slow").Namespace(namespace).Distribution("starter").Storage("1Gi").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonStoragePending))
		Expect(harness.BindPVC(ctx, admin, client.ObjectKey{Namespace: namespace, Name: "slow-pvc"})).To(Succeed())
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStorageReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady))
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "1 of 1 replicas updated, 0 available"))
		waitForQuiet()
		mark := audit.Mark()
		Consistently(func() []harness.Request { return audit.In(namespace, mark) }).WithTimeout(3*time.Second).Should(BeEmpty(), "and then waits for changes")
	})

	It("sends no request for 30 seconds while servers are Ready, or continue to fail", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		var asked atomic.Int32
		servers.Replace(namespace, "sick", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"status":"Error","message":"for the %dth time"}`, asked.Add(1))
		}))
		instance := llsdtest.Make("still").Namespace(namespace).Distribution("starter").Obj()
		sick := llsdtest.Make("sick").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, instance, sick)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, sick, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy))
		waitForQuiet()
		connections, before, mark := servers.Connections(namespace, "still"), asked.Load(), audit.Mark()
		Consistently(func() []harness.Request { return requestsSince(mark) }).WithTimeout(30 * time.Second).WithPolling(time.Second).Should(BeEmpty())
		Expect(servers.Connections(namespace, "still")).To(Equal(connections), "HTTP calls to the server")
		Eventually(asked.Load).Should(BeNumerically(">", before), "an unhealthy server is probed again")
	})

	It("costs nothing to reconcile when nothing changed", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("same").Namespace(namespace).Distribution("starter").Storage("1Gi").UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		renders, reconciles := counted("llama_stack_operator_renders_total", "rendered"), reconcilesTotal()
		connections, mark := servers.Connections(namespace, "same"), audit.Mark()

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Annotations = map[string]string{"llamastack.io/look-again": "now"}
		})

		Eventually(reconcilesTotal).Should(BeNumerically(">", reconciles))
		Expect(requestsSince(mark)).To(BeEmpty())
		Expect(counted("llama_stack_operator_renders_total", "rendered")).To(Equal(renders))
		Expect(servers.Connections(namespace, "same")).To(Equal(connections))
	})

	It("reads a ConfigMap again after a metadata edit, and does nothing else", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}))
		instance := llsdtest.Make("touched").Namespace(namespace).Distribution("starter").UserConfig("config").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		mark := audit.Mark()

		edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Labels = map[string]string{"team": "a"} })

		Eventually(func() int { return len(requestsSince(mark)) }).Should(Equal(1))
		Consistently(func() int { return len(requestsSince(mark)) }).WithTimeout(2 * time.Second).Should(Equal(1))
		Expect(requestsSince(mark)[0]).To(HaveField("Verb", "get"))
	})
})
