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

package llsdtest

import "strings"

// What is said about declared configurations.
const (
	fieldConfig    = "spec.server.config"
	fieldProvider  = fieldConfig + ".providers[0]"
	fieldSecrets   = fieldProvider + ".secrets"
	fieldModel     = fieldConfig + ".models[0]"
	fieldStores    = fieldConfig + ".storage"
	fieldPostgres  = fieldStores + ".postgres"
	fieldAuth      = fieldConfig + ".auth"
	messageBase    = "base UserConfig requires userConfig, and other bases exclude it; change base, or set or remove userConfig"
	messageNothing = "should have at least 1 items"

	vllm     = "{api: inference, id: vllm, type: remote::vllm}"
	password = "{name: db, key: password}" //nolint:gosec // it names a Secret
)

func config(lines string) string { return server("config: {" + lines + "}") }

// refusedConfigs are about what a declared configuration may not be.
func refusedConfigs() []Case {
	one := func(lines string) string { return config("providers: [{api: inference, id: a, " + lines + "}]") }
	model := func(lines string) string { return config("models: [{id: a, provider: b, " + lines + "}]") }
	const dimension = "set embeddingDimension for type embedding, and for no other type"
	return []Case{
		{"a declared configuration of nothing", config(""), fieldConfig, "at least 1"},
		{"an unknown base", config("base: Default"), fieldConfig + ".base", `supported values: "Image", "UserConfig", "Empty"`},
		{"the user's configuration as a base that there is not", config("base: UserConfig"), fieldConfig + ".base", messageBase},
		{"a user's configuration beside another base", server("userConfig: {configMapName: a}, config: {base: Image}"), fieldConfig + ".base", messageBase},
		{"a user's configuration beside no base", server("userConfig: {configMapName: a}, config: {base: Empty, providers: [" + vllm + "]}"), fieldConfig + ".base", messageBase},
		{"an empty base with nothing in it", config("base: Empty"), fieldConfig + ".base", "base Empty has no providers"},
		{"an API in capitals", config("apis: [Inference]"), fieldConfig + ".apis[0]", messagePattern},
		{"an API twice", config("apis: [files, files]"), fieldConfig + ".apis[1]", "Duplicate value"},
		{"too many APIs", config("apis: [" + items("a%d", 51) + "]"), fieldConfig + ".apis", messageTooMany},
		{"a provider twice", config("providers: [" + vllm + ", " + vllm + "]"), fieldConfig + ".providers[1]", "Duplicate value"},
		{"too many providers", config("providers: [" + items("{api: inference, id: a%d}", 101) + "]"), fieldConfig + ".providers", messageTooMany},
		{"a provider without an id", config("providers: [{api: inference}]"), fieldProvider + ".id", "Required value"},
		{"a provider without an API", config("providers: [{id: a}]"), fieldProvider + ".api", "Required value"},
		{"a provider of an id with a template", config(`providers: [{api: inference, id: "${env.A:+a}"}]`), fieldProvider + ".id", messagePattern},
		{"a provider of no type", one("type: vllm"), fieldProvider + ".type", messagePattern},
		{"a list as the configuration of a provider", one("config: [a]"), fieldProvider + ".config", "must be of type object"},
		{"a secret twice", one("secrets: [{field: a, secretKeyRef: " + password + "}, {field: a, secretKeyRef: " + password + "}]"), fieldSecrets + "[1]", "Duplicate value"},
		{"a secret of no field", one("secrets: [{secretKeyRef: " + password + "}]"), fieldSecrets + "[0].field", "Required value"},
		{"a secret of an empty step", one("secrets: [{field: a..b, secretKeyRef: " + password + "}]"), fieldSecrets + "[0].field", messagePattern},
		{"a secret of nothing", one("secrets: [{field: a}]"), fieldSecrets + "[0].secretKeyRef", "Required value"},
		{"a secret of no name", one("secrets: [{field: a, secretKeyRef: {key: a}}]"), fieldSecrets + "[0].secretKeyRef.name", "Required value"},
		{"a secret of a key with a slash", one("secrets: [{field: a, secretKeyRef: {name: a, key: a/b}}]"), fieldSecrets + "[0].secretKeyRef.key", messagePattern},
		{"too many secrets", one("secrets: [" + items("{field: a%d, secretKeyRef: "+password+"}", 17) + "]"), fieldSecrets, messageTooMany},
		{"a model twice", config("models: [{id: a, provider: b}, {id: a, provider: c}]"), fieldConfig + ".models[1]", "Duplicate value"},
		{"a model of nobody", config("models: [{id: a}]"), fieldModel + ".provider", "Required value"},
		{"an unknown type of model", model("type: vision"), fieldModel + ".type", `supported values: "llm", "embedding", "rerank"`},
		{"an embedding model of no size", model("type: embedding"), fieldModel + ".embeddingDimension", dimension},
		{"a size of what is no embedding model", model("embeddingDimension: 1"), fieldModel + ".embeddingDimension", dimension},
		{"vectors of no size", model("type: embedding, embeddingDimension: 0"), fieldModel + ".embeddingDimension", messageAtLeast},
		{"too many models", config("models: [" + items("{id: a%d, provider: b}", 101) + "]"), fieldConfig + ".models", messageTooMany},
		{"a list of resources", config("resources: []"), fieldConfig + ".resources", "must be of type object"},
	}
}

