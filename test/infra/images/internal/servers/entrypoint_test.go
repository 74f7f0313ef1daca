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

package servers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The operator's launcher runs the entrypoints, so the specs run them here, with programs that only print their
// arguments.
var _ = Describe("entrypoint", func() {
	var stubs, config string

	BeforeEach(func() {
		stubs = GinkgoT().TempDir()
		for _, name := range []string{"llama", "ogx", "opentelemetry-instrument"} {
			script := "#!/bin/sh\necho \"" + name + " $# $*\"\necho \"pid $$\"\n"
			Expect(os.WriteFile(filepath.Join(stubs, name), []byte(script), 0o755)).To(Succeed())
		}
		config = filepath.Join(stubs, "my config.yaml")
		Expect(os.WriteFile(config, nil, 0o644)).To(Succeed())
	})

	// run starts the entrypoint of a server and returns how the server was called.
	run := func(server string, environment []string, args ...string) string {
		GinkgoHelper()

		command := exec.CommandContext(GinkgoT().Context(), "sh", append([]string{"files/" + server + "/entrypoint.sh"}, args...)...)
		command.Env = append([]string{"PATH=" + stubs + ":/usr/bin:/bin"}, environment...)
		output, err := command.Output()
		Expect(err).NotTo(HaveOccurred())

		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		Expect(lines).To(HaveLen(2))
		Expect(strings.Fields(lines[1])[1]).To(Equal(strconv.Itoa(command.Process.Pid)), "the server must replace the shell, or it gets no signals")

		return strings.ReplaceAll(lines[0], stubs, "")
	}

	DescribeTable("starts", func(server string, environment, args []string, expected string) {
		for i := range environment {
			environment[i] = strings.ReplaceAll(environment[i], "@FILE", config)
		}
		Expect(run(server, environment, args...)).To(Equal(expected))
	},
		Entry("the distribution", "llama-stack", []string{"DISTRO_NAME=starter", "RUN_CONFIG_PATH="}, nil, "llama 3 stack run starter"),
		Entry("the distribution, without TLS", "ogx", []string{"DISTRO_NAME=starter", "RUN_CONFIG_PATH="}, nil, "ogx 4 stack run starter --insecure"),
		Entry("a configuration", "llama-stack", []string{"DISTRO_NAME=starter", "RUN_CONFIG_PATH=@FILE"}, nil, "llama 3 stack run /my config.yaml"),
		Entry("a configuration, without TLS", "ogx", []string{"DISTRO_NAME=starter", "RUN_CONFIG_PATH=@FILE"}, nil, "ogx 4 stack run /my config.yaml --insecure"),
		Entry("the distribution when the configuration is missing", "llama-stack",
			[]string{"DISTRO_NAME=starter", "RUN_CONFIG_PATH=/missing"}, nil, "llama 3 stack run starter"),
		Entry("with arguments", "llama-stack", []string{"DISTRO_NAME=starter"}, []string{"--port", "80 00"}, "llama 5 stack run starter --port 80 00"),
		Entry("with arguments, without TLS", "ogx", []string{"DISTRO_NAME=starter"}, []string{"--port", "8000"}, "ogx 6 stack run starter --insecure --port 8000"),
		Entry("the distribution in the arguments when none is set", "llama-stack", []string{}, []string{"nvidia"}, "llama 3 stack run nvidia"),
		Entry("with instrumentation when that is configured", "llama-stack", []string{"DISTRO_NAME=starter", "OTEL_SERVICE_NAME=x"}, nil,
			"opentelemetry-instrument 4 llama stack run starter"),
		Entry("with instrumentation in the later era", "ogx", []string{"DISTRO_NAME=starter", "OTEL_EXPORTER_OTLP_ENDPOINT=x"}, nil,
			"opentelemetry-instrument 5 ogx stack run starter --insecure"),
		Entry("without it for a similar variable", "llama-stack", []string{"DISTRO_NAME=starter", "MY_OTEL_X=1"}, nil, "llama 3 stack run starter"),
	)
})
