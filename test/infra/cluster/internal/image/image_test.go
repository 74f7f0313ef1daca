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
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
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
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/image"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/pki"

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
	var (
		subject   image.Registry
		authority *pki.Authority
		// ended gets what Serve returns.
		ended chan error
		stop  context.CancelFunc
	)

	// free is an address that nothing listens on.
	free := func() string {
		GinkgoHelper()

		var listening net.ListenConfig

		listener, err := listening.Listen(GinkgoT().Context(), "tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(listener.Close()).To(Succeed())

		return listener.Addr().String()
	}

	serve := func() {
		var ctx context.Context
		ctx, stop = context.WithCancel(context.Background())
		DeferCleanup(stop)

		ended = make(chan error, 1)

		go func() { ended <- subject.Serve(ctx) }()
	}

	BeforeEach(func() {
		folder := GinkgoT().TempDir()

		var err error
		authority, err = pki.NewAuthority("test")
		Expect(err).NotTo(HaveOccurred())

		pair, err := authority.Issue(pki.Subject{User: "registry", Hosts: []string{"127.0.0.1"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(pair.Write(filepath.Join(folder, "registry"))).To(Succeed())

		subject = image.Registry{
			Address: free(), SecureAddress: free(), Folder: filepath.Join(folder, "layers"),
			Certificate: filepath.Join(folder, "registry.crt"), Key: filepath.Join(folder, "registry.key"),
		}
	})

	It("serves images until it is stopped", func() {
		serve()

		archive := build("the program")
		Eventually(func() error {
			_, err := image.Push(GinkgoT().Context(), subject.Address, archive)

			return err
		}).Should(Succeed())
		Expect(os.ReadDir(subject.Folder)).NotTo(BeEmpty())

		stop()
		Eventually(ended).Should(Receive(BeNil()))
	})

	It("serves the same images over TLS", func() {
		serve()

		Eventually(func() error {
			_, err := image.Push(GinkgoT().Context(), subject.Address, build("the program"))

			return err
		}).Should(Succeed())

		reference, err := name.NewTag(subject.SecureAddress + "/llamastack/example:1")
		Expect(err).NotTo(HaveOccurred())

		trusted := x509.NewCertPool()
		Expect(trusted.AppendCertsFromPEM(authority.Cert)).To(BeTrue())

		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
		DeferCleanup(transport.CloseIdleConnections)
		Eventually(func(g Gomega) {
			picture, err := remote.Image(reference, remote.WithTransport(transport))
			g.Expect(err).NotTo(HaveOccurred())
			expectProgram(picture, "the program")
		}).Should(Succeed())
	})

	It("ends when it cannot serve in one of the two ways", func() {
		subject.Certificate = "/missing"
		serve()
		Eventually(ended).Should(Receive(MatchError(And(HavePrefix("failed to serve images"), ContainSubstring("/missing")))))
	})
})
