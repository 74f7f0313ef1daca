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

package distribution_test

import (
	"errors"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	builtInStarter = "docker.io/llamastack/distribution-starter:0.7.3"
	relatedStarter = "registry.example.com/related/starter@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	ownImage       = "registry.example.com/own/server:1.0"
	override       = "registry.example.com/override/starter:2.0"
)

// builtIn are the names that every operator knows.
var builtIn = []string{"meta-reference-gpu", "ogx-postgres-demo", "ogx-starter", "postgres-demo", "remote-vllm", "starter"}

// environment is a getenv over a map.
func environment(vars map[string]string) func(string) string {
	return func(key string) string { return vars[key] }
}

func catalog(vars map[string]string) *distribution.Catalog {
	GinkgoHelper()
	c, err := distribution.New(environment(vars))
	Expect(err).NotTo(HaveOccurred())
	return c
}

var _ = Describe("New", func() {
	It("refuses a RELATED_IMAGE_ variable that is not an image reference, and names it", func() {
		_, err := distribution.New(environment(map[string]string{"RELATED_IMAGE_POSTGRES_DEMO": "not an image"}))

		var invalid *distribution.InvalidImageError
		Expect(err).To(MatchError(ContainSubstring("RELATED_IMAGE_POSTGRES_DEMO")))
		Expect(err).To(BeAssignableToTypeOf(invalid))
	})

	It("has the names of 0.9.0 and those of the later era, each with an image that does not change", func() {
		available := catalog(nil).Available(nil)

		Expect(slices.Sorted(maps.Keys(available))).To(Equal(builtIn))
		for _, image := range available {
			_, err := name.ParseReference(image, name.StrictValidation)
			Expect(err).NotTo(HaveOccurred())
			Expect(distribution.Floating(image)).To(BeFalse(), image)
		}
	})

	It("has for each name a version that was published", func() {
		Expect(catalog(nil).Available(nil)).To(Equal(map[string]string{
			"starter":            builtInStarter,
			"postgres-demo":      "docker.io/llamastack/distribution-postgres-demo:0.7.3",
			"ogx-starter":        "docker.io/ogxai/distribution-starter:1.5.0",
			"ogx-postgres-demo":  "docker.io/ogxai/distribution-postgres-demo:1.5.0",
			"remote-vllm":        "docker.io/llamastack/distribution-remote-vllm:0.2.12",
			"meta-reference-gpu": "docker.io/llamastack/distribution-meta-reference-gpu:0.4.0",
		}))
	})
})

