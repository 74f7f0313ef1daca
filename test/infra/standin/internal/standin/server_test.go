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

package standin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/standin"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	healthPath = "/v1/health"
	// soon bounds what should happen at once, on a machine that is busy.
	soon = time.Minute
)

// answer is the response that a client gets.
type answer struct {
	code int
	body string
}

var _ = Describe("Server", func() {
	var server *httptest.Server

	BeforeEach(func() {
		server = httptest.NewServer(standin.New(standin.Default()))
		DeferCleanup(server.Close)
	})

	request := func(ctx context.Context, method, path, body string) (answer, error) {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

		made, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		Expect(err).NotTo(HaveOccurred())

		response, err := client.Do(made)
		if err != nil {
			return answer{}, err
		}

		got, err := io.ReadAll(response.Body)

		return answer{code: response.StatusCode, body: string(got)}, errors.Join(err, response.Body.Close())
	}

	do := func(method, path, body string) answer {
		GinkgoHelper()

		got, err := request(GinkgoT().Context(), method, path, body)
		Expect(err).NotTo(HaveOccurred())

		return got
	}

	get := func(path string) answer {
		GinkgoHelper()

		return do(http.MethodGet, path, "")
	}

	control := func(body string) {
		GinkgoHelper()

		got := do(http.MethodPost, "/control", body)
		Expect(got.code).To(Equal(http.StatusOK), got.body)
	}

	state := func() standin.State {
		GinkgoHelper()

		var result standin.State
		Expect(json.Unmarshal([]byte(get("/control").body), &result)).To(Succeed())

		return result
	}

	Describe("a healthy server", func() {
		DescribeTable("answers", func(path, body string) {
			got := get(path)
			Expect(got.code).To(Equal(http.StatusOK))
			Expect(got.body).To(MatchJSON(body))
		},
			Entry("health", healthPath, `{"status": "OK"}`),
			Entry("health of the admin API", "/v1alpha/admin/health", `{"status": "OK"}`),
			Entry("version", "/v1/version", `{"version": "1.3.0"}`),
			Entry("models", "/v1/models", `{"object": "list", "data": [
				{"id": "stand-in/echo", "object": "model", "created": 1, "owned_by": "llama_stack"}]}`),
			Entry("providers", "/v1/providers", `{"data": [
				{"api": "inference", "provider_id": "stand-in", "provider_type": "remote::vllm", "config": {}, "health": {"status": "OK"}},
				{"api": "files", "provider_id": "local", "provider_type": "inline::localfs", "config": {},
				 "health": {"status": "Not Implemented", "message": "Provider does not implement health check"}}]}`),
		)

		It("chats", func() {
			got := do(http.MethodPost, "/v1/chat/completions", `{"model": "stand-in/echo", "messages": [{"role": "user", "content": "Hello"}]}`)
			Expect(got.code).To(Equal(http.StatusOK))
			Expect(got.body).To(ContainSubstring("You said: Hello"))
		})

		It("has no other paths", func() {
			Expect(get("/v1/tools").code).To(Equal(http.StatusNotFound))
			Expect(do(http.MethodPost, healthPath, "").code).To(Equal(http.StatusMethodNotAllowed))
		})
	})

	Describe("configured with another behaviour", func() {
		It("returns another health, version and list of models", func() {
			control(`{"health": "Error", "version": "0.2.24.dev20251021", "models": ["a/b"], "modelShape": "native"}`)
			Expect(get(healthPath)).To(Equal(answer{http.StatusOK, "{\"status\":\"Error\"}\n"}))
			Expect(get("/v1/version").body).To(MatchJSON(`{"version": "0.2.24.dev20251021"}`))
			Expect(get("/v1/models").body).To(MatchJSON(`{"data": [{"identifier": "a/b", "provider_resource_id": "a/b",
				"provider_id": "stand-in", "type": "model", "model_type": "llm", "metadata": {}}]}`))
		})

		It("lists one provider id in two APIs, without health, with a large config", func() {
			large := strings.Repeat("x", 300_000)
			control(`{"providers": [
				{"api": "vector_io", "provider_id": "milvus", "provider_type": "inline::milvus", "config": {"a": "` + large + `"}},
				{"api": "files", "provider_id": "milvus", "provider_type": "inline::milvus", "health": {"status": "Error", "message": "gone"}}]}`)
			Expect(get("/v1/providers").body).To(MatchJSON(`{"data": [
				{"api": "vector_io", "provider_id": "milvus", "provider_type": "inline::milvus", "config": {"a": "` + large + `"}},
				{"api": "files", "provider_id": "milvus", "provider_type": "inline::milvus", "config": null, "health": {"status": "Error", "message": "gone"}}]}`))
		})

		It("chats with the models that it then has", func() {
			control(`{"models": ["new"]}`)
			Expect(do(http.MethodPost, "/v1/chat/completions", `{"model": "stand-in/echo"}`).code).To(Equal(http.StatusNotFound))
		})
	})

	Describe("faults", func() {
		DescribeTable("answers with a code", func(code int) {
			text, err := json.Marshal(map[string]any{"faults": map[string]any{healthPath: map[string]any{"code": code}}})
			Expect(err).NotTo(HaveOccurred())
			control(string(text))
			Expect(get(healthPath)).To(Equal(answer{code, `{"error":{"message":"` + http.StatusText(code) + "\"}}\n"}))
		},
			Entry(nil, http.StatusUnauthorized),
			Entry(nil, http.StatusForbidden),
			Entry(nil, http.StatusTooManyRequests),
			Entry(nil, http.StatusInternalServerError),
		)

		It("redirects the client", func() {
			control(`{"faults": {"/v1/version": {"redirect": "/v1/health"}}}`)
			Expect(get("/v1/version").code).To(Equal(http.StatusTemporaryRedirect))
		})

		It("sends malformed JSON", func() {
			control(`{"faults": {"/v1/providers": {"malformed": true}}}`)
			got := get("/v1/providers")
			Expect(got.code).To(Equal(http.StatusOK))
			Expect(json.Valid([]byte(got.body))).To(BeFalse())
		})

		It("sends a very large response, which is valid at its end", func() {
			control(`{"faults": {"/v1/providers": {"padding": 2000000}}}`)
			got := get("/v1/providers")
			Expect(len(got.body)).To(BeNumerically(">", 2_000_000))
			Expect(json.Valid([]byte(got.body))).To(BeTrue())
		})

		It("delays the response", func() {
			control(`{"faults": {"/v1/version": {"delay": "50ms"}}}`)

			started := time.Now()
			Expect(get("/v1/version").code).To(Equal(http.StatusOK))
			Expect(time.Since(started)).To(BeNumerically(">=", 50*time.Millisecond))
		})

		It("never answers", func() {
			control(`{"faults": {"/v1/health": {"hang": true}}}`)

			ctx, cancel := context.WithTimeout(GinkgoT().Context(), 100*time.Millisecond)
			defer cancel()

			_, err := request(ctx, http.MethodGet, healthPath, "")
			Expect(err).To(MatchError(context.DeadlineExceeded))
		})

		It("applies to its path", func() {
			control(`{"faults": {"/v1/health": {"code": 500}}}`)
			Expect(get("/v1/version").code).To(Equal(http.StatusOK))
		})

		It("applies to every path without its own fault", func() {
			control(`{"faults": {"*": {"code": 503}, "/v1/health": {}}}`)
			Expect(get("/v1/version").code).To(Equal(http.StatusServiceUnavailable))
			Expect(get(healthPath).code).To(Equal(http.StatusOK))
		})
	})

	Describe("/control", func() {
		It("counts requests by path, including faulty ones and unknown paths, without its own", func() {
			control(`{"faults": {"/v1/health": {"code": 401}}}`)
			get(healthPath)
			get(healthPath)
			get("/nowhere")
			Expect(state().Requests).To(Equal(map[string]int{healthPath: 2, "/nowhere": 1}))
		})

		It("shows its configuration", func() {
			control(`{"version": "9"}`)
			Expect(state().Behaviour.Version).To(Equal("9"))
		})

		It("restores the initial behaviour", func() {
			control(`{"version": "9"}`)
			get(healthPath)
			Expect(do(http.MethodDelete, "/control", "").code).To(Equal(http.StatusOK))
			Expect(state()).To(Equal(standin.State{Behaviour: standin.Default(), Requests: map[string]int{}}))
		})

		It("answers while all other paths hang", func() {
			control(`{"faults": {"*": {"hang": true}}}`)

			ctx, cancel := context.WithCancel(GinkgoT().Context())
			defer cancel()

			go func() { _, _ = request(ctx, http.MethodGet, healthPath, "") }()

			Eventually(func() int { return state().Requests[healthPath] }).WithTimeout(soon).Should(Equal(1))
		})

		It("changes nothing if the request is invalid", func() {
			got := do(http.MethodPost, "/control", `{"version": "9", "faults": {"*": {"code": 1}}}`)
			Expect(got.code).To(Equal(http.StatusBadRequest))
			Expect(got.body).To(ContainSubstring("it is no HTTP status"))
			Expect(state().Behaviour).To(Equal(standin.Default()))
		})

		It("refuses a body that is too long, and other methods", func() {
			Expect(do(http.MethodPost, "/control", strings.Repeat(" ", 5<<20)).code).To(Equal(http.StatusBadRequest))
			Expect(do(http.MethodPut, "/control", "{}").code).To(Equal(http.StatusMethodNotAllowed))
		})
	})
})
