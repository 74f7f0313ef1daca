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
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// clone is a file of the checkout that the release was made in.
func clone(path ...string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(append([]string{setting("CLONE")}, path...)...))
	Expect(err).NotTo(HaveOccurred())
	return string(content)
}

// document is what the specs read of an SBOM.
type document struct {
	SPDXVersion string `json:"spdxVersion"`
	Packages    []struct {
		ExternalRefs []struct {
			ReferenceLocator string `json:"referenceLocator"`
		} `json:"externalRefs"`
	} `json:"packages"`
	Files []struct {
		FileName  string `json:"fileName"`
		Checksums []struct {
			Algorithm     string `json:"algorithm"`
			ChecksumValue string `json:"checksumValue"`
		} `json:"checksums"`
	} `json:"files"`
}

// sums are the checksums of the Go programs that an SBOM lists.
func (d *document) sums() map[string]string {
	sums := map[string]string{}
	for _, file := range d.Files {
		for _, sum := range file.Checksums {
			if sum.Algorithm == "SHA256" {
				sums[file.FileName] = sum.ChecksumValue
			}
		}
	}
	return sums
}

var _ = Describe("The same commit, built twice in two folders,", func() {
	It("gives the same program", func() {
		sbom := decode[document](text("assets", operator+".spdx.json"))
		Expect(sbom.sums()).To(HaveKeyWithValue("./manager", setting("MANAGER_SHA256")))
	})

	It("gives the same image", func() {
		Expect(setting("AGAIN_DIGEST")).To(Equal(images()[reference(operator)]))
	})
})

var _ = Describe("The images", func() {
	It("are for every platform, with the commit that they were built from", func() {
		for _, image := range []string{operator, operator + "-scorecard", operator + "-gather", operator + "-catalog"} {
			ref, err := name.ParseReference(pinned(image))
			Expect(err).NotTo(HaveOccurred())
			index, err := remote.Index(ref)
			Expect(err).NotTo(HaveOccurred())
			manifest, err := index.IndexManifest()
			Expect(err).NotTo(HaveOccurred())
			var platforms []string
			for _, entry := range manifest.Manifests {
				platforms = append(platforms, entry.Platform.OS+"/"+entry.Platform.Architecture)
				member, err := index.Image(entry.Digest)
				Expect(err).NotTo(HaveOccurred())
				config, err := member.ConfigFile()
				Expect(err).NotTo(HaveOccurred())
				Expect(config.Config.Labels).To(HaveKeyWithValue("org.opencontainers.image.revision", setting("COMMIT")), image)
			}
			Expect(platforms).To(Equal(strings.Split(setting("PLATFORMS"), ",")), image)
		}
	})
})

var _ = Describe("The SBOM of the operator", func() {
	It("has the modules of go.mod and the standard library, as scanners read them", func() {
		sbom := decode[document](text("assets", operator+".spdx.json"))
		Expect(sbom.SPDXVersion).To(Equal("SPDX-2.3"))
		var found []string
		for _, pkg := range sbom.Packages {
			for _, ref := range pkg.ExternalRefs {
				found = append(found, ref.ReferenceLocator)
			}
		}
		for _, module := range []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime"} {
			version := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(module) + ` (\S+)`).FindStringSubmatch(clone("go.mod"))
			Expect(found).To(ContainElement("pkg:golang/" + module + "@" + version[1]))
		}
		Expect(found).To(ContainElement(HavePrefix("pkg:golang/stdlib@1.")))
	})
})

var _ = Describe("Bundle, catalog and manifests", func() {
	It("name every image by a digest that a registry has, so that a mirror is all that a cluster needs", func() {
		var csv operatorsv1alpha1.ClusterServiceVersion
		Expect(yaml.Unmarshal([]byte(clone("bundle", "manifests", operator+".clusterserviceversion.yaml")), &csv)).To(Succeed())

		Expect(csv.Annotations).To(HaveKeyWithValue("features.operators.openshift.io/disconnected", "true"))
		Expect(csv.Annotations).To(HaveKeyWithValue("containerImage", pinned(operator)))
		Expect(csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs[0].Spec.Template.Spec.Containers[0].Image).To(Equal(pinned(operator)))
		Expect(len(csv.Spec.RelatedImages)).To(BeNumerically(">", 3))
		for _, image := range csv.Spec.RelatedImages {
			ref, err := name.NewDigest(image.Image)
			Expect(err).NotTo(HaveOccurred())
			_, err = remote.Head(mirrored(ref))
			Expect(err).NotTo(HaveOccurred(), image.Image)
		}
	})

	It("name no image by its tag in install.yaml", func() {
		manifest := text("assets", "install.yaml")
		found := regexp.MustCompile(`(?m)(?:image|value): (\S+/\S+[:@]\S+)$`).FindAllStringSubmatch(manifest, -1)
		Expect(len(found)).To(BeNumerically(">", 3))
		for _, image := range found {
			Expect(image[1]).To(ContainSubstring("@sha256:"))
		}
		Expect(manifest).To(ContainSubstring("image: " + pinned(operator)))
	})

	It("name the bundle by its digest in the catalog", func() {
		Expect(clone("catalog", operator, "v"+setting("VERSION")+".yaml")).To(ContainSubstring("image: " + pinned(operator+"-bundle")))
	})

	It("have digests for the images of distributions in the chart, too", func() {
		values, err := exec.CommandContext(GinkgoT().Context(), "tar", "--extract", "--to-stdout",
			"--file", filepath.Join(setting("DIST"), "assets", "llama-stack-operator-"+setting("VERSION")+".tgz"), "llama-stack-operator/values.yaml").Output()
		Expect(err).NotTo(HaveOccurred())
		var chart struct {
			DistributionImages map[string]string `json:"distributionImages"`
		}
		Expect(yaml.Unmarshal(values, &chart)).To(Succeed())
		Expect(len(chart.DistributionImages)).To(BeNumerically(">", 3))
		Expect(chart.DistributionImages).To(HaveEach(ContainSubstring("@sha256:")))
	})

	It("are what both hubs get", func() {
		for _, hub := range []string{"operatorhub", "openshift"} {
			csv := text(hub, "operators", operator, setting("VERSION"), "manifests", operator+".clusterserviceversion.yaml")
			Expect(csv).To(Equal(clone("bundle", "manifests", operator+".clusterserviceversion.yaml")), hub)
		}
	})

	It("leave the checkout as it was", func() {
		Expect(setting("STATUS_AFTER")).To(Equal(setting("STATUS_BEFORE")))
	})

	It("have the changes that the branch takes over", func() {
		Expect(text("changes.patch")).To(And(ContainSubstring("config/manifests/digests.txt"), ContainSubstring(images()[reference(operator)])))
		Expect(clone("catalog.Dockerfile")).NotTo(MatchRegexp(`(?m)^FROM .*opm:[^@ ]+( |$)`), "it keeps what the catalog is built on")
	})
})
