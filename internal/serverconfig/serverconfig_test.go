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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func inspect(config string) serverconfig.Facts {
	GinkgoHelper()
	facts, err := serverconfig.Inspect(config)
	Expect(err).NotTo(HaveOccurred())
	return facts
}

// underServer is a configuration with these lines below server.
func underServer(lines ...string) string {
	return "version: '2'\nserver:\n  " + strings.Join(lines, "\n  ") + "\n"
}

var _ = Describe("Inspect", func() {
	It("finds nothing in a configuration without a server section", func() {
		Expect(inspect("version: 2\napis: [inference]\nproviders: {inference: []}\n")).To(Equal(serverconfig.Facts{}))
	})

	It("finds nothing in a configuration as images carry it, whatever its keys and templates", func() {
		Expect(inspect(`# a comment
version: '2'
image_name: starter
no_such_key: {a: !unknown [1, 2.5, null, true]}
apis: [inference, "${env.MORE_APIS:=safety}"]
providers:
  inference:
  - provider_id: ${env.VLLM_URL:+vllm}
    provider_type: remote::vllm
    config: {base_url: "${env.VLLM_URL:=}", max_tokens: "${env.VLLM_MAX_TOKENS:=4096}"}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: "${env.SQLITE_STORE_DIR:=~/.llama}/kv.db"}
server:
`)).To(Equal(serverconfig.Facts{}))
	})

	DescribeTable("reads integers", func(value string, want OmegaMatcher) {
		Expect(inspect(underServer("port: " + value)).Port).To(want)
		Expect(inspect(underServer("workers: " + value)).Workers).To(want)
	},
		Entry("plain", "8321", HaveValue(Equal(int32(8321)))),
		Entry("in quotes", `"8321"`, HaveValue(Equal(int32(8321)))),
		Entry("template", "${env.N:=8321}", BeNil()),
		Entry("nothing", "", BeNil()),
		Entry("null", "null", BeNil()),
		Entry("a word", "many", BeNil()),
		Entry("a fraction", "1.5", BeNil()),
		Entry("too large", "4294967296", BeNil()),
		Entry("a list", "[1]", BeNil()),
	)

	DescribeTable("finds out about TLS", func(cert, key string, tls, uncertain bool) {
		facts := inspect(underServer("tls_certfile: "+cert, "tls_keyfile: "+key))
		Expect(facts.TLS).To(Equal(tls))
		Expect(facts.TLSUncertain).To(Equal(uncertain))
		Expect(facts.HTTPProbe()).To(Equal(!uncertain))
		Expect(facts.MutualTLS).To(BeFalse())
	},
		Entry("both files", "/certs/tls.crt", "/certs/tls.key", true, false),
		Entry("certificate only", "/certs/tls.crt", "", false, false),
		Entry("key only", `""`, "/certs/tls.key", false, false),
		Entry("both null", "null", "~", false, false),
		Entry("templates that must be set", "${env.CERT}", "${env.KEY}", true, false),
		Entry("templates with a default", "${env.CERT:=/c}", "${env.KEY:=/k}", true, false),
		Entry("templates in the old form", "${env.CERT:/c}", "${env.KEY:/k}", true, false),
		Entry("a template in a path", "${env.DIR:=}/tls.crt", "/tls.key", true, false),
		Entry("templates that may come out empty", "${env.CERT:=}", "${env.KEY:=}", false, true),
		Entry("templates for where a variable is set", "${env.CERT:+/c}", "/tls.key", false, true),
		Entry("uncertain certificate, no key", "${env.CERT:=}", "", false, false),
	)

	DescribeTable("finds out about client certificates", func(ca string, tls, want bool) {
		lines := []string{"tls_cafile: " + ca}
		if tls {
			lines = append(lines, "tls_certfile: /c", "tls_keyfile: /k")
		}
		facts := inspect(underServer(lines...))
		Expect(facts.MutualTLS).To(Equal(want))
		Expect(facts.HTTPProbe()).To(Equal(!want))
	},
		Entry("a file", "/ca.crt", true, true),
		Entry("a file that may come out empty", "${env.CA:=}", true, true),
		Entry("nothing", "", true, false),
		Entry("a file, but no TLS", "/ca.crt", false, false),
	)

	DescribeTable("finds out whether the health check is refused", func(policy string, want bool) {
		facts := inspect(underServer("auth:", "  provider_config: {type: custom}", "  route_policy: "+policy))
		Expect(facts.HealthDenied).To(Equal(want))
		Expect(facts.HTTPProbe()).To(Equal(!want))
	},
		Entry("no policy", "", false),
		Entry("no rules", "[]", false),
		Entry("the path", `[{permit: {paths: /v1/health}}]`, false),
		Entry("the path with a slash", `[{permit: {paths: /v1/health/}}]`, false),
		Entry("in a list", `[{permit: {paths: [/v1/models, /v1/health]}}]`, false),
		Entry("below a prefix", `[{permit: {paths: "/v1/*"}}]`, false),
		Entry("the start of its name", `[{permit: {paths: "/v1/he*"}}]`, false),
		Entry("everything", `[{permit: {paths: "*"}}]`, false),
		Entry("an expression for all of it", `[{permit: {paths: "regex:/v1/(health|version)"}}]`, false),
		Entry("an expression for its start", `[{permit: {paths: "regex:/v1/h"}}]`, true),
		Entry("an expression of Python's own", `[{permit: {paths: "regex:(?=/v1).*"}}]`, true),
		Entry("another path", `[{permit: {paths: /v1/models}}]`, true),
		Entry("another prefix", `[{permit: {paths: "/v1alpha/*"}}]`, true),
		Entry("a later rule", `[{permit: {paths: /v1/models}}, {permit: {paths: /v1/health}}]`, false),
		Entry("no longer by a later rule", `[{permit: {paths: /v1/health}}, {forbid: {paths: "*"}}]`, false),
		Entry("forbidden before", `[{forbid: {paths: "/v1/*"}}, {permit: {paths: "*"}}]`, true),
		Entry("perhaps forbidden before", `[{forbid: {paths: "/v1/*"}, unless: user with admin in roles}, {permit: {paths: "*"}}]`, true),
		Entry("forbidden by an expression for a part", `[{forbid: {paths: "regex:health"}}, {permit: {paths: "*"}}]`, true),
		Entry("forbidden by an invalid expression", `[{forbid: {paths: "regex:(?=x)"}}, {permit: {paths: "*"}}]`, true),
		Entry("another path forbidden", `[{forbid: {paths: /v1/files}}, {permit: {paths: "*"}}]`, false),
		Entry("for some users (when)", `[{permit: {paths: "*"}, when: user with admin in roles}]`, true),
		Entry("for some users (unless)", `[{permit: {paths: "*"}, unless: [user with guest in roles]}]`, true),
		Entry("for some users, then for all", `[{permit: {paths: "*"}, when: user with admin in roles}, {permit: {paths: /v1/health}}]`, false),
		Entry("a template", `${env.POLICY:=}`, true),
		Entry("an expression that takes long to compile", `[{permit: {paths: "regex:.*a{0,1000}"}}]`, false),
		Entry("expressions that would take too long to compile", `[{permit: {paths: ["regex:`+strings.Repeat("a{0,1000}", 500)+`.*"]}}]`, true),
		Entry("forbidden, perhaps, by such expressions", `[{forbid: {paths: ["regex:`+strings.Repeat("a{1000}", 600)+`"]}}, {permit: {paths: "*"}}]`, true),
		Entry("one expression, however often it is there",
			"[{forbid: {paths: &p ['regex:b{1000}', 'regex:c{1000}']}}"+strings.Repeat(", {forbid: {paths: *p}}", 1000)+", {permit: {paths: '*'}}]", false),
		Entry("invalid rules", `[1, {permit: 2}, {permit: {paths: {a: b}}}]`, true),
	)

	DescribeTable("finds out whether clients need a token", func(auth string, want bool) {
		Expect(inspect(underServer("auth: " + auth)).Authenticated).To(Equal(want))
	},
		Entry("of nobody", "", false),
		Entry("with rules alone", "{access_policy: [{permit: {actions: [read]}}]}", false),
		Entry("of a provider that is null", "{provider_config: null}", false),
		Entry("of a provider", "{provider_config: {type: custom}}", true),
		Entry("of a provider, before 0.2.15", "{provider_type: custom, config: {}}", true),
	)

	It("asks for the policy only where there is a server section", func() {
		Expect(inspect("auth: {route_policy: [{permit: {paths: /v1/models}}]}\n").HealthDenied).To(BeFalse())
		Expect(inspect("server: none\n").HealthDenied).To(BeFalse())
	})

	It("follows anchors and merge keys as the server does", func() {
		facts := inspect(`
tls: &tls {tls_certfile: /c, tls_keyfile: /k}
limits: &limits {workers: 3, port: 1}
server: &server
  <<: [*tls, *limits]
  port: 8321
again: *server
`)
		Expect(facts.TLS).To(BeTrue())
		Expect(facts.Workers).To(HaveValue(Equal(int32(3))))
		Expect(facts.Port).To(HaveValue(Equal(int32(8321))))
	})

	It("takes the last of two keys as the server does", func() {
		Expect(inspect("server: {port: 1}\nserver: {port: 2}\n").Port).To(HaveValue(Equal(int32(2))))
	})

	DescribeTable("says where a text is not a configuration", func(config, want string) {
		_, err := serverconfig.Inspect(config)
		Expect(err).To(MatchError(ContainSubstring(want)))
		_, err = serverconfig.WithWorkers(config, 2)
		Expect(err).To(MatchError(ContainSubstring(want)))
	},
		Entry("nothing", "", "line 1: the configuration is empty"),
		Entry("comments only", "---\n# later\n", "found nothing, want a mapping"),
		Entry("a list", "- a\n", "line 1: found a list, want a mapping"),
		Entry("a word, further down", "# a\n\nword\n", "line 3: found a single value, want a mapping"),
		Entry("an open bracket", "version: 2\napis: [\n", "failed to parse YAML: line 2"),
		Entry("a tab in the first line", "\tversion: 2\n", "failed to parse YAML: line 1"),
		Entry("an unknown anchor", "version: 2\nserver: *nothing\n", "unknown anchor"),
		Entry("two documents", "version: 2\n---\nversion: 2\n", "line 2: a second YAML document starts here"),
		Entry("an anchor that merges itself, many times over",
			"a: &a\n  <<: ["+strings.Repeat("*a, ", 30)+"*a]\nserver: *a\n", "line 2: the alias *a refers to a node that contains it"),
		Entry("something after the document", "version: 2\n---\n]\n", "failed to parse YAML: line"),
	)
})

