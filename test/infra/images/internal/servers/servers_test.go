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
	"archive/tar"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/servers"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
	"github.com/onsi/gomega/gbytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	llamaStack = 0
	ogx        = 1
	ogxBefore  = 2
	// nothing listens on this port: it is reserved.
	nobody = "localhost:1"
)

// tools are stand-ins for those that create a root filesystem: they create a few files, and record their calls.
var tools = map[string]string{
	"unshare": `while [ "$1" != -- ]; do shift; done; shift; exec "$@"`,
	"mount":   "exit 0",
	"mmdebstrap": `echo mmdebstrap >> "$CALLS"
while [ $# -gt 1 ]; do [ "$1" = trixie ] && root=$2; shift; done
mkdir -p "$root/usr/bin" "$root/dev" "$root/proc" "$root/etc/apt"
echo python > "$root/usr/bin/python3"
echo private > "$root/etc/apt/sources.list"`,
	"chroot": `case "$*" in *"pip install"*) ;; *) exit 0 ;; esac
echo pip >> "$CALLS"
[ ! -e "$CALLS.fail" ] || { echo "no such package"; exit 1; }
for arg; do case "$arg" in --root=*) target="$1${arg#--root=}" ;; esac; done
mkdir -p "$target/usr/local/lib/python3.13"
cp "$1/tmp/requirements.txt" "$target/usr/local/lib/python3.13/"`,
}

func image(path string) v1.Image {
	GinkgoHelper()

	read, err := tarball.ImageFromPath(path, nil)
	Expect(err).NotTo(HaveOccurred())

	return read
}

func config(path string) v1.Config {
	GinkgoHelper()

	file, err := image(path).ConfigFile()
	Expect(err).NotTo(HaveOccurred())

	return file.Config
}

// layers are the digests of an archive's layers.
func layers(path string) []string {
	GinkgoHelper()

	all, err := image(path).Layers()
	Expect(err).NotTo(HaveOccurred())

	digests := make([]string, len(all))
	for i, layer := range all {
		digest, err := layer.Digest()
		Expect(err).NotTo(HaveOccurred())
		digests[i] = digest.String()
	}

	return digests
}

// files are the headers of all files of an archive's layers, by name.
func files(path string) map[string]*tar.Header {
	GinkgoHelper()

	all, err := image(path).Layers()
	Expect(err).NotTo(HaveOccurred())

	found := map[string]*tar.Header{}
	for _, layer := range all {
		content, err := layer.Uncompressed()
		Expect(err).NotTo(HaveOccurred())
		for in := tar.NewReader(content); ; {
			header, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			Expect(err).NotTo(HaveOccurred())
			found[header.Name] = header
		}
		Expect(content.Close()).To(Succeed())
	}

	return found
}

var _ = Describe("All", func() {
	It("has a server of each era and one in between, as they are published", func() {
		all := servers.All()
		Expect(all).To(HaveLen(3))
		Expect(all[llamaStack].Ref).To(Equal("docker.io/llamastack/distribution-starter:0.7.3"))
		Expect(all[ogx].Ref).To(Equal("docker.io/ogxai/distribution-starter:1.5.0"))
		Expect(all[ogxBefore].Ref).To(Equal("docker.io/ogxai/distribution-starter:1.3.1"))
	})

	It("pins the packages that it says it has, the API's too", func() {
		for _, server := range servers.All() {
			text, err := os.ReadFile(filepath.Join("files", server.Name, "requirements.txt"))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(text)).To(And(
				ContainSubstring("\n"+server.Package+"=="+server.Version+"\n"),
				ContainSubstring("\n"+server.Package+"-api=="+server.Version+"\n")))
			for line := range strings.Lines(string(text)) {
				Expect(line).To(Or(HavePrefix("#"), Equal("\n"), MatchRegexp(`^[a-z0-9-]+==[0-9a-z.]+\n$`)))
			}
		}
	})
})

var _ = Describe("Key", func() {
	It("starts with the version and depends on the server and the base", func() {
		keys := map[string]bool{}
		for _, server := range servers.All() {
			for _, base := range []string{"a", "b"} {
				key, err := server.Key(base)
				Expect(err).NotTo(HaveOccurred())
				Expect(key).To(MatchRegexp(`^` + server.Version + `-[0-9a-f]{16}$`))
				Expect(server.Key(base)).To(Equal(key))
				keys[key] = true
			}
		}
		Expect(keys).To(HaveLen(6))
	})

	It("fails for an unknown server", func() {
		_, err := servers.Server{Name: "other"}.Key("a")
		Expect(err).To(MatchError(ContainSubstring("failed to read what is built in")))
	})
})

