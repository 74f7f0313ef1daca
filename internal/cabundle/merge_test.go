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
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const configMap = "apps/corporate-ca"

// source is one ConfigMap with one key.
func source(content string) cabundle.Source {
	return cabundle.Source{ConfigMap: configMap, Keys: []cabundle.Key{{Name: "ca-bundle.crt", PEM: content}}}
}

func merge(contents ...string) cabundle.Bundle {
	GinkgoHelper()
	sources := make([]cabundle.Source, 0, len(contents))
	for _, content := range contents {
		sources = append(sources, source(content))
	}
	bundle, err := cabundle.Merge(sources)
	Expect(err).NotTo(HaveOccurred())
	return bundle
}

// serials are the serial numbers of the certificates in a bundle, in its order.
func serials(bundle cabundle.Bundle) []int64 {
	GinkgoHelper()
	var found []int64
	for rest := []byte(bundle.PEM); ; {
		var next *pem.Block
		if next, rest = pem.Decode(rest); next == nil {
			Expect(rest).To(BeEmpty(), "text that is not a certificate")
			return found
		}
		Expect(next.Headers).To(BeEmpty())
		parsed, err := x509.ParseCertificate(next.Bytes)
		Expect(err).NotTo(HaveOccurred())
		found = append(found, parsed.SerialNumber.Int64())
	}
}

var _ = DescribeTable("Merge finds the certificates",
	func(content string, want ...int64) {
		bundle := merge(content)

		Expect(serials(bundle)).To(ConsistOf(want))
		Expect(bundle.Certificates).To(Equal(len(want)))
	},
	Entry("one", certificate(1), int64(1)),
	Entry("two", certificate(1)+certificate(2), int64(1), int64(2)),
	Entry("the same twice", certificate(1)+certificate(2)+certificate(1), int64(1), int64(2)),
	Entry("without a line break at the end", strings.TrimSpace(certificate(1)), int64(1)),
	Entry("with Windows line ends", strings.ReplaceAll(certificate(1)+certificate(2), "\n", "\r\n"), int64(1), int64(2)),
	Entry("indented", "  "+strings.ReplaceAll(certificate(1), "\n", "\n  ")+"\n"+certificate(2), int64(1), int64(2)),
	Entry("with comments around", "# ours\n"+certificate(1)+"\nsubject=somebody\n"+certificate(2)+"# end", int64(1), int64(2)),
	Entry("beside one that is commented out", "# "+strings.ReplaceAll(certificate(1), "\n", "\n# ")+"\n"+certificate(2), int64(2)),
	Entry("with PEM headers", "-----BEGIN CERTIFICATE-----\nComment: ours\n\n"+strings.TrimPrefix(certificate(1), "-----BEGIN CERTIFICATE-----\n"), int64(1)),
	Entry("beside a private key", block("PRIVATE KEY", []byte("secret"))+certificate(1), int64(1)),
	Entry("beside OpenSSL's own type", block("TRUSTED CERTIFICATE", authority(2))+certificate(1), int64(1)),
	Entry("beside a damaged block of another type", "-----BEGIN DH PARAMETERS-----\n???\n"+certificate(1), int64(1)),
	Entry("after a block that another type cut off", "-----BEGIN PRIVATE KEY-----\nAAAA\n"+certificate(1), int64(1)),
)

var _ = DescribeTable("Merge of nothing",
	func(sources []cabundle.Source) {
		bundle, err := cabundle.Merge(sources)

		Expect(err).NotTo(HaveOccurred())
		Expect(bundle).To(Equal(cabundle.Bundle{}))
	},
	Entry("no sources", nil),
	Entry("no keys", []cabundle.Source{{ConfigMap: configMap}}),
	Entry("an empty key", []cabundle.Source{source("")}),
	Entry("blank keys", []cabundle.Source{source(" \n"), source("\t\r\n\n")}),
)

var _ = Describe("Merge gives the same bundle for the same certificates", func() {
	want := func() cabundle.Bundle { return merge(certificate(1) + certificate(2) + certificate(3)) }

	It("in any order", func() {
		Expect(merge(certificate(3) + certificate(1) + certificate(2))).To(Equal(want()))
	})

	It("from any number of ConfigMaps, blank ones included", func() {
		Expect(merge(certificate(3), "", certificate(2)+certificate(1), certificate(3))).To(Equal(want()))
	})

	It("from any number of keys", func() {
		bundle, err := cabundle.Merge([]cabundle.Source{{ConfigMap: configMap, Keys: []cabundle.Key{
			{Name: "b", PEM: certificate(2)}, {Name: "a", PEM: certificate(3) + certificate(1)},
		}}})

		Expect(err).NotTo(HaveOccurred())
		Expect(bundle).To(Equal(want()))
	})

	It("when only comments change", func() {
		Expect(merge("# on Monday\n" + certificate(1) + "\n\n" + certificate(2) + certificate(3))).To(Equal(want()))
	})

	It("and of its own output", func() {
		Expect(merge(want().PEM)).To(Equal(want()))
	})

	It("sorted by content", func() {
		contents := []string{string(authority(1)), string(authority(2)), string(authority(3))}
		slices.Sort(contents)

		for i, rest := 0, []byte(want().PEM); i < len(contents); i++ {
			var next *pem.Block
			next, rest = pem.Decode(rest)
			Expect(next.Bytes).To(BeEquivalentTo(contents[i]))
		}
	})
})

