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

package overlay_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/overlay"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// input is a server that declares this configuration, in YAML.
func input(config string) overlay.Input {
	GinkgoHelper()
	server := &v1alpha1.ServerSpec{Config: &v1alpha1.ServerConfig{}}
	Expect(yaml.UnmarshalStrict([]byte(config), server.Config)).To(Succeed())
	return overlay.Input{Server: server, Port: 8321, DataDir: "/.llama", CAFile: "/ca.crt"}
}

func build(in overlay.Input) overlay.Overlay {
	GinkgoHelper()
	built, err := overlay.Build(in)
	Expect(err).NotTo(HaveOccurred())
	return built
}

// document is the overlay of a configuration, without what every one has.
func document(config string) map[string]any {
	GinkgoHelper()
	var fields map[string]any
	Expect(json.Unmarshal([]byte(build(input(config)).JSON), &fields)).To(Succeed())
	for key, value := range map[string]any{"version": 1.0, "port": 8321.0, "dataDir": "/.llama"} {
		Expect(fields).To(HaveKeyWithValue(key, value))
		delete(fields, key)
	}
	return fields
}

// names are the names of the variables, and what Secret each is from.
func names(env []corev1.EnvVar) []string {
	GinkgoHelper()
	var list []string
	for _, variable := range env {
		Expect(variable.Value).To(BeEmpty())
		ref := variable.ValueFrom.SecretKeyRef
		Expect(ref.Optional).To(BeNil(), "the Pod must wait for the Secret")
		list = append(list, fmt.Sprintf("%s=%s/%s", variable.Name, ref.Name, ref.Key))
	}
	return list
}

const password = "secretKeyRef: {name: s, key: k}"

