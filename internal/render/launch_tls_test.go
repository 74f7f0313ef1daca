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
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// servingFolder is where the certificate is.
const servingFolder = "/etc/llama-stack-tls"

// Programs of an image whose certificate is watched.
const (
	// stubbornServer does not end on SIGTERM.
	stubbornServer = "#!/bin/sh\ntrap 'echo asked' TERM\necho ready\nwhile :; do sleep 0.05; done\n"
	endingServer   = "#!/bin/sh\nexit 9\n"
	// pickyPython finds a package and no certificate that fits.
	pickyPython = "#!/bin/sh\nif [ $# -gt 2 ]; then exit 1; fi\necho \"$FOUND\"\n"
)

// patience is how long a launcher that checks for changes all the time may take.
const patience = time.Minute

// servingInput is a server with a certificate, and as many seconds to end as given.
func servingInput(grace int64) render.Input {
	GinkgoHelper()
	in := scenario("userconfig")
	in.UserConfig.TLS = true
	in.Serving = &render.Serving{SecretName: "mine"}
	in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{TerminationGracePeriodSeconds: &grace}
	return in
}

// serving adds a certificate, and makes the launcher check for another all the time.
func (i *image) serving(name string) *image {
	GinkgoHelper()
	i.write(servingFolder+"/tls.crt", "certificate "+name+"\n", 0o644)
	i.write(servingFolder+"/tls.key", "key "+name+"\n", 0o644)
	i.write("/etc/hostname", "server-0\n", 0o644)
	return i.set("LLS_TLS_CHECK", "0.05").set("LLS_TLS_SPREAD", "0")
}

// run starts the launcher and waits until its server is there.
func (i *image) run(in render.Input) *gexec.Session {
	GinkgoHelper()
	session, err := gexec.Start(i.command(in), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Terminate().Wait(patience) })
	Eventually(session.Out).WithTimeout(patience).Should(gbytes.Say("ready"))
	return session
}

var _ = Describe("The launcher of a server with a certificate", func() {
	It("receives the folder of the certificate, and how long the server has to end", func() {
		Expect(container(servingInput(7)).Command[3:]).To(Equal([]string{"launch", "serving", servingFolder, "7"}))
		in := servingInput(7)
		in.Spec.Server.PodOverrides = nil
		Expect(container(in).Command[3:]).To(Equal([]string{"launch", "serving", servingFolder, "30"}))
	})

	It("does not watch it where the Pod is replaced for another", func() {
		in := servingInput(7)
		in.Serving.Rolls = true
		Expect(container(in).Command[3:]).To(Equal([]string{"launch", "serving", servingFolder, "never"}))
	})

	It("has nothing to watch where the configuration names another", func() {
		in := servingInput(7)
		in.Serving.Unused = true
		Expect(container(in).Command[3:]).To(Equal([]string{"launch", "https"}))
	})

	for _, shell := range shells() {
		Describe("in "+shell, func() {
			servingSpecs(shell)
		})
	}
})

