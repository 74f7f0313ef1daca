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
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const operatorRef = "registry.test/group/operator:v1.2.3"

func TestCommand(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Command images")
}

// outcome is the result of a run of the program.
type outcome struct {
	code           int
	result, errors string
}

var _ = Describe("images", Ordered, func() {
	var binary, folder, manager, license string

	BeforeAll(func() {
		binary = filepath.Join(GinkgoT().TempDir(), "images")
		output, err := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", binary, ".").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
	})

	BeforeEach(func() {
		folder = filepath.Join(GinkgoT().TempDir(), "out")
		inputs := GinkgoT().TempDir()
		manager, license = filepath.Join(inputs, "manager"), filepath.Join(inputs, "LICENSE")
		Expect(os.WriteFile(manager, []byte("binary"), 0o755)).To(Succeed())
		Expect(os.WriteFile(license, []byte("licence"), 0o644)).To(Succeed())
	})

	run := func(environment []string, args ...string) outcome {
		GinkgoHelper()

		var result, messages bytes.Buffer
		command := exec.CommandContext(GinkgoT().Context(), binary, args...)
		command.Env = append(os.Environ(), environment...)
		command.Stdout, command.Stderr = &result, &messages

		err := command.Run()
		if err != nil {
			Expect(errors.As(err, new(*exec.ExitError))).To(BeTrue(), err.Error())
		}

		return outcome{code: command.ProcessState.ExitCode(), result: result.String(), errors: messages.String()}
	}

	operator := func(args ...string) outcome {
		GinkgoHelper()

		return run(nil, append([]string{"operator", "--out", folder, "--binary", manager, "--license", license, "--ref", operatorRef}, args...)...)
	}

	configOf := func(path, ref string) v1.Config {
		GinkgoHelper()

		tag, err := name.NewTag(ref)
		Expect(err).NotTo(HaveOccurred())
		image, err := tarball.ImageFromPath(path, &tag)
		Expect(err).NotTo(HaveOccurred())
		file, err := image.ConfigFile()
		Expect(err).NotTo(HaveOccurred())

		return file.Config
	}

	// pathIn is the path of the one image that was reported.
	pathIn := func(got outcome) string {
		GinkgoHelper()
		Expect(got.code).To(BeZero(), got.errors)
		Expect(strings.Fields(got.result)).To(HaveLen(2))

		return strings.Fields(got.result)[1]
	}

	Describe("operator", func() {
		It("makes an image that does not run as root", func() {
			got := operator()
			Expect(got.result).To(HavePrefix(operatorRef + " " + folder + "/operator-"))

			config := configOf(pathIn(got), operatorRef)
			Expect(config.User).To(Equal("65532:65532"))
			Expect(config.Entrypoint).To(Equal([]string{"/manager"}))
		})

		It("has the labels of the Dockerfile, for the version that it is tagged with", func() {
			labels := configOf(pathIn(operator()), operatorRef).Labels
			dockerfile, err := os.ReadFile(filepath.Join("..", "..", "..", "Dockerfile"))
			Expect(err).NotTo(HaveOccurred())
			said := regexp.MustCompile(`(?m)^(?:LABEL| {5}) ([a-z.]+)="(.*)"`).FindAllStringSubmatch(string(dockerfile), -1)
			Expect(said).To(HaveLen(len(labels)))
			for _, label := range said {
				Expect(labels).To(HaveKeyWithValue(label[1], strings.Replace(label[2], "$VERSION", "1.2.3", 1)))
			}
		})

		It("creates nothing again, and prints nothing", func() {
			first := operator()
			Expect(first.errors).To(ContainSubstring("making the image " + operatorRef))
			second := operator()
			Expect(second.result).To(Equal(first.result))
			Expect(second.errors).To(BeEmpty())
		})

		DescribeTable("creates another one for another binary", func(change func()) {
			first := pathIn(operator())
			change()
			Expect(pathIn(operator())).NotTo(Equal(first))
			Expect(first).NotTo(BeAnExistingFile())
		},
			Entry("binary", func() { Expect(os.WriteFile(manager, []byte("changed"), 0o755)).To(Succeed()) }),
			Entry("licence", func() { Expect(os.WriteFile(license, []byte("changed"), 0o644)).To(Succeed()) }),
		)

		It("keeps images of two names", func() {
			first := pathIn(operator())
			second := pathIn(operator("--name", "operator-next"))
			Expect(first).To(BeAnExistingFile())
			Expect(filepath.Base(second)).To(HavePrefix("operator-next-"))
		})
	})

	It("makes the stand-in, which any user of the group root can run", func() {
		path := pathIn(run(nil, "stand-in", "--out", folder, "--binary", manager, "--license", license, "--ref", operatorRef))
		config := configOf(path, operatorRef)
		Expect(config.User).To(Equal("1001:0"))
		Expect(config.Entrypoint).To(Equal([]string{"/stand-in"}))
		Expect(config.Cmd).To(BeEmpty())
		Expect(config.ExposedPorts).To(HaveKey("8321/tcp"))
	})

	Describe("the images that OLM uses", func() {
		var base string

		write := func(path, content string) {
			GinkgoHelper()
			target := filepath.Join(filepath.Dir(manager), path)
			Expect(os.MkdirAll(filepath.Dir(target), 0o755)).To(Succeed())
			Expect(os.WriteFile(target, []byte(content), 0o644)).To(Succeed())
		}
		inputs := func(path string) string { return filepath.Join(filepath.Dir(manager), path) }
		// layersIn are the digests of an image's layers.
		layersIn := func(path string) []string {
			GinkgoHelper()
			image, err := tarball.ImageFromPath(path, nil)
			Expect(err).NotTo(HaveOccurred())
			manifest, err := image.Manifest()
			Expect(err).NotTo(HaveOccurred())
			var all []string
			for _, layer := range manifest.Layers {
				all = append(all, layer.Digest.String())
			}
			return all
		}

		BeforeEach(func() {
			base = pathIn(run(nil, "opm", "--out", folder, "--ref", operatorRef, "--opm", manager, "--health-probe", manager, "--busybox", manager))
		})

		It("is OLM itself, of every program in a folder", func() {
			write("programs/olm", "1")
			path := pathIn(run(nil, "olm", "--out", folder, "--ref", operatorRef, "--programs", inputs("programs"), "--busybox", manager))
			Expect(configOf(path, operatorRef).Entrypoint).To(Equal([]string{"/bin/olm"}))
		})

		It("is a catalog on top of opm, and differs for other files", func() {
			write("catalog/catalog.yaml", "schema: olm.package")
			catalog := func() string {
				GinkgoHelper()
				return pathIn(run(nil, "catalog", "--out", folder, "--ref", operatorRef, "--base", filepath.Join(folder, "opm.tar"), "--from", inputs("catalog")))
			}
			first := catalog()
			Expect(layersIn(first)).To(HaveLen(2))
			Expect(layersIn(first)[0]).To(Equal(layersIn(base)[0]))
			Expect(configOf(first, operatorRef).Cmd).To(ContainElement("/configs"))

			write("catalog/catalog.yaml", "schema: olm.channel")
			Expect(catalog()).NotTo(Equal(first))
		})

		It("is a bundle, nothing but its files", func() {
			write("bundle/metadata/annotations.yaml", "annotations: {a: b}")
			path := pathIn(run(nil, "bundle", "--out", folder, "--name", "bundle-1", "--ref", operatorRef, "--from", inputs("bundle")))
			Expect(filepath.Base(path)).To(HavePrefix("bundle-1-"))
			Expect(layersIn(path)).To(HaveLen(1))
			Expect(configOf(path, operatorRef).Labels).To(Equal(map[string]string{"a": "b"}))
		})

		DescribeTable("needs", func(code int, expected string, args ...string) {
			got := run(nil, append(args, "--out="+folder)...)
			Expect(got.code).To(Equal(code))
			Expect(got.errors).To(ContainSubstring(expected))
		},
			Entry("OLM's programs and busybox", 1, "failed to read the program busybox", "olm", "--ref=r.test/a:b"),
			Entry("opm", 1, "failed to read the program", "opm", "--ref=r.test/a:b"),
			Entry("the base of a catalog", 1, "failed to find the image to build on", "catalog", "--ref=r.test/a:b", "--from=internal", "--base=/missing"),
			Entry("a catalog's files", 1, "failed to read the files of the image", "catalog", "--ref=r.test/a:b", "--from=/missing"),
			Entry("a bundle's files", 1, "failed to read the bundle's annotations", "bundle", "--ref=r.test/a:b", "--from=/missing"),
			Entry("the name of a catalog's image", 2, "set --ref to the name of the image", "catalog", "--from=internal"),
		)
	})

	It("exits with 3 when a server's image is not available", func() {
		// Without programs on the path it cannot build.
		got := run([]string{"PATH=" + folder}, "servers", "--out", folder, "--pull=false")
		Expect(got.code).To(Equal(3), got.errors)
		Expect(got.result).To(BeEmpty())
		Expect(got.errors).To(ContainSubstring("error: failed to come by docker.io/llamastack/distribution-starter:0.7.3"))
	})

	It("exits with 3 when the database's image is not available", func() {
		got := run([]string{"PATH=" + folder}, "database", "--out", folder, "--pull=false")
		Expect(got.code).To(Equal(3), got.errors)
		Expect(got.errors).To(ContainSubstring("error: failed to come by docker.io/pgvector/pgvector:pg17"))
	})

	DescribeTable("exits with 2 for", func(expected string, args ...string) {
		got := run(nil, append(args, "--out="+folder)...)
		Expect(got.code).To(Equal(2))
		Expect(got.errors).To(ContainSubstring(expected))
	},
		Entry("a kind that does not exist", `unknown kind of image "client": write one of: images bundle, images catalog,`, "client"),
		Entry("a flag that does not exist", "flag provided but not defined: -nothing", "operator", "--nothing"),
		Entry("an image without a name", "set --ref to the name of the image", "operator"),
		Entry("a server that does not exist", `unknown server "x": write llama-stack or ogx or ogx-1.3`, "servers", "--only=ogx,x"),
	)

	It("exits with 2 without arguments", func() {
		Expect(run(nil).code).To(Equal(2))
	})

	DescribeTable("exits with 1 when", func(expected string, change func() []string) {
		args := change()
		got := operator(args...)
		Expect(got.code).To(Equal(1))
		Expect(got.errors).To(ContainSubstring(expected))
	},
		Entry("the binary is missing", "failed to read the binary", func() []string { return []string{"--binary", "/missing"} }),
		Entry("the licence is missing", "failed to read the licence", func() []string { return []string{"--license", "/missing"} }),
		Entry("the name is invalid", "write it as registry/repository:tag", func() []string { return []string{"--ref", "A b"} }),
	)

	It("explains itself", func() {
		got := run(nil, "servers", "--help")
		Expect(got.code).To(BeZero())
		Expect(got.errors).To(And(ContainSubstring("-pull"), ContainSubstring("-only")))
	})
})