var _ = Describe("An overlay", func() {
	DescribeTable("has what is declared:", func(config, want string) {
		var fields map[string]any
		Expect(yaml.Unmarshal([]byte(want), &fields)).To(Succeed())
		Expect(document(config)).To(BeComparableTo(fields))
	},
		Entry("a base", "base: Empty\npatch: {a: null}", "{base: Empty, patch: {a: null}}"),
		Entry("no base", "apis: [files, inference]", "{base: Image, apis: [files, inference]}"),
		Entry("a provider as it was written",
			"providers: [{api: inference, id: v, type: 'remote::vllm', config: {b: 1.50, a: [1, {c: null}], d: 12345678901234567890}}]",
			"{base: Image, providers: [{path: 'spec.server.config.providers[0]', api: inference, id: v, type: 'remote::vllm', "+
				"config: {b: 1.50, a: [1, {c: null}], d: 12345678901234567890}}]}"),
		Entry("a provider that is taken away, without its secrets",
			"providers: [{api: a, id: b}, {api: inference, id: v, disabled: true, config: {a: b}, secrets: [{field: c, "+password+"}]}]",
			"{base: Image, providers: [{path: 'spec.server.config.providers[0]', api: a, id: b}, "+
				"{path: 'spec.server.config.providers[1]', api: inference, id: v, disabled: true}]}"),
		Entry("a secret in a new object",
			"providers: [{api: inference, id: v, secrets: [{field: network.headers.x-api-key, "+password+"}]}]",
			"{base: Image, providers: [{path: 'spec.server.config.providers[0]', api: inference, id: v, "+
				"config: {network: {headers: {x-api-key: '${env.LLSD_INFERENCE_V_NETWORK_HEADERS_X_API_KEY}'}}}}]}"),
		Entry("secrets in lists",
			"providers: [{api: inference, id: v, config: {keys: [a, null], more: [{}]}, "+
				"secrets: [{field: keys.1, "+password+"}, {field: keys.2, "+password+"}, {field: more.0.key, "+password+"}]}]",
			"{base: Image, providers: [{path: 'spec.server.config.providers[0]', api: inference, id: v, "+
				"config: {keys: [a, '${env.LLSD_INFERENCE_V_KEYS_1}', '${env.LLSD_INFERENCE_V_KEYS_2}'], more: [{key: '${env.LLSD_INFERENCE_V_MORE_0_KEY}'}]}}]}"),
		Entry("models",
			"models: [{id: a, provider: b}, {id: c, provider: b, providerModelID: d, type: embedding, embeddingDimension: 3, metadata: {e: f}}]",
			"{base: Image, models: [{path: 'spec.server.config.models[0]', id: a, provider: b}, {path: 'spec.server.config.models[1]', id: c, provider: b, "+
				"providerModelID: d, type: embedding, embeddingDimension: 3, metadata: {e: f}}]}"),
		Entry("resources", "resources: {vector_stores: [{a: b}], shields: []}", "{base: Image, resources: {vector_stores: [{a: b}], shields: []}}"),
		Entry("SQLite", "storage: {sqlite: {}}", "{base: Image, storage: {path: spec.server.config.storage.sqlite, type: sqlite}}"),
		Entry("a database", "storage: {postgres: {host: db, database: d, user: u, sslMode: require, passwordSecretRef: {name: s, key: k}}}",
			"{base: Image, storage: {path: spec.server.config.storage.postgres, type: postgres, host: db, port: 5432, database: d, user: u, sslMode: require, "+
				"password: '${env.LLSD_STORAGE_PASSWORD}'}}"),
		Entry("a database by its URI", "storage: {postgres: {uriSecretRef: {name: s, key: k}}}",
			"{base: Image, storage: {path: spec.server.config.storage.postgres, type: postgres, uriEnv: LLSD_STORAGE_URI}}"),
		Entry("Redis", "storage: {redis: {host: r}}",
			"{base: Image, keyValue: {path: spec.server.config.storage.redis, type: redis, host: r, port: 6379}}"),
		Entry("Redis at another port", "storage: {redis: {host: r, port: 1}}",
			"{base: Image, keyValue: {path: spec.server.config.storage.redis, type: redis, host: r, port: 1}}"),
		Entry("API keys", "auth: {apiKeys: [{name: s, key: b}, {name: s, key: a}]}",
			"{base: Image, auth: {path: spec.server.config.auth, apiKeys: {env: [LLSD_API_KEY_0, LLSD_API_KEY_1]}}}"),
		Entry("an issuer", "auth: {oauth2: {issuer: i, audience: a, jwksURI: 'https://j', claimsMapping: {sub: roles}}, access: [{permit: {actions: [read]}}]}",
			"{base: Image, auth: {path: spec.server.config.auth, oauth2: {issuer: i, audience: a, jwksURI: 'https://j', claimsMapping: {sub: roles}}, "+
				"access: [{permit: {actions: [read]}}]}}"),
		Entry("tokens of Kubernetes", "auth: {kubernetes: {apiServerURL: 'https://k', claimsMapping: {groups: roles}}}",
			"{base: Image, auth: {path: spec.server.config.auth, kubernetes: {apiServerURL: 'https://k', caFile: /ca.crt, claimsMapping: {groups: roles}}}}"),
	)

	It("has the number of workers, and the certificate", func() {
		in := input("apis: [a]")
		in.Server.Workers = new(int32(3))
		in.CertFile, in.KeyFile = "/tls.crt", "/tls.key"
		built := build(in)
		Expect(built.JSON).To(ContainSubstring(`"workers":3`))
		Expect(built.JSON).To(ContainSubstring(`"serving":{"certFile":"/tls.crt","keyFile":"/tls.key"}`))
		Expect(built.OwnCertificate).To(BeFalse())
	})

	It("leaves the certificate to the user's configuration, which has it", func() {
		in := input("apis: [a]")
		in.Server.UserConfig = &v1alpha1.UserConfigSpec{ConfigMapName: "a"}
		in.CertFile, in.KeyFile = "/tls.crt", "/tls.key"
		Expect(build(in).JSON).NotTo(ContainSubstring("serving"))
		Expect(build(in).JSON).To(ContainSubstring(`"base":"UserConfig"`))
	})

	It("leaves the certificate to a patch that names one", func() {
		in := input("patch: {server: {tls_certfile: /a, tls_keyfile: /b}}")
		in.CertFile, in.KeyFile = "/tls.crt", "/tls.key"
		Expect(build(in).JSON).NotTo(ContainSubstring("serving"))
		Expect(build(in).OwnCertificate).To(BeTrue())
	})

	It("is the same for the same configuration, in whatever order its keys are", func() {
		one := build(input(`providers: [{api: a, id: b, config: {x: 1, y: {p: "<&>", q: 2}}}]`))
		other := build(input(`providers: [{id: b, config: {y: {q: 2, p: "<&>"}, x: 1}, api: a}]`))
		Expect(other).To(Equal(one))
		Expect(one.JSON).To(ContainSubstring("<&>"), "a person can read it")
	})

	It("never changes what was declared", func() {
		in := input("providers: [{api: a, id: b, config: {c: {}}, secrets: [{field: c.d, " + password + "}]}]")
		before := in.Server.DeepCopy()
		build(in)
		Expect(in.Server).To(Equal(before))
	})

	DescribeTable("names variables", func(config string, want ...string) {
		Expect(names(build(input(config)).Env)).To(Equal(want))
	},
		Entry("by what they are for", "providers: [{api: vector_io, id: pg-1.a, secrets: [{field: pass-word, secretKeyRef: {name: s, key: k}}]}]\n"+
			"storage: {postgres: {uriSecretRef: {name: s, key: uri}}, redis: {host: r}}\nauth: {apiKeys: [{name: s, key: a}]}",
			"LLSD_API_KEY_0=s/a", "LLSD_STORAGE_URI=s/uri", "LLSD_VECTOR_IO_PG_1_A_PASS_WORD=s/k"),
		Entry("apart that would be equal", "providers: [{api: a, id: b-c, secrets: [{field: d, secretKeyRef: {name: s, key: one}}]}, "+
			"{api: a, id: b.c, secrets: [{field: d, secretKeyRef: {name: s, key: two}}]}]",
			"LLSD_A_B_C_D_539B4CC1=s/one", "LLSD_A_B_C_D_8B544620=s/two"),
		Entry("apart from those that are already apart", "providers: [{api: a, id: b-c, secrets: [{field: d, secretKeyRef: {name: s, key: one}}]}, "+
			"{api: a, id: b.c, secrets: [{field: d, secretKeyRef: {name: s, key: two}}]}, "+
			"{api: a, id: b_c_d, secrets: [{field: 539b4cc1, secretKeyRef: {name: s, key: three}}]}]",
			"LLSD_A_B_C_D_539B4CC1=s/one", "LLSD_A_B_C_D_539B4CC1_0F582DF5=s/three", "LLSD_A_B_C_D_8B544620=s/two"),
		Entry("apart from those of API keys", "providers: [{api: api, id: key, secrets: [{field: '0', secretKeyRef: {name: s, key: k}}]}]\n"+
			"auth: {apiKeys: [{name: s, key: a}]}",
			"LLSD_API_KEY_0=s/a", "LLSD_API_KEY_0_F9AFF66D=s/k"),
	)

	It("names a variable the same in another order", func() {
		first := "{api: a, id: b-c, secrets: [{field: d, " + password + "}]}"
		second := "{api: a, id: b.c, secrets: [{field: d, secretKeyRef: {name: other, key: k}}]}"
		Expect(build(input("providers: [" + first + ", " + second + "]")).Env).To(Equal(build(input("providers: [" + second + ", " + first + "]")).Env))
	})

	DescribeTable("refuses", func(config, field, message string) {
		_, err := overlay.Build(input(config))
		var invalid *overlay.Error
		Expect(err).To(BeAssignableToTypeOf(invalid))
		Expect(err.Error()).To(HavePrefix("spec.server.config" + field + ": "))
		Expect(err.Error()).To(ContainSubstring(message))
	},
		Entry("a field that is set twice", "providers: [{api: a, id: b, config: {c: {d: 1}}, secrets: [{field: c.d, "+password+"}]}]",
			".providers[0].secrets[0].field", `"c.d" does not fit config: config already sets c.d; remove it from config or from secrets`),
		Entry("a field in a text", "providers: [{api: a, id: b}, {api: a, id: c, config: {c: text}, secrets: [{field: x, "+password+"}, {field: c.d, "+password+"}]}]",
			".providers[1].secrets[1].field", "c is neither an object nor a list"),
		Entry("a field in another secret", "providers: [{api: a, id: b, secrets: [{field: c, "+password+"}, {field: c.d, "+password+"}]}]",
			".providers[0].secrets[1].field", "c is neither an object nor a list"),
		Entry("a key of a list", "providers: [{api: a, id: b, config: {c: [1]}, secrets: [{field: c.d, "+password+"}]}]",
			".providers[0].secrets[0].field", `c is a list with 1 entries, and "d" is no index of it`),
		Entry("an entry after the end of a list", "providers: [{api: a, id: b, config: {c: [1]}, secrets: [{field: c.2, "+password+"}]}]",
			".providers[0].secrets[0].field", `"2" is no index of it`),
		Entry("an object after the end of a list", "providers: [{api: a, id: b, config: {c: [1]}, secrets: [{field: c.1.d, "+password+"}]}]",
			".providers[0].secrets[0].field", `"1" is no index of it`),
		Entry("an entry that is set", "providers: [{api: a, id: b, config: {c: [1]}, secrets: [{field: c.0, "+password+"}]}]",
			".providers[0].secrets[0].field", "config already sets c.0"),
		Entry("a field that is nested too deep", "providers: [{api: a, id: b, secrets: [{field: "+strings.Repeat("c.", 64)+"c, "+password+"}]}]",
			".providers[0].secrets[0].field", "it has more than 64 keys"),
		Entry("resources that are no list", "resources: {shields: {a: b}}", ".resources.shields", "it must be a list of objects"),
		Entry("resources that are a list of words", "resources: {shields: [a]}", ".resources.shields", "it must be a list of objects"),
		Entry("what is nested too deep", "patch: {a: "+strings.Repeat("[", 64)+"1"+strings.Repeat("]", 64)+"}", ".patch", "nested more than 64 deep"),
		Entry("what is too large", "patch: {a: "+strings.Repeat("a", 256<<10)+"}", "", "at most 262144 are allowed"),
	)

	It("takes what is just not too large or too deep", func() {
		build(input("patch: {a: " + strings.Repeat("[", 63) + "1" + strings.Repeat("]", 63) + "}"))
		build(input("patch: {a: " + strings.Repeat("a", 255<<10) + "}"))
		build(input("providers: [{api: a, id: b, secrets: [{field: " + strings.Repeat("c.", 63) + "c, " + password + "}]}]"))
	})
})

