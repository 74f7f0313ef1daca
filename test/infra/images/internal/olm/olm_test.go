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

package olm_test

import (
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/olm"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// paths are those of the entries, links with an arrow and their target.
func paths(entries []archive.Entry) []string {
	var all []string
	for _, entry := range entries {
		if entry.Target != "" {
			all = append(all, entry.Path+" -> "+entry.Target)
		} else {
			all = append(all, entry.Path)
		}
	}
	return all
}

// find is the entry at a path.
func find(entries []archive.Entry, path string) archive.Entry {
	GinkgoHelper()
	for _, entry := range entries {
		if entry.Path == path {
			return entry
		}
	}
	Fail("there is no " + path)
	return archive.Entry{}
}

var _ = Describe("Package olm", func() {
	var folder string

	write := func(path, content string) string {
		GinkgoHelper()
		target := filepath.Join(folder, path)
		Expect(os.MkdirAll(filepath.Dir(target), 0o755)).To(Succeed())
		Expect(os.WriteFile(target, []byte(content), 0o644)).To(Succeed())
		return target
	}

	BeforeEach(func() { folder = GinkgoT().TempDir() })

	It("puts OLM's programs where OLM runs them, with the commands of its Jobs", func() {
		config, entries, err := olm.Image([]string{write("olm", "1"), write("cpb", "2")}, write("busybox", "3"))
		Expect(err).NotTo(HaveOccurred())
		Expect(paths(entries)).To(Equal([]string{
			"/tmp/", "/bin/", "/bin/busybox", "/bin/sh -> busybox", "/bin/cp -> busybox", "/bin/cat -> busybox", "/bin/gzip -> busybox",
			"/bin/olm", "/bin/cpb",
		}))
		Expect(find(entries, "/bin/cpb")).To(Equal(archive.Entry{Path: "/bin/cpb", Mode: 0o755, Content: []byte("2")}))
		Expect(find(entries, "/tmp/").Mode).To(BeEquivalentTo(0o1777))
		Expect(config.User).To(Equal("1001"))
		Expect(config.Environment).To(ConsistOf("PATH=/bin"))
	})

	It("makes the image of opm an empty catalog, with the program that a CatalogSource's probes run", func() {
		config, entries, err := olm.OPMImage(write("opm-v1", "1"), write("grpc-health-probe-v2", "2"), write("busybox", "3"))
		Expect(err).NotTo(HaveOccurred())
		Expect(paths(entries)).To(ContainElements("/bin/opm", "/bin/grpc_health_probe", "/bin/sh -> busybox", "/configs/"))
		Expect(find(entries, "/bin/grpc_health_probe").Content).To(BeEquivalentTo("2"))
		Expect(config.Entrypoint).To(Equal([]string{"/bin/opm"}))
		Expect(config.Command).To(ContainElements("serve", "/configs"))
		Expect(config.Labels).To(HaveKeyWithValue("operators.operatorframework.io.index.configs.v1", "/configs"))
	})

	It("puts a catalog's files where the image serves them", func() {
		write("package/catalog.yaml", "schema: olm.package")
		entries, err := olm.CatalogFiles(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(paths(entries)).To(Equal([]string{"/configs/", "/configs/package/", "/configs/package/catalog.yaml"}))
		Expect(find(entries, "/configs/package/catalog.yaml").Content).To(BeEquivalentTo("schema: olm.package"))
	})

	Describe("Bundle", func() {
		It("is the files, with the annotations as labels", func() {
			write("metadata/annotations.yaml", "annotations:\n  operators.operatorframework.io.bundle.manifests.v1: manifests/\n")
			write("manifests/csv.yaml", "kind: ClusterServiceVersion")
			write("tests/scorecard/config.yaml", "kind: Configuration")

			config, entries, err := olm.Bundle(folder)
			Expect(err).NotTo(HaveOccurred())
			Expect(config).To(Equal(archive.Config{Labels: map[string]string{"operators.operatorframework.io.bundle.manifests.v1": "manifests/"}}))
			Expect(paths(entries)).To(Equal([]string{
				"/manifests/", "/manifests/csv.yaml", "/metadata/", "/metadata/annotations.yaml",
				"/tests/", "/tests/scorecard/", "/tests/scorecard/config.yaml",
			}))
		})

		It("is invalid without annotations", func() {
			_, _, err := olm.Bundle(folder)
			Expect(err).To(MatchError(HavePrefix("failed to read the bundle's annotations")))

			write("metadata/annotations.yaml", "annotations: [1]")
			_, _, err = olm.Bundle(folder)
			Expect(err).To(MatchError(HavePrefix("failed to parse metadata/annotations.yaml")))
		})
	})

	It("reports what is missing", func() {
		there, missing := write("there", ""), filepath.Join(folder, "missing")
		_, _, err := olm.Image(nil, missing)
		Expect(err).To(MatchError(HavePrefix("failed to read the program busybox")))
		_, _, err = olm.Image([]string{missing}, there)
		Expect(err).To(MatchError(HavePrefix("failed to read the program missing")))
		_, _, err = olm.OPMImage(there, missing, there)
		Expect(err).To(MatchError(HavePrefix("failed to read the program grpc_health_probe")))
		_, err = olm.CatalogFiles(missing)
		Expect(err).To(MatchError(HavePrefix("failed to read the files")))
	})
})