var _ = DescribeTable("Resolve",
	func(vars, overrides map[string]string, d v1alpha1.DistributionType, want distribution.Resolved) {
		got, err := catalog(vars).Resolve(d, overrides)

		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(want))
	},
	Entry("the CR's image, as it is", nil, nil, v1alpha1.DistributionType{Image: ownImage},
		distribution.Resolved{Image: ownImage, Active: v1alpha1.CustomDistribution, Source: distribution.SourceCR}),
	Entry("the CR's image, unchecked, as 0.9.0 took it", nil, nil, v1alpha1.DistributionType{Image: "Odd Image"},
		distribution.Resolved{Image: "Odd Image", Active: v1alpha1.CustomDistribution, Source: distribution.SourceCR}),
	Entry("the CR's image before its name, if an old CR has both", nil, nil,
		v1alpha1.DistributionType{Image: ownImage, Name: "starter"},
		distribution.Resolved{Image: ownImage, Active: v1alpha1.CustomDistribution, Source: distribution.SourceCR}),
	Entry("the built-in map", nil, nil, v1alpha1.DistributionType{Name: "starter"},
		distribution.Resolved{Image: builtInStarter, Active: "starter", Source: distribution.SourceEmbedded}),
	Entry("RELATED_IMAGE_ before the built-in map",
		map[string]string{"RELATED_IMAGE_STARTER": relatedStarter}, nil, v1alpha1.DistributionType{Name: "starter"},
		distribution.Resolved{Image: relatedStarter, Active: "starter", Source: distribution.SourceRelatedImage}),
	Entry("RELATED_IMAGE_ with the dashes of the name as underscores",
		map[string]string{"RELATED_IMAGE_META_REFERENCE_GPU": ownImage}, nil, v1alpha1.DistributionType{Name: "meta-reference-gpu"},
		distribution.Resolved{Image: ownImage, Active: "meta-reference-gpu", Source: distribution.SourceRelatedImage}),
	Entry("an override before RELATED_IMAGE_",
		map[string]string{"RELATED_IMAGE_STARTER": relatedStarter}, map[string]string{"starter": override},
		v1alpha1.DistributionType{Name: "starter"},
		distribution.Resolved{Image: override, Active: "starter", Source: distribution.SourceOverride}),
	Entry("an override of another name changes nothing", nil, map[string]string{"postgres-demo": override},
		v1alpha1.DistributionType{Name: "starter"},
		distribution.Resolved{Image: builtInStarter, Active: "starter", Source: distribution.SourceEmbedded}),
	Entry("an empty override is none", nil, map[string]string{"starter": ""}, v1alpha1.DistributionType{Name: "starter"},
		distribution.Resolved{Image: builtInStarter, Active: "starter", Source: distribution.SourceEmbedded}),
	Entry("a name that only an override has", nil, map[string]string{"Our_Own": override}, v1alpha1.DistributionType{Name: "Our_Own"},
		distribution.Resolved{Image: override, Active: "Our_Own", Source: distribution.SourceOverride}),
	Entry("the name that a platform uses for its own", map[string]string{"RELATED_IMAGE_RH_DISTRIBUTION": ownImage}, nil,
		v1alpha1.DistributionType{Name: "rh-dev"}, distribution.Resolved{Image: ownImage, Active: "rh-dev", Source: distribution.SourceRelatedImage}),
	Entry("its own variable before the platform's", map[string]string{"RELATED_IMAGE_RH_DISTRIBUTION": ownImage, "RELATED_IMAGE_RH_DEV": relatedStarter}, nil,
		v1alpha1.DistributionType{Name: "rh-dev"}, distribution.Resolved{Image: relatedStarter, Active: "rh-dev", Source: distribution.SourceRelatedImage}),
	Entry("a name that only RELATED_IMAGE_ has", map[string]string{"RELATED_IMAGE_OUR_OWN": ownImage}, nil,
		v1alpha1.DistributionType{Name: "our-own"},
		distribution.Resolved{Image: ownImage, Active: "our-own", Source: distribution.SourceRelatedImage}),
)

var _ = Describe("Resolve of what cannot be resolved", func() {
	It("reports an unknown name with the known ones, including those of overrides", func() {
		_, err := catalog(nil).Resolve(v1alpha1.DistributionType{Name: "ollama"}, map[string]string{"added": override})

		var unknown *distribution.UnknownError
		Expect(err).To(BeAssignableToTypeOf(unknown))
		Expect(err).To(MatchError(`spec.server.distribution.name "ollama" is unknown: use one of added, meta-reference-gpu, ` +
			`ogx-postgres-demo, ogx-starter, postgres-demo, remote-vllm, starter, or set spec.server.distribution.image`))
	})

	It("gives the known names sorted", func() {
		_, err := catalog(nil).Resolve(v1alpha1.DistributionType{Name: "x"}, nil)

		Expect(err).To(HaveField("Known", builtIn))
	})

	It("says that neither name nor image is set", func() {
		_, err := catalog(nil).Resolve(v1alpha1.DistributionType{}, nil)

		Expect(err).To(MatchError(distribution.ErrUnset))
	})

	It("says that the variable of an added name is not an image reference", func() {
		vars := map[string]string{"RELATED_IMAGE_OUR_OWN": "::"}

		_, err := catalog(vars).Resolve(v1alpha1.DistributionType{Name: "our-own"}, nil)

		Expect(err).To(HaveField("Variable", "RELATED_IMAGE_OUR_OWN"))
		Expect(err).To(HaveField("Value", "::"))
		Expect(errors.As(err, new(*name.ErrBadName))).To(BeTrue())
	})

	DescribeTable("does not read the environment for a name in another spelling",
		func(spelling string) {
			vars := map[string]string{"RELATED_IMAGE_OUR_OWN": ownImage, "RELATED_IMAGE_": ownImage}

			_, err := catalog(vars).Resolve(v1alpha1.DistributionType{Name: spelling}, nil)

			Expect(err).To(HaveField("Name", spelling))
		},
		Entry("upper case", "OUR-OWN"),
		Entry("underscore", "our_own"),
		Entry("blank", " "),
		Entry("dash at the end", "our-own-"),
		Entry("two lines", "our-own\nx"),
	)
})

