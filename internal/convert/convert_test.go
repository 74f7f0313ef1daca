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

package convert_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/convert"
	"github.com/llamastack/llama-stack-k8s-operator/internal/crdcheck"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestConvert(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Convert")
}

// parsed is an object as JSON has it.
func parsed(text string) map[string]any {
	GinkgoHelper()
	content, err := yaml.YAMLToJSONStrict([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	var object map[string]any
	Expect(json.Unmarshal(content, &object)).To(Succeed())
	return object
}

// server is an OGXServer with this spec.
func server(spec string) map[string]any {
	GinkgoHelper()
	object := parsed("apiVersion: ogx.io/v1beta1\nkind: OGXServer\nmetadata: {name: a}\n")
	object["spec"] = parsed(spec)
	return object
}

// converted is the spec that a spec becomes, in YAML, and the fields that are lost.
func converted(spec string) (string, []string) {
	GinkgoHelper()
	result, err := convert.Convert(server(spec))
	Expect(err).NotTo(HaveOccurred())
	text, err := yaml.Marshal(result.Server["spec"])
	Expect(err).NotTo(HaveOccurred())
	lost := make([]string, 0, len(result.Lost))
	for _, loss := range result.Lost {
		lost = append(lost, loss.Field)
	}
	return string(text), lost
}

// report is a result as text.
func report(result *convert.Result) string {
	GinkgoHelper()
	text, err := yaml.Marshal(result.Server)
	Expect(err).NotTo(HaveOccurred())
	var out strings.Builder
	for _, note := range result.Notes {
		fmt.Fprintf(&out, "# note: %s\n", note)
	}
	for _, loss := range result.Lost {
		fmt.Fprintf(&out, "# lost: %s: %s\n", loss.Field, loss.Advice)
	}
	out.Write(text)
	return out.String()
}

// strings of a value, and its numbers and truth values as text.
func scalars(value any) []string {
	switch typed := value.(type) {
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(typed)) {
			all = append(all, scalars(typed[key])...)
		}
		return all
	case []any:
		var all []string
		for _, item := range typed {
			all = append(all, scalars(item)...)
		}
		return all
	default:
		return []string{fmt.Sprint(typed)}
	}
}

// expectGolden compares a text with a file, which -update writes.
func expectGolden(name, text string) {
	GinkgoHelper()
	golden := filepath.Join("testdata", name)
	if *update {
		Expect(os.WriteFile(golden, []byte(text), 0o600)).To(Succeed())
	}
	want, err := os.ReadFile(golden)
	Expect(err).NotTo(HaveOccurred())
	Expect(text).To(Equal(string(want)))
}

var _ = Describe("Convert", func() {
	It("converts every part of a server", func() {
		source, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
		Expect(err).NotTo(HaveOccurred())
		result, err := convert.Convert(parsed(string(source)))
		Expect(err).NotTo(HaveOccurred())

		expectGolden("full.golden.yaml", report(result))
	})

	It("makes what the CustomResourceDefinition accepts", func(ctx context.Context) {
		source, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
		Expect(err).NotTo(HaveOccurred())
		result, err := convert.Convert(parsed(string(source)))
		Expect(err).NotTo(HaveOccurred())

		checker, err := crdcheck.New()
		Expect(err).NotTo(HaveOccurred())
		Expect(checker.Check(ctx, result.Server)).To(BeEmpty())
	})

	It("does not change the source", func() {
		object := server("{distribution: {name: starter}, workload: {replicas: 2}}")
		before := report(&convert.Result{Server: object})
		_, err := convert.Convert(object)
		Expect(err).NotTo(HaveOccurred())
		Expect(report(&convert.Result{Server: object})).To(Equal(before))
	})

	It("reports a field that it does not know", func() {
		_, lost := converted("{distribution: {image: x}, workload: {sidecar: {image: y}, replicas: 1}, new: [{a: 1}]}")
		Expect(lost).To(Equal([]string{"spec.new[0].a", "spec.workload.sidecar.image"}))
	})

	It("says which model has to be completed", func() {
		result, err := convert.Convert(server("{distribution: {image: x}, resources: {models: [{name: m, provider: p, modelType: embedding}]}}"))
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Notes).To(ContainElement(ContainSubstring("set embeddingDimension of the model m")))
	})

	It("refuses another kind", func() {
		_, err := convert.Convert(parsed("{apiVersion: apps/v1, kind: Deployment}"))
		Expect(err).To(MatchError(ContainSubstring("the object is a Deployment of apps/v1")))
	})

	DescribeTable("of a part", func(spec, into string, lost ...string) {
		have, missing := converted("distribution: {image: x}\n" + spec)
		if into == "" {
			into = "server: {distribution: {image: x}}"
		}
		Expect(have).To(MatchYAML(into))
		Expect(missing).To(HaveExactElements(lost))
	},
		Entry("a Redis with a password", "storage: {kv: {type: redis, endpoint: 'redis:6380', password: {name: a, key: b}}}",
			"server: {distribution: {image: x}, config: {storage: {redis: {host: redis, port: 6380}}}}", "spec.storage.kv.password.key", "spec.storage.kv.password.name"),
		Entry("a Redis whose URL has a database", "storage: {kv: {type: redis, endpoint: 'redis://a:1/2'}}", "", "spec.storage.kv.endpoint", "spec.storage.kv.type"),
		Entry("a PostgreSQL without an address", "storage: {sql: {type: postgres}}", "", "spec.storage.sql.type"),
		Entry("types of stores that no release has yet", "storage: {sql: {type: mysql}, kv: {type: etcd}}", "", "spec.storage.kv.type", "spec.storage.sql.type"),
		Entry("stores in files", "storage: {sql: {type: sqlite}, kv: {type: sqlite}}", "server: {distribution: {image: x}, config: {storage: {sqlite: {}}}}"),
		Entry("a key-value store in files", "storage: {kv: {type: sqlite}}", "server: {distribution: {image: x}, config: {storage: {sqlite: {}}}}"),
		Entry("a key-value store in files beside PostgreSQL", "storage: {sql: {type: postgres, connectionString: {name: a, key: b}}, kv: {type: sqlite}}",
			"server: {distribution: {image: x}, config: {storage: {postgres: {uriSecretRef: {name: a, key: b}}}}}", "spec.storage.kv.type"),
		Entry("a volume with the defaults", "workload: {storage: {}}", "server: {distribution: {image: x}, storage: {retentionPolicy: Retain}}"),
		Entry("a policy that lets everybody in", "network: {policy: {ingress: [{}]}}", "", "spec.network.policy.ingress[0]"),
		Entry("a policy without rules", "network: {policy: {ingress: []}}", "", "spec.network.policy.ingress"),
		Entry("a ConfigMap for the whole beside one for the base", "baseConfig: {configMapName: b, key: k}\noverrideConfig: {configMapName: a}",
			"server: {distribution: {image: x}, userConfig: {configMapName: a}}", "spec.baseConfig.configMapName", "spec.baseConfig.key"),
		Entry("an index with the defaults", "providers: {vectorIo: {remote: {pgvector: [{id: a, vectorIndex: {hnsw: {}}}]}}}",
			"server: {distribution: {image: x}, config: {providers: [{api: vector_io, id: a, type: 'remote::pgvector', config: {vector_index: {type: HNSW}, "+
				"persistence: {backend: kv_default, namespace: 'vector_io::a'}}}]}}"),
		Entry("an external ConfigMap", "overrideConfig: {configMapName: c}", "server: {distribution: {image: x}, userConfig: {configMapName: c}}"),
		Entry("a CA bundle", "caBundle: {configMapName: c, configMapKeys: [a]}", "server: {distribution: {image: x}, tlsConfig: {caBundle: {configMapName: c, configMapKeys: [a]}}}"),
		Entry("a policy that closes egress", "network: {policy: {policyTypes: [Ingress, Egress]}}",
			"server: {distribution: {image: x}}\nnetwork: {policy: {egress: {to: []}}}"),
		Entry("a policy without ingress, which is none here", "network: {policy: {policyTypes: [Egress]}}", "", "spec.network.policy.policyTypes[0]"),
		Entry("a rule that this operator cannot express", "network: {policy: {ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.1/32]}}]}]}}", "",
			"spec.network.policy.ingress[0].from[0].ipBlock.cidr", "spec.network.policy.ingress[0].from[0].ipBlock.except[0]"),
		Entry("providers of an earlier version of the kind", "providers: {vectorIo: [{provider: 'remote::chromadb', endpoint: http://c, secretRefs: {token: {name: a, key: b}}}]}",
			"server: {distribution: {image: x}, config: {providers: [{api: vector_io, id: remote-chromadb, type: 'remote::chromadb', config: {base_url: http://c}, "+
				"secrets: [{field: token, secretKeyRef: {name: a, key: b}}]}]}}"),
		Entry("a route without a host", "network: {externalAccess: {enabled: true}}", "server: {distribution: {image: x}}\nnetwork: {exposeRoute: true}"),
		Entry("a host of a route that is not there", "network: {externalAccess: {enabled: false, hostname: a}}", "", "spec.network.externalAccess.hostname"),
		Entry("metrics", "monitoring: {enabled: true, metricsPort: 9000}", "server: {distribution: {image: x}, telemetry: {metrics: {enabled: true, port: 9000}}}"),
	)
})
