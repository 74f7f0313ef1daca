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

package bundle_test

import (
	"encoding/base64"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/hack/bundle"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What operator-sdk writes, as far as it matters here.
const generated = `
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata:
  name: some-operator.v1.2.3
  annotations:
    alm-examples: '[{"kind": "Server", "metadata": {"name": "first"}}, {"kind": "Server"}]'
    createdAt: "2001-01-01T00:00:00Z"
    containerImage: example.com/some-operator
spec:
  install:
    spec:
      deployments:
      - name: manager
        spec:
          replicas: 2
          template:
            spec:
              containers:
              - name: manager
                image: localhost:5000/some-operator:v1.2.3
                env:
                - name: PLAIN
                  value: example.com/starter:1
                - name: RELATED_IMAGE_STARTER
                  value: example.com/starter:1
              - name: helper
                image: example.com/helper:1
    strategy: deployment
  relatedImages:
  - name: starter
    image: example.com/starter:1
  version: 1.2.3
`

const (
	digestA = "sha256:aaaa"
	digestB = "sha256:bbbb"
)

// csv is the checked part of the result.
type csv struct {
	Metadata struct{ Annotations map[string]string }
	Spec     struct {
		Icon          []struct{ Base64data, Mediatype string }
		RelatedImages []image
		Install       struct {
			Spec struct {
				Deployments []struct {
					Spec struct {
						Replicas int
						Template struct {
							Spec struct {
								Containers []struct {
									Name, Image string
									Env         []struct{ Name, Value string }
								}
							}
						}
					}
				}
			}
		}
	}
}

type image struct{ Name, Image string }

func complete(manifest string, options bundle.Options) csv {
	GinkgoHelper()
	text, err := bundle.Complete([]byte(manifest), options)
	Expect(err).NotTo(HaveOccurred())
	return parse[csv](text)
}

// parse reads YAML into a type.
func parse[T any](text []byte) T {
	GinkgoHelper()
	var into T
	Expect(yaml.Unmarshal(text, &into)).To(Succeed())
	return into
}

var _ = Describe("Complete", func() {
	plain := bundle.Options{CreatedAt: "2026-11-25T00:00:00Z", Icon: []byte("<svg/>")}
	pinned := bundle.Options{CreatedAt: plain.CreatedAt, Icon: plain.Icon, Digests: map[string]string{
		"localhost:5000/some-operator:v1.2.3": digestA, "example.com/starter:1": digestB,
	}}

	It("dates the version, shows the icon and names the image", func() {
		done := complete(generated, plain)
		Expect(done.Metadata.Annotations).To(HaveKeyWithValue("createdAt", plain.CreatedAt))
		Expect(done.Metadata.Annotations).To(HaveKeyWithValue("containerImage", "localhost:5000/some-operator:v1.2.3"))
		Expect(done.Spec.Icon).To(HaveLen(1))
		Expect(base64.StdEncoding.DecodeString(done.Spec.Icon[0].Base64data)).To(BeEquivalentTo("<svg/>"))
		Expect(done.Spec.Icon[0].Mediatype).To(Equal("image/svg+xml"))
	})

	It("offers the first example for a start", func() {
		Expect(complete(generated, plain).Metadata.Annotations["operatorframework.io/initialization-resource"]).To(MatchJSON(
			`{"kind": "Server", "metadata": {"name": "first"}}`))
	})

	It("relates the manager's image, first and by name", func() {
		Expect(complete(generated, plain).Spec.RelatedImages).To(HaveExactElements(
			image{"manager", "localhost:5000/some-operator:v1.2.3"}, image{"starter", "example.com/starter:1"}))
	})

	It("names by digest what it knows, wherever the operator reads it", func() {
		done := complete(generated, pinned)
		Expect(done.Spec.RelatedImages).To(HaveExactElements(
			image{"manager", "localhost:5000/some-operator@" + digestA}, image{"starter", "example.com/starter@" + digestB}))
		deployment := done.Spec.Install.Spec.Deployments[0].Spec
		Expect(deployment.Replicas).To(Equal(2))
		containers := deployment.Template.Spec.Containers
		Expect(containers[0].Image).To(Equal("localhost:5000/some-operator@" + digestA))
		Expect(containers[0].Env[0].Value).To(Equal("example.com/starter:1"), "no related image")
		Expect(containers[0].Env[1].Value).To(Equal("example.com/starter@" + digestB))
		Expect(containers[1].Image).To(Equal("example.com/helper:1"), "its digest is not known")
		Expect(done.Metadata.Annotations).To(HaveKeyWithValue("containerImage", containers[0].Image))
	})

	It("is for clusters without an internet only when every related image is named by digest", func() {
		const feature = "features.operators.openshift.io/disconnected"
		some := bundle.Options{Digests: map[string]string{"example.com/starter:1": digestB}}
		Expect(complete(generated, plain).Metadata.Annotations).To(HaveKeyWithValue(feature, "false"))
		Expect(complete(generated, some).Metadata.Annotations).To(HaveKeyWithValue(feature, "false"))
		Expect(complete(generated, pinned).Metadata.Annotations).To(HaveKeyWithValue(feature, "true"))
	})

	It("changes nothing the second time", func() {
		for _, options := range []bundle.Options{plain, pinned} {
			once, err := bundle.Complete([]byte(generated), options)
			Expect(err).NotTo(HaveOccurred())
			twice, err := bundle.Complete(once, options)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(twice)).To(Equal(string(once)))
		}
	})

	DescribeTable("says what is wrong with",
		func(manifest, message string) {
			_, err := bundle.Complete([]byte(manifest), plain)
			Expect(err).To(MatchError(ContainSubstring(message)))
		},
		Entry("text that is no YAML", "a: b: c", "failed to read the ClusterServiceVersion"),
		Entry("YAML that is no object", "a: b", "failed to read the ClusterServiceVersion"),
		Entry("deployments that are no list", strings.Replace(generated, "deployments:", "deployments: {a: b}\n      others:", 1), "spec.install.spec.deployments is not a list"),
		Entry("a related image that is no object", strings.Replace(generated, "  - name: starter", "  - starter\n  - name: starter", 1),
			"spec.relatedImages has an entry that is not an object"),
		Entry("containers in a text", strings.Replace(generated, "          template:\n            spec:", "          template:\n            spec: text\n          other:", 1),
			"failed to read spec.template.spec.containers"),
		Entry("no manager", strings.ReplaceAll(generated, "- name: manager\n                image", "- name: other\n                image"), "no container manager"),
		Entry("no examples", strings.ReplaceAll(generated, "alm-examples: '[", "alm-examples: '[] #"), "failed to read the examples"),
		Entry("an empty list of examples", strings.ReplaceAll(generated, `[{"kind": "Server", "metadata": {"name": "first"}}, {"kind": "Server"}]`, "[]"), "no example"),
		Entry("an example that is no object", strings.ReplaceAll(generated, `{"kind": "Server", "metadata": {"name": "first"}}`, "1"), "failed to read the first example"),
	)
})

var _ = Describe("ParseDigests", func() {
	It("reads an image and its digest a line", func() {
		Expect(bundle.ParseDigests("# a comment\n\nexample.com/a:1 " + digestA + "\n  localhost:5000/b " + digestB)).To(Equal(
			map[string]string{"example.com/a:1": digestA, "localhost:5000/b": digestB}))
	})

	DescribeTable("refuses",
		func(line string) {
			_, err := bundle.ParseDigests(line)
			Expect(err).To(MatchError(ContainSubstring("is not an image and its digest")))
		},
		Entry("an image alone", "example.com/a:1"),
		Entry("a tag for a digest", "example.com/a 1"),
		Entry("more than a digest", "example.com/a sha256:aaaa sha256:bbbb"),
	)
})
