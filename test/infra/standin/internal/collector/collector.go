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

// Package collector receives traces as an OpenTelemetry collector does, over HTTP or gRPC, and counts them. One unary call of gRPC
// takes twenty lines here; its library would add 93 packages to what "make demo" compiles.
package collector

import (
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// maxBody bounds the body of a request, in bytes.
	maxBody = 16 << 20

	// exportTraces is the path of the call that sends traces by gRPC.
	exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	// framing is the size of what precedes a message of gRPC: whether it is compressed, and its size.
	framing = 5
)

// Source is what sends traces.
type Source struct {
	// Service is its service.name, and Team another attribute of it.
	Service string `json:"service"`
	Team    string `json:"team"`
	// Token is the header X-Token of its requests.
	Token string `json:"token"`
	// Protocol is http/protobuf or grpc.
	Protocol string `json:"protocol"`
	// Spans is how many it sent.
	Spans int `json:"spans"`
}

// Collector counts spans. The zero value is ready.
type Collector struct {
	mu sync.Mutex
	// spans by their source, which has no number.
	spans map[Source]int
}

// Register adds to mux what servers send to, GET /spans with the sources of spans, and GET /health.
func (c *Collector) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			err = c.count(body, Source{Protocol: "http/protobuf", Token: r.Header.Get("X-Token")})
		}

		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)

			return
		}
	})
	mux.HandleFunc("POST "+exportTraces, c.export)
	mux.HandleFunc("POST /v1/metrics", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /v1/logs", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /spans", func(w http.ResponseWriter, _ *http.Request) { openai.WriteJSON(w, c.sources()) })
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
}

// export answers a call of gRPC: a message and, after an empty message, the status as a trailer.
func (c *Collector) export(w http.ResponseWriter, r *http.Request) {
	status := "0"

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		body, err = message(body)
	}

	if err == nil {
		err = c.count(body, Source{Protocol: "grpc", Token: r.Header.Get("X-Token")})
	}

	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")

	if err == nil {
		_, _ = w.Write(make([]byte, framing))
	} else {
		status = "3" // INVALID_ARGUMENT

		w.WriteHeader(http.StatusOK)
		w.Header().Set("Grpc-Message", err.Error())
	}

	w.Header().Set("Grpc-Status", status)
}

// message is what a frame of gRPC has.
func message(frame []byte) ([]byte, error) {
	if len(frame) < framing || frame[0] != 0 || int64(binary.BigEndian.Uint32(frame[1:])) != int64(len(frame)-framing) {
		return nil, errors.New("failed to read a message of gRPC: it is compressed, or not whole")
	}

	return frame[framing:], nil
}

// count adds what a request for traces has, which has the fields of TracesData.
func (c *Collector) count(body []byte, from Source) error {
	var sent tracev1.TracesData
	if err := proto.Unmarshal(body, &sent); err != nil {
		return err //nolint:wrapcheck // It is the answer.
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	if c.spans == nil {
		c.spans = map[Source]int{}
	}

	for _, resource := range sent.GetResourceSpans() {
		from.Service, from.Team = attribute(resource, "service.name"), attribute(resource, "team")

		for _, scope := range resource.GetScopeSpans() {
			c.spans[from] += len(scope.GetSpans())
		}
	}

	return nil
}

// sources are those that sent spans, by name.
func (c *Collector) sources() []Source {
	c.mu.Lock()
	spans := maps.Clone(c.spans)
	c.mu.Unlock()

	found := make([]Source, 0, len(spans))
	for source, count := range spans {
		source.Spans = count
		found = append(found, source)
	}

	slices.SortFunc(found, func(a, b Source) int { return strings.Compare(a.Service, b.Service) })

	return found
}

// attribute is a text that describes what sent spans.
func attribute(spans *tracev1.ResourceSpans, name string) string {
	for _, one := range spans.GetResource().GetAttributes() {
		if one.GetKey() == name {
			return one.GetValue().GetStringValue()
		}
	}

	return ""
}
