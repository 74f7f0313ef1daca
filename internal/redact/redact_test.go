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

package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/redact"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// planted is the secret in the texts and objects below.
const planted = "hunter2-Planted"

var _ = Describe("A text", func() {
	DescribeTable("is without the secret in", func(text, want string) {
		Expect((&redact.Redactor{}).Text(text)).To(Equal(want))
	},
		Entry("a header", `Authorization: Bearer hunter2-Planted`, `Authorization: [removed]`),
		Entry("a header in JSON", `{"authorization":"Basic hunter2-Planted","a":1}`, `{"authorization":"[removed]","a":1}`),
		Entry("a header in Python", `{'X-Api-Key': 'hunter2-Planted', 'a': 1}`, `{'X-Api-Key': '[removed]', 'a': 1}`),
		Entry("a cookie", "Set-Cookie: a=hunter2-Planted; b=hunter2-Planted\nnext", "Set-Cookie: [removed]\nnext"),
		Entry("a bearer token of a message", `sent bearer hunter2-Planted twice`, `sent bearer [removed] twice`),
		Entry("the user of a URL", `postgres://user:hunter2-Planted@db:5432/x?a=b`, `postgres://[removed]@db:5432/x?a=b`),
		Entry("the user of a URL with special characters", `redis://:a/b@c:hunter2-Planted@db:1`, `redis://[removed]@db:1`),
		Entry("the user of a registry", `docker://u:hunter2-Planted@r.example/a@sha256:0123`, `docker://[removed]@r.example/a@sha256:0123`),
		Entry("an assignment", `DB_PASSWORD=hunter2-Planted host=db`, `DB_PASSWORD=[removed] host=db`),
		Entry("YAML", `  api_token: hunter2-Planted`, `  api_token: [removed]`),
		Entry("JSON", `{"client_secret": "hunter2-\"Planted", "a": 1}`, `{"client_secret": "[removed]", "a": 1}`),
		Entry("JSON in JSON", `{"msg":"{\"apiKey\":\"hunter2-Planted\"}"}`, `{"msg":"{\"apiKey\":\"[removed]\"}"}`),
		Entry("JSON in JSON with a quote", `{"msg":"{\"apiKey\":\"hunter2\\\"-Planted\",\"a\":1}"}`, `{"msg":"{\"apiKey\":\"[removed]\",\"a\":1}"}`),
		Entry("a list", `{'tokens': ['hunter2-Planted', 'b']}`, `{'tokens': [removed]}`),
		Entry("a query", `GET /v1?api_key=hunter2-Planted&a=b`, `GET /v1?api_key=[removed]&a=b`),
		Entry("a signature of a URL", `GET /x?sv=1&sig=hunter2-Planted`, `GET /x?sv=1&sig=[removed]`),
		Entry("an option", `serve --api-key hunter2-Planted --port 1`, `serve --api-key [removed] --port 1`),
		Entry("an option with a key", `serve --key hunter2-Planted --port 1`, `serve --key [removed] --port 1`),
		Entry("a key without a name", `OPENAI_KEY=hunter2-Planted a`, `OPENAI_KEY=[removed] a`),
		Entry("a key in camel case", `{"openaiKey": "hunter2-Planted"}`, `{"openaiKey": "[removed]"}`),
		Entry("what is assigned to another name", `keyboard="us&token=hunter2-Planted" monkey=a?key=hunter2-Planted`, `keyboard="us&token=[removed]" monkey=a?key=[removed]`),
		Entry("a key of OpenAI", `key sk-proj-abcdef0123 was refused`, `key [removed] was refused`),
		Entry("a key of Hugging Face", `hf_abcdefghij0123`, `[removed]`),
		Entry("a key of AWS", `AKIAABCDEFGHIJKLMNOP`, `[removed]`),
		Entry("a token of a ServiceAccount", `got eyJhbGciOi.eyJpc3Mi.c2lnbmF0dXJl`, `got [removed]`),
		Entry("a private key", "a\n-----BEGIN RSA PRIVATE KEY-----\nhunter2-Planted\n-----END RSA PRIVATE KEY-----\nb", "a\n[removed]\nb"),
		Entry("a private key without end", "a\n-----BEGIN PRIVATE KEY-----\nhunter2-Planted", "a\n[removed]"),
		Entry("a private key without beginning", "hunter2-Planted\n-----END PRIVATE KEY-----\nb", "[removed]\nb"),
	)

	DescribeTable("stays", func(text string) { Expect((&redact.Redactor{}).Text(text)).To(Equal(text)) },
		Entry("with a URL", "http://vllm.models.svc:8000/v1 is down"),
		Entry("with an image", "docker-pullable://r.example/a@sha256:0123"),
		Entry("with the name of a Secret", `secret "demo" not found, and serviceaccount token is projected`),
		Entry("with numbers of tokens", `max_tokens=4096 {"prompt_tokens": 12}`),
		Entry("with a tokenizer", `tokenizer=bert --tokenizer bert {"tokenizer_path": "a/b"}`),
		Entry("with words that end like keys", `monkey=1 turkey: a --hotkey b`),
		Entry("with the name of a Pod", "task-0123456789 hf-0123456789abcdef"),
		Entry("that is redacted", "DB_PASSWORD=[removed] a [value of TOKEN] token: [value of X]"),
	)
})

