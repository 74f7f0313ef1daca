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

package main_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCommand(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Command stand-in")
}

var _ = Describe("stand-in", Ordered, func() {
	var binary string

	BeforeAll(func() {
		binary = filepath.Join(GinkgoT().TempDir(), "stand-in")
		output, err := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", binary, ".").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
	})

	// start runs the program and returns it with the port on which it listens.
	start := func(env []string, args ...string) (*exec.Cmd, string) {
		GinkgoHelper()

		command := exec.CommandContext(GinkgoT().Context(), binary, args...)
		command.Env = env

		output, err := command.StderrPipe()
		Expect(err).NotTo(HaveOccurred())
		Expect(command.Start()).To(Succeed())
		DeferCleanup(func() { _ = command.Process.Kill() })

		line, err := bufio.NewReader(output).ReadString('\n')
		Expect(err).NotTo(HaveOccurred())

		port := regexp.MustCompile(`listening on \[::\]:(\d+)`).FindStringSubmatch(line)
		Expect(port).To(HaveLen(2), line)

		go func() { _, _ = io.Copy(io.Discard, output) }()

		return command, port[1]
	}

	get := func(port, path string) string {
		GinkgoHelper()

		request, err := http.NewRequestWithContext(GinkgoT().Context(), http.MethodGet, "http://localhost:"+port+path, http.NoBody)
		Expect(err).NotTo(HaveOccurred())

		response, err := http.DefaultClient.Do(request)
		Expect(err).NotTo(HaveOccurred())

		body, err := io.ReadAll(response.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())

		return string(body)
	}

	DescribeTable("runs", func(env, args []string, path, expected string) {
		_, port := start(env, args...)
		Expect(get(port, path)).To(ContainSubstring(expected))
	},
		Entry("the server without a role", nil, []string{"--port=0"}, "/v1/version", "1.3.0"),
		Entry("the server", nil, []string{"server", "--port=0"}, "/v1/health", "OK"),
		Entry("a server with a behaviour from a flag", nil, []string{"server", "--port=0", `--behaviour={"health": "Error"}`}, "/v1/health", "Error"),
		Entry("a server with a behaviour from the environment", []string{`STAND_IN_BEHAVIOUR={"version": "0.3.5"}`, "LLAMA_STACK_PORT=0"}, []string{"server"}, "/v1/version", "0.3.5"),
		Entry("a server of the later era", []string{"OGX_PORT=0"}, nil, "/v1/health", "OK"),
		Entry("the inference backend", nil, []string{"inference", "--port=0", "--models=a,b"}, "/v1/models", `"id":"b"`),
		Entry("a caller", nil, []string{"caller", "--port=0"}, "/call?url=nowhere", "unsupported protocol scheme"),
		Entry("a collector", []string{"COLLECTOR_PORT=0"}, []string{"collector"}, "/spans", "[]"),
		Entry("an inference backend with models from the environment", []string{"INFERENCE_PORT=0", "INFERENCE_MODELS=c"}, []string{"inference"}, "/v1/models", `"id":"c"`),
	)

	It("prefers a flag over the environment", func() {
		_, port := start([]string{`STAND_IN_BEHAVIOUR={"version": "1"}`}, "--port=0", `--behaviour={"version": "2"}`)
		Expect(get(port, "/v1/version")).To(MatchJSON(`{"version": "2"}`))
	})

	Describe("called as the shell of an image", func() {
		// shell runs the program under the name of a shell.
		shell := func(args ...string) (string, error) {
			GinkgoHelper()

			link := filepath.Join(GinkgoT().TempDir(), "sh")
			Expect(os.Symlink(binary, link)).To(Succeed())
			output, err := exec.CommandContext(GinkgoT().Context(), link, args...).CombinedOutput()

			return string(output), err
		}
		overlay := func(text string) string {
			GinkgoHelper()

			path := filepath.Join(GinkgoT().TempDir(), "overlay.json")
			Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())

			return path
		}

		It("starts the server where the operator launches it", func() {
			GinkgoT().Setenv("LLAMA_STACK_PORT", "none")
			output, err := shell("-c", "a script", "launch", "https")
			Expect(err).To(HaveOccurred(), "it is no port")
			Expect(output).To(ContainSubstring("failed to run the server"))
		})

		It("compiles a declared configuration", func() {
			out := filepath.Join(GinkgoT().TempDir(), "config.yaml")
			output, err := shell("-c", "a script", "configure", "/configure.pyz", "compile", "--overlay", overlay(`{"version":1,"base":"Empty"}`), "--out", out)
			Expect(err).NotTo(HaveOccurred())
			Expect(output).To(MatchJSON(`{"result":"Valid","server":"1.3.0","package":"ogx","findings":[],"omitted":0}`))
			Expect(os.ReadFile(out)).To(MatchJSON(`{"version":1,"base":"Empty"}`))
		})

		It("checks the user's own", func() {
			output, err := shell("-c", "a script", "check", "-c", "a loader", "a program", "check", "--user-config", "/config.yaml")
			Expect(err).NotTo(HaveOccurred())
			Expect(output).To(ContainSubstring(`"result":"Valid"`))
		})

		DescribeTable("refuses", func(expected string, args ...string) {
			output, err := shell(args...)
			Expect(err).To(HaveOccurred())
			Expect(output).To(ContainSubstring(expected))
		},
			Entry("what is not of the operator", "as a shell, the stand-in only runs", "-c", "sleep 1"),
			Entry("another script", `unknown script "ls"`, "-c", "a script", "ls"),
			Entry("nothing to do", "write compile or check", "-c", "a script", "configure", "/configure.pyz"),
			Entry("an overlay that is not there", "failed to read the overlay", "-c", "a script", "check", "check", "--overlay", "/missing"),
		)

		It("refuses an overlay of another version", func() {
			output, err := shell("-c", "a script", "check", "check", "--overlay", overlay(`{"version":2}`))
			Expect(err).To(HaveOccurred())
			Expect(output).To(ContainSubstring("no overlay of version 1"))
		})
	})

	It("ends at SIGTERM with success", func() {
		command, _ := start(nil, "--port=0")
		Expect(command.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Expect(command.Wait()).To(Succeed())
	})

	It("ignores SIGTERM if configured", func() {
		command, port := start(nil, "--port=0", `--behaviour={"ignoreSIGTERM": true}`)
		Expect(command.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Consistently(func() string { return get(port, "/v1/health") }, "300ms").Should(ContainSubstring("OK"))
	})

	DescribeTable("refuses", func(expected string, args ...string) {
		output, err := exec.CommandContext(GinkgoT().Context(), binary, args...).CombinedOutput()

		var exit *exec.ExitError
		Expect(errors.As(err, &exit)).To(BeTrue())
		Expect(exit.ExitCode()).To(Equal(2))
		Expect(string(output)).To(ContainSubstring(expected))
	},
		Entry("a role that does not exist", `unknown role "client": write server, inference, outside, caller, collector or configure`, "client"),
		Entry("a flag that does not exist", "flag provided but not defined", "--nothing"),
		Entry("an argument too many", `unexpected argument "now"`, "server", "now"),
		Entry("an invalid behaviour", "failed to use --behaviour", "--behaviour=yes"),
		Entry("an invalid delay", "failed to use --start-delay", "--start-delay=soon"),
		Entry("embeddings without numbers", "failed to use --dimensions=0: write a number above 0", "inference", "--dimensions=0"),
		Entry("a proxy without a certificate", "failed to use --tls-cert and --tls-key", "outside"),
		Entry("a certificate without a key", "give both --tls-cert and --tls-key", "--tls-cert=x"),
		Entry("a flag that the inference backend does not have", "flag provided but not defined", "inference", "--behaviour={}"),
	)

	It("explains itself", func() {
		output, err := exec.CommandContext(GinkgoT().Context(), binary, "server", "--help").CombinedOutput()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(output)).To(And(ContainSubstring("-start-delay"), ContainSubstring("env LLAMA_STACK_PORT, OGX_PORT")))
		Expect(strings.ToLower(string(output))).NotTo(ContainSubstring("error"))
	})

	It("exits with 1 when it cannot listen", func() {
		_, port := start(nil, "--port=0")

		var exit *exec.ExitError
		Expect(errors.As(exec.CommandContext(GinkgoT().Context(), binary, "--port="+port).Run(), &exit)).To(BeTrue())
		Expect(exit.ExitCode()).To(Equal(1))
	})
})
