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
