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

package collector_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/collector"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	resourcev1 "go.opentelemetry.io/proto/otlp/resource/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCollector(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Collector")
}

var _ = Describe("A collector", func() {
	var mux *http.ServeMux

	BeforeEach(func() {
		mux = http.NewServeMux()
		new(collector.Collector).Register(mux)
	})

	send := func(method, path string, body []byte) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(GinkgoT().Context(), method, path, bytes.NewReader(body)))

		return answer
	}

	// traces are three spans of two services.
	traces := func() []byte {
		text := func(name, value string) *commonv1.KeyValue {
			return &commonv1.KeyValue{Key: name, Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_StringValue{StringValue: value}}}
		}
		body, err := proto.Marshal(&tracev1.TracesData{ResourceSpans: []*tracev1.ResourceSpans{{
			Resource:   &resourcev1.Resource{Attributes: []*commonv1.KeyValue{{Key: "host.name"}, text("service.name", "declared"), text("team", "ai")}},
			ScopeSpans: []*tracev1.ScopeSpans{{Spans: []*tracev1.Span{{Name: "one"}, {Name: "two"}}}},
		}, {ScopeSpans: []*tracev1.ScopeSpans{{Spans: []*tracev1.Span{{Name: "three"}}}}}}})
		Expect(err).NotTo(HaveOccurred())

		return body
	}

	It("counts spans by source", func() {
		for range 2 {
			Expect(send(http.MethodPost, "/v1/traces", traces()).Code).To(Equal(http.StatusOK))
		}

		Expect(send(http.MethodGet, "/spans", nil).Body).To(MatchJSON(`[
			{"service": "", "team": "", "token": "", "protocol": "http/protobuf", "spans": 2},
			{"service": "declared", "team": "ai", "token": "", "protocol": "http/protobuf", "spans": 4}
		]`))
	})

	It("answers calls of gRPC", func() {
		const export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

		body := traces()
		answer := send(http.MethodPost, export, append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)).Result()
		Expect(answer.Trailer.Get("Grpc-Status")).To(Equal("0"))
		Expect(io.ReadAll(answer.Body)).To(Equal(make([]byte, 5)))
		Expect(send(http.MethodGet, "/spans", nil).Body.String()).To(ContainSubstring(`"protocol":"grpc","spans":2`))

		Expect(send(http.MethodPost, export, body).Result().Trailer.Get("Grpc-Status")).To(Equal("3"))
	})

	It("refuses what are no traces", func() {
		Expect(send(http.MethodPost, "/v1/traces", []byte("no traces")).Code).To(Equal(http.StatusBadRequest))
	})

	It("accepts metrics and logs", func() {
		Expect(send(http.MethodPost, "/v1/metrics", nil).Code).To(Equal(http.StatusOK))
		Expect(send(http.MethodPost, "/v1/logs", nil).Code).To(Equal(http.StatusOK))
	})
})
