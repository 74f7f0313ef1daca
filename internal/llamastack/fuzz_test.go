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
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
)

// Bounds of what is kept of a server's answers.
const (
	longestText    = 256
	mostProviders  = 256
	longestVersion = 128
)

// patience is what the fuzz targets give a server. It closes each connection after its answer, so that only a busy machine takes
// long for one.
const patience = time.Minute

// speaks is a client of a server that writes an answer to each request and closes the connection. The answer is
// chosen by the path of the request.
func speaks(answers map[string]string) *llamastack.Client {
	return llamastack.NewClient(llamastack.ClientOptions{Timeout: patience, Dial: func(context.Context, llamastack.Endpoint) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			request, err := http.ReadRequest(bufio.NewReader(far))
			if err != nil {
				return
			}
			_ = far.SetWriteDeadline(time.Now().Add(patience))
			_, _ = far.Write([]byte(answers[request.URL.Path]))
		}()
		return near, nil
	}})
}

func ask(t *testing.T, answers map[string]string) llamastack.Observation {
	t.Helper()
	return speaks(answers).Observe(t.Context(), llamastack.Endpoint{Scheme: "http", Host: "server", Address: clusterIP, Port: 8321})
}

// ok is a whole answer of code 200.
func ok(body string) string { return "HTTP/1.0 200 OK\r\n\r\n" + body }

// FuzzObserve holds for any bodies: what is kept is bounded, sorted, valid text and free of configuration; what is
// unknown is said in words of ours; the same answers give the same observation, whatever the order of providers and models.
func FuzzObserve(f *testing.F) {
	f.Add(`{"status":"OK"}`, `{"version":"0.7.1+rhaiv.1"}`,
		`{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{"api_token":"secret"},"health":{"status":"Error","message":"no"}}]}`,
		`{"data":[{"id":"b","custom_metadata":{"provider_id":"vllm","model_type":"llm"}},{"identifier":"a","provider_id":"vllm","model_type":"llm"}]}`)
	f.Add(`{"status":"Error"}`, `{"version":"latest"}`, `{"data":[]}`, `{"data":[1,null,{"id":1},{"id":"\u0000\u0001"},{"id":"\u0001\u0000"}]}`)
	f.Add(`[]`, ``, `{"data":[null,1,{"provider_id":"a"},{"provider_id":"a","health":{"status":"OK"}},{"provider_id":"a","health":{"status":"Error"}}]}`, ``)
	f.Add(`{}`, ``, `{"dAtA":[null,{},{"0":"0"},{}]}`, ``)
	f.Add(`{"status":5}`, `{"version":"1!2.0rc1.post2.dev3"}`, `{"data":{}}`, ``)
	f.Add(`{"status":"\xff\ud800"}`, "{\"version\":\"1\n\"}", `{"data":[{"provider_id":"\u0000","api":"`+strings.Repeat("é", longestText)+`"}]}`, ``)
	f.Fuzz(func(t *testing.T, health, version, providers, models string) {
		answers := map[string]string{"/v1/health": ok(health), "/v1/version": ok(version), "/v1/providers": ok(providers), "/v1/models": ok(models)}
		observation := ask(t, answers)
		checkObservation(t, observation)
		if strings.Contains(observation.Problem+observation.Models.Problem, "no answer within") {
			return // a busy machine
		}
		if again := ask(t, answers); !reflect.DeepEqual(observation, again) || !observation.Equal(again) {
			t.Fatalf("the same answers gave %+v, then %+v", observation, again)
		}
		checkOrder(t, answers, "/v1/providers", providers)
		checkOrder(t, answers, "/v1/models", models)
	})
}

// checkOrder checks that the order of a list makes no difference.
func checkOrder(t *testing.T, answers map[string]string, path, answer string) {
	t.Helper()
	list, reversed, possible := reverse(answer)
	if !possible {
		return
	}
	answers[path] = ok(list)
	before := ask(t, answers)
	answers[path] = ok(reversed)
	if after := ask(t, answers); !before.Equal(after) {
		t.Fatalf("the order of %s matters: %+v, %+v", path, before, after)
	}
}

