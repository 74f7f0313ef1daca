//go:build release

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

// The result of a dry run, verified as a user does: hack/release-dry-run.sh makes it and runs these specs.
package release_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	root = "../.."
	// operator is the name of the operator's image.
	operator = "llama-stack-k8s-operator"
	// published is the registry that the documentation names.
	published = "quay.io/llamastack"

	executable = 0o755
	readable   = 0o644
)

func TestRelease(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Release")
}

// setting is a variable that the script sets.
func setting(name string) string {
	GinkgoHelper()
	value := os.Getenv(name)
	Expect(value).NotTo(BeEmpty(), "run it with make release-dry-run: %s", name)
	return value
}

// text is a file of the result.
func text(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(append([]string{setting("DIST")}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// images are the digests of the images that were published, by name.
func images() map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	for line := range strings.Lines(text("images.txt")) {
		reference, digest, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[reference] = digest
	}
	return found
}

// reference is an image of the release.
func reference(name string) string {
	return setting("REGISTRY") + "/" + name + ":v" + setting("VERSION")
}

// pinned is an image of the release, by digest.
func pinned(name string) string {
	GinkgoHelper()
	Expect(images()).To(HaveKey(reference(name)))
	return setting("REGISTRY") + "/" + name + "@" + images()[reference(name)]
}

// shell runs a script of commands in a folder, with the program that verifies as "cosign".
func shell(folder, script string) (string, error) {
	GinkgoHelper()
	bin := GinkgoT().TempDir()
	wrapper := "#!/bin/sh\nexec " + setting("TOOL") + ` cosign "$@"` + "\n"
	Expect(os.WriteFile(filepath.Join(bin, "cosign"), []byte(wrapper), executable)).To(Succeed())
	command := exec.CommandContext(GinkgoT().Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	return string(output), err
}

// commands are those of a section of docs/verify.md, with the registry and the key of the dry run.
func commands(section string) string {
	GinkgoHelper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "verify.md"))
	Expect(err).NotTo(HaveOccurred())
	_, after, found := strings.Cut(string(page), "\n## "+section+"\n")
	Expect(found).To(BeTrue(), section)
	after, _, _ = strings.Cut(after, "\n## ")
	var all []string
	for _, block := range regexp.MustCompile("(?s)```shell\n(.*?)```").FindAllStringSubmatch(after, -1) {
		all = append(all, block[1])
	}
	Expect(all).NotTo(BeEmpty(), section)
	return identity() + strings.ReplaceAll(strings.Join(all, ""), published, setting("REGISTRY"))
}

// identity takes the place of the section that says who signs releases.
func identity() string {
	return "VERSION=" + setting("VERSION") + "\n" +
		"IDENTITY=(--key " + filepath.Join(setting("DIST"), "cosign.pub") + " --insecure-ignore-tlog)\n" +
		"CATALOG_IDENTITY=(\"${IDENTITY[@]}\")\n"
}

// assets is a copy of the files of the release.
func assets() string {
	GinkgoHelper()
	folder := filepath.Join(GinkgoT().TempDir(), "assets")
	Expect(os.CopyFS(folder, os.DirFS(filepath.Join(setting("DIST"), "assets")))).To(Succeed())
	return folder
}

// change changes one byte of a file.
func change(file string) {
	GinkgoHelper()
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	content[len(content)/2] ^= 1
	Expect(os.WriteFile(file, content, readable)).To(Succeed())
}

// decode reads JSON.
func decode[T any](content string) T {
	GinkgoHelper()
	var into T
	Expect(json.NewDecoder(bytes.NewReader([]byte(content))).Decode(&into)).To(Succeed())
	return into
}

// mirrored is an image in the registry of the dry run, which has the repositories of all registries.
func mirrored(image name.Digest) name.Digest {
	GinkgoHelper()
	ref, err := name.NewDigest(setting("MIRROR") + "/" + image.Context().RepositoryStr() + "@" + image.DigestStr())
	Expect(err).NotTo(HaveOccurred())
	return ref
}
