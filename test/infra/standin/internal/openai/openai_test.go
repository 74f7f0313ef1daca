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

package openai_test

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	chatPath       = "/v1/chat/completions"
	completionPath = "/v1/completions"
	embeddingPath  = "/v1/embeddings"
)

var _ = Describe("Backend", func() {
	var handler http.Handler

	BeforeEach(func() {
		mux := http.NewServeMux()
		openai.Backend{Models: []string{"echo", "second"}}.Register(mux)
		handler = mux
	})

	send := func(method, path, body string) *httptest.ResponseRecorder {
		GinkgoHelper()

		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(GinkgoT().Context(), method, path, strings.NewReader(body)))

		return answer
	}

	post := func(path, body string) string {
		GinkgoHelper()

		answer := send(http.MethodPost, path, body)
		Expect(answer.Code).To(Equal(http.StatusOK), answer.Body.String())
		Expect(answer.Header().Get("Content-Type")).To(Equal("application/json"))

		return answer.Body.String()
	}

	It("is healthy, at the path of the vLLM provider", func() {
		Expect(send(http.MethodGet, "/health", "").Code).To(Equal(http.StatusOK))
	})

	It("lists its models", func() {
		Expect(send(http.MethodGet, "/v1/models", "").Body.String()).To(MatchJSON(`{"object": "list", "data": [
			{"id": "echo", "object": "model", "created": 1, "owned_by": "stand-in"},
			{"id": "second", "object": "model", "created": 1, "owned_by": "stand-in"}]}`))
	})

	It("lists no model as an empty list, not as null", func() {
		answer, err := json.Marshal(openai.ModelList("nobody", nil))
		Expect(err).NotTo(HaveOccurred())
		Expect(answer).To(MatchJSON(`{"object": "list", "data": []}`))
	})

	It("repeats the last message", func() {
		Expect(post(chatPath, `{"model": "second", "messages": [
			{"role": "system", "content": "Be brief."},
			{"role": "user", "content": "How are you?"}]}`)).To(MatchJSON(`{
				"id": "chatcmpl-80e01108fdf53a73", "object": "chat.completion", "created": 1, "model": "second",
				"choices": [{"index": 0, "finish_reason": "stop",
					"message": {"role": "assistant", "content": "You said: How are you?"}}],
				"usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}}`))
	})

	It("understands content that comes in parts", func() {
		Expect(post(chatPath, `{"model": "echo", "messages": [
			{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]}`)).
			To(ContainSubstring("You said: one two"))
	})

	It("gives the same answer each time", func() {
		request := `{"model": "echo", "messages": [{"role": "user", "content": "again"}]}`
		Expect(post(chatPath, request)).To(Equal(post(chatPath, request)))
	})

	It("gives different answers different ids", func() {
		Expect(post(completionPath, `{"model": "echo", "prompt": "a"}`)).NotTo(Equal(post(completionPath, `{"model": "echo", "prompt": "b"}`)))
	})

	Describe("streaming", func() {
		events := func() []string {
			answer := send(http.MethodPost, chatPath, `{"model": "echo", "stream": true, "messages": [{"role": "user", "content": "two words"}]}`)
			Expect(answer.Code).To(Equal(http.StatusOK))
			Expect(answer.Header().Get("Content-Type")).To(Equal("text/event-stream"))
			Expect(answer.Flushed).To(BeTrue(), "each word must leave at once")

			return strings.Split(strings.TrimSuffix(answer.Body.String(), "\n\n"), "\n\n")
		}

		It("sends role, words, the reason to stop, and the end mark", func() {
			all := events()
			Expect(all).To(HaveLen(7))
			Expect(all[0]).To(ContainSubstring(`"delta":{"role":"assistant"}`))
			Expect(all[5]).To(ContainSubstring(`"finish_reason":"stop"`))
			Expect(all[6]).To(Equal("data: [DONE]"))
		})

		It("adds up to the answer that is not streamed", func() {
			var said strings.Builder

			for _, event := range events()[:6] {
				var chunk struct {
					Object  string `json:"object"`
					Choices []struct {
						Delta struct {
							Content string `json:"content"`
						} `json:"delta"`
					} `json:"choices"`
				}
				Expect(json.Unmarshal([]byte(strings.TrimPrefix(event, "data: ")), &chunk)).To(Succeed())
				Expect(chunk.Object).To(Equal("chat.completion.chunk"))
				said.WriteString(chunk.Choices[0].Delta.Content)
			}

			Expect(said.String()).To(Equal("You said: two words"))
		})
	})

	It("completes a prompt", func() {
		Expect(post(completionPath, `{"model": "echo", "prompt": "Once upon"}`)).To(And(
			ContainSubstring(`"object":"text_completion"`), ContainSubstring(`"text":"You said: Once upon"`)))
	})

	Describe("embeddings", func() {
		vectors := func(input string) [][]float64 {
			var answer struct {
				Data []struct {
					Embedding []float64 `json:"embedding"`
				} `json:"data"`
			}
			Expect(json.Unmarshal([]byte(post(embeddingPath, `{"model": "echo", "input": `+input+`}`)), &answer)).To(Succeed())

			result := make([][]float64, 0, len(answer.Data))
			for _, entry := range answer.Data {
				result = append(result, entry.Embedding)
			}

			return result
		}

		It("has one for each text", func() {
			Expect(vectors(`["a", "b"]`)).To(HaveLen(2))
			Expect(vectors(`"a"`)).To(HaveLen(1))
		})

		It("depends on the text alone", func() {
			Expect(vectors(`["a", "b"]`)[0]).To(Equal(vectors(`"a"`)[0]))
			Expect(vectors(`"a"`)).NotTo(Equal(vectors(`"b"`)))
		})

		It("has 8 numbers, or as many as the backend is to give", func() {
			Expect(vectors(`"a"`)).To(HaveExactElements(HaveLen(8)))
			mux := http.NewServeMux()
			openai.Backend{Models: []string{"echo"}, Dimensions: 768}.Register(mux)
			handler = mux
			Expect(vectors(`"a"`)).To(HaveExactElements(HaveLen(768)))
		})

		It("has length 1", func() {
			var square float64
			for _, value := range vectors(`"some text"`)[0] {
				square += value * value
			}

			Expect(math.Sqrt(square)).To(BeNumerically("~", 1, 1e-9))
		})
	})

	DescribeTable("refuses", func(path, body string, code int, message string) {
		answer := send(http.MethodPost, path, body)
		Expect(answer.Code).To(Equal(code))

		var got struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		Expect(json.Unmarshal(answer.Body.Bytes(), &got)).To(Succeed())
		Expect(got.Error.Message).To(ContainSubstring(message))
	},
		Entry("a model that it does not have", chatPath, `{"model": "gpt"}`, http.StatusNotFound, `the model "gpt" does not exist; there is echo, second`),
		Entry("the same for a completion", completionPath, `{"model": ""}`, http.StatusNotFound, `the model "" does not exist`),
		Entry("a chat without messages", chatPath, `{"model": "echo"}`, http.StatusBadRequest, "messages must not be empty"),
		Entry("invalid JSON", chatPath, `{"model":`, http.StatusBadRequest, "failed to read the request"),
		Entry("an input that is not text", embeddingPath, `{"model": "echo", "input": 1}`, http.StatusBadRequest, "must be a string or a list of strings"),
		Entry("more than 1 MiB", chatPath, `{"model": "`+strings.Repeat("x", 1<<20)+`"}`, http.StatusBadRequest, "too large"),
	)

	It("answers 500 for what cannot be JSON", func() {
		answer := httptest.NewRecorder()
		openai.WriteJSON(answer, math.NaN())
		Expect(answer.Code).To(Equal(http.StatusInternalServerError))
		Expect(io.ReadAll(answer.Body)).To(ContainSubstring("NaN"))
	})
})