// objectWithSecrets has the secret wherever an object can have one.
const objectWithSecrets = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: demo
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"value":"hunter2-Planted"}'
    llamastack.io/applied-template: hunter2-Planted
    deployment.kubernetes.io/revision: "3"
  managedFields: [{manager: hunter2-Planted}]
spec:
  template:
    spec:
      containers:
      - name: llama-stack
        image: docker.io/a:1
        env:
        - {name: PLAIN, value: hunter2-Planted}
        - {name: URL, value: "postgres://u:other-Planted@db/x"}
        - name: REF
          valueFrom: {secretKeyRef: {name: keys, key: token}}
        command: [sh, -c, "export TOKEN=third-Planted; run"]
        args: [--api-key=fourth-Planted, --token, fifth-Planted, --port, "8321"]
        livenessProbe: {httpGet: {httpHeaders: [{name: X-Auth, value: sixth-Planted}]}}
        volumeMounts: [{name: a, mountPath: /a}]
status:
  conditions: [{type: Ready, message: "refused hunter2-Planted, other-Planted, third-Planted, fourth-Planted, fifth-Planted"}]
`

// serverWithSecrets has the secret wherever a LlamaStackDistribution can have one that no Deployment has.
const serverWithSecrets = `
apiVersion: llamastack.io/v1alpha1
kind: LlamaStackDistribution
metadata: {name: demo, namespace: ns}
spec:
  server:
    config:
      providers:
      - {api: inference, id: vllm, type: "remote::vllm", 
         config: {url: "https://u:hunter2-Planted@h", count: 3, tls: true, key: "${env.KEY}", other: "${env.KEY:=other-Planted}", list: [third-Planted]}}
      patch: {server: {auth: fourth-Planted}}
      resources: {vector_stores: [{id: fifth-Planted}]}
    containerSpec:
      env: [{name: A, value: sixth-Planted}]
status:
  distributionConfig:
    providers: [{api: inference, config: {api_token: seventh-Planted}, health: {message: "bad third-Planted"}}]
`

var _ = Describe("An object", func() {
	decode := func(text string) map[string]any {
		object := map[string]any{}
		Expect(yaml.Unmarshal([]byte(text), &object)).To(Succeed())
		return object
	}
	encode := func(object map[string]any) string {
		text, err := json.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		return string(text)
	}

	DescribeTable("has no secret, and all else", func(text string, has ...string) {
		r, given := &redact.Redactor{}, decode(text)
		r.Object(given) // as a report does, which learns from all objects first
		kept := encode(r.Object(given))
		Expect(kept).NotTo(ContainSubstring("Planted"))
		for _, part := range has {
			Expect(kept).To(ContainSubstring(part))
		}
		Expect(encode(given)).To(Equal(encode(decode(text))), "the object itself does not change")
	},
		Entry("of a workload", objectWithSecrets, `"name":"PLAIN"`, `"value":"[value of PLAIN]"`, `"secretKeyRef":{"key":"token","name":"keys"}`,
			`"deployment.kubernetes.io/revision":"3"`, `"--port","8321"`, `"image":"docker.io/a:1"`, `--api-key=[value of --api-key]`),
		Entry("of a server", serverWithSecrets, `"id":"vllm"`, `"key":"${env.KEY}"`, `"count":3`, `"tls":true`, `"type":"remote::vllm"`, "bad [value of list]"),
		Entry("of a Secret", "kind: Secret\ndata: {a: aHVudGVyMi1QbGFudGVk}\nstringData: {a: hunter2-Planted}\n", `"data":"[removed]"`),
		Entry("of a ConfigMap", "kind: ConfigMap\ndata: {config.yaml: hunter2-Planted}\n", `"config.yaml":"[removed: 15 bytes]"`),
		Entry("of an object with hashes", "metadata: {annotations: {llamastack.io/applied-hash: hunter2-Planted, llamastack.io/content-digest: hunter2-Planted}}\n",
			`"llamastack.io/applied-hash":"[removed: 15 bytes]"`, `"llamastack.io/content-digest":"[removed: 15 bytes]"`),
		Entry("of keys", "spec: {topologyKey: zone, tolerations: [{key: dedicated}], items: [{key: token, path: a}], openaiKey: hunter2-Planted}\n",
			`"topologyKey":"zone"`, `"key":"dedicated"`, `"key":"token"`, `"openaiKey":"[value of openaiKey]"`),
	)

	It("says of each key of a ConfigMap whether another one has the same content, and has no hash of it", func() {
		text := encode((&redact.Redactor{}).Compared(decode("kind: ConfigMap\ndata: {a: hunter2-Planted, b: short, c: new}\nbinaryData: {d: aQ==}\n"),
			"copy", decode("kind: ConfigMap\ndata: {a: hunter2-Planted, b: other}\nbinaryData: {d: aQ==}\n")))

		Expect(text).To(And(
			ContainSubstring(`"a":"[removed: 15 bytes, equal to copy]"`), ContainSubstring(`"b":"[removed: 5 bytes, differs from copy]"`),
			ContainSubstring(`"c":"[removed: 3 bytes, not in copy]"`), ContainSubstring(`"d":"[removed: 4 bytes, equal to copy]"`),
			Not(MatchRegexp("[0-9a-f]{16}")),
		))
	})

	It("shows the content of the operator's own ConfigMap, without secrets", func() {
		r := &redact.Redactor{}
		Expect(encode(r.Open(decode("kind: ConfigMap\ndata: {a: 'b: c', d: 'password: hunter2-Planted'}\n")))).To(And(ContainSubstring(`"a":"b: c"`), Not(ContainSubstring("Planted"))))
	})

	DescribeTable("is the reason that its values are removed from all texts", func(form string) {
		r := &redact.Redactor{}
		r.Object(decode("kind: Pod\nspec: {containers: [{env: [{name: PLAIN, value: \"a b\\\"" + planted + "\"}]}]}\n"))
		Expect(r.Text("log " + form + " end")).To(Equal("log [value of PLAIN] end"))
	},
		Entry("as they are", `a b"`+planted), Entry("in JSON", `a b\"`+planted),
		Entry("in a query", `a+b%22`+planted), Entry("in base64", "YSBiImh1bnRlcjItUGxhbnRlZA=="),
	)

	DescribeTable("has its values removed from a longer text in base64, after", func(before string) {
		r, value := &redact.Redactor{}, "a b"+planted
		r.Object(decode("kind: Pod\nspec: {containers: [{env: [{name: PLAIN, value: " + value + "}]}]}\n"))
		encoded := base64.StdEncoding.EncodeToString([]byte(before + value + " and more"))
		Expect(r.Text("log " + encoded + " end")).To(MatchRegexp(`^log \w{0,4}\[value of PLAIN\]\w+=* end$`))
	},
		Entry("nothing", ""), Entry("one byte", "u"), Entry("two bytes", "u:"),
	)

	It("does not remove short values from texts, or values without end", func() {
		r := &redact.Redactor{}
		r.Object(decode("kind: Pod\nspec: {env: [{name: A, value: 'true'}, {name: B, value: " + strings.Repeat("long", 20_000) + "}]}\n"))
		Expect(r.Text("it is true")).To(Equal("it is true"))
	})
})

