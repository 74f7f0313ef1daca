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
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/onsi/gomega/gbytes"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Keys as a terminal sends them.
const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	enter = "\r"
)

// terminal is one in which the program runs.
type terminal struct {
	// screen has what was printed.
	screen *gbytes.Buffer
	device *os.File
	// ended receives the exit code.
	ended chan int
}

// Buffer implements gbytes.BufferProvider.
func (t *terminal) Buffer() *gbytes.Buffer { return t.screen }

// program is a process of the program.
func program(ctx context.Context, args ...string) *exec.Cmd {
	GinkgoHelper()
	binary, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	command := exec.CommandContext(ctx, binary, args...)
	command.Env = append(os.Environ(), asProgram+"=true", "KUBECONFIG="+kubeconfig, "TERM=xterm", "NO_COLOR=")
	return command
}

// openTerminal starts the program in a terminal, which is its controlling one, with further variables.
func openTerminal(ctx context.Context, variables []string, args ...string) *terminal {
	GinkgoHelper()
	command := program(ctx, args...)
	command.Env = append(command.Env, variables...)
	device, err := pty.Start(command)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(device.Close)
	t := &terminal{screen: gbytes.NewBuffer(), device: device, ended: make(chan int, 1)}
	go func() {
		_, _ = io.Copy(io.MultiWriter(t.screen, GinkgoWriter), device) // the end of the program is an error of the device
		_ = command.Wait()
		t.ended <- command.ProcessState.ExitCode()
	}()
	return t
}

// press presses keys.
func (t *terminal) press(keys string) {
	GinkgoHelper()
	_, err := t.device.WriteString(keys)
	Expect(err).NotTo(HaveOccurred())
}

// typist is a model that answers as far as a spec lets it.
type typist struct {
	*httptest.Server

	parts chan string
	// gone receives something when the program ends an answer.
	gone chan struct{}
}

func newTypist() *typist {
	t := &typist{parts: make(chan string), gone: make(chan struct{}, 1)}
	t.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case part := <-t.parts:
				line := "[DONE]"
				if part != "" {
					content, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"delta": map[string]any{"content": part}}}})
					line = string(content)
				}
				_, _ = io.WriteString(w, "data: "+line+"\n\n")
				_ = http.NewResponseController(w).Flush()
				if part == "" {
					return
				}
			case <-request.Context().Done():
				t.gone <- struct{}{}
				return
			}
		}
	}))
	DeferCleanup(t.CloseClientConnections)
	return t
}

// talkingServer is a server with a Pod that a port can be forwarded to, and the model behind it.
func talkingServer(ctx context.Context) (string, *typist) {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	server := llsdtest.Make("demo").Namespace(namespace).Obj()
	harness.Create(ctx, admin, server)
	return namespace, talkingPod(ctx, server, "demo-a")
}

// talkingPod is a Pod of a server, on a node of its own, and the model behind it.
func talkingPod(ctx context.Context, server *v1alpha1.LlamaStackDistribution, name string) *typist {
	GinkgoHelper()
	node, pod, model := startLogNode(ctx), podOf(server, name), newTypist()
	node.ports = harness.ForwardPorts(model.Listener.Addr().String())
	node.pod(ctx, pod, "")
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
	return model
}

var _ = Describe("In a terminal, chat", func() {
	It("prints an answer as it comes, ends it with Ctrl-C, and itself with the next one", func(ctx SpecContext) {
		namespace, model := talkingServer(ctx)
		t := openTerminal(ctx, nil, "chat", "demo", "a/b", "-n", namespace)

		Eventually(t).Should(gbytes.Say("Talking to a/b. Ctrl-C ends an answer, Ctrl-D the conversation.\r\n> "))
		t.press("First" + enter)
		Eventually(model.parts).Should(BeSent("Hel"))
		Eventually(t).Should(gbytes.Say("First\r\nHel"))
		Eventually(model.parts).Should(BeSent("lo"))
		Eventually(t).Should(gbytes.Say("^lo"))
		Eventually(model.parts).Should(BeSent(""))
		Eventually(t).Should(gbytes.Say("^\r\n> "))

		t.press("Second" + enter)
		Eventually(model.parts).Should(BeSent("Never"))
		Eventually(t).Should(gbytes.Say("Never"))
		t.press(ctrlC)
		Eventually(t).Should(gbytes.Say("Interrupted.\r\n> "))
		Eventually(model.gone).Should(Receive(), "the server is not left to finish the answer")
		Expect(t.ended).NotTo(Receive())

		t.press("Third" + enter)
		Eventually(model.parts).Should(BeSent("Yes"))
		Eventually(model.parts).Should(BeSent(""))
		Eventually(t).Should(gbytes.Say("Yes\r\n> "))
		t.press(ctrlC)
		Eventually(t.ended).Should(Receive(BeZero()))
	}, NodeTimeout(5*time.Minute))

	It("goes on with another Pod when the one that it talks to is gone", func(ctx SpecContext) {
		namespace, model := talkingServer(ctx)
		t := openTerminal(ctx, nil, "chat", "demo", "a/b", "-n", namespace)
		Eventually(t).Should(gbytes.Say("> "))
		t.press("First" + enter)
		Eventually(model.parts).Should(BeSent("Yes"))
		Eventually(model.parts).Should(BeSent(""))
		Eventually(t).Should(gbytes.Say("Yes\r\n> "))

		model.Close()
		t.press("Second" + enter)
		Eventually(t).Should(gbytes.Say("error: failed to ask the server: .*\r\n> "), "there is no other one")
		server := harness.Get(ctx, admin, namespace, "demo", &v1alpha1.LlamaStackDistribution{})
		other := talkingPod(ctx, server, "demo-b")
		t.press("Third" + enter)
		Eventually(t).Should(gbytes.Say("The port-forward to Pod demo-a was gone; connected to Pod demo-b.\r\n"))
		Eventually(other.parts).Should(BeSent("Again"))
		Eventually(other.parts).Should(BeSent(""))
		Eventually(t).Should(gbytes.Say("Again\r\n> "))
	}, NodeTimeout(5*time.Minute))

	It("ends with Ctrl-D", func(ctx SpecContext) {
		namespace, _ := talkingServer(ctx)
		t := openTerminal(ctx, nil, "chat", "demo", "a/b", "-n", namespace)

		Eventually(t).Should(gbytes.Say("> "))
		Consistently(t.ended, "100ms").ShouldNot(Receive())
		t.press(ctrlD)
		Eventually(t.ended).Should(Receive(BeZero()))
	}, NodeTimeout(5*time.Minute))
})

