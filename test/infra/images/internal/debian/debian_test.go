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

package debian_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/debian"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	bookworm = "ID=debian\nVERSION_CODENAME=bookworm\n"
	noble    = "ID=ubuntu\nVERSION_CODENAME=noble\n"

	deb822 = `# Comment
Types: deb
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
`
)

var _ = Describe("Mirror", func() {
	var etc string

	write := func(path, content string) {
		GinkgoHelper()
		target := filepath.Join(etc, path)
		Expect(os.MkdirAll(filepath.Dir(target), 0o755)).To(Succeed())
		Expect(os.WriteFile(target, []byte(content), 0o644)).To(Succeed())
	}

	BeforeEach(func() { etc = GinkgoT().TempDir() })

	DescribeTable("is that of the release that runs here", func(release, path, sources, expected string) {
		write("os-release", release)
		write(path, sources)
		Expect(debian.Mirror(etc)).To(Equal(expected))
	},
		Entry("in the newer format", bookworm, "apt/sources.list.d/debian.sources", deb822, "http://mirror.test/debian"),
		Entry("in the older format", bookworm, "apt/sources.list",
			"deb-src http://a.test/debian bookworm main\ndeb http://mirror.test/debian/ bookworm main contrib\n", "http://mirror.test/debian/"),
		Entry("with options", bookworm, "apt/sources.list",
			"deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main\n", "http://mirror.test/debian"),
		Entry("quoted in os-release", "ID=\"debian\"\nVERSION_CODENAME=\"bookworm\"\n", "apt/sources.list",
			"deb http://mirror.test/debian bookworm main\n", "http://mirror.test/debian"),
		Entry("not that of others", bookworm, "apt/sources.list.d/x.list", "deb http://a.test/apt bookworm stable\ndeb http://b.test/apt sdk-bookworm main\n", ""),
		Entry("not a disabled one", bookworm, "apt/sources.list.d/x.sources", "Enabled: no\n"+strings.TrimPrefix(deb822, "# Comment\n"), ""),
		Entry("not a line that is commented out", bookworm, "apt/sources.list", "# deb http://mirror.test/debian bookworm main\n", ""),
		Entry("not from a file that apt does not read", bookworm, "apt/sources.list.d/debian.sources.bak", deb822, ""),
		Entry("not on another system", noble, "apt/sources.list", "deb http://mirror.test/ubuntu noble main\n", ""),
		Entry("not if the system is unknown", "", "apt/sources.list", "deb http://mirror.test/debian bookworm main\n", ""),
	)

	It("is unknown without sources", func() {
		Expect(debian.Mirror(etc)).To(BeEmpty())
		write("os-release", bookworm)
		Expect(debian.Mirror(etc)).To(BeEmpty())
	})

	It("is the first of several", func() {
		write("os-release", bookworm)
		write("apt/sources.list", "deb http://first.test/debian bookworm main\n")
		write("apt/sources.list.d/debian.sources", deb822)
		Expect(debian.Mirror(etc)).To(Equal("http://first.test/debian"))
	})
})

var _ = DescribeTable("Excluded", func(path string, expected bool) {
	Expect(debian.Excluded(path)).To(Equal(expected))
},
	Entry("devices", "/dev/null", true),
	Entry("the folder of devices", "/dev", false),
	Entry("package sources", "/etc/apt/sources.list", true),
	Entry("more package sources", "/etc/apt/sources.list.d/x.sources", true),
	Entry("what mmdebstrap configured", "/etc/apt/apt.conf.d/99mmdebstrap", true),
	Entry("this machine's resolver", "/etc/resolv.conf", true),
	Entry("this machine's package index", "/etc/pip.conf", true),
	Entry("the databases that Debian's package makes", "/var/lib/postgresql/17", true),
	Entry("the compiler of PostgreSQL's queries", "/usr/lib/x86_64-linux-gnu/libLLVM.so.19.1", true),
	Entry("package lists", "/var/lib/apt/lists/x_InRelease", true),
	Entry("what is installed", "/var/lib/dpkg/status", false),
	Entry("Python", "/usr/lib/python3.13/os.py", false),
)

