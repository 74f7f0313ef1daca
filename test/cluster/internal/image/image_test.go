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

package image_test

import (
	"archive/tar"
	"context"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/image"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const tag = "quay.io/llamastack/example:1"

// build makes an archive of an image whose program is the given text.
func build(program string) string {
	GinkgoHelper()

	folder := GinkgoT().TempDir()
	binary, archive := filepath.Join(folder, "binary"), filepath.Join(folder, "example.tar")
	Expect(os.WriteFile(binary, []byte(program), 0o600)).To(Succeed())
	Expect(image.Build(binary, tag, "65535:65535", archive)).To(Succeed())

	return archive
}

func expectProgram(picture v1.Image, program string) {
	GinkgoHelper()

	files := tar.NewReader(mutate.Extract(picture))

	header, err := files.Next()
	Expect(err).NotTo(HaveOccurred())
	Expect(header.Name).To(Equal("program"))
	Expect(header.FileInfo().Mode().Perm()).To(Equal(os.FileMode(0o755)))
	Expect(io.ReadAll(files)).To(BeEquivalentTo(program))

	_, err = files.Next()
	Expect(err).To(MatchError(io.EOF))
}

var _ = Describe("Build", func() {
	It("makes an image of one program, run by one user", func() {
		reference, err := name.NewTag(tag)
		Expect(err).NotTo(HaveOccurred())

		picture, err := tarball.ImageFromPath(build("the program"), &reference)
		Expect(err).NotTo(HaveOccurred())
		expectProgram(picture, "the program")

		described, err := picture.ConfigFile()
		Expect(err).NotTo(HaveOccurred())
		Expect(described.OS).To(Equal("linux"))
		Expect(described.Architecture).To(Equal(runtime.GOARCH))
		Expect(described.Config.User).To(Equal("65535:65535"))
		Expect(described.Config.Entrypoint).To(Equal([]string{"/program"}))
		Expect(described.RootFS.DiffIDs).To(HaveLen(1))
	})

	It("refuses what cannot become an image", func() {
		folder := GinkgoT().TempDir()
		Expect(image.Build(filepath.Join(folder, "absent"), tag, "1", filepath.Join(folder, "x.tar"))).
			To(MatchError(ContainSubstring("failed to read the program")))
		Expect(image.Build(filepath.Join(folder, "absent"), "Not A Name", "1", filepath.Join(folder, "x.tar"))).
			To(MatchError(ContainSubstring("failed to parse the image name")))
	})
})

var _ = Describe("Push", func() {
	var address string

	BeforeEach(func() {
		server := httptest.NewServer(registry.New())
		DeferCleanup(server.Close)

		address = strings.TrimPrefix(server.URL, "http://")
	})

	It("keeps repository and tag, and changes the registry", func() {
		names, err := image.Push(GinkgoT().Context(), address, build("the program"))
		Expect(err).NotTo(HaveOccurred())
		Expect(names).To(Equal([]string{address + "/llamastack/example:1"}))

		reference, err := name.NewTag(names[0], name.Insecure)
		Expect(err).NotTo(HaveOccurred())

		picture, err := remote.Image(reference)
		Expect(err).NotTo(HaveOccurred())
		expectProgram(picture, "the program")
	})

	It("explains an archive that it cannot read", func() {
		broken := filepath.Join(GinkgoT().TempDir(), "broken.tar")
		Expect(os.WriteFile(broken, []byte("no archive"), 0o600)).To(Succeed())

		_, err := image.Push(GinkgoT().Context(), address, broken)
		Expect(err).To(MatchError(ContainSubstring("failed to read " + broken + " as an archive of `docker save`")))
	})

	It("explains an archive without names", func() {
		nameless := filepath.Join(GinkgoT().TempDir(), "nameless.tar")
		reference, err := name.NewDigest("example@sha256:" + strings.Repeat("0", 64))
		Expect(err).NotTo(HaveOccurred())
		Expect(tarball.WriteToFile(nameless, reference, empty.Image)).To(Succeed())

		_, err = image.Push(GinkgoT().Context(), address, nameless)
		Expect(err).To(MatchError(image.ErrNoNames))
	})
})

var _ = Describe("Serve", func() {
	It("serves images until it is told to stop", func() {
		var listening net.ListenConfig

		listener, err := listening.Listen(GinkgoT().Context(), "tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())

		address := listener.Addr().String()
		Expect(listener.Close()).To(Succeed())

		ctx, stop := context.WithCancel(GinkgoT().Context())
		ended := make(chan error, 1)
		folder := filepath.Join(GinkgoT().TempDir(), "registry")

		go func() { ended <- image.Serve(ctx, address, folder) }()

		archive := build("the program")
		Eventually(func() error {
			_, err := image.Push(GinkgoT().Context(), address, archive)

			return err
		}).Should(Succeed())
		Expect(os.ReadDir(folder)).NotTo(BeEmpty())

		stop()
		Eventually(ended).Should(Receive(BeNil()))
	})
})
