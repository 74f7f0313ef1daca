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

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestRelease(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Release")
}

// command runs a command of the program, and returns what it printed.
func command(args ...string) (string, error) {
	var result bytes.Buffer
	err := run(context.Background(), args, &result)
	return result.String(), err
}

// succeed is a command that must.
func succeed(args ...string) string {
	GinkgoHelper()
	result, err := command(args...)
	Expect(err).NotTo(HaveOccurred())
	return result
}

// push pushes an image for amd64 with one file, this program, as a list of images, and returns its name with the digest.
func push(host string) string {
	GinkgoHelper()
	program, err := os.ReadFile("/proc/self/exe")
	Expect(err).NotTo(HaveOccurred())
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	Expect(archive.WriteHeader(&tar.Header{Name: "manager", Mode: 0o755, Size: int64(len(program))})).To(Succeed())
	_, err = archive.Write(program)
	Expect(err).NotTo(HaveOccurred())
	Expect(archive.Close()).To(Succeed())

	image, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer.Bytes(), types.OCIUncompressedLayer))
	Expect(err).NotTo(HaveOccurred())
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: rootfs(image)})
	Expect(err).NotTo(HaveOccurred())
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})
	ref, err := name.ParseReference(host + "/llamastack/operator:v1.2.3")
	Expect(err).NotTo(HaveOccurred())
	Expect(remote.WriteIndex(ref, index)).To(Succeed())
	digest, err := index.Digest()
	Expect(err).NotTo(HaveOccurred())
	return ref.Context().Digest(digest.String()).String()
}

// label pushes an image that was built from a commit.
func label(reference, commit string) {
	GinkgoHelper()
	image, err := mutate.Config(empty.Image, v1.Config{Labels: map[string]string{"org.opencontainers.image.revision": commit}})
	Expect(err).NotTo(HaveOccurred())
	ref, err := name.ParseReference(reference)
	Expect(err).NotTo(HaveOccurred())
	Expect(remote.Write(ref, image)).To(Succeed())
}

func rootfs(image v1.Image) v1.RootFS {
	GinkgoHelper()
	config, err := image.ConfigFile()
	Expect(err).NotTo(HaveOccurred())
	return config.RootFS
}

