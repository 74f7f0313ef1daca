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
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const secretName = "serving"

// askSecurely reads the version of a server by HTTPS, through its Service.
func askSecurely(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
	port := strconv.Itoa(int(server.ServerPort()))
	return ask(ctx, clientset.CoreV1().RESTClient().Get().Namespace(server.Namespace).Resource("services").
		Name("https:"+server.Name+"-service:"+port).SubResource("proxy").Suffix("/v1/version"), nil)
}

// answerSecurely waits until a server's Service leads to it by HTTPS, as answer does.
func answerSecurely(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(func() error { return askSecurely(ctx, server) }).Should(Succeed())
}

// certificateFor is a Secret with a new certificate of a server, and the authority to trust for it.
func certificateFor(server *v1alpha1.LlamaStackDistribution) (*corev1.Secret, string) {
	GinkgoHelper()
	certificate, key := harness.NewKeyPair(harness.HostOf(server.Namespace, server.Name))
	return &corev1.Secret{
		ObjectMeta: objectMeta(server.Namespace, secretName), Type: corev1.SecretTypeTLS,
		StringData: map[string]string{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key},
	}, certificate
}

var _ = Describe("A real server with a certificate from a Secret", func() {
	DescribeTable("waits for it, reports that, answers over HTTPS, and serves a renewed one", func(ctx SpecContext, imageOf func() string, provider string) {
		namespace := newNamespace(ctx)
		server := realServer(namespace, "secure", imageOf()).UserConfig("config").CABundle("ca").ServingTLS(secretName).
			Env("LLS_TLS_CHECK", "1").Env("LLS_TLS_SPREAD", "2").Obj()
		secret, trusted := certificateFor(server)
		create(ctx, &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: configWith(provider)},
			&corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "ca"), Data: map[string]string{v1alpha1.DefaultCABundleKey: trusted}}, server)

		By("waiting")
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(serverStarts).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "FailedMount", "create Secret "+secretName))

		By("answering")
		create(ctx, secret)
		becomeReady(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
		Expect(statusOf(ctx, server)()).To(HaveField("ServiceURL", HavePrefix("https://")))
		answerSecurely(ctx, server)
		Expect(ask(ctx, request(server, http.MethodGet, "/v1/version"), nil)).NotTo(Succeed())

		By("renewing: the operator does not trust the new one, so that it distinguishes the two")
		renewed, _ := certificateFor(server)
		edit(ctx, secret, func(s *corev1.Secret) { s.Data, s.StringData = nil, renewed.StringData })
		pods, err := podsOf(ctx, namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(pods).To(HaveLen(1))
		edit(ctx, &pods[0], func(p *corev1.Pod) {
			p.Annotations = map[string]string{"e2e/sync": "now"} // the kubelet reads the Secret again with the Pod
		})
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(serverStarts).
			Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "certificate"))
		becomeReady(ctx, server)
		answerSecurely(ctx, server)
		Expect(revision(ctx, server)).To(Equal("1"), "the container started again, and no Pod was replaced")
		Eventually(podsOf).WithContext(ctx).WithArguments(namespace).Should(HaveExactElements(And(HaveField("UID", pods[0].UID), beReady(),
			HaveField("Status.ContainerStatuses", HaveExactElements(HaveField("RestartCount", BeEquivalentTo(1)))))))
		last := onlyPod(ctx, namespace).Status.ContainerStatuses[0].LastTerminationState.Terminated
		Expect(last).NotTo(BeNil())
		Expect(strings.TrimSpace(last.Message)).To(ContainSubstring("new certificate"))
	},
		Entry("of Llama Stack", func() string { return image.llamaStack }, "tls-older", NodeTimeout(3*serverStarts)),
		Entry("of OGX", func() string { return image.ogx }, "tls-newer", NodeTimeout(3*serverStarts)),
	)
})

// watchers lets the operator watch the Secrets of a namespace, as docs/tls.md says.
func watchers(namespace string) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: objectMeta(namespace, "secret-watcher"),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "llama-stack-k8s-operator-llsd-secret-watcher-role"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: operatorNamespace, Name: operatorDeployment}},
	}
}

var _ = Describe("A real server that rolls when its certificate is renewed", func() {
	It("reports that the operator may not watch it, and gets a new Pod with it when it may", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := realServer(namespace, "rolling", image.ogx).UserConfig("config").CABundle("ca").ServingTLS(secretName).RollOnRenewal().Obj()
		secret, trusted := certificateFor(server)
		create(ctx, secret, &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: configWith("rolling")},
			&corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "ca"), Data: map[string]string{v1alpha1.DefaultCABundleKey: trusted}}, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(serverStarts).
			Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "may not watch Secret", "kubectl -n "+namespace+" create rolebinding"))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))

		By("allowing it, which the operator notices within minutes")
		create(ctx, watchers(namespace))
		Eventually(func() string { return revision(ctx, server) }).WithTimeout(6 * time.Minute).Should(Equal("2"))
		rollOut(ctx, server, "2")
		before, err := podsOf(ctx, namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(before).To(HaveLen(1))

		By("renewing: the operator does not trust the new one, so that it distinguishes the two")
		renewed, _ := certificateFor(server)
		edit(ctx, secret, func(s *corev1.Secret) { s.Data, s.StringData = nil, renewed.StringData })
		Eventually(func() string { return revision(ctx, server) }).Should(Equal("3"))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(serverStarts).
			Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "certificate"))
		Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, namespace) }).WithTimeout(podStarts).Should(HaveExactElements(And(
			HaveField("UID", Not(Equal(before[0].UID))), beReady(),
			HaveField("Status.ContainerStatuses", HaveExactElements(HaveField("RestartCount", BeZero()))))))
		answerSecurely(ctx, server)
	}, NodeTimeout(5*serverStarts))
})
