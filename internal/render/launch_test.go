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

package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Entrypoints that the launcher knows.
const (
	llamaEntrypoint    = "/usr/local/bin/llama-stack-entrypoint.sh"
	ogxEntrypoint      = "/usr/local/bin/ogx-entrypoint.sh"
	openDataEntrypoint = "/opt/app-root/entrypoint.sh"
	instrument         = "opentelemetry-instrument"
)

// Programs of an image. Each prints how it was started: its process, its arguments one by one, and the variables that
// name the configuration of a server.
const (
	report        = `echo "pid $$"; echo "started ${0##*/}"; for a; do echo "argument $a"; done; echo "config ${RUN_CONFIG_PATH:-}"` + "\n"
	entrypoint    = "#!/bin/sh\n" + report
	insecureEntry = "#!/bin/sh\n# exec ogx stack run \"$RUN_CONFIG_PATH\" --insecure \"$@\"\n" + report
	fakePython    = "#!/bin/sh\nif [ \"$1\" = -c ] && [ $# -eq 2 ]; then\n  [ -z \"$FOUND\" ] || echo \"$FOUND\"\n  exit \"$STATUS\"\nfi\n" +
		"if [ \"$1\" = -c ]; then shift 2; set -- patient \"$@\"; fi\n" + report
	realPython    = "#!/bin/sh\nif [ \"$1\" = -c ]; then exec \"$PYTHON\" \"$@\"; fi\n" + report
	waitingServer = "#!/bin/sh\ntrap 'echo stopping; exit 7' TERM\necho ready\nwhile :; do sleep 0.05; done\n"
)

// image is a root file system with what a launcher may find.
type image struct {
	root  string
	shell []string
	env   map[string]string
}

// lastMessage is where a container leaves why it ended.
const lastMessage = "/dev/termination-log"

// newImage makes an image with a configuration, a few programs that every image has, and nothing to start.
func newImage(shell string) *image {
	GinkgoHelper()
	i := &image{root: GinkgoT().TempDir(), shell: strings.Fields(shell), env: map[string]string{"FOUND": "", "STATUS": "0"}}
	i.write("/etc/llama-stack/config.yaml", "version: 2\n", 0o644)
	Expect(os.MkdirAll(i.path("/bin"), 0o755)).To(Succeed())
	for _, name := range []string{"grep", "sleep", "cat", "cksum", "mktemp", "chmod"} {
		program, err := exec.LookPath(name)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.Symlink(program, i.path("/bin/"+name))).To(Succeed())
	}
	i.write(lastMessage, "", 0o644)
	Expect(os.MkdirAll(i.path("/tmp"), 0o755)).To(Succeed())
	i.env["TMPDIR"] = i.path("/tmp")
	i.env["PATH"] = i.path("/bin")
	i.env["RUN_CONFIG_PATH"] = i.path("/etc/llama-stack/config.yaml")
	return i
}

func (i *image) path(name string) string {
	return filepath.Join(i.root, name)
}

func (i *image) write(name, text string, mode os.FileMode) {
	GinkgoHelper()
	Expect(os.MkdirAll(filepath.Dir(i.path(name)), 0o755)).To(Succeed())
	Expect(os.WriteFile(i.path(name), []byte(text), mode)).To(Succeed())
}

func (i *image) read(name string) string {
	GinkgoHelper()
	text, err := os.ReadFile(i.path(name))
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// with adds a program.
func (i *image) with(name, text string) *image {
	GinkgoHelper()
	i.write(name, text, 0o755)
	return i
}

// installed adds a python that knows of a package, as "name number version"; "" for none.
func (i *image) installed(found string) *image {
	GinkgoHelper()
	i.env["FOUND"] = found
	return i.with("/bin/python3", fakePython)
}

// set sets an environment variable.
func (i *image) set(name, value string) *image {
	i.env[name] = value
	return i
}

// command is the container's command for an input, with the image's paths moved to where the image is.
func (i *image) command(in render.Input, args ...string) *exec.Cmd {
	GinkgoHelper()
	rendered := container(in).Command
	Expect(rendered[:2]).To(Equal([]string{"/bin/sh", "-c"}))
	var moves []string
	for _, at := range []string{"/usr/local/bin/", "/opt/app-root/", "/etc/hostname", lastMessage, servingFolder} {
		moves = append(moves, at, i.root+at)
	}
	argv := append(append([]string{}, i.shell...), "-c")
	for _, word := range rendered[2:] {
		argv = append(argv, strings.NewReplacer(moves...).Replace(word))
	}
	command := exec.CommandContext(GinkgoT().Context(), argv[0], append(argv[1:], args...)...)
	command.Env = []string{}
	for name, value := range i.env {
		command.Env = append(command.Env, name+"="+value)
	}
	// What is still waiting when the server has ended, ends with the container; here nothing would end it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	DeferCleanup(func() {
		if command.Process != nil {
			_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // there may be nothing left
		}
	})
	return command
}