var _ = Describe("Maker", func() {
	var (
		folder, calls string
		out           *gbytes.Buffer
		maker         *servers.Maker
	)

	// start creates the maker and the store again, as another run of the program does.
	start := func() {
		GinkgoHelper()

		out = gbytes.NewBuffer()
		steps := &progress.Log{Out: out}
		kept, err := store.Open(folder, steps)
		Expect(err).NotTo(HaveOccurred())
		maker = &servers.Maker{Store: kept, Log: steps}
	}

	stop := func() {
		GinkgoHelper()
		Expect(maker.Close()).To(Succeed())
		Expect(maker.Store.Close()).To(Succeed())
	}

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		start()
	})

	// unpublished is a server whose registry does not answer.
	unpublished := func(index int) servers.Server {
		server := servers.All()[index]
		server.Ref = nobody + "/" + server.Name + ":v1"

		return server
	}

	Describe("where a registry has the image", func() {
		var server servers.Server

		BeforeEach(func() {
			host := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
			DeferCleanup(host.Close)

			server = servers.All()[ogx]
			server.Ref = strings.TrimPrefix(host.URL, "http://") + "/starter:1.5.0"
			maker.Pull = true
		})

		It("pulls it, once", func() {
			tag, err := name.NewTag(server.Ref)
			Expect(err).NotTo(HaveOccurred())
			published, err := random.Image(1000, 2)
			Expect(err).NotTo(HaveOccurred())
			Expect(remote.Write(tag, published)).To(Succeed())

			configName, err := published.ConfigName()
			Expect(err).NotTo(HaveOccurred())

			path, err := maker.Make(GinkgoT().Context(), server)
			Expect(err).NotTo(HaveOccurred())
			Expect(image(path).ConfigName()).To(Equal(configName))
			Expect(out).To(gbytes.Say("pulling " + server.Ref))
			stop()

			start()
			Expect(maker.Make(GinkgoT().Context(), server)).To(Equal(path))
			Expect(out.Contents()).To(BeEmpty())
			stop()
		})

		It("pulls the database", func() {
			database := servers.Database{Ref: server.Ref}
			tag, err := name.NewTag(database.Ref)
			Expect(err).NotTo(HaveOccurred())
			published, err := random.Image(1000, 2)
			Expect(err).NotTo(HaveOccurred())
			Expect(remote.Write(tag, published)).To(Succeed())
			configName, err := published.ConfigName()
			Expect(err).NotTo(HaveOccurred())

			path, err := maker.MakeDatabase(GinkgoT().Context(), database)
			Expect(err).NotTo(HaveOccurred())
			Expect(image(path).ConfigName()).To(Equal(configName))
			stop()
		})

		It("reports why the database cannot be pulled and not be made", func() {
			GinkgoT().Setenv("PATH", GinkgoT().TempDir())
			_, err := maker.MakeDatabase(GinkgoT().Context(), servers.Database{Ref: server.Ref})
			Expect(err).To(BeAssignableToTypeOf(&servers.UnavailableError{}))
			Expect(out).To(gbytes.Say(`cannot be pulled \(failed to ask its registry: .*\); building it`))
			stop()
		})

		It("reports why not, if that fails", func() {
			GinkgoT().Setenv("PATH", GinkgoT().TempDir())
			_, err := maker.Make(GinkgoT().Context(), server)
			Expect(err).To(BeAssignableToTypeOf(&servers.UnavailableError{}))
			Expect(out).To(gbytes.Say(`cannot be pulled \(failed to ask its registry: .*\); building it`))
			stop()
		})
	})

	Describe("where it has to be built", func() {
		BeforeEach(func() {
			if os.Geteuid() != 0 {
				Skip("only root can make a root filesystem")
			}

			bin := GinkgoT().TempDir()
			for name, script := range tools {
				Expect(os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755)).To(Succeed())
			}
			calls = filepath.Join(bin, "calls")
			GinkgoT().Setenv("CALLS", calls)
			GinkgoT().Setenv("PATH", bin+":"+os.Getenv("PATH"))
		})

		called := func() []string {
			text, err := os.ReadFile(calls)
			Expect(err).NotTo(HaveOccurred())

			return strings.Fields(string(text))
		}

		build := func(index int) string {
			GinkgoHelper()

			path, err := maker.Make(GinkgoT().Context(), unpublished(index))
			Expect(err).NotTo(HaveOccurred())

			return path
		}

		It("builds the servers on one base, which is one layer", func() {
			first, second := build(llamaStack), build(ogx)
			Expect(layers(first)).To(HaveLen(3))
			Expect(layers(first)[0]).To(Equal(layers(second)[0]))
			Expect(layers(first)[1]).NotTo(Equal(layers(second)[1]))
			Expect(called()).To(HaveExactElements("mmdebstrap", "pip", "pip"))
			stop()
		})

		It("makes images like the published ones", func() {
			old, young := build(llamaStack), build(ogx)
			stop()

			Expect(config(old).User).To(BeEmpty(), "that is root")
			Expect(config(old).Entrypoint).To(Equal([]string{"/usr/local/bin/llama-stack-entrypoint.sh"}))
			Expect(config(old).Env).To(And(ContainElements("DISTRO_NAME=starter", "RUN_CONFIG_PATH="), Not(ContainElement(HavePrefix("HOME=")))))

			Expect(config(young).User).To(Equal("1001:0"))
			Expect(config(young).Entrypoint).To(Equal([]string{"/usr/local/bin/ogx-entrypoint.sh"}))
			Expect(config(young).Env).To(ContainElement("HOME=/"))
			Expect(config(young).WorkingDir).To(Equal("/app"))

			found := files(young)
			for _, folder := range []string{"app/", ".ogx/", ".cache/"} {
				Expect(found).To(HaveKey(folder))
				Expect(found[folder].Mode).To(BeEquivalentTo(0o775), "any user of the group root must be able to write")
				Expect(found[folder].Gid).To(BeZero())
			}
			Expect(found["usr/local/bin/ogx-entrypoint.sh"].Mode).To(BeEquivalentTo(0o755))
			Expect(found).To(HaveKey("usr/local/lib/python3.13/dist-packages/ogx/distributions/starter/config.yaml"))
			Expect(found).To(HaveKey("usr/local/lib/python3.13/requirements.txt"), "what pip installed must be at the root")
			Expect(found).NotTo(HaveKey("etc/apt/sources.list"))
			Expect(files(old)).To(HaveKey(".llama/"))
		})

		It("does nothing the second time", func() {
			first := build(ogx)
			stop()
			start()
			Expect(build(ogx)).To(Equal(first))
			Expect(called()).To(HaveExactElements("mmdebstrap", "pip"))
			Expect(out.Contents()).To(BeEmpty())
			stop()
		})

		It("builds another server on the existing base", func() {
			first := build(llamaStack)
			stop()
			start()
			second := build(ogx)
			Expect(layers(second)[0]).To(Equal(layers(first)[0]))
			Expect(called()).To(HaveExactElements("mmdebstrap", "pip", "pip"))
			stop()
		})

		It("leaves only archives behind", func() {
			build(ogx)
			stop()
			Expect(filepath.Glob(filepath.Join(folder, "*"))).To(ConsistOf(
				HaveSuffix("/.lock"), HaveSuffix("/debian.tar"), HaveSuffix("/ogx.tar"),
				MatchRegexp(`/debian-[0-9a-f]{16}\.tar$`), MatchRegexp(`/ogx-1\.5\.0-[0-9a-f]{16}\.tar$`)))
		})

		It("leaves nothing behind when it fails, and reports why", func() {
			Expect(os.WriteFile(calls+".fail", nil, 0o644)).To(Succeed())
			_, err := maker.Make(GinkgoT().Context(), unpublished(ogx))

			var unavailable *servers.UnavailableError
			Expect(errors.As(err, &unavailable)).To(BeTrue())
			Expect(unavailable.Ref).To(Equal(unpublished(ogx).Ref))
			Expect(err).To(MatchError(And(HavePrefix("failed to come by "+nobody), ContainSubstring("no such package"))))
			stop()
			Expect(filepath.Glob(filepath.Join(folder, ".work*"))).To(BeEmpty())
			Expect(filepath.Glob(filepath.Join(folder, "ogx*"))).To(BeEmpty())
		})

		It("makes the database like the published one, once, and without databases", func() {
			database := servers.Database{Ref: nobody + "/postgres:v1"}
			path, err := maker.MakeDatabase(GinkgoT().Context(), database)
			Expect(err).NotTo(HaveOccurred())
			stop()
			Expect(layers(path)).To(HaveLen(2))
			Expect(config(path).User).To(Equal("999"), "the group is that of the user")
			Expect(config(path).Env).To(ContainElement("PGDATA=/var/lib/postgresql/data"))
			Expect(config(path).Entrypoint).To(Equal([]string{"/usr/local/bin/docker-entrypoint.sh"}))
			Expect(files(path)["usr/local/bin/docker-entrypoint.sh"].Mode).To(BeEquivalentTo(0o755))

			start()
			Expect(maker.MakeDatabase(GinkgoT().Context(), database)).To(Equal(path))
			Expect(called()).To(HaveExactElements("mmdebstrap"))
			stop()
		})

		It("makes a server and the database in one run", func() {
			build(ogx)
			_, err := maker.MakeDatabase(GinkgoT().Context(), servers.Database{Ref: nobody + "/postgres:v1"})
			Expect(err).NotTo(HaveOccurred())
			Expect(called()).To(HaveExactElements("mmdebstrap", "pip", "mmdebstrap"))
			stop()
			Expect(filepath.Glob(filepath.Join(folder, ".work*"))).To(BeEmpty())
		})

		It("does not report it as unavailable when its context ends", func() {
			ctx, cancel := context.WithCancel(GinkgoT().Context())
			cancel()
			_, err := maker.Make(ctx, unpublished(ogx))
			Expect(err).To(MatchError(context.Canceled))
			Expect(err).NotTo(BeAssignableToTypeOf(&servers.UnavailableError{}))
			stop()
		})
	})
})
