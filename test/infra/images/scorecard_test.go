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
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("images for scorecard", Ordered, func() {
	const ref = "registry.test/group/tests:v1"

	var binary, folder, program, catalog string

	BeforeAll(func() {
		binary = filepath.Join(GinkgoT().TempDir(), "images")
		output, err := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", binary, ".").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
	})

	BeforeEach(func() {
		folder, program, catalog = GinkgoT().TempDir(), filepath.Join(GinkgoT().TempDir(), "program"), GinkgoT().TempDir()
		Expect(os.WriteFile(program, []byte("program"), 0o755)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(catalog, ".indexignore"), []byte("not part of it"), 0o644)).To(Succeed())
		Expect(os.MkdirAll(filepath.Join(catalog, "package"), 0o755)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(catalog, "package", "v1.yaml"), []byte("schema: olm.bundle"), 0o644)).To(Succeed())
	})

	// made is the image of a kind.
	made := func(kind string, args ...string) v1.Image {
		GinkgoHelper()
		args = append([]string{kind, "--out", folder, "--license", "../../../LICENSE", "--ref", ref}, args...)
		output, err := exec.CommandContext(GinkgoT().Context(), binary, args...).Output()
		Expect(err).NotTo(HaveOccurred())
		Expect(strings.Fields(string(output))).To(HaveLen(2))
		tag, err := name.NewTag(ref)
		Expect(err).NotTo(HaveOccurred())
		image, err := tarball.ImageFromPath(strings.Fields(string(output))[1], &tag)
		Expect(err).NotTo(HaveOccurred())
		return image
	}

	config := func(image v1.Image) v1.Config {
		GinkgoHelper()
		file, err := image.ConfigFile()
		Expect(err).NotTo(HaveOccurred())
		return file.Config
	}

	// files are the contents of an image by path; for a link, its target.
	files := func(image v1.Image) map[string]string {
		GinkgoHelper()
		found := map[string]string{}
		for stream := tar.NewReader(mutate.Extract(image)); ; {
			header, err := stream.Next()
			if errors.Is(err, io.EOF) {
				return found
			}
			Expect(err).NotTo(HaveOccurred())
			content, err := io.ReadAll(stream)
			Expect(err).NotTo(HaveOccurred())
			found["/"+header.Name] = header.Linkname + string(content)
		}
	}

	It("has the project's tests, and the catalog that one of them checks", func() {
		image := made("scorecard", "--binary", program, "--catalog", catalog)
		Expect(config(image).User).To(Equal("65532:65532"))
		Expect(config(image).Entrypoint).To(Equal([]string{"/scorecard-tests"}))
		Expect(files(image)).To(And(HaveKeyWithValue("/scorecard-tests", "program"), HaveKey("/licenses/LICENSE"),
			HaveKeyWithValue("/catalog/package/v1.yaml", "schema: olm.bundle"), Not(HaveKey("/catalog/.indexignore"))))
	})

	It("is created again for another catalog", func() {
		first, err := made("scorecard", "--binary", program, "--catalog", catalog).Digest()
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(catalog, "package", "v1.yaml"), []byte("schema: olm.channel"), 0o644)).To(Succeed())
		Expect(made("scorecard", "--binary", program, "--catalog", catalog).Digest()).NotTo(Equal(first))
	})

	It("has operator-sdk's tests where scorecard's configuration finds them", func() {
		image := made("scorecard-test", "--binary", program)
		Expect(config(image).User).To(Equal("1001"), "a number, so that the kubelet knows that it is not root")
		Expect(config(image).Env).To(ConsistOf(ContainSubstring("/usr/local/bin")))
		Expect(files(image)).To(HaveKeyWithValue("/usr/local/bin/scorecard-test", "program"))
	})

	It("has a tar", func() {
		image := made("scorecard-untar", "--busybox", program)
		Expect(config(image).User).To(Equal("1001"))
		Expect(config(image).Entrypoint).To(BeEmpty())
		Expect(files(image)).To(And(HaveKeyWithValue("/bin/busybox", "program"), HaveKeyWithValue("/bin/tar", "/bin/busybox")))
	})
})