var _ = Describe("Available", func() {
	It("shows the image that each name resolves to", func() {
		vars := map[string]string{"RELATED_IMAGE_STARTER": relatedStarter, "RELATED_IMAGE_MANAGER": ownImage}

		available := catalog(vars).Available(map[string]string{"postgres-demo": override, "added": ownImage, "empty": ""})

		Expect(available).To(Equal(map[string]string{
			"starter":            relatedStarter,
			"postgres-demo":      override,
			"added":              ownImage,
			"ogx-starter":        "docker.io/ogxai/distribution-starter:1.5.0",
			"ogx-postgres-demo":  "docker.io/ogxai/distribution-postgres-demo:1.5.0",
			"remote-vllm":        "docker.io/llamastack/distribution-remote-vllm:0.2.12",
			"meta-reference-gpu": "docker.io/llamastack/distribution-meta-reference-gpu:0.4.0",
		}))
	})

	It("has the names that the environment alone knows, and no image of another program", func() {
		vars := map[string]string{
			"RELATED_IMAGE_RH_DISTRIBUTION": ownImage, "RELATED_IMAGE_OUR_OWN": override, "RELATED_IMAGE_BROKEN": "::", "RELATED_IMAGE_EMPTY": "",
			"RELATED_IMAGE_MANAGER": ownImage, "RELATED_IMAGE_ODH_LLAMASTACK_OPERATOR": ownImage, "RELATED_IMAGE_KUBE_RBAC_PROXY": ownImage,
			"RELATED_IMAGE_Odd": ownImage, "RELATED_IMAGE_": ownImage, "PATH": ownImage, "RELATED_IMAGE_STARTER": relatedStarter,
		}
		c, err := distribution.New(environment(vars), slices.Sorted(maps.Keys(vars))...)
		Expect(err).NotTo(HaveOccurred())

		Expect(slices.Sorted(maps.Keys(c.Available(nil)))).To(Equal(slices.Sorted(slices.Values(append(slices.Clone(builtIn), "our-own", "rh-dev")))))
		Expect(c.Available(map[string]string{"our-own": ownImage})).To(And(
			HaveKeyWithValue("rh-dev", ownImage), HaveKeyWithValue("our-own", ownImage), HaveKeyWithValue("starter", relatedStarter)))
		_, err = c.Resolve(v1alpha1.DistributionType{Name: "none"}, nil)
		Expect(err).To(MatchError(ContainSubstring("our-own, postgres-demo, remote-vllm, rh-dev, starter")))
	})

	It("can be changed by the caller", func() {
		c := catalog(nil)

		c.Available(nil)["starter"] = ownImage

		Expect(c.Available(nil)).To(HaveKeyWithValue("starter", builtInStarter))
	})
})

var _ = Describe("A name", func() {
	const digest = "registry.example.com/x@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	It("resolves to the image that Available shows for it", func() {
		overrides := map[string]string{"starter": override, "Our_Own": ownImage, "third": digest}
		c := catalog(map[string]string{"RELATED_IMAGE_STARTER": relatedStarter, "RELATED_IMAGE_REMOTE_VLLM": digest})

		available := c.Available(overrides)

		Expect(available).To(HaveLen(len(builtIn) + 2))
		for known, image := range available {
			Expect(c.Resolve(v1alpha1.DistributionType{Name: known}, overrides)).To(
				And(HaveField("Image", image), HaveField("Active", known)))
		}
	})

	It("does not follow the environment after an override", func() {
		asked := []string{}
		c, err := distribution.New(func(variable string) string {
			asked = append(asked, variable)
			return ""
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(asked).To(Equal([]string{
			"RELATED_IMAGE_META_REFERENCE_GPU", "RELATED_IMAGE_OGX_POSTGRES_DEMO", "RELATED_IMAGE_OGX_STARTER",
			"RELATED_IMAGE_POSTGRES_DEMO", "RELATED_IMAGE_REMOTE_VLLM", "RELATED_IMAGE_STARTER",
		}))
		asked = nil

		_, err = c.Resolve(v1alpha1.DistributionType{Name: "starter"}, map[string]string{"starter": override})

		Expect(err).NotTo(HaveOccurred())
		Expect(asked).To(BeEmpty())
	})

	DescribeTable("takes a variable of any form that a registry has",
		func(image string) {
			c := catalog(map[string]string{"RELATED_IMAGE_STARTER": image})

			Expect(c.Resolve(v1alpha1.DistributionType{Name: "starter"}, nil)).To(HaveField("Image", image))
		},
		Entry("tag", ownImage),
		Entry("digest", digest),
		Entry("tag and digest", "registry.example.com/x:1.0@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
		Entry("port", "localhost:5000/team/server:1.0"),
		Entry("no registry", "team/server"),
		Entry("no tag", "registry.example.com/team/server"),
	)
})
