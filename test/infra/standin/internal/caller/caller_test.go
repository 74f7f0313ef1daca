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

package caller_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/caller"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCaller(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Caller")
}

var _ = Describe("A caller", func() {
	call := func(target string) *httptest.ResponseRecorder {
		mux, answer := http.NewServeMux(), httptest.NewRecorder()
		caller.Register(mux)
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(GinkgoT().Context(), http.MethodGet, "/call?url="+url.QueryEscape(target), http.NoBody))

		return answer
	}

	It("passes on the response", func() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "seen "+r.URL.Path, http.StatusTeapot) }))
		DeferCleanup(server.Close)

		answer := call(server.URL + "/path")
		Expect(answer.Code).To(Equal(http.StatusTeapot))
		Expect(answer.Body.String()).To(Equal("seen /path\n"))
	})

	It("reports that there is no response", func() {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()

		answer := call(server.URL)
		Expect(answer.Code).To(Equal(http.StatusBadGateway))
		Expect(answer.Body.String()).To(ContainSubstring("connection refused"))
	})

	It("refuses an invalid address", func() {
		Expect(call("http://[").Code).To(Equal(http.StatusBadRequest))
	})
})