// refusedStores are about where the server may not keep its state, and how clients may not authenticate.
func refusedStores() []Case {
	stores := func(lines string) string { return config("storage: {" + lines + "}") }
	auth := func(lines string) string { return config("auth: {" + lines + "}") }
	return []Case{
		{"no stores", stores(""), fieldStores, "at least 1"},
		{"two databases", stores("sqlite: {}, postgres: {uriSecretRef: {name: db, key: uri}}"), fieldStores, "set sqlite or postgres, not both"},
		{"a database of no place", stores("postgres: {}"), fieldPostgres, "set either uriSecretRef or host"},
		{"a database of two places", stores("postgres: {uriSecretRef: {name: db, key: uri}, host: db, database: a, user: b, passwordSecretRef: " + password + "}"),
			fieldPostgres, "set either uriSecretRef or host"},
		{"a database without a password", stores("postgres: {host: db, database: a, user: b}"), fieldPostgres, "host requires database, user and passwordSecretRef"},
		{"a database with a URI and a port", stores("postgres: {uriSecretRef: {name: db, key: uri}, port: 1}"), fieldPostgres + ".uriSecretRef", "remove them"},
		{"a database at port 0", stores("postgres: {host: db, port: 0, database: a, user: b, passwordSecretRef: " + password + "}"), fieldPostgres + ".port", messageAtLeast},
		{"a database at a URL", stores("postgres: {host: 'postgres://db', database: a, user: b, passwordSecretRef: " + password + "}"), fieldPostgres + ".host", messagePattern},
		{"an unknown encryption", stores("postgres: {host: db, database: a, user: b, sslMode: secure, passwordSecretRef: " + password + "}"),
			fieldPostgres + ".sslMode", "supported values"},
		{"a Redis at a URL", stores("redis: {host: 'redis://a'}"), fieldStores + ".redis.host", messagePattern},
		{"no authentication", auth(""), fieldAuth, "at least 1"},
		{"two ways to authenticate", auth("apiKeys: [{name: a, key: b}], kubernetes: {}"), fieldAuth, "set one of apiKeys, oauth2 and kubernetes"},
		{"no API keys", auth("apiKeys: []"), fieldAuth + ".apiKeys", messageNothing},
		{"an API key twice", auth("apiKeys: [{name: a, key: b}, {name: a, key: b}]"), fieldAuth + ".apiKeys[1]", "Duplicate value"},
		{"an issuer without keys", auth("oauth2: {issuer: a}"), fieldAuth + ".oauth2.jwksURI", "Required value"},
		{"keys at a path", auth("oauth2: {jwksURI: /keys}"), fieldAuth + ".oauth2.jwksURI", messagePattern},
		{"an attribute that is nothing", auth(`oauth2: {jwksURI: "https://a", claimsMapping: {sub: ""}}`), fieldAuth + ".oauth2.claimsMapping.sub", "should be at least 1 chars long"},
		{"an API server without TLS", auth(`kubernetes: {apiServerURL: "http://a"}`), fieldAuth + ".kubernetes.apiServerURL", messagePattern},
		{"a rule in words", auth("access: [all]"), fieldAuth + ".access[0]", "must be of type object"},
		{"a patch in words", config("patch: all"), fieldConfig + ".patch", "must be of type object"},
	}
}

// acceptedConfigs are at the edges of the same fields.
func acceptedConfigs() []Case {
	full := "apis: [inference, vector_io], providers: [{api: inference, id: vllm, type: 'remote::vllm', config: {base_url: 'http://a', x: null, n: {m: [1, 2.5, true]}}, " +
		"secrets: [{field: api_token, secretKeyRef: " + password + "}, {field: network.headers.x-api-key, secretKeyRef: " + password + "}]}, " +
		"{api: vector_io, id: vllm, disabled: true}], " +
		"models: [{id: a/b:c, provider: vllm, providerModelID: 'x y', metadata: {a: {b: c}}}, {id: e, provider: vllm, type: embedding, embeddingDimension: 768}], " +
		"resources: {vector_stores: [{a: b}]}, storage: {postgres: {host: db.x, port: 1, database: a, user: b, sslMode: verify-full, passwordSecretRef: " + password + "}, " +
		"redis: {host: r, port: 1}}, auth: {oauth2: {issuer: 'https://a', audience: b, jwksURI: 'https://a/keys', " +
		"claimsMapping: {sub: roles}}, access: [{permit: {principal: a, actions: [read]}}]}, patch: {server: {workers: null}, logging: {a: [b]}}"
	return []Case{
		{Name: "a whole configuration into that of the image", Spec: config("base: Image, " + full)},
		{Name: "a whole configuration into nothing", Spec: config("base: Empty, " + full)},
		{Name: "a whole configuration into the user's", Spec: server("userConfig: {configMapName: a}, config: {base: UserConfig, " + full + "}")},
		{Name: "a configuration into the user's by default", Spec: server("userConfig: {configMapName: a}, config: {apis: []}")},
		{Name: "an empty base with a patch", Spec: config("base: Empty, patch: {apis: [inference]}")},
		{Name: "a database by its URI", Spec: config("storage: {postgres: {uriSecretRef: {name: db-app, key: uri}}}")},
		{Name: "SQLite", Spec: config("storage: {sqlite: {}}")},
		{Name: "SQLite and Redis", Spec: config("storage: {sqlite: {}, redis: {host: a}}")},
		{Name: "API keys", Spec: config("auth: {apiKeys: [{name: a, key: b}, {name: a, key: c}]}")},
		{Name: "tokens of this cluster", Spec: config("auth: {kubernetes: {}}")},
		{Name: "rules alone", Spec: config("auth: {access: []}")},
		{Name: "a certificate with a declared configuration", Spec: server("config: {providers: [" + vllm + "]}, tlsConfig: {serving: {secretName: a}}")},
		{Name: "the longest provider", Spec: config("providers: [{api: " + strings.Repeat("a", 63) + ", id: " + strings.Repeat("a", 128) + "}]")},
	}
}