var _ = Describe("WithWorkers", func() {
	DescribeTable("sets the number and keeps the rest", func(config, want string) {
		got, err := serverconfig.WithWorkers(config, 4)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(want))
		Expect(inspect(got).Workers).To(HaveValue(Equal(int32(4))))
	},
		Entry("below the other keys", "# head\nversion: '2' # two\nserver:\n  port: 8321 # port\nz: 1\na: 2\n",
			"# head\nversion: '2' # two\nserver:\n  port: 8321 # port\n  workers: 4\nz: 1\na: 2\n"),
		Entry("without a server section", "version: 2\n# tail\n", "version: 2\n# tail\n\nserver:\n  workers: 4\n"),
		Entry("with an empty one", "server:\nversion: 2\n", "server:\n  workers: 4\nversion: 2\n"),
		Entry("with a null one", "server: ~\nversion: 2\n", "server:\n  workers: 4\nversion: 2\n"),
		Entry("with one in braces", "server: {port: 1, host: }\n", "server: {port: 1, host: null, workers: 4}\n"),
		Entry("with an alias, of which there may be others", "a: &a\n  port: 1\nserver: *a\n", "a: &a\n  port: 1\nserver:\n  <<: *a\n  workers: 4\n"),
		Entry("with an anchor that others refer to", "server: &a {port: 1}\nb: *a\n", "server:\n  <<: &a {port: 1}\n  workers: 4\nb: *a\n"),
		Entry("with an empty one that others refer to", "server: &a\nb: [*a]\n", "server:\n  workers: 4\nb: [null]\n"),
		Entry("with one that is merged from elsewhere", "a: &a\n  server: &b {port: 1}\n<<: *a\n",
			"a: &a\n  server: &b {port: 1}\n<<: *a\nserver: {port: 1, workers: 4}\n"),
		Entry("with a merge key", "a: &a\n  port: 1\nserver:\n  <<: *a\n", "a: &a\n  port: 1\nserver:\n  <<: *a\n  workers: 4\n"),
		Entry("with templates and texts that resemble other types",
			"a: ${env.A:=yes}\nb: 'no'\nc: \"012\"\nd: |\n  x\n  y\ne: >-\n  folded\n",
			"a: ${env.A:=yes}\nb: 'no'\nc: \"012\"\nd: |\n  x\n  y\ne: >-\n  folded\nserver:\n  workers: 4\n"),
	)

	DescribeTable("leaves every byte of a configuration that has the key", func(config string) {
		Expect(serverconfig.WithWorkers(config, 4)).To(Equal(config))
	},
		Entry("a number", "server:   {workers: 2}  # odd   spacing\n\n\n"),
		Entry("a template", "server:\n      workers: ${env.WORKERS:=2}\n"),
		Entry("null", "server:\n      workers:\n"),
		Entry("merged", "a: &a {workers: 2}\n\nserver:\n     <<: *a\n"),
		Entry("a server section that is not a mapping", "server:    ${env.SERVER}\n"),
	)
})