var _ = DescribeTable("Merge of what is not certificates",
	func(content string, block int, why error, text string) {
		_, err := cabundle.Merge([]cabundle.Source{source(certificate(7)), source(content)})

		var invalid *cabundle.InvalidError
		Expect(errors.As(err, &invalid)).To(BeTrue(), "%v", err)
		Expect(invalid.ConfigMap).To(Equal(configMap))
		Expect(invalid.Key).To(Equal("ca-bundle.crt"))
		Expect(invalid.Block).To(Equal(block))
		if why != nil {
			Expect(err).To(MatchError(why))
		}
		Expect(err).To(MatchError(ContainSubstring(text)))
	},
	Entry("text", "hello", 0, cabundle.ErrNoCertificate,
		`key "ca-bundle.crt" of ConfigMap apps/corporate-ca is not a certificate: it contains no PEM block of the type CERTIFICATE: replace it by`),
	Entry("a private key only", block("PRIVATE KEY", []byte("secret")), 0, cabundle.ErrNoCertificate, "no PEM block"),
	Entry("DER", string(authority(1)), 0, cabundle.ErrNoCertificate, "no PEM block"),
	Entry("only one that is commented out", "# "+certificate(1)[:100], 0, cabundle.ErrNoCertificate, "no PEM block"),
	Entry("the BEGIN line alone", "-----BEGIN CERTIFICATE-----", 1, cabundle.ErrNotPEM, "PEM block 1 in key"),
	Entry("no END line", strings.Split(certificate(1), "-----END")[0], 1, cabundle.ErrNotPEM, "END line is missing"),
	Entry("no END line before the next block", strings.Split(certificate(1), "-----END")[0]+certificate(2), 1, cabundle.ErrNotPEM, "PEM block 1"),
	Entry("the END line of another type", strings.ReplaceAll(certificate(1), "END CERTIFICATE", "END PRIVATE KEY"), 1, cabundle.ErrNotPEM, "PEM block 1"),
	Entry("not base64, after a good one", certificate(1)+"-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n", 2, cabundle.ErrNotPEM, "PEM block 2 in key"),
	Entry("an empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", 1, nil, "failed to parse the certificate"),
	Entry("no certificate inside", certificate(1)+block("X", nil)+block("CERTIFICATE", []byte("no certificate")), 3, nil,
		`PEM block 3 in key "ca-bundle.crt" of ConfigMap apps/corporate-ca is not a certificate: failed to parse the certificate: x509: `),
	Entry("a certificate cut short", block("CERTIFICATE", authority(1)[:100]), 1, nil, "failed to parse the certificate: x509: "),
	Entry("bytes after the certificate", block("CERTIFICATE", append(authority(1), 0)), 1, nil, "failed to parse the certificate: x509: "),
)

var _ = Describe("Merge of too much", func() {
	limit := func(sources ...cabundle.Source) *cabundle.LimitError {
		GinkgoHelper()
		_, err := cabundle.Merge(sources)
		var exceeded *cabundle.LimitError
		Expect(errors.As(err, &exceeded)).To(BeTrue(), "%v", err)
		return exceeded
	}

	It("accepts 10 MiB of input and no more", func() {
		atLimit := certificate(1) + strings.Repeat("\n", cabundle.MaxInputBytes-len(certificate(1)))

		Expect(merge(atLimit).Certificates).To(Equal(1))
		Expect(limit(source(atLimit), source("\n"))).To(And(
			HaveField("Found", cabundle.MaxInputBytes+1),
			HaveField("Limit", cabundle.MaxInputBytes),
			MatchError(ContainSubstring("the CA bundle has too many bytes: at least 10485761, and at most 10485760 are allowed"))))
	})

	It("accepts 1000 certificates and no more, duplicates not counted", func() {
		var content bytes.Buffer
		for number := range int64(cabundle.MaxCertificates) {
			content.WriteString(certificate(number + 1))
		}

		Expect(merge(content.String(), content.String()).Certificates).To(Equal(cabundle.MaxCertificates))
		Expect(limit(source(content.String()), source(certificate(cabundle.MaxCertificates+1)))).To(And(
			HaveField("Limit", cabundle.MaxCertificates), MatchError(ContainSubstring("too many certificates"))))
	})

	It("accepts no more than a ConfigMap can hold", func() {
		half := block("CERTIFICATE", authorityWith(1, make([]byte, cabundle.MaxBundleBytes/2)))

		Expect(merge(half).Certificates).To(Equal(1))
		Expect(limit(source(half), source(block("CERTIFICATE", authorityWith(2, make([]byte, cabundle.MaxBundleBytes/2)))))).To(
			HaveField("Limit", cabundle.MaxBundleBytes))
	})
})
