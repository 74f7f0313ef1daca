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

package inputs_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"iter"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The certificates of a CA bundle", func() {
	var (
		server   *apiServer
		contents *inputs.Contents
		// public are the public authorities, in DER.
		public           [][]byte
		one, two, system string
	)
	BeforeEach(func() {
		one, two, system = harness.NewCertificate("one"), harness.NewCertificate("two"), harness.NewCertificate("system")
		block, _ := pem.Decode([]byte(system))
		public = [][]byte{block.Bytes}
		server = serving()
		contents = inputs.New(server, server.liveRead, func() iter.Seq[[]byte] { return slices.Values(public) })
	})
	// sourceOf is a ConfigMap as a cache has it, and the keys that count.
	sourceOf := func(configMap *corev1.ConfigMap, keys ...string) inputs.CASource {
		return inputs.CASource{Key: client.ObjectKeyFromObject(configMap), Keys: keys, UID: string(configMap.UID), Version: configMap.ResourceVersion}
	}
	bundleOf := func(sources ...inputs.CASource) *inputs.CABundle { return &inputs.CABundle{Sources: sources} }
	find := func(ctx context.Context, bundle *inputs.CABundle) inputs.CAFinding {
		GinkgoHelper()
		found, err := contents.CABundle(ctx, bundle)
		Expect(err).NotTo(HaveOccurred())
		return found
	}
	// poolOf has these certificates.
	poolOf := func(certificates ...string) *x509.CertPool {
		pool := x509.NewCertPool()
		for _, certificate := range certificates {
			pool.AppendCertsFromPEM([]byte(certificate))
		}
		return pool
	}

	It("are read once for each version and for which keys count", func(ctx context.Context) {
		source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one, "two": two}))
		all := find(ctx, bundleOf(source))
		Expect(all.Certificates).To(Equal(2))
		Expect(find(ctx, bundleOf(source))).To(Equal(all))
		Expect(server.reads["ConfigMap"]).To(Equal(1))

		source.Keys = []string{"one"}
		Expect(find(ctx, bundleOf(source)).Certificates).To(Equal(1))
		Expect(server.reads["ConfigMap"]).To(Equal(2))

		Expect(find(ctx, bundleOf(sourceOf(server.put(ctx, "ca", map[string]string{"one": one})))).Certificates).To(Equal(1))
		Expect(server.reads["ConfigMap"]).To(Equal(3))
	})

	It("are those of the API server, where the cache is late", func(ctx context.Context) {
		late := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
		now := sourceOf(server.put(ctx, "ca", map[string]string{"one": one, "two": two}))
		Expect(find(ctx, bundleOf(late)).Certificates).To(Equal(2))
		Expect(find(ctx, bundleOf(now)).Certificates).To(Equal(2))
		Expect(server.reads["ConfigMap"]).To(Equal(1), "they were remembered for the version that was read")
	})

	It("have one digest, however they are spread, and one source for each way", func(ctx context.Context) {
		together := find(ctx, bundleOf(sourceOf(server.put(ctx, "together", map[string]string{"all": one + two + one}))))
		apart := find(ctx, bundleOf(sourceOf(server.put(ctx, "a", map[string]string{"k": two})), sourceOf(server.put(ctx, "b", map[string]string{"k": "# mine\n" + one}))))
		Expect(apart.Digest).To(Equal(together.Digest))
		Expect(apart.Hash).To(Equal(together.Hash))
		Expect(apart.Certificates).To(Equal(together.Certificates))
		Expect(apart.Source).NotTo(Equal(together.Source))
	})

	It("that are binary count, too", func(ctx context.Context) {
		configMap := server.put(ctx, "ca", map[string]string{"one": one})
		configMap.BinaryData = map[string][]byte{"two": []byte("# f\xfcr uns\n" + two)}
		Expect(server.Update(ctx, configMap)).To(Succeed())
		Expect(find(ctx, bundleOf(sourceOf(configMap))).Certificates).To(Equal(2))
		Expect(find(ctx, bundleOf(sourceOf(configMap, "two"))).Certificates).To(Equal(1))
	})

	DescribeTable("are refused", func(ctx context.Context, data func() map[string]string, reason v1alpha1.Reason, texts ...string) {
		source := sourceOf(server.put(ctx, "ca", data()), "one")
		found := find(ctx, bundleOf(source))
		Expect(found.Problem).NotTo(BeNil())
		Expect(found.Problem.Reason).To(Equal(reason))
		Expect(len(found.Problem.Message)).To(BeNumerically("<", 4096))
		for _, text := range texts {
			Expect(found.Problem.Message).To(ContainSubstring(text))
		}
		Expect(find(ctx, bundleOf(source))).To(Equal(found))
		Expect(server.reads["ConfigMap"]).To(Equal(1), "a refusal is remembered")
		_, err := contents.Certificates(ctx, bundleOf(source))
		Expect(err).To(MatchError(HavePrefix("failed to use the CA bundle: it has just changed: ")))
	},
		Entry("without the key", func() map[string]string { return map[string]string{"other": one} }, v1alpha1.ReasonCABundleKeyNotFound,
			"ConfigMap apps/ca", "has no key one (it has other)"),
		Entry("without any key", func() map[string]string { return nil }, v1alpha1.ReasonCABundleKeyNotFound, "(it has none)"),
		Entry("without a certificate", func() map[string]string { return map[string]string{"one": "see the wiki"} }, v1alpha1.ReasonCABundleInvalid, "apps/ca", "one"),
		Entry("damaged", func() map[string]string { return map[string]string{"one": strings.Replace(one, "MII", "M", 1)} }, v1alpha1.ReasonCABundleInvalid, "apps/ca", "one"),
		Entry("in more bytes than are read", func() map[string]string {
			return map[string]string{"one": strings.Repeat("#", cabundle.MaxInputBytes+1)}
		},
			v1alpha1.ReasonCABundleInvalid, "bytes"),
	)

	It("that nobody named are left out where they are damaged, which a notice says", func(ctx context.Context) {
		source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one, "two": "see the wiki"}))
		source.Found = true
		found := find(ctx, bundleOf(source))
		Expect(found.Problem).To(BeNil())
		Expect(found.Certificates).To(Equal(1))
		Expect(found.Notice).To(And(ContainSubstring("apps/ca"), ContainSubstring("two")))
	})

	It("are read again after an error, and after they were deleted", func(ctx context.Context) {
		source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
		server.getErr = errDown
		_, err := contents.CABundle(ctx, bundleOf(source))
		Expect(err).To(MatchError("failed to read ConfigMap apps/ca: the API server is down"))
		server.getErr = nil
		server.remove(ctx, "ca")
		_, err = contents.CABundle(ctx, bundleOf(source))
		Expect(err).To(MatchError("failed to read ConfigMap apps/ca: it has just been deleted"))
		server.put(ctx, "ca", map[string]string{"one": one})
		Expect(find(ctx, bundleOf(source)).Certificates).To(Equal(1))
	})

	It("do not roll servers for other public authorities", func(ctx context.Context) {
		source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
		own, both := bundleOf(source), bundleOf(source)
		both.System = true
		alone, before := find(ctx, own), find(ctx, both)
		Expect(before.Certificates).To(Equal(2))
		Expect(before.Hash).To(And(HavePrefix(alone.Hash), Not(Equal(alone.Hash))))
		Expect(before.Digest).NotTo(Equal(alone.Digest))

		newer := inputs.New(server, server.liveRead, func() iter.Seq[[]byte] { return slices.Values([][]byte{}) })
		after, err := newer.CABundle(ctx, both)
		Expect(err).NotTo(HaveOccurred())
		Expect(after.Hash).To(Equal(before.Hash))
		Expect(after.Digest).NotTo(Equal(before.Digest))
	})

	Context("that are mounted", func() {
		It("are at hand in the reconcile that read them, and are read again in a later one", func(ctx context.Context) {
			source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
			bundle := bundleOf(source)
			bundle.System = true
			found := find(ctx, bundle)
			merged, err := contents.Certificates(ctx, bundle)
			Expect(err).NotTo(HaveOccurred())
			Expect(poolOf(merged).Equal(poolOf(one, system))).To(BeTrue())
			Expect(apply.DigestOf(&corev1.ConfigMap{Data: map[string]string{v1alpha1.DefaultCABundleKey: merged}})).To(Equal(found.Digest))
			Expect(server.reads["ConfigMap"]).To(Equal(1))

			later := bundleOf(source)
			later.System = true
			Expect(contents.Certificates(ctx, later)).To(Equal(merged))
			Expect(server.reads["ConfigMap"]).To(Equal(2))
		})

		It("are an error where they cannot be read", func(ctx context.Context) {
			source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
			server.getErr = errDown
			_, err := contents.Certificates(ctx, bundleOf(source))
			Expect(err).To(MatchError(errDown))

			ended, cancel := context.WithCancel(ctx)
			cancel()
			occupied := occupy(ctx, contents)
			_, err = contents.Certificates(ended, bundleOf(source))
			occupied()
			Expect(err).To(MatchError(context.Canceled))
		})
	})

	Context("that the operator trusts", func() {
		It("are those of the user alone, at hand where a server is verified", func(ctx context.Context) {
			bundle := bundleOf(sourceOf(server.put(ctx, "ca", map[string]string{"one": one, "two": two})))
			bundle.System, bundle.Verifies = true, true
			pool, err := find(ctx, bundle).Roots.Pool(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(pool.Equal(poolOf(one, two))).To(BeTrue())
			Expect(server.reads["ConfigMap"]).To(Equal(1))
		})

		It("are read when they are needed first, once for all servers with the same", func(ctx context.Context) {
			source := sourceOf(server.put(ctx, "ca", map[string]string{"one": one}))
			same := sourceOf(server.put(ctx, "same", map[string]string{"other": "# the same\n" + one}))
			first, second := find(ctx, bundleOf(source)).Roots, find(ctx, bundleOf(same)).Roots
			pool, err := first.Pool(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(pool.Equal(poolOf(one))).To(BeTrue())
			Expect(second.Pool(ctx)).To(BeIdenticalTo(pool))
			Expect(server.reads["ConfigMap"]).To(Equal(3))
		})

		DescribeTable("are an error where they changed meanwhile", func(ctx context.Context, change func(context.Context), says string) {
			roots := find(ctx, bundleOf(sourceOf(server.put(ctx, "ca", map[string]string{"one": one})))).Roots
			change(ctx)
			pool, err := roots.Pool(ctx)
			Expect(err).To(MatchError(HavePrefix(says)))
			Expect(pool).To(BeNil())
		},
			Entry("to nothing", func(ctx context.Context) { server.remove(ctx, "ca") }, "failed to read ConfigMap apps/ca: it has just been deleted"),
			Entry("to what cannot be used", func(ctx context.Context) { server.put(ctx, "ca", map[string]string{"one": "see the wiki"}) },
				"failed to use the CA bundle: it has just changed: "),
			Entry("or cannot be read", func(context.Context) { server.getErr = errDown }, "failed to read ConfigMap apps/ca: the API server is down"),
		)

		It("are not waited for longer than the caller has", func(ctx context.Context) {
			roots := find(ctx, bundleOf(sourceOf(server.put(ctx, "ca", map[string]string{"one": one})))).Roots
			ended, cancel := context.WithCancel(ctx)
			cancel()
			occupied := occupy(ctx, contents)
			_, err := roots.Pool(ended)
			occupied()
			Expect(err).To(MatchError(context.Canceled))
		})
	})
})