// servingSpecs are the specs for one shell.
func servingSpecs(shell string) {
	DescribeTable("starts the server as any other,", func(found, name string, want ...string) {
		result := newImage(shell).installed(found).with(name, entrypoint).serving("a").launch(servingInput(30), "--enable-ui", "two words")

		Expect(result.code).To(BeZero(), result.stderr)
		Expect(result.arguments).To(Equal(append(want, "--enable-ui", "two words")))
		Expect(result.exec).To(BeFalse(), "the launcher must stay, so that it can end the server")
	},
		Entry("by its entrypoint", "llama_stack 3005 0.3.5", llamaEntrypoint),
		Entry("by one that needs --insecure without a certificate", "ogx 1002000 1.2.0", ogxEntrypoint),
		Entry("0.2.12", "llama_stack 2012 0.2.12", "/nothing", "-m", "llama_stack.distribution.server.server", "--config", configFile, "--port", "8321"),
		Entry("0.2.24", "llama_stack 2024 0.2.24", "/nothing", "-m", "llama_stack.core.server.server", configFile, "--port", "8321"),
		Entry("0.7.3", "llama_stack 7003 0.7.3", "/nothing", "-m", "llama_stack.cli.llama", "stack", "run", configFile, "--port", "8321"),
		Entry("ogx 0.8.0", "ogx 8000 0.8.0", "/nothing", "-m", "ogx.cli.ogx", "stack", "run", configFile, "--port", "8321"),
		Entry("ogx 1.3.0", "ogx 1003000 1.3.0", "/nothing", "-m", "ogx.cli.ogx", "run", configFile, "--port", "8321"),
	)

	It("names the certificate where it goes around a command line that cannot start several workers", func() {
		i := newImage(shell).installed("llama_stack 6001 0.6.1").serving("a").set("LLS_WORKERS", "2")

		Expect(i.launch(servingInput(30)).arguments).To(Equal([]string{
			"patient", "uvicorn.main", "llama_stack.core.server.server:create_app", "--factory", "--host", "0.0.0.0", "--port", "8321", "--workers", "2",
			"--ssl-certfile", servingFolder + "/tls.crt", "--ssl-keyfile", servingFolder + "/tls.key",
		}))
	})

	It("becomes the server where the Pod is replaced for another certificate", func() {
		in := servingInput(30)
		in.Serving.Rolls = true

		result := newImage(shell).installed("ogx 1003000 1.3.0").with(ogxEntrypoint, entrypoint).serving("a").launch(in, "--enable-ui")

		Expect(result.arguments).To(Equal([]string{"--enable-ui"}))
		Expect(result.exec).To(BeTrue(), "nothing is left to do for the launcher")
	})

	It("names the certificate there, too, where it goes around a command line", func() {
		in := servingInput(30)
		in.Serving.Rolls = true
		i := newImage(shell).installed("llama_stack 6001 0.6.1").serving("a").set("LLS_WORKERS", "2")

		Expect(i.launch(in).arguments).To(ContainElements("--ssl-certfile", servingFolder+"/tls.crt"))
	})

	It("does not go around a command line that wants certificates of clients", func() {
		i := newImage(shell).installed("llama_stack 6001 0.6.1").serving("a").set("LLS_WORKERS", "2")
		i.write(configFile, "server: {tls_cafile: /ca.crt}\n", 0o644)

		Expect(i.launch(servingInput(30)).arguments).To(ContainElement("llama_stack.cli.llama"))
	})

	It("ends as the server ends", func() {
		Expect(newImage(shell).with(ogxEntrypoint, endingServer).serving("a").launch(servingInput(30)).code).To(Equal(9))
	})

	It("hands on the signal to end", func() {
		session := newImage(shell).with(ogxEntrypoint, waitingServer).serving("a").run(servingInput(30))

		session.Signal(syscall.SIGTERM)

		Eventually(session).WithTimeout(patience).Should(gexec.Exit(7))
		Expect(session.Out).To(gbytes.Say("stopping"))
	})

	It("ends the server for a new certificate, and says why", func() {
		i := newImage(shell).installed("ogx 1003000 1.3.0").with(ogxEntrypoint, waitingServer).serving("a")
		session := i.run(servingInput(30))

		i.serving("b")

		Eventually(session).WithTimeout(patience).Should(gexec.Exit(7))
		Expect(session.Err).To(gbytes.Say("there is a new certificate in .*; the server starts again with it in 0 s"))
		Expect(strings.ReplaceAll(i.read(lastMessage), i.root, "")).To(Equal("the server starts again with the new certificate in " + servingFolder + "\n"))
	})

	It("ends a server that does not end by itself", func() {
		i := newImage(shell).with(ogxEntrypoint, stubbornServer).serving("a")
		session := i.run(servingInput(1))

		i.serving("b")

		Eventually(session.Out).WithTimeout(patience).Should(gbytes.Say("asked"))
		Eventually(session).WithTimeout(patience).Should(gexec.Exit(128 + int(syscall.SIGKILL)))
	})

	It("leaves a server alone whose new certificate cannot be used, until another comes", func() {
		i := newImage(shell).set("FOUND", "ogx 1003000 1.3.0").with("/bin/python3", pickyPython).with(ogxEntrypoint, waitingServer).serving("a")
		session := i.run(servingInput(30))

		i.serving("b")

		Eventually(session.Err).WithTimeout(patience).Should(gbytes.Say("does not fit its key, or is none; the server goes on"))
		i.with("/bin/python3", fakePython).serving("c")
		Eventually(session).WithTimeout(patience).Should(gexec.Exit(7))
	})

	It("leaves a server alone while there is no certificate, and when the same one comes back", func() {
		i := newImage(shell).with(ogxEntrypoint, waitingServer).serving("a").set("LLS_TLS_CHECK", "0.01")
		session := i.run(servingInput(30))

		Expect(os.Remove(i.path(servingFolder + "/tls.crt"))).To(Succeed())
		Consistently(session).WithTimeout(time.Second / 5).ShouldNot(gexec.Exit())
		i.serving("a")
		Consistently(session).WithTimeout(time.Second / 5).ShouldNot(gexec.Exit())
	})

	It("ends the Pods of a server at different times", func() {
		turns := map[string]bool{}
		for _, pod := range []string{"server-0", "server-1", "server-2"} {
			i := newImage(shell).with(ogxEntrypoint, waitingServer).serving("a").set("LLS_TLS_SPREAD", "100000")
			i.write("/etc/hostname", pod+"\n", 0o644)
			session := i.run(servingInput(30))
			i.serving("b")
			Eventually(session.Err).WithTimeout(patience).Should(gbytes.Say(`again with it in \d+ s`))
			turns[string(session.Err.Contents())] = true
		}
		Expect(turns).To(HaveLen(3))
	})
}
