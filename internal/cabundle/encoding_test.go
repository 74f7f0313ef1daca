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
	"encoding/binary"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// odd is a root that OpenSSL takes and Go's parser does not.
func odd(name string) string {
	GinkgoHelper()
	text, err := os.ReadFile("testdata/" + name + ".pem")
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func toUTF16(order binary.AppendByteOrder, mark bool, text string) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var encoded []byte
	for _, unit := range units {
		encoded = order.AppendUint16(encoded, unit)
	}
	return string(encoded)
}

var _ = Describe("Merge leaves out", func() {
	DescribeTable("an invalid root, and says which and why", func(name, subject, why string) {
		bundle := merge(certificate(1) + odd(name) + certificate(2))

		Expect(serials(bundle)).To(ConsistOf(int64(1), int64(2)))
		Expect(bundle.LeftOut).To(Equal(`certificates are left out of the CA bundle: PEM block 2 in key "ca-bundle.crt" of ConfigMap apps/corporate-ca: ` +
			`the certificate of "` + subject + `": x509: ` + why))
	},
		Entry("a negative serial number", "negative-serial", "CN=Old Corporate Root (test)", "negative serial number"),
		Entry("a curve that Go does not know", "brainpool", "CN=Brainpool Root (test)", "unsupported elliptic curve"),
	)

	It("each invalid root once, and names three of many in any order of the sources", func() {
		first, second := source(odd("brainpool")+odd("negative-serial")+odd("brainpool")), source(certificate(1))
		one, err := cabundle.Merge([]cabundle.Source{first, second})
		Expect(err).NotTo(HaveOccurred())
		other, err := cabundle.Merge([]cabundle.Source{second, first})
		Expect(err).NotTo(HaveOccurred())

		Expect(other).To(Equal(one))
		Expect(strings.Count(one.LeftOut, "PEM block")).To(Equal(2))
	})

	It("everything that is not a certificate in a ConfigMap that nobody named", func() {
		damaged := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		bundle, err := cabundle.Merge([]cabundle.Source{
			source(certificate(1)),
			{ConfigMap: "apps/found", Lenient: true, Keys: []cabundle.Key{
				{Name: "a", PEM: damaged + certificate(2)}, {Name: "b", PEM: "hello"}, {Name: "c", PEM: strings.Repeat(damaged, 5)},
			}},
		})

		Expect(err).NotTo(HaveOccurred())
		Expect(serials(bundle)).To(ConsistOf(int64(1), int64(2)))
		Expect(bundle.LeftOut).To(And(ContainSubstring(`PEM block 1 in key "a" of ConfigMap apps/found: failed to parse`), HaveSuffix("; and 4 more")))
	})

	It("nothing in silence when the system's roots are added", func() {
		bundle, err := merge(certificate(1) + odd("brainpool")).With(func(func([]byte) bool) {})

		Expect(err).NotTo(HaveOccurred())
		Expect(bundle.LeftOut).To(ContainSubstring("Brainpool"))
	})
})

var _ = DescribeTable("Merge reads certificates in any encoding:",
	func(content string) {
		bundle := merge(content)

		Expect(serials(bundle)).To(ConsistOf(int64(1), int64(2)))
		Expect(bundle.LeftOut).To(BeEmpty())
	},
	Entry("UTF-8 with a byte order mark", "\ufeff"+certificate(1)+certificate(2)),
	Entry("several files with a byte order mark each", "\ufeff"+certificate(1)+"\ufeff"+certificate(2)),
	Entry("Windows line ends and a byte order mark", "\ufeff"+toWindows(certificate(1)+certificate(2))),
	Entry("Latin-1 around them", "# f\xfcr uns\n"+certificate(1)+"\xe4\n"+certificate(2)),
	Entry("UTF-16, little end first", toUTF16(binary.LittleEndian, true, toWindows(certificate(1)+certificate(2)))),
	Entry("UTF-16, big end first", toUTF16(binary.BigEndian, true, certificate(1)+certificate(2))),
	Entry("UTF-16 without a byte order mark", toUTF16(binary.LittleEndian, false, certificate(1)+certificate(2))),
)