var _ = Describe("The program of a release", func() {
	var folder, host, image, private, public string

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
		DeferCleanup(server.Close)
		host = strings.TrimPrefix(server.URL, "http://")
		image = push(host)
		private, public = filepath.Join(folder, "cosign.key"), filepath.Join(folder, "cosign.pub")
		succeed("key", "-out", private, "-public", public)
		GinkgoT().Setenv("SOURCE_DATE_EPOCH", "1700000000")
	})

	// write writes a file into the folder.
	write := func(file, content string) string {
		GinkgoHelper()
		path := filepath.Join(folder, file)
		Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
		return path
	}

	It("describes the modules of the programs in an image, in valid SPDX, the same each time", func() {
		first, second := filepath.Join(folder, "1.json"), filepath.Join(folder, "2.json")
		succeed("sbom", "-version", "1.2.3", "-out", first, image)
		succeed("sbom", "-version", "1.2.3", "-out", second, image)

		text, err := os.ReadFile(first)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.ReadFile(second)).To(Equal(text))
		document, err := spdxjson.Read(bytes.NewReader(text))
		Expect(err).NotTo(HaveOccurred())
		Expect(document.SPDXVersion).To(Equal("SPDX-2.3"))
		Expect(document.Files).To(ConsistOf(HaveField("FileName", "./manager")))
		ids := map[spdx.ElementID]bool{"DOCUMENT": true}
		for _, p := range document.Packages {
			Expect(ids).NotTo(HaveKey(p.PackageSPDXIdentifier))
			ids[p.PackageSPDXIdentifier] = true
		}
		ids[document.Files[0].FileSPDXIdentifier] = true
		for _, r := range document.Relationships {
			Expect(ids).To(And(HaveKey(r.RefA.ElementRefID), HaveKey(r.RefB.ElementRefID)), r.Relationship)
		}
		Expect(string(text)).To(And(ContainSubstring("pkg:golang/github.com/spdx/tools-golang@v"), ContainSubstring("pkg:golang/stdlib@1.")))
	})

	It("signs an image, which verifies with its key and no other", func() {
		arguments := []string{"cosign", "verify", "--insecure-ignore-tlog", "--key"}
		_, err := command(append(arguments, public, image)...)
		Expect(err).To(HaveOccurred(), "nothing is signed")

		succeed("sign", "-key", private, image)
		Expect(succeed(append(arguments, public, image)...)).To(ContainSubstring(`"payload"`))

		succeed("key", "-out", filepath.Join(folder, "other.key"), "-public", filepath.Join(folder, "other.pub"))
		_, err = command(append(arguments, filepath.Join(folder, "other.pub"), image)...)
		Expect(err).To(HaveOccurred())
	})

	It("does not take what is said of an image for its signature", func() {
		succeed("attest", "-key", private, "-type", "https://example.com/said", "-predicate", write("said.json", `{"a": 1}`), image)
		succeed("cosign", "verify-attestation", "--insecure-ignore-tlog", "--key", public, "--type", "https://example.com/said", image)
		_, err := command("cosign", "verify", "--insecure-ignore-tlog", "--key", public, image)
		Expect(err).To(MatchError(ContainSubstring("no verified attestation")))
	})

	It("signs a file, and how it was built", func() {
		commit, sum := strings.Repeat("ab", 20), strings.Repeat("cd", 32)
		file, predicate := write("install.yaml", "kind: List\n"), filepath.Join(folder, "provenance.json")
		signature, built := filepath.Join(folder, "signature.json"), filepath.Join(folder, "built.json")
		succeed("provenance", "-commit", commit, "-ref", "refs/tags/v1.2.3", "-go", "go1.26", "-out", predicate,
			"-base", "docker.io/library/golang:1.26@sha256:"+sum)
		succeed("sign-blob", "-key", private, "-bundle", signature, file)
		succeed("attest-blob", "-key", private, "-type", "https://slsa.dev/provenance/v1", "-predicate", predicate, "-bundle", built, file)
		verify := func() []error {
			_, signed := command("cosign", "verify-blob", "--insecure-ignore-tlog", "--key", public, "--bundle", signature, file)
			_, attested := command("cosign", "verify-blob-attestation", "--insecure-ignore-tlog", "--key", public, "--bundle", built,
				"--type", "slsaprovenance1", file)
			return []error{signed, attested}
		}

		Expect(verify()).To(HaveEach(BeNil()))
		var said struct {
			BuildDefinition struct {
				ExternalParameters   map[string]any   `json:"externalParameters"`
				ResolvedDependencies []map[string]any `json:"resolvedDependencies"`
			} `json:"buildDefinition"`
		}
		text, err := os.ReadFile(predicate)
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Unmarshal(text, &said)).To(Succeed())
		Expect(said.BuildDefinition.ExternalParameters).To(And(HaveLen(1), HaveKeyWithValue("workflow", And(
			HaveKeyWithValue("ref", "refs/tags/v1.2.3"), HaveKeyWithValue("path", ".github/workflows/release.yaml")))), "a tag has no inputs")
		Expect(said.BuildDefinition.ResolvedDependencies).To(HaveExactElements(
			HaveKeyWithValue("digest", HaveKeyWithValue("gitCommit", commit)), HaveKeyWithValue("digest", HaveKeyWithValue("sha256", sum))))

		write("install.yaml", "kind: list\n")
		Expect(verify()).To(HaveEach(HaveOccurred()))
	})

	It("does not say how something was built on an image without a digest", func() {
		_, err := command("provenance", "-commit", strings.Repeat("ab", 20), "-ref", "refs/tags/v1.2.3", "-base", "quay.io/no/digest:1",
			"-out", filepath.Join(folder, "provenance.json"))
		Expect(err).To(MatchError(ContainSubstring("the base image quay.io/no/digest:1 has no digest")))
	})

	It("finds out whether a release can be published, before anything is", func() {
		reference := host + "/llamastack/operator:v1.2.3"
		Expect(command("can-publish", "-commit", "first", host+"/llamastack/operator:v1.2.4", host+"/llamastack/new:v1")).Error().NotTo(HaveOccurred())
		label(reference, "first")

		succeed("can-publish", "-commit", "first", reference)
		_, err := command("can-publish", "-commit", "second", reference)
		Expect(err).To(MatchError(ContainSubstring(reference + " was published from the commit first")))

		refuses := httptest.NewServer(http.NotFoundHandler())
		DeferCleanup(refuses.Close)
		_, err = command("can-publish", "-commit", "first", strings.TrimPrefix(refuses.URL, "http://")+"/llamastack/operator:v1.2.3")
		Expect(err).To(MatchError(ContainSubstring("failed to write to ")))
	})

	It("completes the statements about vulnerabilities, and knows its images", func() {
		statement := `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "a", "author": "b", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
			"statements": [{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:oci/IMAGE"}], "status": "fixed"}]}`
		out := filepath.Join(folder, "vex.json")
		succeed("vex", "-version", "1.2.3", "-file", write("in.json", strings.Replace(statement, "IMAGE", "operator", 1)), "-out", out, image)
		Expect(os.ReadFile(out)).To(ContainSubstring("pkg:oci/operator@sha256%3A"))

		_, err := command("vex", "-version", "1.2.3", "-file", write("in.json", strings.Replace(statement, "IMAGE", "other", 1)), "-out", out, image)
		Expect(err).To(MatchError(ContainSubstring("pkg:oci/other is no image of the release")))
	})

	DescribeTable("packs the same archive each time", func(kind string) {
		file := write("program", "binary")
		first, second := filepath.Join(folder, "1"+kind), filepath.Join(folder, "2"+kind)
		succeed("archive", "-out", first, file)
		Expect(os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0))).To(Succeed())
		succeed("archive", "-out", second, file)
		content, err := os.ReadFile(first)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.ReadFile(second)).To(Equal(content))
	}, Entry("for Linux and macOS", ".tar.gz"), Entry("for Windows", ".zip"))

	DescribeTable("describes the program in an archive", func(kind string) {
		program, err := os.ReadFile("/proc/self/exe")
		Expect(err).NotTo(HaveOccurred())
		archive := filepath.Join(folder, "plugin"+kind)
		succeed("archive", "-out", archive, write("plugin", string(program)), write("LICENSE", "text"))

		succeed("sbom-archive", "-version", "1.2.3", archive)

		text, err := os.ReadFile(archive + ".spdx.json")
		Expect(err).NotTo(HaveOccurred())
		document, err := spdxjson.Read(bytes.NewReader(text))
		Expect(err).NotTo(HaveOccurred())
		Expect(document.Files).To(ConsistOf(HaveField("FileName", "./plugin")))
		Expect(string(text)).To(And(ContainSubstring("pkg:golang/github.com/spdx/tools-golang@v"), ContainSubstring("pkg:generic/plugin"+kind+"@v1.2.3?checksum=sha256%3A")))
	}, Entry("for Linux and macOS", ".tar.gz"), Entry("for Windows", ".zip"))

	It("finds digests in a mirror, of stand-ins too", func() {
		succeed("stand-in", "-mirror", host, "docker.io/example/server:1")
		Expect(succeed("digest", "-mirror", host, "docker.io/example/server:1")).To(MatchRegexp(`^docker.io/example/server:1 sha256:[0-9a-f]{64}\n$`))
		_, err := command("digest", "-mirror", host, "docker.io/example/server:2")
		Expect(err).To(HaveOccurred())
	})
})
