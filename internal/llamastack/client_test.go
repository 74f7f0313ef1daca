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
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/onsi/gomega/gstruct"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// longestBody is how much of an answer is read, in bytes.
const longestBody = 128 << 10

// shortTimeout stands for the 5 s of the real client where a test waits for it to pass. What is answered is answered within
// it, on a busy machine, too.
const shortTimeout = time.Second

func observe(endpoint llamastack.Endpoint) llamastack.Observation {
	GinkgoHelper()
	return newClient(llamastack.ClientOptions{}).Observe(GinkgoT().Context(), endpoint)
}

func observeWithin(timeout time.Duration, endpoint llamastack.Endpoint) llamastack.Observation {
	GinkgoHelper()
	return newClient(llamastack.ClientOptions{Timeout: timeout}).Observe(GinkgoT().Context(), endpoint)
}

var _ = Describe("Observe", func() {
	It("reads health, version, providers and models", func() {
		models := says(`{"data":[{"id":"vllm/a","object":"model","custom_metadata":{"model_type":"llm","provider_id":"vllm"}}]}`)
		got := observe(serve(healthy().with("/v1/models", models).with("/v1/providers", says(`{"data":[
			{"api":"vector_io","provider_id":"faiss","provider_type":"inline::faiss","config":{},"health":{"status":"OK"}},
			{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{"api_token":"secret"},"health":{"status":"Error","message":"no answer"}},
			{"api":"agents","provider_id":"vllm","provider_type":"inline::x","config":null,"health":{"status":"Not Implemented"},"more":1}]}`))))

		Expect(got).To(Equal(llamastack.Observation{
			Reached: true, Health: "OK", Version: "0.7.3",
			Providers: []v1alpha1.ProviderInfo{
				{API: "agents", ProviderID: "vllm", ProviderType: "inline::x", Health: v1alpha1.ProviderHealthStatus{Status: "Not Implemented"}},
				{API: "inference", ProviderID: "vllm", ProviderType: "remote::vllm", Health: v1alpha1.ProviderHealthStatus{Status: "Error", Message: "no answer"}},
				{API: "vector_io", ProviderID: "faiss", ProviderType: "inline::faiss", Health: v1alpha1.ProviderHealthStatus{Status: "OK"}},
			},
			Models: llamastack.Models{Known: true, Total: 1, Items: []v1alpha1.ModelInfo{{ID: "vllm/a", Provider: "vllm", Type: "llm"}}},
		}))
		Expect(got.Result()).To(Equal("healthy"))
	})

	It("returns the same for providers in another order, also if two have the same id", func() {
		const ill, well = `{"provider_id":"a","health":{"status":"Error"}}`, `{"provider_id":"a","health":{"status":"OK"}}`
		first := observe(serve(healthy().with("/v1/providers", says(`{"data":[`+ill+`,`+well+`]}`))))
		second := observe(serve(healthy().with("/v1/providers", says(`{"data":[`+well+`,`+ill+`]}`))))
		Expect(second).To(Equal(first))
	})

	It("distinguishes no providers from unknown ones", func() {
		Expect(observe(serve(healthy())).Providers).To(And(Not(BeNil()), BeEmpty()))
		Expect(observe(serve(healthy().with("/v1/providers", refuses(500)))).Providers).To(BeNil())
	})

	It("believes the body of the health check, not its code", func() {
		got := observe(serve(healthy().with("/v1/health", says(`{"status":"Error"}`))))
		Expect(got.Health).To(Equal("Error"))
		Expect(got.Version).To(Equal("0.7.3"))
		Expect(got.Problem).To(BeEmpty())
		Expect(got.Result()).To(Equal("unhealthy"))
	})

	It("sends neither its version nor credentials", func() {
		var mu sync.Mutex
		var headers []http.Header
		seen := func(next http.HandlerFunc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				headers = append(headers, r.Header.Clone())
				next(w, r)
			}
		}
		server := routes{}
		for path, handler := range healthy() {
			server[path] = seen(handler)
		}
		observe(serve(server))

		Expect(headers).To(HaveLen(4))
		Expect(headers).To(HaveEach(gstruct.MatchAllKeys(gstruct.Keys{
			"Accept": ConsistOf("application/json"), "User-Agent": ConsistOf("llama-stack-k8s-operator"), "Connection": ConsistOf("close"),
		})))
	})

	It("leaves no connection open", func() {
		var opened, closed atomic.Int32
		server := httptest.NewUnstartedServer(healthy())
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				opened.Add(1)
			case http.StateClosed:
				closed.Add(1)
			default:
			}
		}
		server.Start()
		DeferCleanup(server.Close)
		observe(endpointOf(server.URL))

		Expect(opened.Load()).To(Equal(int32(4)))
		Eventually(closed.Load).Should(Equal(int32(4)))
	})

	It("connects directly to the server, whatever proxy the environment names", func() {
		for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
			GinkgoT().Setenv(name, "http://proxy.example.com:3128")
		}
		var asked []netip.AddrPort
		client := llamastack.NewClient(llamastack.ClientOptions{Dial: dialer(serve(healthy()), &asked)})
		got := client.Observe(GinkgoT().Context(), llamastack.Endpoint{Scheme: "http", Host: "a-service.apps.svc", Address: clusterIP, Port: 8321})

		Expect(got.Health).To(Equal("OK"))
		Expect(asked).To(HaveEach(netip.AddrPortFrom(clusterIP, 8321)))
	})

	DescribeTable("counts a refusal as an answer", func(code int, requests int) {
		var count atomic.Int32
		got := observe(serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			refuses(code)(w, r)
		})))
		Expect(got.Reached).To(BeTrue())
		Expect(got.Limited).To(Equal(code))
		Expect(got.Health).To(BeEmpty())
		Expect(got.Result()).To(Equal("limited"))
		Expect(count.Load()).To(BeNumerically("==", requests))
	},
		Entry("without a token", 401, 4),
		Entry("by a policy", 403, 4),
		Entry("by a quota, which further requests would use up", 429, 1),
	)

	It("is not limited where only the details need a token", func() {
		got := observe(serve(healthy().with("/v1/providers", refuses(401))))
		Expect(got).To(Equal(llamastack.Observation{
			Reached: true, Health: "OK", Version: "0.7.3", Problem: "GET /v1/providers: answered 401",
			Models: llamastack.Models{Known: true, Items: []v1alpha1.ModelInfo{}},
		}))
	})

	DescribeTable("says what is unknown and why", func(path string, handler http.HandlerFunc, problem string) {
		got := observe(serve(healthy().with(path, handler)))
		Expect(got.Problem).To(Equal(problem))
		Expect(got.Reached).To(BeTrue())
	},
		Entry("no health check", "/v1/health", refuses(404), "GET /v1/health: answered 404"),
		Entry("health is not JSON", "/v1/health", says("<html>"), `GET /v1/health: answered without a "status"`),
		Entry("health is a text", "/v1/health", says(`"OK"`), `GET /v1/health: answered without a "status"`),
		Entry("health is empty", "/v1/health", says(""), `GET /v1/health: answered without a "status"`),
		Entry("status is missing", "/v1/health", says(`{}`), `GET /v1/health: answered without a "status"`),
		Entry("status is a number", "/v1/health", says(`{"status":1}`), `GET /v1/health: answered without a "status"`),
		Entry("version is missing", "/v1/version", says(`{}`), `GET /v1/version: answered without a "version" of the form of PEP 440`),
		Entry("version is refused", "/v1/version", refuses(401), "GET /v1/version: answered 401"),
		Entry("providers are not a list", "/v1/providers", says(`{"data":{"a":1}}`), `GET /v1/providers: answered without a list "data"`),
		Entry("providers are missing", "/v1/providers", says(`{"detail":"no"}`), `GET /v1/providers: answered without a list "data"`),
		Entry("providers are cut off", "/v1/providers", says(`{"data":[{"api":`), `GET /v1/providers: answered without a list "data"`),
		Entry("too large", "/v1/providers", says(`{"data":[]}`+strings.Repeat(" ", longestBody)), "GET /v1/providers: answered more than 128 KiB"),
		Entry("health is too large", "/v1/health", says(`{"status":"`+strings.Repeat("x", longestBody)+`"}`), "GET /v1/health: answered more than 128 KiB"),
		Entry("providers end in the middle of the list", "/v1/providers", says(`{"data":[{"provider_id":"a"}`), `GET /v1/providers: answered without a list "data"`),
		Entry("providers are not an object", "/v1/providers", says(`[{"data":[]}]`), `GET /v1/providers: answered without a list "data"`),
		Entry("what comes before the providers is not JSON", "/v1/providers", says(`{"object":nonsense,"data":[]}`), `GET /v1/providers: answered without a list "data"`),
		Entry("elsewhere", "/v1/health", http.RedirectHandler("/v1/version", http.StatusTemporaryRedirect).ServeHTTP, "GET /v1/health: answered 307"),
		Entry("breaks off", "/v1/version", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"version":`))
		}, "GET /v1/version: it closed the connection without an answer"),
	)

	It("reads up to 128 KiB", func() {
		body := `{"data":[]}`
		got := observe(serve(healthy().with("/v1/providers", says(body+strings.Repeat(" ", longestBody-len(body))))))
		Expect(got.Problem).To(BeEmpty())
	})

	It("finds the providers after fields that it ignores", func() {
		got := observe(serve(healthy().with("/v1/providers", says(`{"object":"list","more":{"data":[1]},"data":[{"provider_id":"a"}],"next":null}`))))
		Expect(got.Providers).To(HaveExactElements(HaveField("ProviderID", "a")))
		Expect(got.Problem).To(BeEmpty())
	})

	It("adds up what is unknown", func() {
		got := observe(serve(healthy().with("/v1/version", refuses(404)).with("/v1/providers", refuses(403))))
		Expect(got.Problem).To(Equal("GET /v1/version: answered 404; GET /v1/providers: answered 403"))
	})

	DescribeTable("treats a server error as bad health", func(code int, health string) {
		got := observe(serve(healthy().with("/v1/health", refuses(code))))
		Expect(got.Health).To(Equal(health))
		Expect(got.Limited).To(BeZero())
	},
		Entry("internal error", 500, "HTTP 500"),
		Entry("unavailable", 503, "HTTP 503"),
		Entry("but not a client error", 426, ""),
	)

	DescribeTable("accepts incomplete providers", func(entry string, want ...v1alpha1.ProviderInfo) {
		got := observe(serve(healthy().with("/v1/providers", says(`{"data":[`+entry+`]}`))))
		Expect(got.Problem).To(BeEmpty())
		Expect(got.Providers).To(HaveLen(len(want)))
		for i := range want {
			Expect(got.Providers[i]).To(Equal(want[i]))
		}
	},
		Entry("before 0.2.3, without health", `{"api":"a","provider_id":"p","provider_type":"t"}`, v1alpha1.ProviderInfo{API: "a", ProviderID: "p", ProviderType: "t"}),
		Entry("health is null", `{"api":"a","provider_id":"p","provider_type":"t","health":null}`, v1alpha1.ProviderInfo{API: "a", ProviderID: "p", ProviderType: "t"}),
		Entry("switched off by null", `{"api":"a","provider_id":null,"provider_type":"t"}`),
		Entry("switched off by nothing", `{"api":"a","provider_id":"","provider_type":"t"}`),
		Entry("no provider at all", `1, null, "x", [], {"provider_id":{}}, {"provider_id":"p","health":"OK"}`),
		Entry("the same id in two APIs", `{"api":"b","provider_id":"p"},{"api":"a","provider_id":"p"}`,
			v1alpha1.ProviderInfo{API: "a", ProviderID: "p"}, v1alpha1.ProviderInfo{API: "b", ProviderID: "p"}),
		Entry("the same API and id twice", `{"api":"a","provider_id":"p","provider_type":"z"},{"api":"a","provider_id":"p","provider_type":"y"}`,
			v1alpha1.ProviderInfo{API: "a", ProviderID: "p", ProviderType: "y"}, v1alpha1.ProviderInfo{API: "a", ProviderID: "p", ProviderType: "z"}),
		Entry("a status that is not known", `{"api":"a","provider_id":"p","health":{"status":"Degraded"}}`,
			v1alpha1.ProviderInfo{API: "a", ProviderID: "p", Health: v1alpha1.ProviderHealthStatus{Status: "Degraded"}}),
	)

	It("truncates long texts to 256 bytes of JSON, in whole characters", func() {
		long := strings.Repeat("é", 200)
		got := observe(serve(healthy().
			with("/v1/health", says(`{"status":"x`+long+`"}`)).
			with("/v1/providers", says(`{"data":[{"api":"a","provider_id":"p","health":{"status":"Error","message":"x`+long+`"}}]}`))))

		Expect(got.Providers[0].Health.Message).To(Equal("x" + strings.Repeat("é", 126) + "…"))
		Expect(got.Health).To(Equal("x" + strings.Repeat("é", 126) + "…"))
	})

	It("keeps printable characters, and nothing that becomes longer when it is stored", func() {
		got := observe(serve(healthy().with("/v1/providers", says(`{"data":[{"provider_id":"a\u0000\u001b[2Jb\u202e","api":"`+strings.Repeat("<", 100)+`"}]}`))))
		Expect(got.Providers).To(HaveExactElements(And(
			HaveField("ProviderID", "a  [2Jb "), HaveField("API", strings.Repeat("<", 42)+"…"))))
	})

	It("keeps 256 providers", func() {
		entries := make([]string, 300)
		for i := range entries {
			entries[i] = `{"api":"a","provider_id":"p` + string(rune('a'+i%26)) + `"}`
		}
		got := observe(serve(healthy().with("/v1/providers", says(`{"data":[`+strings.Join(entries, ",")+`]}`))))
		Expect(got.Providers).To(HaveLen(256))
		Expect(got.Problem).To(Equal("GET /v1/providers: answered more than 256 providers"))
	})

	DescribeTable("recognizes a version", func(text string, valid bool) {
		want := ""
		if valid {
			want = text
		}
		Expect(observe(serve(healthy().with("/v1/version", says(`{"version":"`+text+`"}`)))).Version).To(Equal(want))
	},
		Entry(nil, "0.2.12", true),
		Entry(nil, "1.3.0", true),
		Entry(nil, "0.7.1+rhaiv.1", true),
		Entry(nil, "0.3.0rc3+rhai0", true),
		Entry(nil, "0.4.2.1+rhai0", true),
		Entry(nil, "0.8.1.dev0", true),
		Entry(nil, "0.2.24.dev20251021", true),
		Entry(nil, "v1.0", true),
		Entry(nil, "1!2.0.post1", true),
		Entry(nil, "1.0-1", true),
		Entry(nil, "1.0a1", true),
		Entry(nil, "1.0-Alpha.1", true),
		Entry(nil, "1.0c2.post3.dev4+a.b-c_d", true),
		Entry(nil, "2026", true),
		Entry("empty", "", false),
		Entry("a word", "unknown", false),
		Entry("two lines", `1.0\n2.0`, false),
		Entry("space", "1.0 beta", false),
		Entry("markup", "1.0<script>", false),
		Entry("empty local part", "1.0+", false),
		Entry("no release", ".1", false),
		Entry("too long", strings.Repeat("1", 129), false),
	)

	Context("without an answer", func() {
		It("is unreached if nothing listens", func() {
			server := httptest.NewServer(healthy())
			endpoint := endpointOf(server.URL)
			server.Close()
			got := observe(endpoint)
			Expect(got).To(Equal(llamastack.Observation{Problem: "GET /v1/health: connection refused"}))
			Expect(got.Result()).To(Equal("unreached"))
		})

		It("is unreached if the server takes too long, and is probed once", func() {
			release := make(chan struct{})
			var count atomic.Int32
			endpoint := serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				count.Add(1)
				<-release
			}))
			DeferCleanup(func() { close(release) })

			Expect(observeWithin(shortTimeout, endpoint)).To(Equal(llamastack.Observation{Problem: "GET /v1/health: no answer within 1s"}))
			Expect(count.Load()).To(Equal(int32(1)))
		})

		It("includes the body in the timeout", func() {
			release := make(chan struct{})
			endpoint := serve(healthy().with("/v1/providers", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"data":[`))
				Expect(http.NewResponseController(w).Flush()).To(Succeed())
				<-release
			}))
			DeferCleanup(func() { close(release) })

			got := observeWithin(shortTimeout, endpoint)
			Expect(got.Health).To(Equal("OK"))
			Expect(got.Problem).To(Equal("GET /v1/providers: no answer within 1s"))
		})

		It("waits 5 s by default", func() {
			Expect(llamastack.DefaultTimeout).To(Equal(5 * time.Second))
		})

		It("ends with its context", func() {
			ctx, cancel := context.WithCancel(GinkgoT().Context())
			started, release := make(chan struct{}), make(chan struct{})
			endpoint := serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				close(started)
				<-release
			}))
			DeferCleanup(func() { close(release) })
			go func() {
				<-started
				cancel()
			}()

			Expect(newClient(llamastack.ClientOptions{}).Observe(ctx, endpoint).Reached).To(BeFalse())
		})

		DescribeTable("says why there was no connection", func(err error, problem string) {
			client := llamastack.NewClient(llamastack.ClientOptions{Dial: func(context.Context, llamastack.Endpoint) (net.Conn, error) { return nil, err }})
			got := client.Observe(GinkgoT().Context(), llamastack.Endpoint{Scheme: "http", Host: "a", Address: clusterIP, Port: 1})
			Expect(got).To(Equal(llamastack.Observation{Problem: "GET /v1/health: " + problem}))
		},
			Entry("no connection in time", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "no connection within 3s"),
			Entry("anything else", errors.New("dial tcp 10.0.0.1:1234: network is unreachable"), "the connection failed"),
		)

		It("reports an address that is invalid", func() {
			got := observe(llamastack.Endpoint{Scheme: "http", Host: "a b\x7f", Port: 1})
			Expect(got).To(Equal(llamastack.Observation{Problem: "GET /v1/health: its address is not valid"}))
		})

		DescribeTable("is unreached by a server that does not speak HTTP", func(says, problem string) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(listener.Close)
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 1024))
					_, _ = conn.Write([]byte(says))
					_ = conn.Close()
				}
			}()
			Expect(observe(endpointOf("http://" + listener.Addr().String()))).To(Equal(llamastack.Observation{Problem: "GET /v1/health: " + problem}))
		},
			Entry("but something else", "220 mail.example.com ESMTP\r\n", "it does not speak HTTP"),
			Entry("but hangs up", "", "it closed the connection without an answer"),
		)
	})
})
