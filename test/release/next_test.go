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

package release_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// branch is a checkout of the branch that a release was made from.
type branch string

// run runs a program there, without what the dry run sets for its own version.
func (b branch) run(program string, args ...string) (string, error) {
	GinkgoHelper()
	command := exec.CommandContext(GinkgoT().Context(), program, args...)
	command.Dir = string(b)
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "VERSION=") || strings.HasPrefix(variable, "DIST=")
	})
	output, err := command.CombinedOutput()
	return string(output), err
}

// must runs a program that succeeds.
func (b branch) must(program string, args ...string) string {
	GinkgoHelper()
	output, err := b.run(program, args...)
	Expect(err).NotTo(HaveOccurred(), "%s %s: %s", program, args, output)
	return output
}

// commit commits every change.
func (b branch) commit(message string) {
	GinkgoHelper()
	b.must("git", "add", "--all")
	b.must("git", "-c", "user.name=dry-run", "-c", "user.email=dry-run@localhost", "commit", "--quiet", "--allow-empty", "--message", message)
}

// changes are all changes since the last commit.
func (b branch) changes() string {
	GinkgoHelper()
	return b.must("git", "status", "--porcelain") + b.must("git", "diff")
}

// refuses runs make, which fails with a message and changes nothing.
func (b branch) refuses(message string, args ...string) {
	GinkgoHelper()
	before := b.changes()
	output, err := b.run("make", args...)
	Expect(err).To(HaveOccurred(), "make %s: %s", args, output)
	Expect(output).To(ContainSubstring(message))
	Expect(b.changes()).To(Equal(before), "make %s", args)
}

// read is a file there.
func (b branch) read(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(append([]string{string(b)}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// channel are the entries of a channel of the catalog.
func (b branch) channel(name string) string {
	GinkgoHelper()
	for document := range strings.SplitSeq(b.read("catalog", operator, "channels.yaml"), "---\n") {
		if strings.Contains(document, "\nname: "+name+"\n") {
			return document
		}
	}
	Fail("there is no channel " + name)
	return ""
}

var _ = Describe("The branch that records a release", Ordered, func() {
	var main branch
	var version, next, image string

	BeforeAll(func() {
		version = setting("VERSION")
		numbers := strings.SplitN(version, ".", 3)
		minor, err := strconv.Atoi(numbers[1])
		Expect(err).NotTo(HaveOccurred())
		next = fmt.Sprintf("%s.%d.0", numbers[0], minor+1)
		main = branch(filepath.Join(setting("WORK"), "branch"))
		branch(".").must("git", "clone", "--quiet", setting("CLONE"), string(main))
		Expect(os.Symlink(filepath.Join(setting("CLONE"), "bin"), filepath.Join(string(main), "bin"))).To(Succeed())
		main.must("git", "apply", "--index", filepath.Join(setting("DIST"), "changes.patch"))
		main.commit("Record the digests of " + version)
	})

	It("passes the checks of the catalog, and has what its generators write", func() {
		main.must("go", "test", "-count=1", "./test/bundle", "-ginkgo.focus=catalog")
		main.must("make", "bundle", "catalog")
		Expect(main.changes()).To(BeEmpty())
	})

	It("refuses to release the same version again", func() {
		main.refuses("a release is never changed", "release", "VERSION="+version)
		main.refuses("does not list "+version, "release-check", "VERSION="+version)
		main.refuses("versions.mk has the version "+version+", and this is to be 9.9.9", "release-check", "VERSION=9.9.9")
	})

	It("publishes the catalog that people subscribe to, signed", func() {
		Expect(main.must("make", "catalog-publish")).To(ContainSubstring("published " + setting("REGISTRY") + "/" + operator + "-catalog:latest"))

		output, err := shell(GinkgoT().TempDir(), commands("Verify the catalog"))
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(strings.Count(output, "verified https://")).To(Equal(3), output)
	})

	It("prepares the next release for its first channel, and publishes it", func() {
		main.must("make", "release", "VERSION="+next, "CHANNELS=candidate-v1")
		main.commit("Release " + next)
		Expect(main.must("make", "catalog-publish")).To(And(
			ContainSubstring("Nothing is published: the catalog names these bundles by tag"), ContainSubstring("-bundle:v"+next)))
		Expect(main.read("versions.mk")).To(And(ContainSubstring("VERSION ?= "+next+"\n"), ContainSubstring("CHANNELS ?= candidate-v1\n")))

		// The images are those of this release, under the next tag.
		folder := GinkgoT().TempDir()
		line := setting("REGISTRY") + "/" + operator + ":v" + next + " " + images()[reference(operator)] + "\n"
		Expect(os.WriteFile(filepath.Join(folder, "images.txt"), []byte(line), readable)).To(Succeed())
		main.must("env", "VERSION="+next, "hack/release-manifests.sh", folder)
		main.commit("Record the digests of " + next)

		image = "image: " + setting("REGISTRY") + "/" + operator + "-bundle@sha256:"
		Expect(main.read("catalog", operator, "v"+next+".yaml")).To(ContainSubstring("\n" + image))
		Expect(main.channel("candidate-v1")).To(ContainSubstring("name: " + operator + ".v" + next + "\n"))
		Expect(main.channel("stable-v1")).NotTo(ContainSubstring("v" + next))
		Expect(main.read("bundle", "metadata", "annotations.yaml")).To(ContainSubstring("channel.default.v1: stable-v1\n"))
	})

	It("promotes it, with the digest that was published", func() {
		published := main.read("catalog", operator, "v"+next+".yaml")
		main.refuses("the catalog has no release 9.9.9", "promote", "VERSION=9.9.9", "LIST=fast")
		main.refuses("promote "+next+" to fast first", "promote", "VERSION="+next, "LIST=stable")
		main.refuses("set VERSION to the release to promote", "promote", "VERSION="+next, "LIST=candidate")

		main.must("make", "promote", "VERSION="+next, "LIST=fast")

		Expect(main.channel("fast-v1")).To(ContainSubstring("name: " + operator + ".v" + next + "\n"))
		Expect(main.channel("stable-v1")).NotTo(ContainSubstring("v" + next))
		Expect(main.read("catalog", operator, "v"+next+".yaml")).To(Equal(published))
		main.commit("Promote " + next)
	})

	It("deprecates it", func() {
		main.refuses("", "deprecate", "WHAT=9.9.9", "MESSAGE=Upgrade.")
		main.refuses("set it to what the users have to do", "deprecate", "WHAT="+next)

		main.must("make", "deprecate", "WHAT="+next, "MESSAGE=Upgrade.")

		Expect(main.read("catalog", operator, "channels.yaml")).To(ContainSubstring("message: Upgrade."))
		main.commit("Deprecate " + next)
	})

	It("withdraws it, but not the last release of a channel", func() {
		main.refuses("the catalog has no release 9.9.9", "withdraw", "RELEASE=9.9.9")

		main.must("make", "withdraw", "RELEASE="+next)

		Expect(main.channel("candidate-v1")).NotTo(ContainSubstring("v" + next))
		Expect(main.channel("fast-v1")).NotTo(ContainSubstring("v" + next))
		main.commit("Withdraw " + next)
		main.refuses("is withdrawn already", "withdraw", "RELEASE="+next)
		if strings.Count(main.channel("stable-v1"), "name: "+operator+".v") == 1 {
			main.refuses("would have no release any more", "withdraw", "RELEASE="+version)
		}
	})
})
