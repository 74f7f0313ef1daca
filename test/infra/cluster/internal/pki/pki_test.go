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

package pki_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/pki"
	"k8s.io/client-go/tools/clientcmd"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func authority() *pki.Authority {
	GinkgoHelper()

	made, err := pki.NewAuthority("test-ca")
	Expect(err).NotTo(HaveOccurred())

	return made
}

func issue(by *pki.Authority, subject pki.Subject) (pki.Pair, *x509.Certificate) {
	GinkgoHelper()

	pair, err := by.Issue(subject)
	Expect(err).NotTo(HaveOccurred())

	block, rest := pem.Decode(pair.Cert)
	Expect(block).NotTo(BeNil())
	Expect(rest).To(BeEmpty())

	certificate, err := x509.ParseCertificate(block.Bytes)
	Expect(err).NotTo(HaveOccurred())

	return pair, certificate
}

func pool(of *pki.Authority) *x509.CertPool {
	GinkgoHelper()

	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM(of.Cert)).To(BeTrue())

	return roots
}

var _ = Describe("a certificate", func() {
	It("names user and groups as Kubernetes reads them", func() {
		_, certificate := issue(authority(), pki.Subject{User: "jane", Groups: []string{"system:masters", "cooks"}})
		Expect(certificate.Subject.CommonName).To(Equal("jane"))
		Expect(certificate.Subject.Organization).To(ConsistOf("system:masters", "cooks"))
	})

	It("is valid now, and was an hour ago, for clocks that are behind", func() {
		_, certificate := issue(authority(), pki.Subject{User: "jane"})
		Expect(certificate.NotBefore).To(BeTemporally("<", time.Now().Add(-59*time.Minute)))
		Expect(certificate.NotAfter).To(BeTemporally(">", time.Now().AddDate(0, 11, 0)))
	})

	It("is trusted by those who trust its authority, for its hosts only, as server and as client", func() {
		ca := authority()
		_, certificate := issue(ca, pki.Subject{User: "server", Hosts: []string{"10.9.8.1", "kubernetes.default.svc"}})

		for _, host := range []string{"10.9.8.1", "kubernetes.default.svc"} {
			_, err := certificate.Verify(x509.VerifyOptions{Roots: pool(ca), DNSName: host})
			Expect(err).NotTo(HaveOccurred())
		}

		_, err := certificate.Verify(x509.VerifyOptions{Roots: pool(ca), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		Expect(err).NotTo(HaveOccurred())

		_, err = certificate.Verify(x509.VerifyOptions{Roots: pool(ca), DNSName: "10.9.8.2"})
		Expect(err).To(HaveOccurred())

		_, err = certificate.Verify(x509.VerifyOptions{Roots: pool(authority())})
		Expect(err).To(HaveOccurred())
	})

	It("cannot issue others", func() {
		_, certificate := issue(authority(), pki.Subject{User: "jane"})
		Expect(certificate.IsCA).To(BeFalse())
	})

	It("works in a TLS handshake that verifies both sides", func() {
		ca := authority()
		serverPair, _ := issue(ca, pki.Subject{User: "server", Hosts: []string{"localhost"}})
		clientPair, _ := issue(ca, pki.Subject{User: "jane"})

		server, err := tls.X509KeyPair(serverPair.Cert, serverPair.Key)
		Expect(err).NotTo(HaveOccurred())
		client, err := tls.X509KeyPair(clientPair.Cert, clientPair.Key)
		Expect(err).NotTo(HaveOccurred())

		left, right := net.Pipe()
		answer := make(chan error, 1)
		serving := tls.Server(left, &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server}, ClientCAs: pool(ca), ClientAuth: tls.RequireAndVerifyClientCert,
		})

		go func() { answer <- serving.HandshakeContext(GinkgoT().Context()) }()

		Expect(tls.Client(right, &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{client}, RootCAs: pool(ca), ServerName: "localhost",
		}).HandshakeContext(GinkgoT().Context())).To(Succeed())
		Expect(<-answer).NotTo(HaveOccurred())
		Expect(serving.ConnectionState().PeerCertificates[0].Subject.CommonName).To(Equal("jane"))
	})
})

var _ = Describe("SigningKey", func() {
	It("makes two halves of one key", func() {
		pair, err := pki.SigningKey()
		Expect(err).NotTo(HaveOccurred())

		private, _ := pem.Decode(pair.Key)
		key, err := x509.ParseECPrivateKey(private.Bytes)
		Expect(err).NotTo(HaveOccurred())

		public, _ := pem.Decode(pair.Cert)
		half, err := x509.ParsePKIXPublicKey(public.Bytes)
		Expect(err).NotTo(HaveOccurred())
		Expect(half).To(BeAssignableToTypeOf(&ecdsa.PublicKey{}))
		Expect(key.PublicKey.Equal(half)).To(BeTrue())
	})
})

var _ = Describe("Write", func() {
	It("keeps keys to their owner", func() {
		base := filepath.Join(GinkgoT().TempDir(), "jane")
		pair, _ := issue(authority(), pki.Subject{User: "jane"})
		Expect(pair.Write(base)).To(Succeed())

		for suffix, content := range map[string][]byte{".crt": pair.Cert, ".key": pair.Key} {
			info, err := os.Stat(base + suffix)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o600)))

			written, err := os.ReadFile(base + suffix)
			Expect(err).NotTo(HaveOccurred())
			Expect(written).To(Equal(content))
		}
	})
})

var _ = Describe("Kubeconfig", func() {
	It("carries everything inline, so that it can be copied", func() {
		content, err := pki.Kubeconfig("https://10.9.8.1:6443", []byte("ca"), pki.Pair{Cert: []byte("cert"), Key: []byte("key")})
		Expect(err).NotTo(HaveOccurred())

		parsed, err := clientcmd.Load(content)
		Expect(err).NotTo(HaveOccurred())

		current := parsed.Contexts[parsed.CurrentContext]
		Expect(current).NotTo(BeNil())

		cluster, user := parsed.Clusters[current.Cluster], parsed.AuthInfos[current.AuthInfo]
		Expect(cluster.Server).To(Equal("https://10.9.8.1:6443"))
		Expect(cluster.CertificateAuthorityData).To(BeEquivalentTo("ca"))
		Expect(user.ClientCertificateData).To(BeEquivalentTo("cert"))
		Expect(user.ClientKeyData).To(BeEquivalentTo("key"))
	})
})

var _ = Describe("an authority on disk", func() {
	It("goes on issuing", func() {
		first, base := authority(), filepath.Join(GinkgoT().TempDir(), "ca")
		Expect(first.Write(base)).To(Succeed())

		loaded, err := pki.LoadAuthority(base)
		Expect(err).NotTo(HaveOccurred())

		_, certificate := issue(loaded, pki.Subject{User: "jane"})
		_, err = certificate.Verify(x509.VerifyOptions{Roots: pool(first), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		Expect(err).NotTo(HaveOccurred())
	})

	It("is needed to issue", func() {
		base := filepath.Join(GinkgoT().TempDir(), "ca")
		_, err := pki.LoadAuthority(base)
		Expect(err).To(MatchError(fs.ErrNotExist))

		Expect(pki.Pair{Cert: []byte("x"), Key: []byte("y")}.Write(base)).To(Succeed())
		_, err = pki.LoadAuthority(base)
		Expect(err).To(MatchError(ContainSubstring("failed to parse the authority " + base)))
	})
})
