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

package system_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Requirements", func() {
	It("only requires a compiler if something is built", func() {
		Expect(system.Explain(system.Requirements(true))).To(SatisfyAll(ContainSubstring("gcc"), ContainSubstring("libseccomp-dev")))
		Expect(system.Explain(system.Requirements(false))).NotTo(Or(ContainSubstring("gcc"), ContainSubstring("libseccomp-dev")))
	})
})

var _ = Describe("Missing", func() {
	It("finds programs on the path, and those that are not there", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "present"), nil, 0o755)).To(Succeed())
		GinkgoT().Setenv("PATH", folder)

		needs := []system.Requirement{{Command: "present"}, {Command: "absent"}, {Library: "absent-too"}}
		Expect(system.Missing(GinkgoT().Context(), needs)).To(Equal(needs[1:]))
	})
})

var _ = Describe("Explain", func() {
	It("says what is missing, what for, and how to get it", func() {
		Expect(system.Explain([]system.Requirement{
			{Command: "iptables", Package: "iptables", Purpose: "route Services"},
			{Library: "libseccomp", Package: "libseccomp-dev", Purpose: "build runc with seccomp profiles"},
		})).To(Equal(`  iptables    is needed to route Services                    (Debian, Ubuntu: iptables)
  libseccomp  is needed to build runc with seccomp profiles  (Debian, Ubuntu: libseccomp-dev)
install them, for example with: apt-get install -y iptables libseccomp-dev`))
	})
})

var _ = Describe("Ensure", func() {
	silent := func(string, ...any) {}

	It("does nothing where nothing is missing", func() {
		Expect(system.Ensure(GinkgoT().Context(), silent, nil)).To(Succeed())
	})

	It("lists what it cannot install", func() {
		GinkgoT().Setenv("PATH", GinkgoT().TempDir()) // no apt-get

		err := system.Ensure(GinkgoT().Context(), silent, []system.Requirement{{Command: "absent", Package: "absent", Purpose: "fail"}})
		Expect(err).To(MatchError(system.ErrMissing))
		Expect(err).To(MatchError(ContainSubstring("absent  is needed to fail")))
	})
})

var _ = Describe("RunUnlocked", func() {
	var (
		calls   string
		reports []string
	)

	BeforeEach(func() { calls, reports = filepath.Join(GinkgoT().TempDir(), "calls"), nil })

	run := func(script string) error {
		return system.RunUnlocked(GinkgoT().Context(), func(format string, _ ...any) { reports = append(reports, format) },
			"sh", "-c", "echo x >> "+calls+"; "+script)
	}

	It("waits while another process holds a lock of apt's, and reports that once", func() {
		Expect(run(`[ "$(grep -c x ` + calls + `)" -gt 2 ] || { echo "E: Could not get lock /var/lib/dpkg/lock-frontend" >&2; exit 100; }`)).To(Succeed())
		Expect(os.ReadFile(calls)).To(BeEquivalentTo(strings.Repeat("x\n", 3)))
		Expect(reports).To(ConsistOf(ContainSubstring("waiting for another process")))
	})

	It("returns any other failure at once", func() {
		Expect(run("echo no such package >&2; exit 100")).To(MatchError(ContainSubstring("no such package")))
		Expect(os.ReadFile(calls)).To(BeEquivalentTo("x\n"))
		Expect(reports).To(BeEmpty())
	})
})

var _ = DescribeTable("IsDebian", func(release string, expected bool) {
	Expect(system.IsDebian(release)).To(Equal(expected))
},
	Entry("Debian", "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", true),
	Entry("Ubuntu", "ID=ubuntu\nID_LIKE=debian\n", true),
	Entry("a descendant of Ubuntu", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true),
	Entry("Fedora", "ID=fedora\nPRETTY_NAME=\"not debian\"\n", false),
	Entry("nothing", "", false),
)

var _ = Describe("Run", func() {
	It("returns what a command prints, without its messages", func() {
		Expect(system.Run(GinkgoT().Context(), "sh", "-c", "echo result; echo message >&2")).To(Equal("result\n"))
	})

	It("reports the command and its whole output", func() {
		_, err := system.Run(GinkgoT().Context(), "sh", "-c", "echo out; echo why >&2; exit 3")
		Expect(err).To(MatchError(SatisfyAll(ContainSubstring(`failed to run "sh -c`), ContainSubstring("exit status 3"), ContainSubstring("out\nwhy"))))
	})

	It("reports the messages last, which say why", func() {
		_, err := system.Run(GinkgoT().Context(), "sh", "-c", "echo why >&2; sleep 0.1; echo out; exit 3")
		Expect(err).To(MatchError(HaveSuffix("exit status 3: out\nwhy")))
	})
})