var _ = DescribeTable("PipEnvironment", func(entry string, kept bool) {
	if kept {
		Expect(debian.PipEnvironment([]string{entry})).To(ContainElement(entry))
	} else {
		Expect(debian.PipEnvironment([]string{entry})).NotTo(ContainElement(entry))
	}
},
	Entry("the index", "PIP_INDEX_URL=https://index.test/simple", true),
	Entry("a proxy", "https_proxy=http://proxy.test", true),
	Entry("hosts without one", "NO_PROXY=.test", true),
	Entry("folders of this machine", "PIP_FIND_LINKS=/wheels", false),
	Entry("this machine's certificates, which have another path inside", "PIP_CERT=/opt/ca.pem", false),
	Entry("the rest", "SECRET=x", false),
)

var _ = Describe("Root", func() {
	var root debian.Root

	BeforeEach(func() { root = debian.Root{Folder: filepath.Join(GinkgoT().TempDir(), "root")} })

	It("gets files and the folders they are in", func() {
		Expect(root.Write("/etc/app/file", []byte("content"))).To(Succeed())
		Expect(os.ReadFile(filepath.Join(root.Folder, "etc", "app", "file"))).To(BeEquivalentTo("content"))
	})

	It("never writes through a link that leads outside", func() {
		outside := filepath.Join(GinkgoT().TempDir(), "resolv.conf")
		Expect(os.WriteFile(outside, []byte("mine"), 0o644)).To(Succeed())
		Expect(os.MkdirAll(filepath.Join(root.Folder, "etc"), 0o755)).To(Succeed())
		Expect(os.Symlink(outside, filepath.Join(root.Folder, "etc", "resolv.conf"))).To(Succeed())

		Expect(root.Write("/etc/resolv.conf", []byte("theirs"))).To(Succeed())
		Expect(os.ReadFile(outside)).To(BeEquivalentTo("mine"))
		Expect(os.ReadFile(filepath.Join(root.Folder, "etc", "resolv.conf"))).To(BeEquivalentTo("theirs"))
	})

	It("copies a file if it exists", func() {
		from := filepath.Join(GinkgoT().TempDir(), "pip.conf")
		Expect(root.Copy(from, "/etc/pip.conf")).To(Succeed())
		Expect(filepath.Join(root.Folder, "etc", "pip.conf")).NotTo(BeAnExistingFile())

		Expect(os.WriteFile(from, []byte("[global]"), 0o644)).To(Succeed())
		Expect(root.Copy(from, "/etc/pip.conf")).To(Succeed())
		Expect(os.ReadFile(filepath.Join(root.Folder, "etc", "pip.conf"))).To(BeEquivalentTo("[global]"))
	})

	It("is restored from its layer", func() {
		Expect(root.Write("/usr/bin/tool", []byte("tool"))).To(Succeed())
		Expect(root.Write("/etc/resolv.conf", []byte("nameserver 192.0.2.1"))).To(Succeed())

		layer := filepath.Join(GinkgoT().TempDir(), "layer")
		file, err := os.Create(layer)
		Expect(err).NotTo(HaveOccurred())
		Expect(root.WriteLayer(file)).To(Succeed())
		Expect(file.Close()).To(Succeed())

		again := debian.Root{Folder: filepath.Join(GinkgoT().TempDir(), "again")}
		Expect(again.Unpack(GinkgoT().Context(), io.Discard, layer)).To(Succeed())
		Expect(os.ReadFile(filepath.Join(again.Folder, "usr", "bin", "tool"))).To(BeEquivalentTo("tool"))
		Expect(filepath.Join(again.Folder, "etc", "resolv.conf")).NotTo(BeAnExistingFile())
	})
})

var _ = Describe("Recipe", func() {
	It("names the release and what is installed", func() {
		Expect(debian.Recipe(debian.Python()...)).To(And(ContainSubstring("trixie"), ContainSubstring("=python3,")))
		Expect(debian.Recipe("postgresql-17")).To(And(ContainSubstring("trixie"), ContainSubstring("=postgresql-17 ")))
	})
})
