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
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/olm"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// object is the part of a manifest that the specs check.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version  string `json:"version"`
		Versions []struct {
			Name string `json:"name"`
		} `json:"versions"`
	} `json:"spec"`
}

// parse reads the documents of a YAML stream.
func parse(stream []byte) []object {
	GinkgoHelper()

	var all []object

	for document := range strings.SplitSeq("\n"+string(stream), "\n---\n") {
		var parsed object
		Expect(yaml.Unmarshal([]byte(document), &parsed)).To(Succeed())

		if parsed.Kind != "" {
			all = append(all, parsed)
		}
	}

	return all
}

var images = olm.Images{OLM: "registry.test/olm:v0.40.0", OPM: "registry.test/opm:v1.65.0"}

var _ = Describe("OLM", func() {
	It("has all its definitions", func() {
		definitions, err := olm.CRDs()
		Expect(err).NotTo(HaveOccurred())

		var names []string

		for _, definition := range parse(definitions) {
			Expect(definition.Kind).To(Equal("CustomResourceDefinition"))
			Expect(definition.Spec.Versions).NotTo(BeEmpty())

			names = append(names, definition.Metadata.Name)
		}

		Expect(names).To(ContainElements(
			"catalogsources.operators.coreos.com", "clusterserviceversions.operators.coreos.com", "installplans.operators.coreos.com",
			"olmconfigs.operators.coreos.com", "operatorconditions.operators.coreos.com", "operatorgroups.operators.coreos.com",
			"operators.operators.coreos.com", "subscriptions.operators.coreos.com",
		))
	})

	It("takes the definitions of the version that its programs are built from", func(ctx SpecContext) {
		download := exec.CommandContext(ctx, "go", "mod", "download", "-json", "github.com/operator-framework/api")
		download.Dir = "../../../../../tools/olm"
		download.Env = append(os.Environ(), "GOWORK=off")
		output, err := download.Output()
		Expect(err).NotTo(HaveOccurred())

		var module struct {
			Dir string `json:"Dir"`
		}
		Expect(json.Unmarshal(output, &module)).To(Succeed())

		files, err := filepath.Glob(filepath.Join(module.Dir, "crds", "*.yaml"))
		Expect(err).NotTo(HaveOccurred())

		definitions, err := olm.CRDs()
		Expect(err).NotTo(HaveOccurred())
		Expect(parse(definitions)).To(And(Not(BeEmpty()), HaveLen(len(files))))

		for _, file := range files {
			released, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(definitions)).To(ContainSubstring(string(released)), file)
		}
	}, NodeTimeout(5*time.Minute))

	It("runs from the images it is given", func() {
		manifests, err := olm.Manifests(images)
		Expect(err).NotTo(HaveOccurred())

		var kinds []string

		for _, part := range parse(manifests) {
			kinds = append(kinds, part.Kind)
			if part.Kind == "ClusterServiceVersion" {
				Expect(part.Spec.Version).To(Equal("0.40.0"))
			}
		}

		Expect(kinds).To(ContainElements("Deployment", "ClusterServiceVersion", "OperatorGroup", "OLMConfig"))
		Expect(string(manifests)).To(And(ContainSubstring("--util-image=registry.test/olm:v0.40.0"), ContainSubstring("--opmImage=registry.test/opm:v1.65.0")))
		Expect(string(manifests)).NotTo(ContainSubstring("no value"))
	})

	DescribeTable("refuses an image without a version", func(name string) {
		_, err := olm.Manifests(olm.Images{OLM: name})
		Expect(err).To(MatchError(olm.ErrNoVersion))
	},
		Entry("in its tag", "registry.test/olm:latest"),
		Entry("at all", "registry.test:5000/olm"),
	)
})

var _ = Describe("Cluster", func() {
	var (
		commands []string
		broken   string
		subject  olm.Cluster
	)

	BeforeEach(func() {
		commands, broken = nil, "nothing"
		subject = olm.Cluster{
			Folder: filepath.Join(GinkgoT().TempDir(), "olm"),
			Sayf:   func(string, ...any) {},
			Kubectl: func(_ context.Context, args ...string) error {
				command := strings.Join(args, " ")
				commands = append(commands, command)

				if strings.Contains(command, broken) {
					return errors.New("broken")
				}

				return nil
			},
		}
	})

	It("applies the definitions before anything that needs them, and waits for what it installs", func() {
		Expect(subject.Install(GinkgoT().Context(), images)).To(Succeed())
		Expect(commands).To(HaveExactElements(
			And(HavePrefix("apply --server-side"), HaveSuffix("definitions.yaml")),
			And(HavePrefix("wait --for=condition=Established"), HaveSuffix("definitions.yaml")),
			And(HavePrefix("apply --server-side"), HaveSuffix("manifests.yaml")),
			ContainSubstring("deployment/catalog-operator"),
			ContainSubstring("clusterserviceversion/packageserver"),
		))
		Expect(filepath.Join(subject.Folder, "manifests.yaml")).To(BeARegularFile())
	})

	It("waits until the API server lists the kinds of the definitions", func(ctx SpecContext) {
		late, kubectl := 1, subject.Kubectl
		subject.Kubectl = func(ctx context.Context, args ...string) error {
			err := kubectl(ctx, args...)
			if late > 0 && strings.HasSuffix(strings.Join(args, " "), "manifests.yaml") {
				late--

				return errors.New(`no matches for kind "OLMConfig" in version "operators.coreos.com/v1"`)
			}

			return err
		}

		Expect(subject.Install(ctx, images)).To(Succeed())
		Expect(commands).To(HaveLen(6), "one of them twice")
	})

	DescribeTable("stops at what fails", func(command string, count int) {
		broken = command
		Expect(subject.Install(GinkgoT().Context(), images)).To(MatchError("broken"))
		Expect(commands).To(HaveLen(count))
	},
		Entry("the definitions", "definitions.yaml", 1),
		Entry("the manifests", "manifests.yaml", 3),
		Entry("the operators", "deployment/olm-operator", 4),
		Entry("the package server", "packageserver", 5),
	)

	It("applies nothing with invalid images", func() {
		Expect(subject.Install(GinkgoT().Context(), olm.Images{OLM: "x"})).To(MatchError(olm.ErrNoVersion))
		Expect(commands).To(BeEmpty())
	})

	It("reports that it cannot store what it applies", func() {
		subject.Folder = "/proc/olm"
		Expect(subject.Install(GinkgoT().Context(), images)).To(MatchError(HavePrefix("failed to create the folder")))
	})
})
