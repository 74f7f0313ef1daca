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

package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cli"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// hostile is a text that a terminal would obey: it erases the screen, sets the title, rings, returns to the beginning of the
// line, and changes the direction of what follows.
const hostile = "\x1b[2J\x1b]0;title\x07\r\u009b31m\u202ehostile"

// hostileFields are those that anybody who may write an object, or a server, fills.
var hostileFields = map[string]bool{
	"message": true, "reason": true, "type": true, "phase": true, "image": true, "value": true, "serviceURL": true, "routeURL": true,
	"llamaStackServerVersion": true, "operatorVersion": true, "api": true, "provider_id": true, "provider_type": true, "id": true,
	"provider": true, "manager": true, "fieldPath": true, "storageClassName": true, "clusterIP": true, "status": true,
}

// hostileAPI is an API server in front of the real one, whose objects have hostile texts. Refusing, it answers each request with
// an error that has one.
type hostileAPI struct {
	refusing bool
}

// start returns what sends requests to it.
func (h *hostileAPI) start() func(*http.Request) {
	GinkgoHelper()
	to, err := url.Parse(controlPlane.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(controlPlane.Config)
	Expect(err).NotTo(HaveOccurred())
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(request *httputil.ProxyRequest) { request.SetURL(to); request.Out.Header.Del("Accept-Encoding") },
		Transport:      transport,
		ModifyResponse: h.change,
	}
	server := httptest.NewServer(proxy)
	DeferCleanup(server.Close)
	return func(request *http.Request) {
		request.URL.Scheme, request.URL.Host = "http", server.Listener.Addr().String()
	}
}

// change makes an answer hostile.
func (h *hostileAPI) change(response *http.Response) error {
	response.Header.Add("Warning", "299 - \"\u009b31m\u202ewarned\"") // no header can have the others
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var object any
	if json.Unmarshal(content, &object) == nil {
		poison(object)
		if content, err = json.Marshal(object); err != nil {
			return err
		}
	}
	if h.refusing {
		response.StatusCode = http.StatusBadRequest
		content, err = json.Marshal(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusBadRequest, Message: hostile, Reason: hostile,
		})
		if err != nil {
			return err
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	response.ContentLength = int64(len(content))
	response.Header.Set("Content-Length", strconv.Itoa(len(content)))
	return nil
}

// poison adds the hostile text to the texts of fields.
func poison(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			poison(item)
		}
	case map[string]any:
		for key, item := range value {
			if text, ok := item.(string); ok && hostileFields[key] {
				value[key] = text + hostile
			}
			poison(item)
		}
	}
}

// obeyed is what a terminal would obey in a text.
func obeyed(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// hostileServer is a namespace with a server that has whatever a command shows, and a file with that server.
func hostileServer(ctx context.Context) (string, string) {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	server := llsdtest.Make("demo").Namespace(namespace).Storage("1Gi").Env("A", "b").Obj()
	harness.Create(ctx, admin, server, event(namespace, "demo-6c5f8b9d7c-x2x4z", "Killing"))
	harness.BecomeReady(ctx, admin, server)
	pod := podOf(server, "demo-6c5f8b9d7c-x2x4z")
	startLogNode(ctx).pod(ctx, pod, "2026-03-01T12:00:00Z starts"+hostile+"\n")
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "No", Message: "no"}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(server), server)).To(Succeed())
	edited := llsdtest.Make("demo").Namespace(namespace).Storage("1Gi").Env("A", "c").Edit(func(s *v1alpha1.LlamaStackDistribution) {
		s.APIVersion, s.Kind = v1alpha1.GroupVersion.String(), v1alpha1.Kind
	}).Obj()
	content, err := yaml.Marshal(edited)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "demo.yaml")
	Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	return namespace, file
}

// hostileLines are command lines of all commands that read the cluster.
func hostileLines(file, folder string) map[string][]string {
	return map[string][]string{
		"status": {"status demo", "status", "status -A"}, "events": {"events demo"}, "models": {"models", "models demo"}, "providers": {"providers", "providers demo"},
		"config": {"config demo", "config diff -f " + file, "config validate --online -f " + file}, "doctor": {"doctor demo", "doctor"},
		"top": {"top --interval=100ms"}, "migrate": {"migrate", "migrate -A"}, "report": {"report --output-dir " + folder},
		"chat": {"chat demo", "chat demo a --prompt b"}, "restart": {"restart demo"}, "suspend": {"suspend demo"}, "resume": {"resume demo"}, "pause": {"pause demo"},
		"unpause": {"unpause demo"}, "rollback": {"rollback demo"}, "check": {"check demo"}, "create": {"create other --distribution starter --apply"},
		"logs": {"logs other"}, "convert": {"convert -f " + file}, "completion": {"__complete status ''"},
	}
}

var _ = Describe("Text that a terminal would obey", func() {
	DescribeTable("reaches no terminal from any command, with", func(ctx context.Context, api hostileAPI, texts string) {
		namespace, file := hostileServer(ctx)
		change := api.start()
		lines := hostileLines(file, GinkgoT().TempDir())

		var shown strings.Builder
		for _, command := range cli.New(cli.Options{}).Commands() {
			Expect(lines).To(HaveKey(command.Name()), "a command without a hostile spec")
			for _, line := range lines[command.Name()] {
				found := run(ctx, change, append(strings.Fields(line), "-n", namespace)...)
				Expect(obeyed(found.Out)).To(BeEmpty(), "%s: %q", line, found.Out)
				Expect(obeyed(found.Err)).To(BeEmpty(), "%s: %q", line, found.Err)
				shown.WriteString(found.Out + found.Err)
			}
		}
		Expect(shown.String()).To(ContainSubstring(texts), "nothing hostile was shown")
	},
		Entry("objects that have it", hostileAPI{}, "[2J"),
		Entry("errors that have it", hostileAPI{refusing: true}, "[2J"),
	)

	It("stays as it is in JSON for programs", func(ctx context.Context) {
		namespace, _ := hostileServer(ctx)
		change := (&hostileAPI{}).start()

		found := run(ctx, change, "pause", "demo", "-n", namespace, "--dry-run=client", "-o", "json")

		object := map[string]any{}
		Expect(json.Unmarshal([]byte(found.Out), &object)).To(Succeed(), found.Err)
		Expect(object).To(HaveKeyWithValue("status", HaveKeyWithValue("phase", HaveSuffix(hostile))))
	})

	It("is in logs as the server wrote it, but not on a terminal", func(ctx SpecContext) {
		namespace, _ := hostileServer(ctx)

		Expect(run(ctx, nil, "logs", "demo", "-n", namespace).Out).To(Equal("[demo-6c5f8b9d7c-x2x4z] starts" + hostile + "\n"))
		t := openTerminal(ctx, nil, "logs", "demo", "-n", namespace)
		Eventually(t.ended).Should(Receive(BeZero()))
		Expect(string(t.screen.Contents())).To(Equal("[demo-6c5f8b9d7c-x2x4z] starts[2J]0;title31mhostile\r\n"))
	}, NodeTimeout(5*time.Minute))
})