// launched is what came of a launch.
type launched struct {
	started   string
	arguments []string
	config    string
	exec      bool
	code      int
	stderr    string
}

// launch runs the launcher for an input to its end.
func (i *image) launch(in render.Input, args ...string) launched {
	GinkgoHelper()
	command := i.command(in, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		_, exited := errors.AsType[*exec.ExitError](err)
		Expect(exited).To(BeTrue(), err.Error())
	}
	result := launched{code: command.ProcessState.ExitCode(), stderr: stderr.String()}
	for line := range strings.Lines(stdout.String()) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch kind {
		case "pid":
			result.exec = text == strconv.Itoa(command.Process.Pid)
		case "started":
			result.started = text
		case "argument":
			result.arguments = append(result.arguments, strings.ReplaceAll(text, i.root, ""))
		case "config":
			result.config = strings.ReplaceAll(text, i.root, "")
		}
	}
	return result
}

// shells that a container may have as /bin/sh and that this machine has.
func shells() []string {
	var found []string
	for _, shell := range []string{"sh", "dash", "bash --posix", "busybox sh"} {
		if _, err := exec.LookPath(strings.Fields(shell)[0]); err == nil {
			found = append(found, shell)
		}
	}
	return found
}

// launchInput is a server with a configuration, and workers if there is more than one.
func launchInput(tls bool) render.Input {
	GinkgoHelper()
	in := scenario("userconfig")
	in.UserConfig.TLS = tls
	return in
}

const configFile = "/etc/llama-stack/config.yaml"

var _ = Describe("The launcher", func() {
	It("is the command only with a configuration, without a command, and not with launch: Image", func() {
		Expect(container(scenario("userconfig")).Command).To(HaveLen(5))
		Expect(container(scenario("minimal")).Command).To(BeEmpty())
		Expect(container(scenario("userconfig-launch-image")).Command).To(BeEmpty())
		Expect(container(scenario("userconfig-command")).Command).To(Equal([]string{"uvicorn", "llama_stack.core.server.server:create_app", "--factory"}))
	})

	It("carries no comment, whose wording would roll the Pods", func() {
		for line := range strings.Lines(container(scenario("userconfig")).Command[2]) {
			Expect(strings.TrimSpace(line)).NotTo(Or(BeEmpty(), HavePrefix("#")))
		}
	})

	It("receives the scheme that the server speaks, and the arguments of the user", func() {
		Expect(container(scenario("userconfig")).Command[3:]).To(Equal([]string{"launch", "http"}))
		Expect(container(scenario("tls-config")).Command[3:]).To(Equal([]string{"launch", "https"}))
		Expect(container(scenario("userconfig-args")).Args).To(Equal([]string{"--enable-ui"}))
	})

	DescribeTable("reads versions as they are installed,", func(packages map[string]string, module string) {
		python, err := exec.LookPath("python3")
		if err != nil {
			Skip("there is no python3 on this machine")
		}
		i := newImage("sh").with("/bin/python3", realPython).set("PYTHON", python).set("HOME", os.Getenv("HOME"))
		i.env["PATH"] += ":" + os.Getenv("PATH")
		i.env["PYTHONPATH"] = i.path("/site")
		for name, version := range packages {
			metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)
			i.write(fmt.Sprintf("/site/%s-%s.dist-info/METADATA", strings.ReplaceAll(name, "-", "_"), version), metadata, 0o644)
		}

		result := i.launch(launchInput(false))

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.arguments[1]).To(Equal(module), result.stderr)
		Expect(result.stderr).NotTo(ContainSubstring("Traceback"))
	},
		Entry("a release", map[string]string{"llama-stack": "0.2.16"}, "llama_stack.distribution.server.server"),
		Entry("a release candidate, which counts as its release", map[string]string{"llama-stack": "0.2.17rc1"}, "llama_stack.core.server.server"),
		Entry("a development version", map[string]string{"llama-stack": "0.2.24.dev20251021"}, "llama_stack.core.server.server"),
		Entry("a local version", map[string]string{"llama-stack": "0.3.0rc3+rhai0"}, "llama_stack.cli.llama"),
		Entry("four parts", map[string]string{"llama-stack": "0.4.2.1+rhai0"}, "llama_stack.cli.llama"),
		Entry("two parts", map[string]string{"ogx": "1.3"}, "ogx.cli.ogx"),
		Entry("both packages", map[string]string{"llama-stack": "0.2.16", "ogx": "0.8.1.dev0"}, "ogx.cli.ogx"),
	)

	for _, shell := range shells() {
		Describe("in "+shell, func() {
			launcherSpecs(shell)
		})
	}
})

