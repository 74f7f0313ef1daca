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
	"encoding/base64"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// bundleType is the media type of a signature that is beside an image.
const bundleType = types.MediaType("application/vnd.dev.sigstore.bundle.v0.3+json")

// signatures are the signatures and attestations beside an image.
func signatures(image string) []v1.Image {
	GinkgoHelper()
	digest, err := name.NewDigest(image)
	Expect(err).NotTo(HaveOccurred())
	index, err := remote.Referrers(digest)
	Expect(err).NotTo(HaveOccurred())
	manifest, err := index.IndexManifest()
	Expect(err).NotTo(HaveOccurred())
	var found []v1.Image
	for _, entry := range manifest.Manifests {
		attached, err := remote.Image(digest.Context().Digest(entry.Digest.String()))
		Expect(err).NotTo(HaveOccurred())
		found = append(found, attached)
	}
	return found
}

// copyOf pushes an image to a repository of its own, with another label if it is to differ, and the signatures of the original, changed
// by a function.
func copyOf(image, repository string, differs bool, edit func([]byte) []byte) string {
	GinkgoHelper()
	ref, err := name.ParseReference(image)
	Expect(err).NotTo(HaveOccurred())
	index, err := remote.Index(ref)
	Expect(err).NotTo(HaveOccurred())
	if differs {
		index = mutate.Annotations(index, map[string]string{"changed": "yes"}).(v1.ImageIndex)
	}
	digest, err := index.Digest()
	Expect(err).NotTo(HaveOccurred())
	target, err := name.NewDigest(setting("REGISTRY") + "/" + repository + "@" + digest.String())
	Expect(err).NotTo(HaveOccurred())
	Expect(remote.WriteIndex(target, index)).To(Succeed())
	for _, signature := range signatures(image) {
		attach(target, index, signature, edit)
	}
	return target.String()
}

// attach puts a signature beside an image.
func attach(target name.Digest, index v1.ImageIndex, signature v1.Image, edit func([]byte) []byte) {
	GinkgoHelper()
	layers, err := signature.Layers()
	Expect(err).NotTo(HaveOccurred())
	content, err := layers[0].Compressed()
	Expect(err).NotTo(HaveOccurred())
	data, err := io.ReadAll(content)
	Expect(err).NotTo(HaveOccurred())
	Expect(content.Close()).To(Succeed())
	size, err := index.Size()
	Expect(err).NotTo(HaveOccurred())
	digest, err := index.Digest()
	Expect(err).NotTo(HaveOccurred())
	kind, err := index.MediaType()
	Expect(err).NotTo(HaveOccurred())
	changed, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		mutate.Addendum{Layer: static.NewLayer(edit(data), bundleType)})
	Expect(err).NotTo(HaveOccurred())
	withSubject := mutate.Subject(changed, v1.Descriptor{MediaType: kind, Size: size, Digest: digest}).(v1.Image)
	id, err := withSubject.Digest()
	Expect(err).NotTo(HaveOccurred())
	Expect(remote.Write(target.Context().Digest(id.String()), withSubject)).To(Succeed())
}

var _ = Describe("A user who follows docs/verify.md", func() {
	It("verifies every image, how it was built, its SBOM and its vulnerabilities", func() {
		for _, image := range []string{operator, operator + "-scorecard", operator + "-gather", operator + "-bundle", operator + "-catalog"} {
			script := strings.ReplaceAll(commands("Verify an image"), "/"+operator+":", "/"+image+":")
			output, err := shell(GinkgoT().TempDir(), script)
			Expect(err).NotTo(HaveOccurred(), image+": "+output)
			Expect(strings.Count(output, "verified https://")).To(Equal(4), output)
		}
	})

	It("verifies the chart", func() {
		output, err := shell(GinkgoT().TempDir(), commands("Verify the chart"))
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(strings.Count(output, "verified https://")).To(Equal(2), output)
	})

	It("verifies the files", func() {
		output, err := shell(assets(), commands("Verify a file"))
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(output).To(ContainSubstring("install.yaml: OK"))
	})

	DescribeTable("notices one changed byte of", func(file string) {
		folder := assets()
		change(filepath.Join(folder, file))

		output, err := shell(folder, commands("Verify a file"))

		Expect(err).To(HaveOccurred(), output)
	},
		Entry("the manifest", "install.yaml"),
		Entry("the list of checksums", "checksums.txt"),
		Entry("its signature", "checksums.txt.sigstore.json"),
		Entry("how the files were built", "provenance.sigstore.json"),
		Entry("the statements about vulnerabilities", "vex.json"),
	)

	It("accepts a copy of an image in another registry, with its signatures", func() {
		mirrored := copyOf(pinned(operator), "mirrored", false, func(content []byte) []byte { return content })
		output, err := shell(GinkgoT().TempDir(), identity()+`cosign verify "${IDENTITY[@]}" `+mirrored)
		Expect(err).NotTo(HaveOccurred(), output)
	})

	It("rejects another image with the signatures of this one", func() {
		other := copyOf(pinned(operator), "changed-image", true, func(content []byte) []byte { return content })
		output, err := shell(GinkgoT().TempDir(), identity()+`cosign verify "${IDENTITY[@]}" `+other)
		Expect(err).To(HaveOccurred(), output)
	})

	It("rejects what is said of an image after one changed character", func() {
		forged := copyOf(pinned(operator), "changed-statement", false, func(content []byte) []byte {
			bundle := decode[map[string]any](string(content))
			envelope := bundle["dsseEnvelope"].(map[string]any)
			statement, err := base64.StdEncoding.DecodeString(envelope["payload"].(string))
			Expect(err).NotTo(HaveOccurred())
			envelope["payload"] = base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(statement), "predicate", "predicatE", 1)))
			forgery, err := json.Marshal(bundle)
			Expect(err).NotTo(HaveOccurred())
			return forgery
		})
		for _, kind := range []string{"spdxjson", "slsaprovenance1", "openvex"} {
			output, err := shell(GinkgoT().TempDir(), identity()+`cosign verify-attestation "${IDENTITY[@]}" --type `+kind+" "+forged)
			Expect(err).To(HaveOccurred(), output)
		}
	})

	It("rejects the signature of another key", func() {
		folder := GinkgoT().TempDir()
		output, err := shell(folder, setting("TOOL")+" key -out other.key -public other.pub\n"+
			"cosign verify --key other.pub --insecure-ignore-tlog "+pinned(operator))
		Expect(err).To(HaveOccurred(), output)
		Expect(output).To(ContainSubstring("failed to verify"))
	})
})
