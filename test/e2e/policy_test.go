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
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	gomegatypes "github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// caller is the name of a Pod, and of its Service, that sends the requests of a spec.
	caller     = "caller"
	callerPort = 8500
)

// newCaller creates a Pod that can send requests, in its own namespace.
func newCaller(ctx context.Context) string {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	create(ctx, standInPod(namespace, caller, callerPort, "/health", caller), serviceOf(namespace, caller, callerPort))
	Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, namespace) }).WithTimeout(podStarts).Should(HaveEach(beReady()))
	return namespace
}

// callFrom lets a Pod get a URL, and returns the answer or why there was none.
func callFrom(ctx context.Context, namespace, pod, url string) func() string {
	return func() string {
		answer, err := clientset.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(fmt.Sprintf("http:%s:%d", pod, callerPort)).
			SubResource("proxy").Suffix("call").Param("url", url).DoRaw(ctx)
		if err != nil {
			return fmt.Sprintf("%s: %v", answer, err)
		}
		return string(answer)
	}
}

// beAnswered matches the response to a caller that the policy allows, beKeptOut the result of a request that a policy
// drops.
func beAnswered() gomegatypes.GomegaMatcher { return MatchJSON(`{"status": "OK"}`) }

func beKeptOut() gomegatypes.GomegaMatcher {
	return Or(ContainSubstring("deadline exceeded"), ContainSubstring("connection refused"), ContainSubstring("i/o timeout"))
}

// enforced fails instead of skipping: a cluster whose network ignores policies cannot show what these specs test.
func enforced(ctx context.Context, namespace, from, url string) {
	GinkgoHelper()
	deny := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "nobody"},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}},
	}
	create(ctx, deny)
	Eventually(callFrom(ctx, from, caller, url)).WithTimeout(podStarts).Should(beKeptOut(), "the cluster's network does not enforce NetworkPolicies")
	Expect(kube.Delete(ctx, deny)).To(Succeed())
	Eventually(callFrom(ctx, from, caller, url)).WithTimeout(podStarts).Should(beAnswered())
}

var _ = Describe("A server's NetworkPolicy", func() {
	It("allows the peers in the CR, the namespace and the operator, and nobody else", func(ctx SpecContext) {
		friend, stranger := newCaller(ctx), newCaller(ctx)
		namespace := newCaller(ctx)
		server := standIn(namespace, "server", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			metrics := int32(callerPort) // something that answers there
			i.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true, Port: &metrics}}
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{
				{Name: caller, Args: []v1alpha1.Argument{caller}, RestartPolicy: corev1.ContainerRestartPolicyAlways},
			}}
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		url := get(ctx, namespace, server.Name, &v1alpha1.LlamaStackDistribution{}).Status.ServiceURL + "/v1/health"
		enforced(ctx, namespace, stranger, url)

		By("switching the policy on")
		yes := true
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{Policy: &v1alpha1.PolicySpec{
				Enabled: &yes, From: []v1alpha1.PolicyPeer{{NamespaceLabels: map[string]v1alpha1.LabelValue{corev1.LabelMetadataName: v1alpha1.LabelValue(friend)}}},
			}}
		})
		Eventually(callFrom(ctx, stranger, caller, url)).WithTimeout(podStarts).Should(beKeptOut())
		Eventually(callFrom(ctx, friend, caller, url)).Should(beAnswered())
		Eventually(callFrom(ctx, namespace, caller, url)).Should(beAnswered())

		By("letting the operator probe a new Pod")
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Env[0].Value = `{"version": "0.4.2"}`
		})
		becomeReady(ctx, server)
		Eventually(statusOf(ctx, server)).WithTimeout(observed).Should(HaveField("Version.LlamaStackServerVersion", "0.4.2"))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))

		By("no longer naming the other namespace")
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network.Policy.From = nil })
		Eventually(callFrom(ctx, friend, caller, url)).WithTimeout(podStarts).Should(beKeptOut())

		By("letting the Pods of a namespace scrape the metrics, and reach no other port")
		metrics := fmt.Sprintf("http://%s.%s.svc:%d/health", server.Name+"-service", namespace, callerPort)
		Expect(callFrom(ctx, friend, caller, metrics)()).To(beKeptOut())
		edit(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: friend}}, func(n *corev1.Namespace) { n.Labels[render.MetricsNamespaceLabel] = render.MetricsNamespaceValue })
		Eventually(callFrom(ctx, friend, caller, metrics)).WithTimeout(podStarts).Should(BeEmpty(), "the empty answer of a healthy server")
		Expect(callFrom(ctx, friend, caller, url)()).To(beKeptOut())
		Expect(callFrom(ctx, stranger, caller, metrics)()).To(beKeptOut())

		By("switching it off")
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network = nil })
		Eventually(callFrom(ctx, stranger, caller, url)).WithTimeout(podStarts).Should(beAnswered())
	}, NodeTimeout(6*podStarts))

	It("lets the server connect to the peers in the CR, by name, and to nobody else", func(ctx SpecContext) {
		friend, stranger := newCaller(ctx), newCaller(ctx)
		namespace := newNamespace(ctx)
		yes := true
		server := standIn(namespace, "server", "").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{
				{Name: caller, Args: []v1alpha1.Argument{caller}, RestartPolicy: corev1.ContainerRestartPolicyAlways},
			}}
			i.Spec.Network = &v1alpha1.NetworkSpec{Policy: &v1alpha1.PolicySpec{Enabled: &yes, Egress: &v1alpha1.EgressSpec{To: []v1alpha1.EgressPeer{
				{PolicyPeer: v1alpha1.PolicyPeer{NamespaceLabels: map[string]v1alpha1.LabelValue{corev1.LabelMetadataName: v1alpha1.LabelValue(friend)}}, Ports: []int32{callerPort}},
			}}}}
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)

		pod := onlyPod(ctx, namespace).Name
		healthOf := func(namespace string) string {
			return fmt.Sprintf("http://%s.%s.svc:%d/health", caller, namespace, callerPort)
		}
		Eventually(callFrom(ctx, namespace, pod, healthOf(stranger))).WithTimeout(podStarts).Should(beKeptOut())
		Eventually(callFrom(ctx, namespace, pod, healthOf(friend))).Should(BeEmpty(), "the empty answer of a healthy server")
		Eventually(callFrom(ctx, friend, caller, healthOf(stranger))).Should(BeEmpty(), "the policy is only about the server")
	}, NodeTimeout(6*podStarts))
})
