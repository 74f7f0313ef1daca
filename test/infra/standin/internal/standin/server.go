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

package standin

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
)

// maxControl bounds the body of a control request, in bytes.
const maxControl = 4 << 20

// Server is the stand-in. It is an http.Handler, safe for concurrent use.
//
// Besides a Llama Stack server's paths it serves /control, without faults and counts: GET shows the behaviour and how
// many requests each path got, POST takes a JSON object with the fields of Behaviour to replace, DELETE restores the
// initial behaviour and resets the counts.
type Server struct {
	initial Behaviour
	mux     *http.ServeMux

	mu        sync.Mutex
	behaviour Behaviour
	requests  map[string]int
}

// State is what GET /control answers.
type State struct {
	Behaviour Behaviour `json:"behaviour"`
	// Requests counts by path, since the start or the last DELETE.
	Requests map[string]int `json:"requests"`
}

// New makes a server that starts with the given behaviour.
func New(initial Behaviour) *Server {
	s := &Server{initial: initial, behaviour: initial, requests: map[string]int{}, mux: http.NewServeMux()}

	for _, prefix := range []string{"/v1", "/v1alpha/admin"} {
		s.mux.HandleFunc("GET "+prefix+"/health", s.health)
		s.mux.HandleFunc("GET "+prefix+"/version", s.version)
		s.mux.HandleFunc("GET "+prefix+"/providers", s.providers)
	}

	s.mux.HandleFunc("GET /v1/models", s.models)
	s.mux.HandleFunc("POST /v1/chat/completions", s.chat)

	return s
}

// Behaviour is the current behaviour of the server.
func (s *Server) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.behaviour
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/control" {
		s.control(w, r)

		return
	}

	s.mu.Lock()
	s.requests[r.URL.Path]++
	fault := s.behaviour.faultFor(r.URL.Path)
	s.mu.Unlock()

	fault.apply(w, r, s.mux)
}

func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	var err error

	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		err = s.change(http.MaxBytesReader(w, r.Body, maxControl))
	case http.MethodDelete:
		s.reset()
	default:
		openai.WriteError(w, http.StatusMethodNotAllowed, "use GET, POST or DELETE")

		return
	}

	if err != nil {
		openai.WriteError(w, http.StatusBadRequest, err.Error())

		return
	}

	openai.WriteJSON(w, s.state())
}

func (s *Server) change(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("failed to read the request: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	changed, err := s.behaviour.With(data)
	if err != nil {
		return err
	}

	s.behaviour = changed

	return nil
}

func (s *Server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.behaviour = s.initial
	clear(s.requests)
}

func (s *Server) state() State {
	s.mu.Lock()
	defer s.mu.Unlock()

	return State{Behaviour: s.behaviour, Requests: maps.Clone(s.requests)}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	openai.WriteJSON(w, map[string]string{"status": s.Behaviour().Health})
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	openai.WriteJSON(w, map[string]string{"version": s.Behaviour().Version})
}

func (s *Server) providers(w http.ResponseWriter, _ *http.Request) {
	openai.WriteJSON(w, map[string]any{"data": s.Behaviour().Providers})
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) {
	behaviour := s.Behaviour()
	if behaviour.ModelShape == ShapeNative {
		openai.WriteJSON(w, nativeModels(behaviour.Models))

		return
	}

	openai.WriteJSON(w, openai.ModelList("llama_stack", behaviour.Models))
}

// nativeModels is the answer of /v1/models as servers gave it up to 0.3.
func nativeModels(ids []string) any {
	models := make([]map[string]any, 0, len(ids))
	for _, id := range ids {
		models = append(models, map[string]any{
			"identifier": id, "provider_resource_id": id, "provider_id": "stand-in",
			"type": "model", "model_type": "llm", "metadata": map[string]any{},
		})
	}

	return map[string]any{"data": models}
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	openai.Backend{Models: s.Behaviour().Models}.Chat(w, r)
}

// Parse reads a behaviour on top of the default one; an empty text is the default.
func Parse(text string) (Behaviour, error) {
	if text == "" {
		return Default(), nil
	}

	return Default().With(json.RawMessage(text))
}
