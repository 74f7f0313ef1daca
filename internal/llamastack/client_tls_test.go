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

package llamastack_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/onsi/gomega/gstruct"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Observe", func() {
	Context("over TLS", func() {
		start := func(change func(*httptest.Server)) (llamastack.Endpoint, *x509.CertPool) {
			GinkgoHelper()
			server := httptest.NewUnstartedServer(healthy())
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			change(server)
			server.StartTLS()
			DeferCleanup(server.Close)
			pool := x509.NewCertPool()
			pool.AddCert(server.Certificate())
			return endpointOf(server.URL), pool
		}

		It("reads from a server that it is configured to trust", func() {
			endpoint, pool := start(func(*httptest.Server) {})
			endpoint.Roots = trusted{pool}
			Expect(observe(endpoint)).To(gstruct.MatchFields(gstruct.IgnoreExtras, gstruct.Fields{"Health": Equal("OK"), "Problem": BeEmpty()}))
		})

		It("reports when the first certificate ends that the server sends", func() {
			signed, intermediate := newServerCertificate("a-service.apps.svc"), expired()
			signed.Certificate = append(signed.Certificate, intermediate.Certificate...)
			for chain, end := range map[*tls.Certificate]time.Time{{Certificate: signed.Certificate[:1], PrivateKey: signed.PrivateKey}: signed.Leaf.NotAfter, &signed: gone} {
				endpoint, pool := start(func(server *httptest.Server) { server.TLS.Certificates = []tls.Certificate{*chain} })
				pool.AddCert(signed.Leaf)
				endpoint.Roots = trusted{pool}
				Expect(observe(endpoint)).To(gstruct.MatchFields(gstruct.IgnoreExtras, gstruct.Fields{"Health": Equal("OK"), "CertificateEnds": Equal(end.Unix())}))
			}
		})

		It("sends no request if it cannot read the certificates to trust", func() {
			endpoint, _ := start(func(*httptest.Server) {})
			endpoint.Roots = trusted{}
			Expect(observe(endpoint)).To(Equal(llamastack.Observation{Problem: "the certificates of its CA bundle cannot be read"}))
		})

		It("trusts no other server", func() {
			endpoint, _ := start(func(*httptest.Server) {})
			Expect(observe(endpoint)).To(Equal(llamastack.Observation{Problem: "GET /v1/health: its certificate is not signed by a trusted authority"}))
		})

		It("requires a certificate for the server's name", func() {
			endpoint, pool := start(func(*httptest.Server) {})
			var asked []netip.AddrPort
			client := llamastack.NewClient(llamastack.ClientOptions{Dial: dialer(endpoint, &asked)})
			got := client.Observe(GinkgoT().Context(), llamastack.Endpoint{Scheme: "https", Host: "a-service.apps.svc", Address: clusterIP, Port: 1, Roots: trusted{pool}})
			Expect(got).To(Equal(llamastack.Observation{Problem: "GET /v1/health: its certificate is for another name"}))
		})

		It("requires the certificate of the server's name from a cluster IP", func() {
			signed := newServerCertificate("a-service.apps.svc")
			var names, hosts []string
			endpoint, pool := start(func(server *httptest.Server) {
				server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					hosts = append(hosts, r.Host)
					healthy().ServeHTTP(w, r)
				})
				server.TLS.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
					names = append(names, hello.ServerName)
					return &signed, nil
				}
			})
			pool.AddCert(signed.Leaf)
			var asked []netip.AddrPort
			client := llamastack.NewClient(llamastack.ClientOptions{Dial: dialer(endpoint, &asked)})
			got := client.Observe(GinkgoT().Context(), llamastack.Endpoint{Scheme: "https", Host: "a-service.apps.svc", Address: clusterIP, Port: 8321, Roots: trusted{pool}})
			Expect(got.Problem).To(BeEmpty())
			Expect(got.Health).To(Equal("OK"))
			Expect(names).To(HaveEach("a-service.apps.svc"))
			Expect(hosts).To(HaveEach("a-service.apps.svc:8321"))
		})

		It("requires a certificate that has not expired", func() {
			endpoint, pool := start(func(server *httptest.Server) { server.TLS.Certificates = []tls.Certificate{expired()} })
			endpoint.Roots = trusted{pool}
			Expect(observe(endpoint)).To(Equal(llamastack.Observation{Problem: "GET /v1/health: its certificate is not valid", CertificateEnds: gone.Unix()}))
		})

		It("is refused by a server that requires a client certificate", func() {
			endpoint, pool := start(func(server *httptest.Server) { server.TLS.ClientAuth = tls.RequireAnyClientCert })
			endpoint.Roots = trusted{pool}
			Expect(observe(endpoint)).To(Equal(llamastack.Observation{Problem: "GET /v1/health: it refused the TLS connection"}))
		})

		It("notices a server that speaks plain HTTP", func() {
			endpoint := serve(healthy())
			endpoint.Scheme = "https"
			Expect(observe(endpoint)).To(Equal(llamastack.Observation{Problem: "GET /v1/health: it does not speak TLS"}))
		})
	})
})

// newServerCertificate signs for a host, and for itself.
func newServerCertificate(host string) tls.Certificate {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{host}, IPAddresses: []net.IP{net.ParseIP("127.0.0.1")},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	Expect(err).NotTo(HaveOccurred())
	leaf, err := x509.ParseCertificate(der)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// trusted are the roots that a test trusts; without any they cannot be read.
type trusted struct{ pool *x509.CertPool }

func (t trusted) Pool(context.Context) (*x509.CertPool, error) {
	if t.pool == nil {
		return nil, errors.New("the API server does not answer")
	}
	return t.pool, nil
}

// gone is a moment long ago.
var gone = time.Unix(1, 0)

// expired is a certificate for 127.0.0.1 of a day long gone.
func expired() tls.Certificate {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "expired"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: gone, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