// FuzzAnswer holds for any bytes on the wire.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", ok(`{"status":"OK"}`), "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 307 x\r\nLocation: http://elsewhere/\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
		"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 429 Slow\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "\x15\x03\x01\x00\x02\x02\x46",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		observation := ask(t, map[string]string{"/v1/health": answer, "/v1/version": answer, "/v1/providers": answer, "/v1/models": answer})
		checkObservation(t, observation)
	})
}

func checkObservation(t *testing.T, o llamastack.Observation) {
	t.Helper()
	checkText(t, "health", o.Health)
	checkText(t, "version", o.Version)
	if len(o.Version) > longestVersion || strings.ContainsAny(o.Version, " \n") {
		t.Errorf("version %q", o.Version)
	}
	known := o.Health != "" && o.Version != "" && o.Providers != nil
	if o.Problem == "" && !known {
		t.Errorf("nothing reports what is unknown: %+v", o)
	}
	if !o.Reached && (known || o.Limited != 0) {
		t.Errorf("known of a server that was not reached: %+v", o)
	}
	for _, word := range strings.FieldsFunc(o.Problem, func(r rune) bool { return r == ';' }) {
		if word = strings.TrimSpace(word); !strings.HasPrefix(word, "GET /v1/") || len(word) > longestText {
			t.Errorf("problem %q", o.Problem)
		}
	}
	checkProviders(t, o.Providers)
	checkModels(t, o.Models)
}

func checkModels(t *testing.T, m llamastack.Models) {
	t.Helper()
	if len(m.Items) > mostModels || len(m.Items) > m.Total || m.Known != (m.Items != nil) || m.Known && m.Problem != "" || len(m.Problem) > longestText {
		t.Errorf("models %+v", m)
	}
	for i, model := range m.Items {
		for _, text := range []string{model.ID, model.Provider, model.Type} {
			checkText(t, "model", text)
		}
		if model.ID == "" || i > 0 && m.Items[i-1].ID >= model.ID {
			t.Errorf("model %q is not sorted, or there twice", model.ID)
		}
	}
}

func checkProviders(t *testing.T, providers []v1alpha1.ProviderInfo) {
	t.Helper()
	if len(providers) > mostProviders {
		t.Errorf("%d providers", len(providers))
	}
	for _, p := range providers {
		for _, text := range []string{p.API, p.ProviderID, p.ProviderType, p.Health.Status, p.Health.Message} {
			checkText(t, "provider", text)
		}
		if p.Config != nil || p.ProviderID == "" {
			t.Errorf("provider %+v", p)
		}
	}
	if !slices.IsSortedFunc(providers, func(a, b v1alpha1.ProviderInfo) int {
		return slices.Compare([]string{a.API, a.ProviderID, a.ProviderType}, []string{b.API, b.ProviderID, b.ProviderType})
	}) {
		t.Error("the providers are not sorted")
	}
}

func checkText(t *testing.T, what, text string) {
	t.Helper()
	written, err := json.Marshal(text)
	if err != nil || len(written) > longestText+len(`""`) || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%s: %d bytes: %q", what, len(text), text)
	}
}

// reverse returns the list in an answer, and the same list in the opposite order, where there is one that is short
// enough to be kept whole.
func reverse(providers string) (string, string, bool) {
	var answer struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal([]byte(providers), &answer); err != nil || len(answer.Data) < 2 || len(answer.Data) > mostProviders {
		return "", "", false
	}
	list, errList := json.Marshal(answer)
	slices.Reverse(answer.Data)
	reversed, errReversed := json.Marshal(answer)
	return string(list), string(reversed), errList == nil && errReversed == nil
}
