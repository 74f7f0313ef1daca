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

package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const ref = "registry.test/group/name:v1"

// headers are those of a compressed tar archive.
func headers(data []byte) []*tar.Header {
	GinkgoHelper()

	decompressed, err := gzip.NewReader(bytes.NewReader(data))
	Expect(err).NotTo(HaveOccurred())

	var all []*tar.Header
	for in := tar.NewReader(decompressed); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		Expect(err).NotTo(HaveOccurred())
		all = append(all, header)
	}
}

func digest(layer v1.Layer) string {
	GinkgoHelper()

	hash, err := layer.Digest()
	Expect(err).NotTo(HaveOccurred())

	return hash.String()
}

var _ = Describe("Layer", func() {
	entries := []archive.Entry{
		archive.Folder("/app", 0o775, 0, 0),
		{Path: "/app/run.sh", Mode: 0o755, UID: 1001, GID: 7, Content: []byte("#!/bin/sh\n")},
		{Path: "/usr/bin/python", Target: "python3", Mode: 0o777},
	}

	It("has the entries with their owners, modes and contents, and no time", func() {
		layer, err := archive.Layer(entries...)
		Expect(err).NotTo(HaveOccurred())

		reader, err := layer.Compressed()
		Expect(err).NotTo(HaveOccurred())
		all := headers(readAll(reader))
		Expect(all).To(HaveLen(3))

		Expect(all[0].Name).To(Equal("app/"))
		Expect(all[0].Typeflag).To(BeEquivalentTo(tar.TypeDir))
		Expect(all[0].Mode).To(BeEquivalentTo(0o775))
		Expect(all[1].Name).To(Equal("app/run.sh"))
		Expect(all[1].Size).To(BeEquivalentTo(10))
		Expect([]int{all[1].Uid, all[1].Gid}).To(Equal([]int{1001, 7}))
		Expect(all[2].Typeflag).To(BeEquivalentTo(tar.TypeSymlink))
		Expect(all[2].Linkname).To(Equal("python3"))
		for _, header := range all {
			Expect(header.ModTime.Unix()).To(BeZero())
		}
	})

	It("is the same for the same entries, and differs for others", func() {
		first, err := archive.Layer(entries...)
		Expect(err).NotTo(HaveOccurred())
		second, err := archive.Layer(entries...)
		Expect(err).NotTo(HaveOccurred())
		other, err := archive.Layer(entries[1:]...)
		Expect(err).NotTo(HaveOccurred())

		Expect(digest(first)).To(Equal(digest(second)))
		Expect(digest(first)).NotTo(Equal(digest(other)))
	})

	It("refuses a name that cannot be in an archive", func() {
		_, err := archive.Layer(archive.Entry{Path: "/a\x00b"})
		Expect(err).To(MatchError(HavePrefix("failed to add /a")))
	})
})

var _ = Describe("WriteTree", func() {
	var root string

	write := func(path, content string) {
		GinkgoHelper()
		Expect(os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(root, path), []byte(content), 0o644)).To(Succeed())
	}

	tree := func(exclude ...string) []byte {
		GinkgoHelper()

		var out bytes.Buffer
		Expect(archive.WriteTree(&out, root, func(path string) bool {
			return slices.Contains(exclude, path)
		})).To(Succeed())

		return out.Bytes()
	}

	names := func(data []byte) []string {
		found := headers(data)
		all := make([]string, len(found))
		for i, header := range found {
			all[i] = header.Name
		}

		return all
	}

	BeforeEach(func() {
		root = GinkgoT().TempDir()
		write("etc/b", "two")
		write("etc/a", "one")
		write("var/log/x", "noise")
	})

	It("archives everything below the root, in order", func() {
		Expect(names(tree())).To(Equal([]string{"etc/", "etc/a", "etc/b", "var/", "var/log/", "var/log/x"}))
	})

	It("leaves out the excluded paths, with their content", func() {
		Expect(names(tree("/var/log", "/etc/a"))).To(Equal([]string{"etc/", "etc/b", "var/"}))
	})

	It("depends on the content, not on times", func() {
		before := tree()
		Expect(os.Chtimes(filepath.Join(root, "etc", "a"), time.Now(), time.Now().Add(time.Hour))).To(Succeed())
		Expect(tree()).To(Equal(before))
		write("etc/a", "One")
		Expect(tree()).NotTo(Equal(before))
	})

	It("keeps modes, the sticky bit and set-user-id", func() {
		Expect(os.Mkdir(filepath.Join(root, "tmp"), 0o777)).To(Succeed())
		Expect(os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky)).To(Succeed())
		Expect(os.Chmod(filepath.Join(root, "etc", "a"), 0o755|os.ModeSetuid)).To(Succeed())

		modes := map[string]int64{}
		for _, header := range headers(tree()) {
			modes[header.Name] = header.Mode
		}
		Expect(modes).To(And(HaveKeyWithValue("tmp/", int64(0o1777)), HaveKeyWithValue("etc/a", int64(0o4755))))
	})

	It("keeps symbolic links and hard links", func() {
		Expect(os.Symlink("../nowhere", filepath.Join(root, "etc", "link"))).To(Succeed())
		Expect(os.Link(filepath.Join(root, "etc", "a"), filepath.Join(root, "etc", "same"))).To(Succeed())

		targets := map[string]string{}
		for _, header := range headers(tree()) {
			targets[header.Name] = header.Linkname
		}
		Expect(targets).To(And(HaveKeyWithValue("etc/link", "../nowhere"), HaveKeyWithValue("etc/same", "etc/a"), HaveKeyWithValue("etc/a", "")))
	})

	It("leaves out what is neither file, folder nor link", func() {
		Expect(syscall.Mkfifo(filepath.Join(root, "etc", "pipe"), 0o644)).To(Succeed())
		Expect(names(tree())).NotTo(ContainElement("etc/pipe"))
	})

	It("says which folder is missing", func() {
		Expect(archive.WriteTree(io.Discard, "/does/not/exist", func(string) bool { return false })).
			To(MatchError(And(HavePrefix("failed to archive /does/not/exist"), ContainSubstring("no such file"))))
	})

	It("can be a layer", func() {
		path := filepath.Join(GinkgoT().TempDir(), "layer")
		Expect(os.WriteFile(path, tree(), 0o644)).To(Succeed())

		layer, err := archive.LayerFrom(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(layer.Size()).To(BeNumerically(">", 0))
		_, err = archive.LayerFrom(path + ".missing")
		Expect(err).To(MatchError(HavePrefix("failed to read the layer")))
	})
})

