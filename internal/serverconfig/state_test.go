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

// texts are the places as in a message.
func texts(places []serverconfig.Place, err error) []string {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	var list []string
	for _, place := range places {
		list = append(list, place.String())
	}
	return list
}

var _ = Describe("The state of a server", func() {
	DescribeTable("is local where", func(config string, want ...string) {
		Expect(texts(serverconfig.LocalState(config))).To(Equal(want))
	},
		Entry("it is not set", "version: 2\n", "storage (not set, which is sqlite)"),
		Entry("storage is empty", "storage: {}\n", "storage (not set, which is sqlite)"),
		Entry("backends are files, in either form",
			"storage: {backends: {kv: {type: kv_sqlite, db_path: /a}, sql: {type: sql_sqlite}, other: {type: kv_redis}}}\n",
			"storage.backends.kv (kv_sqlite)", "storage.backends.sql (sql_sqlite)"),
		Entry("servers before 0.3 had theirs", "metadata_store: {type: sqlite}\ninference_store: {type: postgres}\n", "metadata_store (sqlite)"),
		Entry("a provider is in memory or in files",
			shared+"providers: {vector_io: [{provider_id: faiss, provider_type: 'inline::faiss'}], files: [{provider_id: disk, provider_type: 'inline::localfs'}]}\n",
			"providers.vector_io.faiss (inline::faiss)", "providers.files.disk (inline::localfs)"),
		Entry("a provider has a store of its own",
			shared+"providers: {vector_io: [{provider_id: vec, provider_type: 'remote::pgvector', config: {kvstore: {type: sqlite, db_path: /a}}}]}\n",
			"providers.vector_io.vec (sqlite)"),
		Entry("batches are in the process", shared+"providers: {batches: [{provider_id: r, provider_type: 'inline::reference'}]}\n",
			"providers.batches.r (inline::reference)"),
		Entry("agents have a store of their own",
			shared+"providers: {agents: [{provider_id: a, provider_type: 'inline::meta-reference', config: {persistence_store: {type: sqlite}}}]}\n",
			"providers.agents.a (sqlite)"),
		Entry("a provider is local twice, which is said once",
			shared+"providers: {vector_io: [{provider_id: f, provider_type: 'inline::faiss', config: {a: {type: sqlite}, b: {type: sqlite}}}]}\n",
			"providers.vector_io.f (inline::faiss)"),
		Entry("an alias leads there", "a: &a {type: kv_sqlite}\nstorage: {backends: {kv: *a}}\n", "storage.backends.kv (kv_sqlite)"),
	)

	DescribeTable("is shared, as far as the configuration shows, where", func(config string) {
		Expect(serverconfig.LocalState(config)).To(BeEmpty())
	},
		Entry("all stores are", shared),
		Entry("servers before 0.3 had theirs", "metadata_store: {type: postgres}\n"),
		Entry("the environment decides", "storage: {backends: {kv: {type: '${env.KV:=kv_sqlite}'}}}\n"),
		Entry("a provider is there only with a variable", shared+"providers: {vector_io: [{provider_id: '${env.FAISS:+faiss}', provider_type: 'inline::faiss'}]}\n"),
		Entry("providers are remote", shared+"providers: {inference: [{provider_id: vllm, provider_type: 'remote::vllm', config: {url: x}}]}\n"),
		Entry("agents keep theirs in the stores", shared+"providers: {agents: [{provider_id: a, provider_type: 'inline::meta-reference'}]}\n"),
		Entry("a provider infers in the process", shared+"providers: {inference: [{provider_id: a, provider_type: 'inline::meta-reference'}]}\n"),
		Entry("providers are not a list", shared+"providers: {inference: {provider_type: 'inline::faiss'}, safety: null}\n"),
		Entry("providers are texts", shared+"providers: {vector_io: [faiss, [], null]}\n"),
	)

	DescribeTable("is forgotten at a restart of an older server where", func(config string, want ...string) {
		Expect(texts(serverconfig.ForgottenState(config))).To(HaveExactElements(want))
	},
		Entry("the vectors are in a database of their own",
			"providers: {vector_io: [{provider_id: m, provider_type: 'remote::milvus'}, {provider_id: c, provider_type: 'remote::chromadb'}, "+
				"{provider_id: d, provider_type: 'remote::chroma'}, {provider_id: w, provider_type: 'remote::weaviate'}]}\n",
			"providers.vector_io.m (remote::milvus)", "providers.vector_io.c (remote::chromadb)",
			"providers.vector_io.d (remote::chroma)", "providers.vector_io.w (remote::weaviate)"),
		Entry("not where the database has both", "providers: {vector_io: [{provider_id: p, provider_type: 'remote::pgvector'}, {provider_id: q, provider_type: 'remote::qdrant'}]}\n"),
		Entry("not where it is there only with a variable", "providers: {vector_io: [{provider_id: '${env.MILVUS_URL:+milvus}', provider_type: 'remote::milvus'}]}\n"),
		Entry("not where it is not set", "version: 2\n"),
	)

	DescribeTable("is a list of vector stores in each process where", func(provider string, all, separate []string) {
		got, err := serverconfig.VectorStores("providers: {vector_io: [" + provider + "], files: [{provider_id: f, provider_type: 'remote::s3'}]}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(texts(got[0], nil)).To(Equal(all))
		Expect(texts(got[1], nil)).To(Equal(separate))
	},
		Entry("nothing says that it is in a database", "{provider_id: p, provider_type: 'remote::pgvector', config: {persistence: {backend: kv}}}",
			[]string{"providers.vector_io.p (remote::pgvector)"}, []string{"providers.vector_io.p (remote::pgvector)"}),
		Entry("the server is older", "{provider_id: p, provider_type: 'remote::pgvector', config: {metadata_store: {table_name: t, backend: sql}}}",
			[]string{"providers.vector_io.p (remote::pgvector)"}, nil),
		Entry("not where the vectors themselves are local", "{provider_id: f, provider_type: 'inline::faiss'}", nil, nil),
		Entry("not where there is no type", "{provider_id: f}", nil, nil),
	)

	It("names at most five providers with vector stores, in short", func() {
		many := strings.Repeat("{provider_id: p, provider_type: 'remote::"+strings.Repeat("x", 900)+"'}, ", 9)
		got, err := serverconfig.VectorStores("providers: {vector_io: [" + many + "]}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(got[0]).To(HaveLen(5))
		Expect(got[1]).To(Equal(got[0]))
		Expect(len(got[0][0].String())).To(BeNumerically("<", 200))
		Expect(got[0][0].Size()).To(BeNumerically("<", 300))
	})

	It("is named in at most five places", func() {
		config := "storage:\n  backends:\n" + strings.Repeat("    kv: {type: kv_sqlite}\n", 9)

		Expect(serverconfig.LocalState(config)).To(HaveLen(5))
	})

	It("is reported in a short message, however long the names are", func() {
		config := "storage:\n  backends:\n    " + strings.Repeat("k", 900) + ": {type: kv_sqlite}\n"

		Expect(texts(serverconfig.LocalState(config))).To(ConsistOf(And(HaveSuffix("k… (kv_sqlite)"), HaveLen(128+len(" (kv_sqlite)")))))
	})

	It("has the ids of providers, up to what a spec can declare", func() {
		id := strings.Repeat("i", 128)
		provider := func(id string) string {
			return shared + "providers: {vector_io: [{provider_id: " + id + ", provider_type: 'inline::faiss'}]}\n"
		}
		Expect(serverconfig.LocalState(provider(id))).To(HaveExactElements(serverconfig.Place{API: "vector_io", ID: id, Type: "inline::faiss"}))
		long, err := serverconfig.LocalState(provider(strings.Repeat(id, 9)))
		Expect(err).NotTo(HaveOccurred())
		Expect(long).To(HaveExactElements(And(HaveField("ID", HaveLen(256)), HaveField("Size()", 256+len("vector_io")+len("inline::faiss")))))
	})

	It("is not known for an unreadable configuration", func() {
		_, err := serverconfig.LocalState("a: b: c")

		Expect(err).To(MatchError(ContainSubstring("line 1")))
	})
})

// shared is a configuration whose stores several processes can use.
const shared = "storage: {backends: {kv: {type: kv_postgres}, sql: {type: sql_postgres}}}\n"
