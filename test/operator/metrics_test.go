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
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator's metrics", func() {
	It("are for those that the API server lets read them", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		reader, stranger := newToken(ctx, namespace, "reader"), newToken(ctx, namespace, "stranger")
		create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: namespace + "-metrics"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "llama-stack-k8s-operator-metrics-reader"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "reader"}},
		})
		address := harness.FreeAddress()
		second := controlPlane.StartOperator(harness.OperatorOptions{MetricsAddress: address, Dial: servers.Dial})
		DeferCleanup(second.Stop)

		Eventually(metricsFor(ctx, address, reader)).Should(And(HavePrefix("200 "), ContainSubstring("go_goroutines")))
		Expect(metricsFor(ctx, address, stranger)()).To(Equal("403 Forbidden\n"))
		Expect(metricsFor(ctx, address, "")()).To(Equal("401 Unauthorized\n"))
		Expect(metricsFor(ctx, address, "made-up")()).To(Equal("401 Unauthorized\n"))
	})

	It("have the series of a server from its creation until it is deleted", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		contested := func() float64 { return counted("llama_stack_operator_contested_objects", "Service") }
		Eventually(contested).Should(BeZero(), "the servers of earlier specs are forgotten")
		ready := histogramCount("time_to_ready_seconds")
		create(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "b-service"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}})
		good, blocked := llsdtest.Make("a").Namespace(namespace).Distribution("starter").Replicas(2).Obj(), llsdtest.Make("b").Namespace(namespace).Distribution("starter").Obj()
		create(ctx, good, blocked)
		becomeReady(ctx, good)
		Eventually(conditionOf(ctx, blocked, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict))

		version := get(ctx, namespace, "a", &v1alpha1.LlamaStackDistribution{}).Status.Version.LlamaStackServerVersion
		Eventually(seriesOf(namespace)).Should(And(
			ContainElement(`condition{llamastackdistribution="a",reason="Ready",status="True",type="Ready"} 1`),
			ContainElement(`condition{llamastackdistribution="b",reason="ResourceConflict",status="False",type="Ready"} 1`),
			ContainElement(`info{distribution="starter",image="`+starterImage+`",llamastackdistribution="a",version="`+version+`"} 1`),
			ContainElement(`phase{llamastackdistribution="a",phase="Ready"} 1`),
			ContainElement(`replicas{llamastackdistribution="a",state="wanted"} 2`),
			ContainElement(`replicas{llamastackdistribution="a",state="ready"} 2`)))
		Eventually(histogramCount).WithArguments("time_to_ready_seconds").Should(BeNumerically(">", ready), "which is counted after the series")
		Expect(histogramCount("probe_duration_seconds")).NotTo(BeZero())
		Expect(contested()).To(BeEquivalentTo(1))

		Expect(admin.Delete(ctx, blocked)).To(Succeed())
		Expect(admin.Delete(ctx, good)).To(Succeed())
		Eventually(seriesOf(namespace)).Should(BeEmpty())
		Expect(contested()).To(BeZero())
	})

	It("use the configured certificate, and its renewal, and no HTTP/2", func(ctx context.Context) {
		const name = "metrics.example.com"
		folder, address := GinkgoT().TempDir(), harness.FreeAddress()
		first := writeKeyPair(folder, name)
		second := controlPlane.StartOperator(harness.OperatorOptions{MetricsAddress: address, MetricsCertDir: folder, Dial: servers.Dial})
		DeferCleanup(second.Stop)
		Eventually(protocolOf(ctx, address, name, first)).Should(Equal("http/1.1"))

		renewed := writeKeyPair(folder, name)
		Eventually(protocolOf(ctx, address, name, renewed)).Should(Equal("http/1.1"))
		_, err := protocolOf(ctx, address, name, first)()
		Expect(err).To(BeAssignableToTypeOf(&tls.CertificateVerificationError{}))
	})
})

// seriesOf are the series of the servers in a namespace, without that label and without prefixes.
func seriesOf(namespace string) func() ([]string, error) {
	return func() ([]string, error) {
		families, err := registry.Gather()
		var found []string
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				var labels []string
				ours := false
				for _, label := range metric.GetLabel() {
					if label.GetName() == "exported_namespace" {
						ours = label.GetValue() == namespace
						continue
					}
					labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
				}
				if ours {
					name := strings.TrimPrefix(family.GetName(), "llama_stack_operator_llamastackdistribution_")
					found = append(found, fmt.Sprintf("%s{%s} %g", name, strings.Join(labels, ","), metric.GetGauge().GetValue()))
				}
			}
		}
		return found, err
	}
}

// histogramCount is how many values a histogram of the operator has.
func histogramCount(name string) uint64 {
	GinkgoHelper()
	families, err := registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() == "llama_stack_operator_"+name {
			return family.GetMetric()[0].GetHistogram().GetSampleCount()
		}
	}
	return 0
}

// writeKeyPair writes a certificate and its key as a Secret is mounted, and returns the authority that signs it.
func writeKeyPair(folder, name string) *x509.CertPool {
	GinkgoHelper()
	certificate, key := harness.NewKeyPair(name)
	for file, content := range map[string]string{"tls.key": key, "tls.crt": certificate} {
		Expect(os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600)).To(Succeed())
	}
	authorities := x509.NewCertPool()
	Expect(authorities.AppendCertsFromPEM([]byte(certificate))).To(BeTrue())
	return authorities
}

// protocolOf polls the protocol for a client that verifies the certificate and offers HTTP/2.
func protocolOf(ctx context.Context, address, name string, authorities *x509.CertPool) func() (string, error) {
	dialer := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: authorities, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}}
	return func() (string, error) {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return "", err
		}
		defer func() { _ = connection.Close() }()
		served, ok := connection.(*tls.Conn)
		if !ok {
			return "", fmt.Errorf("failed to speak TLS: it is a %T", connection)
		}
		return served.ConnectionState().NegotiatedProtocol, nil
	}
}

// newToken is a token of a new ServiceAccount.
func newToken(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	create(ctx, account)
	request := &authenticationv1.TokenRequest{}
	Expect(admin.SubResource("token").Create(ctx, account, request)).To(Succeed())
	return request.Status.Token
}

// metricsFor polls what the holder of a token reads, after the code of the answer.
func metricsFor(ctx context.Context, address, token string) func() (string, error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the certificate is self-signed, as it is shipped
	return func() (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/metrics", http.NoBody)
		if err != nil {
			return "", err
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return fmt.Sprintf("%d %s", response.StatusCode, body), err
	}
}