var _ = Describe("Image", func() {
	config := archive.Config{
		Entrypoint: []string{"/manager"}, Command: []string{"--help"}, Environment: []string{"HOME=/"}, User: "65532:65532",
		Folder: "/app", Labels: map[string]string{"a": "b"}, Ports: []string{"8321/tcp"},
	}

	image := func() v1.Image {
		GinkgoHelper()

		layer, err := archive.Layer(archive.Entry{Path: "/manager", Mode: 0o755, Content: []byte("binary")})
		Expect(err).NotTo(HaveOccurred())
		made, err := archive.Image(config, layer)
		Expect(err).NotTo(HaveOccurred())

		return made
	}

	It("runs as configured", func() {
		file, err := image().ConfigFile()
		Expect(err).NotTo(HaveOccurred())
		Expect(file.OS).To(Equal("linux"))
		Expect(file.Architecture).NotTo(BeEmpty())
		Expect(file.Created.Unix()).To(BeZero())
		Expect(file.Config).To(Equal(v1.Config{
			Entrypoint: []string{"/manager"}, Cmd: []string{"--help"}, Env: []string{"HOME=/"}, User: "65532:65532",
			WorkingDir: "/app", Labels: map[string]string{"a": "b"}, ExposedPorts: map[string]struct{}{"8321/tcp": {}},
		}))
	})

	It("becomes an archive that carries its name, the same each time", func() {
		var first, second bytes.Buffer
		Expect(archive.Write(&first, ref, image())).To(Succeed())
		Expect(archive.Write(&second, ref, image())).To(Succeed())
		Expect(first.Bytes()).To(Equal(second.Bytes()))

		opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(first.Bytes())), nil }
		manifest, err := tarball.LoadManifest(opener)
		Expect(err).NotTo(HaveOccurred())
		Expect(manifest[0].RepoTags).To(Equal([]string{ref}))

		read, err := tarball.Image(opener, nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(read.Digest()).To(Equal(must(image().Digest())))
	})

	It("adds the registry to names of Docker Hub", func() {
		var out bytes.Buffer
		Expect(archive.Write(&out, "docker.io/group/name:1.3.0", image())).To(Succeed())

		manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return io.NopCloser(&out), nil })
		Expect(err).NotTo(HaveOccurred())
		Expect(manifest[0].RepoTags).To(Equal([]string{"docker.io/group/name:1.3.0"}))
	})

	It("gives its layers to another image", func() {
		path := filepath.Join(GinkgoT().TempDir(), "base.tar")
		Expect(archive.CreateFile(path, func(w io.Writer) error { return archive.Write(w, ref, image()) })).To(Succeed())

		layers, err := archive.Layers(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(layers).To(HaveLen(1))
		Expect(digest(layers[0])).To(Equal(digest(must(image().Layers())[0])))

		_, err = archive.Layers(path + ".missing")
		Expect(err).To(MatchError(HavePrefix("failed to read the image")))
	})

	DescribeTable("refuses a name", func(ref string) {
		Expect(archive.Write(io.Discard, ref, image())).To(MatchError(ContainSubstring("write it as registry/repository:tag")))
	},
		Entry("without a tag", "registry.test/name"),
		Entry("without a registry", "name:v1"),
		Entry("that is invalid", "A b"),
	)
})

var _ = Describe("CreateFile", func() {
	var path string

	BeforeEach(func() { path = filepath.Join(GinkgoT().TempDir(), "file") })

	fill := func(content string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, writeErr := io.WriteString(w, content)
			return errors.Join(writeErr, err)
		}
	}

	It("writes a file", func() {
		Expect(archive.CreateFile(path, fill("new", nil))).To(Succeed())
		Expect(os.ReadFile(path)).To(BeEquivalentTo("new"))
	})

	It("leaves the old file, and no other, when it fails", func() {
		Expect(archive.CreateFile(path, fill("old", nil))).To(Succeed())
		Expect(archive.CreateFile(path, fill("half", errors.New("no more")))).To(MatchError(ContainSubstring("no more")))
		Expect(os.ReadFile(path)).To(BeEquivalentTo("old"))
		Expect(filepath.Glob(path + "*")).To(HaveLen(1))
	})

	It("reports an error", func() {
		Expect(archive.CreateFile("/does/not/exist", fill("", nil))).To(MatchError(HavePrefix("failed to create")))
	})
})

func readAll(in io.ReadCloser) []byte {
	GinkgoHelper()

	data, err := io.ReadAll(in)
	Expect(err).NotTo(HaveOccurred())
	Expect(in.Close()).To(Succeed())

	return data
}

func must[T any](value T, err error) T {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())

	return value
}
