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

package podtemplate_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestPodTemplate(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "PodTemplate")
}

const (
	// maxAnnotations is the size of all annotations of an object, which contain up to two templates.
	maxAnnotations = 256 << 10
	// maxTemplate is the largest template that is read.
	maxTemplate = 4 << 20
)

// templateWith has one container with these environment variables.
func templateWith(env ...any) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{"llamastack.io/config": "c0ffee"}},
		"spec": map[string]any{
			"terminationGracePeriodSeconds": int64(30),
			"containers":                    []any{map[string]any{"name": "llama-stack", "image": "registry.example/server:1.0", "env": env}},
		},
	}
}

func packed(template map[string]any) podtemplate.Packed {
	GinkgoHelper()
	p, err := podtemplate.Pack(template)
	Expect(err).NotTo(HaveOccurred())
	return p
}

// stored is what an annotation has of a text, in this module's own words: what a release has written, later ones read.
func stored(text string) podtemplate.Packed {
	sum := sha256.Sum256([]byte(text))
	return podtemplate.Packed{Hash: hex.EncodeToString(sum[:16]), Text: base64.StdEncoding.EncodeToString(zipped(text))}
}

func zipped(text string) []byte {
	GinkgoHelper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	Expect(writer.Close()).To(Succeed())
	return buffer.Bytes()
}

// noise is a text that does not get smaller.
func noise(size int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	text, random := make([]byte, size), rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same text in each run
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return string(text)
}

