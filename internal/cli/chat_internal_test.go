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
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// modelServer answers questions, and keeps them.
type modelServer struct {
	*httptest.Server

	asked  []question
	tokens []string
	answer func(http.ResponseWriter, *http.Request)
}

func serveModel(path string, secure bool, answer func(http.ResponseWriter, *http.Request)) *modelServer {
	GinkgoHelper()
	m := &modelServer{answer: answer}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var one question
		if json.NewDecoder(r.Body).Decode(&one) == nil {
			m.asked, m.tokens = append(m.asked, one), append(m.tokens, r.Header.Get("Authorization"))
		}
		m.answer(w, r)
	})
	if secure {
		m.Server = httptest.NewTLSServer(mux)
	} else {
		m.Server = httptest.NewServer(mux)
	}
	DeferCleanup(m.Close)
	return m
}

// streams answers with these lines.
func streams(lines ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, line := range lines {
			_, _ = io.WriteString(w, line+"\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// part is a line with a part of an answer.
func part(text string) string {
	content, _ := json.Marshal(text) //nolint:errchkjson // a text always has JSON
	return `data: {"choices": [{"delta": {"content": ` + string(content) + `}}]}`
}

const done = "data: [DONE]"

// talking is a conversation with a server.
func talking(m *modelServer, in string) (*talk, *bytes.Buffer, *bytes.Buffer) {
	out, errOut := &bytes.Buffer{}, &bytes.Buffer{}
	return &talk{endpoint: endpoint{client: plainClient(), url: m.URL}, model: "a/b", in: strings.NewReader(in), out: out, errOut: errOut}, out, errOut
}

var _ = Describe("chat", func() {
	It("prints answers as they come, and sends the conversation", func(ctx context.Context) {
		m := serveModel(chatPath, false, streams(": comment", `data: {"choices": []}`, part("Hel"), part("lo\x1b[31m!"), done, part("not this")))
		t, out, errOut := talking(m, "First\n\n  Second  \n")
		t.system = "Be short."

		Expect(t.run(ctx, "", false)).To(Succeed(), errOut.String())

		Expect(out.String()).To(Equal(strings.Repeat("Hello[31m!\n", 2)), "a terminal obeys nothing of it")
		Expect(m.asked).To(HaveExactElements(
			question{Model: "a/b", Stream: true, Messages: []message{{"system", "Be short."}, {"user", "First"}}},
			question{Model: "a/b", Stream: true, Messages: []message{{"system", "Be short."}, {"user", "First"}, {"assistant", "Hello[31m!"}, {"user", "Second"}}},
		))
		Expect(m.tokens).To(HaveEach(BeEmpty()))
	})

	It("asks one question with --prompt, of a server with TLS and authentication", func(ctx context.Context) {
		m := serveModel(chatPath, true, streams(part("Yes"), done))
		t, out, _ := talking(m, "not read")
		t.endpoint.token = "t"

		Expect(t.run(ctx, "Ready?", true)).To(Succeed())

		Expect(out.String()).To(Equal("Yes\n"))
		Expect(m.tokens).To(Equal([]string{"Bearer t"}))
	})

	It("finds the path of older servers, and reads an answer that is not streamed", func(ctx context.Context) {
		m := serveModel(olderChatPath, false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"choices": [{"message": {"role": "assistant", "content": "Whole"}}]}`)
		})
		t, out, _ := talking(m, "")

		Expect(t.run(ctx, "Ready?", false)).To(Succeed())

		Expect(out.String()).To(Equal("Whole\n"))
	})

	It("takes an answer of a server that says why it ends, and only ends the connection", func(ctx context.Context) {
		t, out, _ := talking(serveModel(chatPath, false, streams(part("Whole"), `data: {"choices": [{"delta": {"content": null}, "finish_reason": "stop"}]}`)), "")

		Expect(t.run(ctx, "Ready?", false)).To(Succeed())
		Expect(out.String()).To(Equal("Whole\n"))
	})

	DescribeTable("ends an answer with what is wrong", func(ctx context.Context, why, printed string, answer func(http.ResponseWriter, *http.Request)) {
		t, out, _ := talking(serveModel(chatPath, false, answer), "")

		Expect(t.run(ctx, "Ready?", false)).To(MatchError(ContainSubstring(why)))
		Expect(out.String()).To(Equal(printed))
	},
		Entry("in the middle of the stream", "the server ends the answer: out of memory", "Hel\n", streams(part("Hel"), `data: {"error": {"message": "out of memory"}}`, done)),
		Entry("in another form", "the server ends the answer: busy", "", streams(`data: {"detail": "busy"}`)),
		Entry("with a part that is no JSON", "failed to read a part of the answer", "", streams("data: {")),
		Entry("without an end", "the connection ended before the answer did", "Hel\n", streams(part("Hel"))),
		Entry("with a line without an end", "a line of more than 1048576 bytes", "", streams("data: "+strings.Repeat("a", longestEvent))),
		Entry("with too much", "more than 4194304 bytes", strings.Repeat("a", 10*400_000)+"\n", streams(append(slicesOf(part(strings.Repeat("a", 400_000)), 12), done)...)),
		Entry("for an unknown model", "the server answers 404: model a/b not found", "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"detail": "model a/b not found"}`)
		}),
		Entry("without a token", "requires a token; add --token-file: who are you", "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error": {"message": "who are you"}}`)
		}),
		Entry("with a redirect", "the server answers 302", "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }),
	)

	It("ends an answer at the first interrupt, and the conversation at the next", func(ctx context.Context) {
		m := serveModel(chatPath, false, func(w http.ResponseWriter, r *http.Request) {
			streams(part("Hel"))(w, r)
			<-r.Context().Done()
		})
		t, _, errOut := talking(m, "")
		interrupts, in, to := make(chan os.Signal), io.Reader(nil), io.Writer(nil)
		in, to = io.Pipe()
		heard := make(chan string, 1)
		t.interrupts, t.in, t.out = interrupts, in, writerFunc(func(text string) { heard <- text })
		ended := make(chan error, 1)
		go func() { ended <- t.run(ctx, "", true) }()

		_, err := io.WriteString(to, "Ready?\n")
		Expect(err).NotTo(HaveOccurred())
		Eventually(heard, "30s").Should(Receive(Equal("Hel")))
		Eventually(interrupts, "30s").Should(BeSent(os.Interrupt))
		Eventually(heard, "30s").Should(Receive(Equal("\n")))
		Consistently(ended, "100ms").ShouldNot(Receive())
		Eventually(interrupts, "30s").Should(BeSent(os.Interrupt))
		Eventually(ended, "30s").Should(Receive(BeNil()))
		Expect(errOut.String()).To(ContainSubstring("Interrupted.\n> "))
	})

	It("keeps the last messages, and the question in any case", func() {
		t := &talk{}
		large := strings.Repeat("a", longestTalk/2)
		said := []message{{"user", "1"}, {"assistant", large}, {"user", "2"}, {"assistant", large}, {"user", "3"}}

		Expect(t.kept(said)).To(Equal(said[2:]))
		Expect(t.kept([]message{{"user", large + large + large}})).To(HaveLen(1))
		Expect(t.kept(nil)).To(BeEmpty())
	})

	It("takes the first model that can talk", func() {
		server := llsdtest.Make("demo").Obj()
		_, err := modelOf(server, "")
		Expect(err).To(MatchError(ContainSubstring("add the id of one: kubectl llamastack chat demo MODEL")))
		server.Status.Models = &v1alpha1.ModelsStatus{Items: []v1alpha1.ModelInfo{{ID: "e", Type: "embedding"}, {ID: "l", Type: "llm"}}}
		Expect(modelOf(server, "")).To(Equal("l"))
		Expect(talkers(server)).To(Equal([]string{"l"}))
		Expect(modelOf(server, "other")).To(Equal("other"))
		Expect(schemeOf(server)).To(Equal("http"))
		server.Status.ServiceURL = "https://demo-service"
		Expect(schemeOf(server)).To(Equal("https"))
	})

	It("reads a token of one line", func() {
		file := filepath.Join(GinkgoT().TempDir(), "token")
		for content, fits := range map[string]bool{"t\n": true, "": false, "a\nb": false, strings.Repeat("a", longestToken+1): false} {
			Expect(os.WriteFile(file, []byte(content), 0o600)).To(Succeed())
			token, err := readToken(file)
			if fits {
				Expect(token, err).To(Equal("t"))
			} else {
				Expect(err).To(MatchError(ContainSubstring("must have one line with the token")))
			}
		}
	})

	It("reaches a Pod through the API server, and closes the port", func(ctx context.Context) {
		m := serveModel(chatPath, false, streams(part("Yes"), done))
		api := httptest.NewServer(forwardTo(m.Listener.Addr().String()))
		DeferCleanup(api.Close)
		config := &rest.Config{Host: api.URL}
		core, err := corev1client.NewForConfig(config)
		Expect(err).NotTo(HaveOccurred())

		address, finish, err := forward(ctx, core, config, "ns", "pod", 8321)
		Expect(err).NotTo(HaveOccurred())
		t, out, _ := talking(m, "")
		t.endpoint.url = "http://" + address
		Expect(t.run(ctx, "Ready?", false)).To(Succeed())
		Expect(out.String()).To(Equal("Yes\n"))

		finish()
		_, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		Expect(err).To(MatchError(ContainSubstring("refused")))
	})

	It("says that a Pod cannot be reached", func(ctx context.Context) {
		api := httptest.NewServer(http.NotFoundHandler())
		DeferCleanup(api.Close)
		config := &rest.Config{Host: api.URL}
		core, err := corev1client.NewForConfig(config)
		Expect(err).NotTo(HaveOccurred())

		_, _, err = forward(ctx, core, config, "ns", "pod", 8321)

		Expect(err).To(MatchError(ContainSubstring("failed to forward a port to Pod pod")))
	})
})

// writerFunc writes to a function.
type writerFunc func(string)

// Write implements io.Writer.
func (f writerFunc) Write(content []byte) (int, error) {
	f(string(content))
	return len(content), nil
}

// slicesOf has a text several times.
func slicesOf(text string, times int) []string {
	all := make([]string, times)
	for i := range all {
		all[i] = text
	}
	return all
}

// forwardTo is an API server that forwards ports by SPDY, as those before WebSocket do.
func forwardTo(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/ns/pods/pod/portforward" {
			http.Error(w, "no WebSocket here", http.StatusBadRequest)
			return
		}
		harness.ForwardPorts(address).ServeHTTP(w, r)
	})
}