var _ = Describe("A name", func() {
	DescribeTable("is that of a secret, or not, wherever it is", func(name string, secret bool) {
		Expect(redact.Named(name)).To(Equal(secret), "by itself")
		has := ContainSubstring(planted)
		if secret {
			has = Not(has)
		}
		for _, text := range []string{name + "=" + planted, name + ": " + planted, `{"` + name + `": "` + planted + `"}`, "run --" + name + " " + planted + " x"} {
			Expect(redact.Recognized(text)).To(has, text)
		}
		hidden := func(string, string) string { return "hidden" }
		same := func(word string) string { return word }
		for _, words := range [][]string{{name + "=" + planted}, {"--" + name, planted}, {"--" + name + "=" + planted}} {
			Expect(strings.Join(redact.Words(words, hidden, same), " ")).To(has, "%v", words)
		}
		object := map[string]any{"spec": map[string]any{name: planted}}
		Expect(fmt.Sprint((&redact.Redactor{}).Object(object))).To(has, "a field")
	},
		Entry(nil, "api_key", true), Entry(nil, "OPENAI_API_KEY", true), Entry(nil, "OPENAI_KEY", true), Entry(nil, "openaiKey", true),
		Entry(nil, "HF_TOKEN", true), Entry(nil, "accessToken", true), Entry(nil, "tokens", true), Entry(nil, "PGPASSWORD", true), Entry(nil, "dsn", true),
		Entry(nil, "client-secret", true), Entry(nil, "signing.keys", true), Entry(nil, "bearer", true), Entry(nil, "authorization", true),
		Entry(nil, "tokenizer", false), Entry(nil, "TOKENIZERS_PARALLELISM", false), Entry(nil, "tokenizer_path", false),
		Entry(nil, "monkey", false), Entry(nil, "keyboard", false), Entry(nil, "url", false), Entry(nil, "secretary-of", true),
	)

	It("is that of a number of tokens, and not of a PIN", func() {
		Expect(redact.Recognized("max_tokens=4096 tokens: 12 password=4096")).To(Equal("max_tokens=4096 tokens: 12 password=[removed]"))
		Expect(redact.Words([]string{"--max-tokens=4096", "--password=4096"}, func(string, string) string { return "hidden" }, strings.ToUpper)).To(
			Equal([]string{"--MAX-TOKENS=4096", "--password=hidden"}))
		Expect(redact.Counted("max_tokens")).To(BeTrue())
	})
})
