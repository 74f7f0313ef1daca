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

// Package openai serves the part of the OpenAI HTTP API that a Llama Stack server uses of its inference backend, with
// answers that only depend on the request.
package openai

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
)

const (
	// created is the creation time in every answer, in seconds since 1970, so that answers are reproducible.
	created = 1
	// maxRequest bounds a request's body, in bytes.
	maxRequest = 1 << 20
	// dimensions is the length of an embedding, unless another one is wanted.
	dimensions = 8

	finishStop = "stop"
)

// Backend serves the models that it is given. The zero value knows no model and answers every completion with 404.
type Backend struct {
	// Models are the ids of the models, as /v1/models lists them.
	Models []string
	// Dimensions is the length of an embedding; 0 is 8.
	Dimensions int
}

// Register adds the backend's endpoints to mux: /health, /v1/models, /v1/chat/completions, /v1/completions and
// /v1/embeddings. It is what the remote::vllm provider of a Llama Stack server calls.
func (b Backend) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, struct{}{}) })
	mux.HandleFunc("GET /v1/models", b.listModels)
	mux.HandleFunc("POST /v1/completions", b.complete)
	mux.HandleFunc("POST /v1/embeddings", b.embed)
	mux.HandleFunc("POST /v1/chat/completions", b.Chat)
}

// ModelList is the answer of /v1/models in OpenAI's format for the given ids.
func ModelList(owner string, ids []string) any {
	models := make([]model, 0, len(ids))
	for _, id := range ids {
		models = append(models, model{ID: id, Object: "model", Created: created, OwnedBy: owner})
	}

	return list[model]{Object: "list", Data: models}
}

// WriteJSON answers 200 with v as JSON.
func WriteJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")

	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// WriteError answers with an error in OpenAI's format.
func WriteError(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client, who could get the error, is gone by now.
	_ = json.NewEncoder(w).Encode(failure{Error: failureMessage{Message: message}}) //nolint:errchkjson // See above.
}

func (b Backend) listModels(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, ModelList("stand-in", b.Models))
}

// Chat answers /v1/chat/completions, as one JSON object or as a stream, by repeating what was said last.
func (b Backend) Chat(w http.ResponseWriter, r *http.Request) {
	var request chatRequest
	if !b.read(w, r, &request, &request.Model) {
		return
	}

	if len(request.Messages) == 0 {
		WriteError(w, http.StatusBadRequest, "messages must not be empty")

		return
	}

	answer := echo(request.Messages[len(request.Messages)-1].text())
	if request.Stream {
		stream(w, request, answer)

		return
	}

	WriteJSON(w, chatCompletion{
		ID: "chatcmpl-" + digest(answer), Object: "chat.completion", Created: created, Model: request.Model,
		Choices: []chatChoice{{Message: &message{Role: "assistant", Content: answer}, FinishReason: finishStop}},
		Usage:   usageOf(request.text(), answer),
	})
}

func (b Backend) complete(w http.ResponseWriter, r *http.Request) {
	var request completionRequest
	if !b.read(w, r, &request, &request.Model) {
		return
	}

	answer := echo(request.Prompt)
	WriteJSON(w, completion{
		ID: "cmpl-" + digest(answer), Object: "text_completion", Created: created, Model: request.Model,
		Choices: []completionChoice{{Text: answer, FinishReason: finishStop}},
		Usage:   usageOf(request.Prompt, answer),
	})
}

func (b Backend) embed(w http.ResponseWriter, r *http.Request) {
	var request embeddingRequest
	if !b.read(w, r, &request, &request.Model) {
		return
	}

	data := make([]embedding, 0, len(request.Input))
	for i, text := range request.Input {
		data = append(data, embedding{Object: "embedding", Index: i, Embedding: vector(text, cmp.Or(b.Dimensions, dimensions))})
	}

	WriteJSON(w, embeddings{
		Object: "list", Model: request.Model, Data: data, Usage: usageOf(strings.Join(request.Input, " "), ""),
	})
}

// read decodes the request and checks its model, which name points at once it is decoded. It answers the client itself
// if the request is invalid.
func (b Backend) read(w http.ResponseWriter, r *http.Request, into any, name *string) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err == nil {
		err = json.Unmarshal(body, into)
	}

	if err != nil {
		WriteError(w, http.StatusBadRequest, fmt.Sprintf("failed to read the request: %v", err))

		return false
	}

	if !slices.Contains(b.Models, *name) {
		WriteError(w, http.StatusNotFound, fmt.Sprintf("the model %q does not exist; there is %s", *name, strings.Join(b.Models, ", ")))

		return false
	}

	return true
}

// stream answers as server-sent events, a word at a time.
func stream(w http.ResponseWriter, request chatRequest, answer string) {
	w.Header().Set("Content-Type", "text/event-stream")

	send := func(delta message, finish string) {
		chunk, err := json.Marshal(chatCompletion{
			ID: "chatcmpl-" + digest(answer), Object: "chat.completion.chunk", Created: created, Model: request.Model,
			Choices: []chatChoice{{Delta: &delta, FinishReason: finish}},
		})
		if err != nil {
			return
		}

		_, _ = fmt.Fprintf(w, "data: %s\n\n", chunk)
		_ = http.NewResponseController(w).Flush()
	}

	send(message{Role: "assistant"}, "")

	for _, word := range strings.SplitAfter(answer, " ") {
		send(message{Content: word}, "")
	}

	send(message{}, finishStop)

	_, _ = io.WriteString(w, "data: [DONE]\n\n")
}

// echo is the answer of the model: it repeats the question.
func echo(text string) string { return "You said: " + text }

// digest names an answer by its content.
func digest(text string) string {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, text)

	return fmt.Sprintf("%016x", hash.Sum64())
}

// vector is an embedding of length 1 that depends on the text and its dimensions alone.
func vector(text string, dimensions int) []float64 {
	values := make([]float64, dimensions)

	var square float64

	for i := range values {
		hash := fnv.New32a()
		_, _ = fmt.Fprintf(hash, "%d %s", i, text)
		values[i] = float64(hash.Sum32())/math.MaxUint32 + 1
		square += values[i] * values[i]
	}

	for i := range values {
		values[i] /= math.Sqrt(square)
	}

	return values
}

// usageOf counts each word as a token.
func usageOf(prompt, answer string) usage {
	in, out := len(strings.Fields(prompt)), len(strings.Fields(answer))

	return usage{PromptTokens: in, CompletionTokens: out, TotalTokens: in + out}
}
