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

package harness

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Servers are stand-ins for every server: the operator's connections to the cluster IP of <service>.<namespace>.svc end
// here, after the client has accepted the address. They are healthy, unless a spec replaces one.
type Servers struct {
	healthy *httptest.Server

	mu       sync.Mutex
	replaced map[string]string
	requests map[string]int
	// addresses are the last ones that the operator connected to.
	addresses map[string]netip.Addr
}

// StartServers answers until the suite ends.
func StartServers() *Servers {
	GinkgoHelper()
	servers := &Servers{replaced: map[string]string{}, requests: map[string]int{}, addresses: map[string]netip.Addr{}}
	servers.healthy = httptest.NewServer(Answer(map[string]string{
		"/v1/health":    `{"status":"OK"}`,
		"/v1/version":   `{"version":"0.7.3"}`,
		"/v1/providers": `{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{"api_token":"secret"},"health":{"status":"OK"}}]}`,
		"/v1/models":    `{"data":[{"id":"vllm/assistant","object":"model","created":1,"owned_by":"llama_stack","custom_metadata":{"model_type":"llm","provider_id":"vllm"}}]}`,
	}))
	DeferCleanup(servers.healthy.Close)
	return servers
}

// Answer serves fixed JSON bodies by path.
func Answer(bodies map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	})
}

// Dial sends a connection for a server to its stand-in. It is what OperatorOptions.Dial takes.
func (s *Servers) Dial(ctx context.Context, endpoint llamastack.Endpoint) (net.Conn, error) {
	host := endpoint.Host
	s.mu.Lock()
	target := s.healthy.Listener.Addr().String()
	if other, ok := s.replaced[host]; ok {
		target = other
	}
	s.requests[host]++
	s.addresses[host] = endpoint.Address
	s.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, "tcp", target)
}

// Replace sets the handler for the server of one LlamaStackDistribution until the spec ends.
func (s *Servers) Replace(namespace, name string, handler http.Handler) {
	GinkgoHelper()
	s.use(namespace, name, httptest.NewServer(handler))
}

// ReplaceTLS is Replace with a server that speaks TLS only. It returns the certificate that signs for it, in PEM.
func (s *Servers) ReplaceTLS(namespace, name string, handler http.Handler) string {
	GinkgoHelper()
	signed := newServerCertificate(HostOf(namespace, name))
	pair, err := tls.X509KeyPair([]byte(signed.certificate), []byte(signed.key))
	Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	s.use(namespace, name, server)
	return signed.certificate
}

// HostOf is the host in the operator's requests to the server of a LlamaStackDistribution.
func HostOf(namespace, name string) string { return name + "-service." + namespace + ".svc" }

func (s *Servers) use(namespace, name string, server *httptest.Server) {
	GinkgoHelper()
	host := HostOf(namespace, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replaced[host] = server.Listener.Addr().String()
	DeferCleanup(func() {
		s.restore(host)
		// A handler may wait for the end of a connection, and the next spec waits for the end of the server.
		server.CloseClientConnections()
		server.Close()
	})
}

// restore sends connections to a host to the healthy server again.
func (s *Servers) restore(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.replaced, host)
}

// Connections is how often the operator has connected to the server of one LlamaStackDistribution.
func (s *Servers) Connections(namespace, name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[HostOf(namespace, name)]
}

// Address is where the operator last connected to for the server of one LlamaStackDistribution; the zero address is never.
func (s *Servers) Address(namespace, name string) netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addresses[HostOf(namespace, name)]
}