var _ = Describe("In a terminal, create", func() {
	It("asks with defaults, and again after an answer that does not fit", func(ctx SpecContext) {
		t := openTerminal(ctx, nil, "create", "demo", "-n", "somewhere")

		for _, step := range [][2]string{
			{`Distribution \[starter\]: `, ""}, {"Type of the provider", "vllm"}, {"URL of the provider", "vllm:8000"}, {"it starts with http://", ""},
			{"needs the URL of its API", "http://vllm:8000/v1"}, {"Secret with the key", ""}, {"Model of the provider", ""},
			{`Size of the PVC; - for none \[20Gi\]: `, "much"}, {"it is a size, such as 20Gi", "5Gi"},
		} {
			Eventually(t).Should(gbytes.Say(step[0]))
			t.press(step[1] + enter)
		}
		Eventually(t.ended).Should(Receive(BeZero()))
		Expect(string(t.screen.Contents())).To(And(ContainSubstring(`namespace: "somewhere"`), ContainSubstring(`name: "starter"`),
			ContainSubstring("remote::vllm"), ContainSubstring("http://vllm:8000/v1"), ContainSubstring(`size: "5Gi"`)))
	}, NodeTimeout(5*time.Minute))

	DescribeTable("ends without a result at", func(ctx SpecContext, key string, code int) {
		t := openTerminal(ctx, nil, "create", "demo", "-n", "somewhere")

		Eventually(t).Should(gbytes.Say("Distribution"))
		t.press(key)
		Eventually(t.ended).Should(Receive(Equal(code)))
		Expect(string(t.screen.Contents())).NotTo(ContainSubstring("apiVersion"))
	},
		Entry("Ctrl-C", ctrlC, 1, NodeTimeout(5*time.Minute)),
		Entry("Ctrl-D", ctrlD, 1, NodeTimeout(5*time.Minute)),
	)
})

var _ = Describe("Colours", func() {
	const escape = "\x1b["

	It("are in a terminal only, and not with NO_COLOR or in one that has none", func(ctx SpecContext) {
		namespace, _ := readyServer(ctx)
		for variable, coloured := range map[string]bool{"A=b": true, "NO_COLOR=1": false, "TERM=dumb": false} {
			t := openTerminal(ctx, []string{variable}, "status", "-n", namespace)
			Eventually(t.ended).Should(Receive(BeZero()))
			Expect(string(t.screen.Contents())).To(ContainSubstring("demo"))
			Expect(strings.Contains(string(t.screen.Contents()), escape)).To(Equal(coloured), variable)
		}
		piped, err := program(ctx, "status", "-n", namespace).Output()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(piped)).To(And(ContainSubstring("demo"), Not(ContainSubstring(escape))))
	}, NodeTimeout(5*time.Minute))
})

var _ = Describe("In a terminal, restart --wait", func() {
	It("prints the progress line by line, until the server is Ready again", func(ctx SpecContext) {
		namespace, _ := readyServer(ctx)
		t := openTerminal(ctx, nil, "restart", "demo", "--wait", "-n", namespace)

		Eventually(t).Should(gbytes.Say("demo restarted\r\n"))
		Eventually(t).Should(gbytes.Say("New Pods replace the old ones. .*\r\n"))
		Eventually(t).Should(gbytes.Say("Ready True.*\r\n"))
		Eventually(t.ended).Should(Receive(BeZero()))
	}, NodeTimeout(5*time.Minute))

	It("ends at Ctrl-C", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Distribution("unheard-of").Obj() // it never becomes Ready
		harness.Create(ctx, admin, server)
		Eventually(harness.ConditionOf(ctx, admin, server, v1alpha1.ConditionReady)).Should(harness.Say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution))
		t := openTerminal(ctx, nil, "restart", "demo", "--wait", "-n", namespace)

		Eventually(t).Should(gbytes.Say("Ready .*\r\n"))
		Consistently(t.ended, "100ms").ShouldNot(Receive())
		t.press(ctrlC)
		Eventually(t.ended).Should(Receive(Equal(1)))
	}, NodeTimeout(5*time.Minute))
})
