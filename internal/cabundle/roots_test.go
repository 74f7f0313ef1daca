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

package cabundle_test

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("SystemRoots", func() {
	It("are current authorities that are known by name, each once", func() {
		names := map[string]int{}
		for der := range cabundle.SystemRoots() {
			root, err := x509.ParseCertificate(der)
			Expect(err).NotTo(HaveOccurred())
			Expect(root.IsCA).To(BeTrue(), root.Subject.String())
			Expect(root.NotAfter).To(BeTemporally(">", time.Now()), root.Subject.String())
			names[root.Subject.String()]++
		}
		Expect(len(names)).To(BeNumerically(">", 100))
		Expect(names).To(HaveKeyWithValue(ContainSubstring("ISRG Root X1"), 1))
	})

	It("leave most of a ConfigMap to the user's certificates", func() {
		roots, err := cabundle.Bundle{}.With(cabundle.SystemRoots())
		Expect(err).NotTo(HaveOccurred())
		Expect(len(roots.PEM)).To(BeNumerically("<", cabundle.MaxBundleBytes/3))
		Expect(roots.Certificates).To(BeNumerically("<", cabundle.MaxCertificates/3))
	})

	It("can be read in part", func() {
		for range cabundle.SystemRoots() {
			break
		}
	})
})

var _ = Describe("A bundle with roots", func() {
	with := func(bundle cabundle.Bundle, roots ...[]byte) cabundle.Bundle {
		GinkgoHelper()
		all, err := bundle.With(slices.Values(roots))
		Expect(err).NotTo(HaveOccurred())
		return all
	}

	It("has the user's certificates and the roots, each once, in a stable order", func() {
		all := with(merge(certificate(2)+certificate(1)), authority(3), authority(1))

		Expect(serials(all)).To(ConsistOf(int64(1), int64(2), int64(3)))
		Expect(all.Certificates).To(Equal(3))
		Expect(all).To(Equal(with(merge(certificate(1)), authority(1), authority(2), authority(3))))
		Expect(all).To(Equal(merge(certificate(3) + certificate(2) + certificate(1))))
	})

	It("is the bundle where there are none", func() {
		bundle := merge(certificate(1))
		Expect(with(bundle)).To(Equal(bundle))
	})

	It("is the roots where the user has none", func() {
		Expect(serials(with(merge("\n"), authority(7)))).To(Equal([]int64{7}))
	})

	It("has its limits", func() {
		many := make([][]byte, cabundle.MaxCertificates)
		for i := range many {
			many[i] = []byte{byte(i >> 8), byte(i)}
		}
		_, err := merge(certificate(1)).With(slices.Values(many))
		Expect(err).To(MatchError(ContainSubstring("too many certificates: at least 1001, and at most 1000")))

		large := []byte(strings.Repeat("x", cabundle.MaxBundleBytes))
		_, err = merge(certificate(1)).With(slices.Values([][]byte{large}))
		Expect(err).To(MatchError(ContainSubstring("too many bytes in its certificates")))
	})

	It("is text that any PEM parser reads", func() {
		rest := []byte(with(cabundle.Bundle{}, authority(1), authority(2)).PEM)
		for range 2 {
			var block *pem.Block
			block, rest = pem.Decode(rest)
			Expect(block).NotTo(BeNil())
		}
		Expect(rest).To(BeEmpty())
	})
})
