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

const (
	tlsConfig       = "server:\n  tls_certfile: /tls/tls.crt\n  tls_keyfile: /tls/tls.key\n"
	mutualTLSConfig = tlsConfig + "  tls_cafile: /tls/ca.crt\n"
)

var _ = Describe("A server whose configuration makes it speak TLS", func() {
	It("is probed by TLS, and trusted by its CA bundle alone", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		trusted := servers.ReplaceTLS(namespace, "secure", healthy())
		create(ctx,
			configMap(namespace, "config", map[string]string{"config.yaml": tlsConfig}),
			configMap(namespace, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("other")}))
		instance := llsdtest.Make("secure").Namespace(namespace).UserConfig("config").CABundle("ca").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "not observed", "certificate"))
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].StartupProbe.HTTPGet.Scheme).To(Equal(corev1.URISchemeHTTPS))

		edit(ctx, configMap(namespace, "ca", nil), func(c *corev1.ConfigMap) { c.Data["ca-bundle.crt"] = trusted })
		becomeReady(ctx, instance)
		Eventually(statusOf(ctx, instance)).Should(And(
			HaveField("Version.LlamaStackServerVersion", "1.3.0"),
			HaveField("ServiceURL", "https://"+harness.HostOf(namespace, "secure")+".cluster.local:8321")))
	})

	It("gets a Secret's certificate in the copy of its configuration", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		servers.ReplaceTLS(namespace, "serving", harness.Answer(nil))
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "server: {port: 8321} # mine\n"}))
		instance := llsdtest.Make("serving").Namespace(namespace).UserConfig("config").ServingTLS("mine").Obj()
		create(ctx, instance)

		Eventually(copiedConfig(ctx, instance)).Should(Equal("server: {port: 8321, tls_certfile: /etc/llama-stack-tls/tls.crt, tls_keyfile: /etc/llama-stack-tls/tls.key} # mine\n"))
		Eventually(statusOf(ctx, instance)).Should(HaveField("ServiceURL", HavePrefix("https://")))
		service := &corev1.Service{}
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "serving-service"}, service)).To(Succeed())
		Expect(service.Spec.Ports[0].AppProtocol).To(HaveValue(Equal("https")))

		By("speaking HTTP again without it")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig = nil })
		Eventually(copiedConfig(ctx, instance)).Should(Equal("server: {port: 8321} # mine\n"))
		Eventually(statusOf(ctx, instance)).Should(HaveField("ServiceURL", HavePrefix("http://")))
	})

	It("uses the certificate that its configuration names, and reports it, if the spec names a Secret, too", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		servers.ReplaceTLS(namespace, "own", harness.Answer(nil))
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": tlsConfig}))
		instance := llsdtest.Make("own").Namespace(namespace).UserConfig("config").ServingTLS("mine").Obj()
		create(ctx, instance)

		Eventually(copiedConfig(ctx, instance)).Should(Equal(tlsConfig))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "of its own", "instead of Secret mine"))
	})

	It("does not change while its configuration leaves open whether it has a certificate", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "server: {tls_certfile: /tls/tls.crt}\n"}))
		instance := llsdtest.Make("half").Namespace(namespace).UserConfig("config").ServingTLS("mine").Obj()
		create(ctx, instance)

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigInvalid, "remove both"))
	})

	It("reports what it waits for while the Secret is missing, from the Events about its Pod", func(ctx context.Context) {
		instance := llsdtest.Make("waiting").Namespace(newNamespace(ctx, true)).Command("serve").ServingTLS("mine").Obj()
		create(ctx, instance)
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1})
		pod := waitingPod(ctx, instance, "ContainerCreating", "")
		create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: instance.Namespace, GenerateName: "e-"}, Reason: "FailedMount", Type: corev1.EventTypeWarning,
			Message:        `MountVolume.SetUp failed for volume "serving-tls" : secret "mine" not found`,
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}, LastTimestamp: metav1.Now(),
		})
		mark := audit.Mark()
		pod.Status.Phase, pod.Status.Conditions = corev1.PodPending, []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse},
		}
		Expect(admin.Status().Update(ctx, pod)).To(Succeed())

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing,
			`FailedMount: MountVolume.SetUp failed for volume "serving-tls" : secret "mine" not found: create Secret mine`, "tls.crt and tls.key"))
		Expect(audit.In(instance.Namespace, mark)).To(HaveEach(HaveField("Subresource", "status")), "nothing is read but the Events, once")
	})

	It("is not changed if it has its own command", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("command").Namespace(namespace).Command("serve").ServingTLS("mine").Obj()
		create(ctx, instance)
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].StartupProbe.HTTPGet.Scheme).To(Equal(corev1.URISchemeHTTPS))
		Eventually(statusOf(ctx, instance)).Should(HaveField("ServiceURL", HavePrefix("https://")))
	})

	It("is probed by TCP if it requires client certificates", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": mutualTLSConfig}))
		instance := llsdtest.Make("mutual").Namespace(namespace).UserConfig("config").Obj()
		create(ctx, instance)
		probe := deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].StartupProbe
		Expect(probe.HTTPGet).To(BeNil())
		Expect(probe.TCPSocket.Port.IntVal).To(Equal(v1alpha1.DefaultPort))
	})
})

// copiedConfig is the configuration that the server's newest Pods mount.
func copiedConfig(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() string {
	return func() string {
		GinkgoHelper()
		for _, volume := range deploymentOf(ctx, instance).Spec.Template.Spec.Volumes {
			if volume.ConfigMap == nil {
				continue
			}
			copied := &corev1.ConfigMap{}
			Expect(admin.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: volume.ConfigMap.Name}, copied)).To(Succeed())
			return copied.Data[v1alpha1.UserConfigKey]
		}
		return ""
	}
}

// healthy answers as a healthy OGX server.
func healthy() http.Handler {
	return harness.Answer(map[string]string{
		"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"1.3.0"}`, "/v1/providers": `{"data":[]}`,
	})
}
