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

package serverconfig_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mounted is where the files are.
func mounted() serverconfig.Certificate {
	return serverconfig.Certificate{CertFile: "/t/tls.crt", KeyFile: "/t/tls.key"}
}

var _ = Describe("WithCertificate", func() {
	DescribeTable("names the files and keeps the rest", func(config, want string) {
		got, own, err := serverconfig.WithCertificate(config, mounted())
		Expect(err).NotTo(HaveOccurred())
		Expect(own).To(BeFalse())
		Expect(got).To(Equal(want))
		Expect(inspect(got).TLS).To(BeTrue())

		again, own, err := serverconfig.WithCertificate(got, mounted())
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(got), "what names the files already stays unchanged")
		Expect(own).To(BeFalse())
	},
		Entry("below the other keys", "# head\nserver:\n  port: 8321 # port\nz: 1\n",
			"# head\nserver:\n  port: 8321 # port\n  tls_certfile: /t/tls.crt\n  tls_keyfile: /t/tls.key\nz: 1\n"),
		Entry("without a server section", "version: 2\n", "version: 2\nserver:\n  tls_certfile: /t/tls.crt\n  tls_keyfile: /t/tls.key\n"),
		Entry("with an empty server section", "server: null\nversion: 2\n", "server:\n  tls_certfile: /t/tls.crt\n  tls_keyfile: /t/tls.key\nversion: 2\n"),
		Entry("in the place of none", "server:\n  tls_keyfile:\n  tls_certfile: \"\" # none\n  port: 1\n",
			"server:\n  tls_keyfile: /t/tls.key\n  tls_certfile: /t/tls.crt # none\n  port: 1\n"),
		Entry("in the place of none that is referred to", "server:\n  tls_keyfile: &none null\n  host: *none\n",
			"server:\n  tls_keyfile: /t/tls.key\n  host: null\n  tls_certfile: /t/tls.crt\n"),
		Entry("with a client CA, which stays", "server:\n  tls_cafile: /ca.crt\n",
			"server:\n  tls_cafile: /ca.crt\n  tls_certfile: /t/tls.crt\n  tls_keyfile: /t/tls.key\n"),
		Entry("over what is merged", "a: &a {tls_certfile: null}\nserver:\n  <<: *a\n",
			"a: &a {tls_certfile: null}\nserver:\n  <<: *a\n  tls_certfile: /t/tls.crt\n  tls_keyfile: /t/tls.key\n"),
	)

	DescribeTable("leaves a configuration with files of its own as it is", func(server string) {
		config := "server: {" + server + "} # mine\n"
		got, own, err := serverconfig.WithCertificate(config, mounted())
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(config))
		Expect(own).To(BeTrue())
	},
		Entry("both", "tls_certfile: /c, tls_keyfile: /k"),
		Entry("another key", "tls_certfile: /t/tls.crt, tls_keyfile: /k"),
		Entry("by templates that must be set", `tls_certfile: "${env.CERT}", tls_keyfile: "${env.KEY:=/k}"`),
	)

	DescribeTable("says what to do about one that leaves it open", func(config, want string) {
		_, _, err := serverconfig.WithCertificate(config, mounted())
		Expect(err).To(MatchError(ContainSubstring(want)))
	},
		Entry("a certificate without a key", "server: {tls_certfile: /c}", "remove both, or set both"),
		Entry("a key without a certificate", "server: {tls_keyfile: /k}", "remove both, or set both"),
		Entry("templates that may come out empty", `server: {tls_certfile: "${env.A:=}", tls_keyfile: "${env.B:=}"}`, "remove both, or set both"),
		Entry("one template", `server: {tls_certfile: /c, tls_keyfile: "${env.B:+/k}"}`, "remove both, or set both"),
		Entry("a server section that is not a mapping", "version: 2\nserver: here\n", "line 2: server is a single value, want a mapping"),
		Entry("a list", "server: []\n", "line 1: server is a list"),
		Entry("no YAML", "a: [", "failed to parse YAML: line"),
	)
})
