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

package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Limits of what a server answers, in bytes.
const (
	longestEvent  = 1 << 20
	longestReply  = 4 << 20
	longestReason = 8 << 10
)

// chatPath is where a server answers. Servers before 0.3 answer at the other path.
const (
	chatPath      = "/v1/chat/completions"
	olderChatPath = "/v1/openai/v1/chat/completions"
)

// message is one of a conversation.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// question is a request.
type question struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Stream   bool      `json:"stream"`
}

// piece is a part of an answer, or a whole one.
type piece struct {
	Choices []struct {
		Delta   message `json:"delta"`
		Message message `json:"message"`
		// Finish says why the answer ends, in its last piece.
		Finish string `json:"finish_reason"` //nolint:tagliatelle // the API of OpenAI spells it so
	} `json:"choices"`
	Error  json.RawMessage `json:"error"`
	Detail json.RawMessage `json:"detail"`
}

// text of a piece.
func (p *piece) text() string {
	var text strings.Builder
	for i := range p.Choices {
		text.WriteString(p.Choices[i].Delta.Content)
		text.WriteString(p.Choices[i].Message.Content)
	}
	return text.String()
}

// finished says whether the answer ends with a piece.
func (p *piece) finished() bool {
	for i := range p.Choices {
		if p.Choices[i].Finish != "" {
			return true
		}
	}
	return false
}

// problem is the error in a piece, or "".
func (p *piece) problem() string {
	for _, raw := range []json.RawMessage{p.Error, p.Detail} {
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		var text string
		var object struct {
			Message string `json:"message"`
		}
		switch {
		case json.Unmarshal(raw, &text) == nil:
		case json.Unmarshal(raw, &object) == nil && object.Message != "":
			text = object.Message
		default:
			text = string(raw)
		}
		return clean(text)
	}
	return ""
}

// endpoint is the server that is asked.
type endpoint struct {
	client *http.Client
	url    string
	token  string
}

// unreachedError is that of a question without any answer.
type unreachedError struct{ error }

// Unwrap implements errors.Unwrap.
func (e unreachedError) Unwrap() error { return e.error }

// ask sends a question, and calls a function for each part of the answer.
func (e *endpoint) ask(ctx context.Context, asked question, see func(string)) error {
	body, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("failed to write the question: %w", err)
	}
	response, err := e.post(ctx, chatPath, body)
	if err == nil && response.StatusCode == http.StatusNotFound && !saysWhy(response) {
		_ = response.Body.Close()
		response, err = e.post(ctx, olderChatPath, body)
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return e.refusal(response)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/json" {
		return readWhole(response.Body, see)
	}
	return readStream(response.Body, see)
}

// saysWhy reports whether a 404 is about the model, as opposed to the path. The body can be read again.
func saysWhy(response *http.Response) bool {
	start, _ := io.ReadAll(io.LimitReader(response.Body, longestReason))
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(start))
	var found piece
	_ = json.Unmarshal(start, &found)
	why := found.problem()
	return why != "" && why != http.StatusText(http.StatusNotFound)
}

func (e *endpoint) post(ctx context.Context, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("failed to prepare the question: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if e.token != "" {
		request.Header.Set("Authorization", "Bearer "+e.token)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, unreachedError{fmt.Errorf("failed to ask the server: %w", err)}
	}
	return response, nil
}

// refusal says why a server does not answer.
func (e *endpoint) refusal(response *http.Response) error {
	start, _ := io.ReadAll(io.LimitReader(response.Body, longestReason))
	var found piece
	_ = json.Unmarshal(start, &found)
	why := found.problem()
	if why == "" {
		why = clean(strings.TrimSpace(string(start)))
	}
	switch {
	case response.StatusCode == http.StatusUnauthorized && e.token == "":
		return fmt.Errorf("the server requires a token; add --token-file: %s", why)
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("the server refuses the token: %s", why)
	}
	return fmt.Errorf("the server answers %d: %s", response.StatusCode, why)
}

// readWhole reads an answer of a server that does not stream.
func readWhole(body io.Reader, see func(string)) error {
	content, err := io.ReadAll(io.LimitReader(body, longestReply+1))
	if err != nil {
		return fmt.Errorf("failed to read the answer: %w", err)
	}
	if len(content) > longestReply {
		return errTooLong
	}
	_, err = seePiece(content, see)
	return err
}

// errTooLong ends an answer.
var errTooLong = fmt.Errorf("the answer has more than %d bytes and ends here", longestReply)

// readStream reads server-sent events until the server says that it is done. Llama Stack 0.7 only ends the connection after the
// last piece.
func readStream(body io.Reader, see func(string)) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, longestEvent)
	total, finished := 0, false
	for lines.Scan() {
		total += len(lines.Bytes())
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if data = bytes.TrimSpace(data); !ok || len(data) == 0 {
			continue // a comment, another field, or the end of an event
		}
		if string(data) == "[DONE]" {
			return nil
		}
		if total > longestReply {
			return errTooLong
		}
		last, err := seePiece(data, see)
		if err != nil {
			return err
		}
		finished = finished || last
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("the answer has a line of more than %d bytes and ends here", longestEvent)
	} else if err != nil {
		return fmt.Errorf("failed to read the answer: %w", err)
	}
	if finished {
		return nil
	}
	return errors.New("the connection ended before the answer did")
}

// seePiece reads one piece, and returns whether it is the last one.
func seePiece(data []byte, see func(string)) (bool, error) {
	var one piece
	if err := json.Unmarshal(data, &one); err != nil {
		return false, fmt.Errorf("failed to read a part of the answer: %w", err)
	}
	if why := one.problem(); why != "" {
		return false, fmt.Errorf("the server ends the answer: %s", why)
	}
	if text := printable(one.text()); text != "" {
		see(text)
	}
	return one.finished(), nil
}
