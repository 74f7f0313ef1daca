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

package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The script runs where gh writes what it is asked to do, and knows the release that a file describes.
var _ = DescribeTable("The draft of a release", func(tag, exists, asked string) {
	folder := GinkgoT().TempDir()
	path, err := filepath.Abs(filepath.Join(root, "hack", "release-draft.sh"))
	Expect(err).NotTo(HaveOccurred())
	const gh = "#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit\n[ \"$2\" = view ] || { echo \"$@\"; exit; }\n[ -s exists ] && cat exists\n"
	Expect(os.WriteFile(filepath.Join(folder, "gh"), []byte(gh), 0o700)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(folder, "exists"), []byte(exists), 0o600)).To(Succeed())
	command := exec.CommandContext(GinkgoT().Context(), path, tag, "install.yaml", "checksums.txt")
	command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))

	output, err := command.CombinedOutput()

	if exists == "false" {
		Expect(err).To(HaveOccurred())
	} else {
		Expect(err).NotTo(HaveOccurred(), string(output))
	}
	Expect(string(output)).To(Equal(asked + "\n"))
},
	Entry("is created", "v1.1.0", "", "release create v1.1.0 --draft --verify-tag --generate-notes install.yaml checksums.txt"),
	Entry("says that a candidate is one", "v1.1.0-rc.1", "", "release create v1.1.0-rc.1 --draft --prerelease --verify-tag --generate-notes install.yaml checksums.txt"),
	Entry("gets the files of the next attempt", "v1.1.0", "true", "release upload v1.1.0 --clobber install.yaml checksums.txt"),
	Entry("does not change once it is published", "v1.1.0", "false", "error: the release v1.1.0 is published; its files do not change any more"),
)