var _ = Describe("The sketch of a configuration", func() {
	DescribeTable("has what is known without the base:", func(config, want string) {
		var got, fields map[string]any
		Expect(json.Unmarshal([]byte(build(input(config)).Sketch), &got)).To(Succeed())
		Expect(yaml.Unmarshal([]byte(want), &fields)).To(Succeed())
		delete(got, "version")
		Expect(got).To(BeComparableTo(fields))
	},
		Entry("nothing", "apis: [a]", "{providers: {}, storage: {backends: {}}}"),
		Entry("providers", "providers: [{api: files, id: a, type: 'inline::localfs', config: {b: c}}, {api: files, id: d, disabled: true}]\n"+
			"patch: {providers: {files: [{provider_id: e}]}}",
			"{providers: {files: [{provider_id: a, provider_type: 'inline::localfs', config: {b: c}}, {provider_id: e}]}, storage: {backends: {}}}"),
		Entry("the default of an empty base", "base: Empty\npatch: {x: null}",
			"{providers: {}, storage: {backends: {kv_default: {type: kv_sqlite}, sql_default: {type: sql_sqlite}}}}"),
		Entry("a database", "storage: {postgres: {uriSecretRef: {name: s, key: k}}}",
			"{providers: {}, storage: {backends: {kv_default: {type: kv_postgres}, sql_default: {type: sql_postgres}}}}"),
		Entry("Redis", "storage: {redis: {host: r}}", "{providers: {}, storage: {backends: {kv_default: {type: kv_redis}}}}"),
		Entry("the server of a patch", "auth: {apiKeys: [{name: s, key: a}]}\npatch: {server: {tls_certfile: a, port: null}}",
			"{providers: {}, storage: {backends: {}}, server: {auth: {provider_config: {type: declared}}, tls_certfile: a}}"),
		Entry("rules alone", "auth: {access: [{}]}", "{providers: {}, storage: {backends: {}}}"),
	)
})