var _ = Describe("A packed Pod template", func() {
	It("is the template again, with whole numbers as they were", func() {
		template := templateWith(map[string]any{"name": "A", "value": "<&>\u2028 ü"}, map[string]any{"name": "N", "weight": int64(1) << 62, "ratio": 0.5})
		Expect(packed(template).Template()).To(Equal(template))
	})

	It("has a hash that depends on the template alone", func() {
		first := packed(map[string]any{"a": "1", "b": map[string]any{"c": int64(2), "d": nil}})
		Expect(packed(map[string]any{"b": map[string]any{"d": nil, "c": int64(2)}, "a": "1"})).To(Equal(first))
		Expect(packed(map[string]any{"a": "1", "b": map[string]any{"c": int64(3), "d": nil}}).Hash).NotTo(Equal(first.Hash))
		Expect(packed(map[string]any{"a": "1", "b": map[string]any{"c": "2", "d": nil}}).Hash).NotTo(Equal(first.Hash), "a number is no text")
	})

	It("has the hash that it has without compression", func() {
		template := templateWith(map[string]any{"name": "a", "value": "<1>"})
		Expect(podtemplate.Hash(template)).To(Equal(packed(template).Hash))
	})

	It("has the form that other releases read and write", func() {
		text := `{"spec":{"containers":[{"image":"i:1"}]}}`
		template := map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"image": "i:1"}}}}
		Expect(packed(template).Hash).To(Equal(stored(text).Hash))
		Expect(stored(text).Template()).To(Equal(template))
	})

	It("fits into annotations twice, or is not stored and keeps its hash", func() {
		small := packed(templateWith(noise(60 << 10)))
		Expect(small.Text).NotTo(BeEmpty())
		Expect(2 * len(small.Text)).To(BeNumerically("<", maxAnnotations))

		large := packed(templateWith(noise(100 << 10)))
		Expect(large.Text).To(BeEmpty())
		Expect(large.Hash).To(HaveLen(len(small.Hash)))
		Expect(large.Hash).NotTo(Equal(small.Hash))
		Expect(large.Template()).To(BeNil())
	})

	It("is stored where it is large and repeats itself", func() {
		template := templateWith(strings.Repeat("a", 1<<20))
		p := packed(template)
		Expect(len(p.Text)).To(BeNumerically("<", 8<<10))
		Expect(p.Template()).To(Equal(template))
	})

	It("of what is no JSON is an error", func() {
		p, err := podtemplate.Pack(map[string]any{"spec": make(chan int)})
		Expect(err).To(MatchError(HavePrefix("failed to pack a Pod template: ")))
		Expect(p).To(BeZero())
	})

	It("is none where there is no text", func() {
		Expect(podtemplate.Packed{}.Template()).To(BeNil())
		Expect(podtemplate.Packed{Hash: "c0ffee"}.Template()).To(BeNil())
		Expect(stored("null").Template()).To(BeNil())
	})

	DescribeTable("that others changed is refused", func(change func(*podtemplate.Packed), says string) {
		p := packed(templateWith(map[string]any{"name": "A"}))
		change(&p)
		template, err := p.Template()
		Expect(err).To(MatchError(ContainSubstring(says)))
		Expect(err).To(MatchError(HavePrefix("failed to ")))
		Expect(template).To(BeNil())
	},
		Entry("to what is no base64", func(p *podtemplate.Packed) { p.Text = "no template" }, "failed to unpack a Pod template"),
		Entry("to what is not compressed", func(p *podtemplate.Packed) { p.Text = base64.StdEncoding.EncodeToString([]byte(`{"spec":{}}`)) },
			"failed to unpack a Pod template: gzip: invalid header"),
		Entry("to half of it", func(p *podtemplate.Packed) { p.Text = p.Text[:len(p.Text)/8*4] }, "failed to unpack a Pod template: unexpected EOF"),
		Entry("to another template", func(p *podtemplate.Packed) { p.Text = stored(`{"spec":{}}`).Text }, "its hash does not match"),
		Entry("to two templates, one after the other", func(p *podtemplate.Packed) {
			p.Text = base64.StdEncoding.EncodeToString(append(zipped(`{"spec":{}}`), zipped(`{"spec":{}}`)...))
		}, "its hash does not match"),
		Entry("in its hash", func(p *podtemplate.Packed) { p.Hash = strings.Repeat("0", len(p.Hash)) }, "its hash does not match"),
		Entry("to have no hash", func(p *podtemplate.Packed) { p.Hash = "" }, "its hash does not match"),
		Entry("with its hash, to a list", func(p *podtemplate.Packed) { *p = stored(`[{"spec":{}}]`) }, "failed to read a packed Pod template"),
		Entry("with its hash, to what is no JSON", func(p *podtemplate.Packed) { *p = stored(`{"spec":`) }, "failed to read a packed Pod template"),
	)

	It("that decompresses to more than any template has is not read to its end", func() {
		fill := func(size int) string { return `{"a":"` + strings.Repeat("a", size-len(`{"a":""}`)) + `"}` }
		Expect(stored(fill(maxTemplate)).Template()).To(HaveLen(1))

		template, err := stored(fill(maxTemplate + 1)).Template()
		Expect(err).To(MatchError(ContainSubstring("its hash does not match")))
		Expect(template).To(BeNil())
	})
})

var _ = Describe("The ConfigMaps of a Pod template", func() {
	volume := func(fields map[string]any) any { return fields }
	mounting := func(name any) any {
		return volume(map[string]any{"name": "v", "configMap": map[string]any{"name": name}})
	}
	with := func(volumes any) map[string]any { return map[string]any{"spec": map[string]any{"volumes": volumes}} }

	DescribeTable("are", func(template map[string]any, want ...string) {
		Expect(podtemplate.ConfigMaps(template)).To(HaveExactElements(want))
	},
		Entry("those of its volumes, sorted, each once",
			with([]any{mounting("b"), mounting("a"), volume(map[string]any{"name": "data", "emptyDir": map[string]any{}}), mounting("b")}), "a", "b"),
		Entry("none without a template", nil),
		Entry("none without a spec", map[string]any{"metadata": map[string]any{}}),
		Entry("none without volumes", map[string]any{"spec": map[string]any{"containers": []any{}}}),
		Entry("none of a Secret", with([]any{volume(map[string]any{"secret": map[string]any{"name": "a"}})})),
		Entry("none where the spec is a text", map[string]any{"spec": "volumes"}),
		Entry("none where the volumes are a text", with("configMap")),
		Entry("those that can be read beside others", with([]any{"a", nil, mounting(int64(1)), mounting(nil), mounting("b"), volume(map[string]any{"configMap": "c"})}), "b"),
	)
})
