//go:build e2e

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

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	contentType = "Content-Type"
	jsonType    = "application/json"
)

// request prepares a request to a server through its Service, which the API server passes on.
func request(server *v1alpha1.LlamaStackDistribution, verb, path string) *rest.Request {
	port := strconv.Itoa(int(server.ServerPort()))
	return clientset.CoreV1().RESTClient().Verb(verb).Namespace(server.Namespace).Resource("services").
		Name("http:" + server.Name + "-service:" + port).SubResource("proxy").Suffix(path)
}

// ask sends a request and decodes the response, which must be JSON, unless into is nil.
func ask(ctx context.Context, r *rest.Request, into any) error {
	body, err := r.Do(ctx).Raw()
	if err != nil {
		return fmt.Errorf("failed to get a good answer: %w: %s", err, body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("failed to get a good answer: %w: %s", err, body)
	}
	return nil
}

// post sends JSON.
func post(ctx context.Context, server *v1alpha1.LlamaStackDistribution, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return ask(ctx, request(server, http.MethodPost, path).SetHeader(contentType, jsonType).Body(text), into)
}

// Shapes of an element of /v1/models: OpenAI's from 0.4 on, the server's own before.
const (
	openAIShape = "openai"
	nativeShape = "native"
)

// models lists the ids of a server's models, and the shape of the list.
func models(ctx context.Context, server *v1alpha1.LlamaStackDistribution) ([]string, string, error) {
	var list struct {
		Data []struct {
			ID         string `json:"id"`
			Identifier string `json:"identifier"`
		} `json:"data"`
	}
	if err := ask(ctx, request(server, http.MethodGet, "/v1/models"), &list); err != nil {
		return nil, "", err
	}
	var ids []string
	shape := openAIShape
	for _, model := range list.Data {
		if model.ID == "" {
			shape = nativeShape
			model.ID = model.Identifier
		}
		ids = append(ids, model.ID)
	}
	return ids, shape, nil
}

// chat asks a model a question and returns its answer.
func chat(ctx context.Context, server *v1alpha1.LlamaStackDistribution, model, question string) (string, error) {
	var completion struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	err := post(ctx, server, "/v1/chat/completions", map[string]any{
		"model": model, "messages": []map[string]string{{"role": "user", "content": question}},
	}, &completion)
	if err != nil || len(completion.Choices) == 0 {
		return "", err
	}
	return completion.Choices[0].Message.Content, nil
}

// becomeReady waits until a server is Ready for its current generation.
func becomeReady(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(serverStarts).
		Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
}

// answer waits until a server's Service leads to it, which may be a moment after it is Ready.
func answer(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(func() error { return ask(ctx, request(server, http.MethodGet, "/v1/version"), nil) }).Should(Succeed())
}

// serve checks that a server lists a model, in the given shape, and completes a chat with it.
func serve(ctx context.Context, server *v1alpha1.LlamaStackDistribution, model, shape string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		ids, found, err := models(ctx, server)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ids).To(ContainElement(model))
		g.Expect(found).To(Equal(shape))
		g.Expect(chat(ctx, server, model, "Is anybody there?")).To(ContainSubstring("Is anybody there?"))
	}).Should(Succeed())
}

// upload stores a file on a server and returns its id.
func upload(ctx context.Context, server *v1alpha1.LlamaStackDistribution, name, content string) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return "", err
	}
	if _, err := part.Write([]byte(content)); err != nil {
		return "", err
	}
	if err := form.WriteField("purpose", "assistants"); err != nil {
		return "", err
	}
	if err := form.Close(); err != nil {
		return "", err
	}
	var file struct {
		ID string `json:"id"`
	}
	r := request(server, http.MethodPost, "/v1/files").SetHeader(contentType, form.FormDataContentType()).Body(body.Bytes())
	return file.ID, ask(ctx, r, &file)
}

// download reads the content of a file on a server.
func download(ctx context.Context, server *v1alpha1.LlamaStackDistribution, id string) (string, error) {
	body, err := request(server, http.MethodGet, "/v1/files/"+id+"/content").Do(ctx).Raw()
	return string(body), err
}

// converse starts a conversation with one message and returns its id.
func converse(ctx context.Context, server *v1alpha1.LlamaStackDistribution, message string) (string, error) {
	var conversation struct {
		ID string `json:"id"`
	}
	err := post(ctx, server, "/v1/conversations", map[string]any{"items": []map[string]any{{
		"type": "message", "role": "user", "content": []map[string]string{{"type": "input_text", "text": message}},
	}}}, &conversation)
	return conversation.ID, err
}

// recall reads a conversation's items, as text.
func recall(ctx context.Context, server *v1alpha1.LlamaStackDistribution, id string) (string, error) {
	body, err := request(server, http.MethodGet, "/v1/conversations/"+id+"/items").Do(ctx).Raw()
	return string(body), err
}
