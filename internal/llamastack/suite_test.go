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
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLlamaStack(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Llama Stack client and prober")
}

var _ = BeforeSuite(func() { utilruntime.ReallyCrash = false }) // as the manager has it

// routes of a server by path; what is not there is 404.
type routes map[string]http.HandlerFunc

func (r routes) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if handler, ok := r[request.URL.Path]; ok {
		handler(w, request)
		return
	}
	http.NotFound(w, request)
}

// with copies the routes and replaces one.
func (r routes) with(path string, handler http.HandlerFunc) routes {
	changed := routes{path: handler}
	for p, h := range r {
		if p != path {
			changed[p] = h
		}
	}
	return changed
}

// says answers 200 with a body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// refuses answers a code with a body that must not be read.
func refuses(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"status":"OK"}`, code) }
}

// healthy is a server where all is well.
func healthy() routes {
	return routes{
		"/v1/health":    says(`{"status":"OK"}`),
		"/v1/version":   says(`{"version":"0.7.3"}`),
		"/v1/providers": says(`{"data":[]}`),
		"/v1/models":    says(`{"data":[]}`),
	}
}

// serve runs a server until the spec ends.
func serve(handler http.Handler) llamastack.Endpoint {
	GinkgoHelper()
	server := httptest.NewServer(handler)
	DeferCleanup(server.Close)
	return endpointOf(server.URL)
}

func endpointOf(text string) llamastack.Endpoint {
	GinkgoHelper()
	u, err := url.Parse(text)
	Expect(err).NotTo(HaveOccurred())
	port, err := strconv.ParseInt(u.Port(), 10, 32)
	Expect(err).NotTo(HaveOccurred())
	return llamastack.Endpoint{Scheme: u.Scheme, Host: u.Hostname(), Address: netip.MustParseAddr(u.Hostname()), Port: int32(port)}
}

// clusterIP is an address that a Service may have.
var clusterIP = netip.MustParseAddr("10.0.0.7")

// newClient is a Client of servers on this machine, which that of the operator does not ask.
func newClient(options llamastack.ClientOptions) *llamastack.Client {
	options.Allow = netip.Addr.IsLoopback
	return llamastack.NewClient(options)
}

// dialer is a Dial option that goes to one server whatever the endpoint, and notes what was asked for.
func dialer(to llamastack.Endpoint, asked *[]netip.AddrPort) llamastack.Dial {
	return func(ctx context.Context, endpoint llamastack.Endpoint) (net.Conn, error) {
		*asked = append(*asked, addressOf(endpoint))
		return (&net.Dialer{}).DialContext(ctx, "tcp", addressOf(to).String())
	}
}

func addressOf(endpoint llamastack.Endpoint) netip.AddrPort {
	return netip.AddrPortFrom(endpoint.Address, uint16(endpoint.Port)) //nolint:gosec // it is a port
}