// launcherSpecs are the specs for one shell.
func launcherSpecs(shell string) {
	DescribeTable("starts the entrypoint that the image has,", func(found, name, text string, tls bool, want ...string) {
		result := newImage(shell).installed(found).with(name, text).launch(launchInput(tls), "--enable-ui", "two words")

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.started).To(Equal(filepath.Base(name)))
		Expect(result.arguments).To(Equal(append(want, "--enable-ui", "two words")))
		Expect(result.config).To(Equal(configFile))
		Expect(result.exec).To(BeTrue(), "the server must be the launcher's own process")
		Expect(result.stderr).To(ContainSubstring("starting"))
	},
		Entry("of Llama Stack", "llama_stack 3005 0.3.5", llamaEntrypoint, entrypoint, false),
		Entry("of Llama Stack with TLS", "llama_stack 7003 0.7.3", llamaEntrypoint, entrypoint, true),
		Entry("of OGX", "ogx 8000 0.8.0", ogxEntrypoint, entrypoint, false),
		Entry("of OGX 1.1, which knows no --insecure", "ogx 1001000 1.1.0", ogxEntrypoint, entrypoint, false),
		Entry("of OGX 1.2.0, whose entrypoint forgets it", "ogx 1002000 1.2.0", ogxEntrypoint, entrypoint, false, "--insecure"),
		Entry("of OGX 1.2.0 with TLS", "ogx 1002000 1.2.0", ogxEntrypoint, entrypoint, true),
		Entry("of OGX 1.2.1, whose entrypoint says it", "ogx 1002001 1.2.1", ogxEntrypoint, insecureEntry, false),
		Entry("of OGX 1.3.0, whose entrypoint says it", "ogx 1003000 1.3.0", ogxEntrypoint, insecureEntry, false),
		Entry("of Open Data Hub", "llama_stack 4002 0.4.2.1+rhai0", openDataEntrypoint, entrypoint, false),
		Entry("of a package that is not known", "", ogxEntrypoint, entrypoint, false),
	)

	DescribeTable("instruments a server with traces,", func(found, program string, otlp bool, want string) {
		in := launchInput(false)
		if otlp {
			in.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{OTLP: &v1alpha1.TelemetryOTLP{Endpoint: "http://collector:4318"}}
		}

		result := newImage(shell).installed(found).with(program, entrypoint).launch(in)

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.started).To(Equal(want))
		Expect(result.exec).To(BeTrue(), "the server must be the launcher's own process")
		if want == instrument {
			Expect(result.arguments[1:3]).To(Equal([]string{"-m", "llama_stack.cli.llama"}))
		}
	},
		Entry("from 0.4.0 on", "llama_stack 7003 0.7.3", "/bin/"+instrument, true, instrument),
		Entry("but not one before 0.4.0, which sends them itself", "llama_stack 3005 0.3.5", "/bin/"+instrument, true, "python3"),
		Entry("but not without the program", "llama_stack 7003 0.7.3", "/bin/other", true, "python3"),
		Entry("but not without a collector", "llama_stack 7003 0.7.3", "/bin/"+instrument, false, "python3"),
		Entry("but not in the place of an entrypoint, which does it", "llama_stack 7003 0.7.3", llamaEntrypoint, true, "llama-stack-entrypoint.sh"),
	)

	It("starts the entrypoint also without a python", func() {
		result := newImage(shell).with(llamaEntrypoint, entrypoint).launch(launchInput(false))

		Expect(result.started).To(Equal("llama-stack-entrypoint.sh"), result.stderr)
		Expect(result.arguments).To(BeEmpty())
	})

	It("starts the entrypoint also with a broken python", func() {
		result := newImage(shell).installed("").set("STATUS", "1").with(llamaEntrypoint, entrypoint).launch(launchInput(false))

		Expect(result.started).To(Equal("llama-stack-entrypoint.sh"), result.stderr)
	})

	It("prefers the published images' entrypoints, the older one first", func() {
		i := newImage(shell).installed("ogx 8000 0.8.0").with(openDataEntrypoint, entrypoint).with(ogxEntrypoint, entrypoint)
		Expect(i.launch(launchInput(false)).started).To(Equal("ogx-entrypoint.sh"))

		Expect(i.with(llamaEntrypoint, entrypoint).launch(launchInput(false)).started).To(Equal("llama-stack-entrypoint.sh"))
	})

	It("does not start what is not executable", func() {
		i := newImage(shell).installed("llama_stack 7003 0.7.3")
		i.write(llamaEntrypoint, entrypoint, 0o644)

		Expect(i.launch(launchInput(false)).started).To(Equal("python3"))
	})

	DescribeTable("starts the installed package the way its version needs,", func(found string, tls bool, want ...string) {
		result := newImage(shell).installed(found).set("LLS_PORT", "9000").launch(launchInput(tls), "--enable-ui")

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.started).To(Equal("python3"))
		Expect(result.arguments).To(Equal(want))
		Expect(result.exec).To(BeTrue(), "the server must be the launcher's own process")
	},
		Entry("0.2.12", "llama_stack 2012 0.2.12", false,
			"-m", "llama_stack.distribution.server.server", "--config", configFile, "--port", "9000", "--enable-ui"),
		Entry("0.2.16", "llama_stack 2016 0.2.16", false,
			"-m", "llama_stack.distribution.server.server", "--config", configFile, "--port", "9000", "--enable-ui"),
		Entry("0.2.17", "llama_stack 2017 0.2.17", false, "-m", "llama_stack.core.server.server", configFile, "--port", "9000", "--enable-ui"),
		Entry("0.2.24", "llama_stack 2024 0.2.24", true, "-m", "llama_stack.core.server.server", configFile, "--port", "9000", "--enable-ui"),
		Entry("0.3.0", "llama_stack 3000 0.3.0", false, "-m", "llama_stack.cli.llama", "stack", "run", configFile, "--port", "9000", "--enable-ui"),
		Entry("0.7.3", "llama_stack 7003 0.7.3", true, "-m", "llama_stack.cli.llama", "stack", "run", configFile, "--port", "9000", "--enable-ui"),
		Entry("ogx 0.8.0", "ogx 8000 0.8.0", false, "-m", "ogx.cli.ogx", "stack", "run", configFile, "--port", "9000", "--enable-ui"),
		Entry("ogx 1.0.0", "ogx 1000000 1.0.0", false, "-m", "ogx.cli.ogx", "run", configFile, "--port", "9000", "--enable-ui"),
		Entry("ogx 1.2.0", "ogx 1002000 1.2.0", false, "-m", "ogx.cli.ogx", "run", configFile, "--port", "9000", "--insecure", "--enable-ui"),
		Entry("ogx 1.3.0", "ogx 1003000 1.3.0", false, "-m", "ogx.cli.ogx", "run", configFile, "--port", "9000", "--insecure", "--enable-ui"),
		Entry("ogx 1.3.0 with TLS", "ogx 1003000 1.3.0", true, "-m", "ogx.cli.ogx", "run", configFile, "--port", "9000", "--enable-ui"),
	)

	DescribeTable("goes around command lines that cannot start several workers,", func(found, workers string, tls bool, around bool) {
		i := newImage(shell).installed(found).with(llamaEntrypoint, entrypoint).set("LLS_WORKERS", workers)

		result := i.launch(launchInput(tls))

		if !around {
			Expect(result.started).To(Equal("llama-stack-entrypoint.sh"))
			return
		}
		Expect(result.started).To(Equal("python3"))
		Expect(result.exec).To(BeTrue())
		Expect(result.arguments).To(Equal([]string{
			"patient", "uvicorn.main", "llama_stack.core.server.server:create_app", "--factory",
			"--host", "0.0.0.0", "--port", "8321", "--workers", workers,
		}))
	},
		Entry("0.2.24 has none", "llama_stack 2024 0.2.24", "2", false, false),
		Entry("0.3.0 does not know of them", "llama_stack 3000 0.3.0", "2", false, true),
		Entry("0.3.1 does", "llama_stack 3001 0.3.1", "2", false, false),
		Entry("0.4.0 crashes", "llama_stack 4000 0.4.0", "2", false, true),
		Entry("0.6.1 crashes", "llama_stack 6001 0.6.1", "3", false, true),
		Entry("0.6.1 with one does not", "llama_stack 6001 0.6.1", "1", false, false),
		Entry("0.6.1 with TLS has no other way", "llama_stack 6001 0.6.1", "2", true, false),
		Entry("0.7.0 is fine", "llama_stack 7000 0.7.0", "2", false, false),
		Entry("ogx is fine", "ogx 1003000 1.3.0", "2", false, false),
		Entry("a number that is none is no reason", "llama_stack 6001 0.6.1", "many", false, false),
	)

	DescribeTable("gives workers time to start,", func(found, workers, module string, want ...string) {
		result := newImage(shell).installed(found).set("LLS_WORKERS", workers).launch(launchInput(false))

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.started).To(Equal("python3"))
		Expect(result.arguments[:2]).To(Equal([]string{want[0], module}), result.stderr)
		Expect(result.exec).To(BeTrue(), "the server must be the launcher's own process")
	},
		Entry("several of OGX", "ogx 1005000 1.5.0", "2", "ogx.cli.ogx", "patient"),
		Entry("several of OGX before 1.0", "ogx 8000 0.8.0", "3", "ogx.cli.ogx", "patient"),
		Entry("several of Llama Stack", "llama_stack 7003 0.7.3", "2", "llama_stack.cli.llama", "patient"),
		Entry("one, which nobody ends", "ogx 1005000 1.5.0", "1", "ogx.cli.ogx", "-m"),
		Entry("0.2, which starts one", "llama_stack 2024 0.2.24", "2", "llama_stack.core.server.server", "-m"),
	)

	DescribeTable("gives the workers of an entrypoint time to start,", func(found, name, command, module string) {
		i := newImage(shell).installed(found).with(name, "#!/bin/sh\nexec "+command+" stack run \"$RUN_CONFIG_PATH\" \"$@\"\n").
			with("/bin/"+command, report).set("LLS_WORKERS", "2")

		result := i.launch(launchInput(false), "two words")

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.started).To(Equal("python3"), "the command of the image starts without patience")
		Expect(result.arguments).To(Equal([]string{"patient", module, "stack", "run", configFile, "two words"}))
	},
		Entry("of OGX", "ogx 1001000 1.1.0", ogxEntrypoint, "ogx", "ogx.cli.ogx"),
		Entry("of Llama Stack", "llama_stack 7003 0.7.3", llamaEntrypoint, "llama", "llama_stack.cli.llama"),
	)

	It("starts several workers also where nothing can be written", func() {
		i := newImage(shell).installed("ogx 1005000 1.5.0").with(ogxEntrypoint, insecureEntry).set("LLS_WORKERS", "2")
		i.env["TMPDIR"] = i.path("/nothing")

		result := i.launch(launchInput(false))

		Expect(result.started).To(Equal("ogx-entrypoint.sh"), result.stderr)
		Expect(result.stderr).To(ContainSubstring("failed to write to a temporary folder"))
	})

	It("says that it has no use for arguments when it goes around the command line", func() {
		result := newImage(shell).installed("llama_stack 5001 0.5.1").set("LLS_WORKERS", "2").launch(launchInput(false), "--enable-ui")

		Expect(result.arguments).NotTo(ContainElement("--enable-ui"))
		Expect(result.stderr).To(ContainSubstring("arguments are not used"))
	})

	It("takes python where there is no python3", func() {
		i := newImage(shell).set("FOUND", "llama_stack 7003 0.7.3").with("/bin/python", fakePython)

		Expect(i.launch(launchInput(false)).started).To(Equal("python"))
	})

	It("says what to do when there is nothing to start", func() {
		result := newImage(shell).installed("").launch(launchInput(false))

		Expect(result.code).To(Equal(1))
		Expect(result.started).To(BeEmpty())
		Expect(result.stderr).To(And(ContainSubstring("neither ogx nor llama_stack"), ContainSubstring("containerSpec.command"), ContainSubstring("launch: Image")))
	})

	It("says what to do when there is no configuration, rather than start with another one", func() {
		i := newImage(shell).installed("llama_stack 7003 0.7.3").with(llamaEntrypoint, entrypoint)
		Expect(os.Remove(i.path(configFile))).To(Succeed())

		result := i.launch(launchInput(false))

		Expect(result.code).To(Equal(1))
		Expect(result.started).To(BeEmpty())
		Expect(result.stderr).To(ContainSubstring("there is no configuration at " + i.path(configFile)))
		Expect(i.read(lastMessage)).To(HavePrefix("there is no configuration at "))
	})

	It("hands signals to the server", func() {
		command := newImage(shell).with(ogxEntrypoint, waitingServer).command(launchInput(false))
		session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(session.Kill)
		Eventually(session.Out).WithTimeout(patience).Should(gbytes.Say("ready"))

		session.Signal(syscall.SIGTERM)

		Eventually(session).WithTimeout(patience).Should(gexec.Exit(7))
		Expect(session.Out).To(gbytes.Say("stopping"))
	})
}
