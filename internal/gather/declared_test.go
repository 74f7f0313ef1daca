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

package gather_test

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The state of a declared configuration", func() {
	kv := serverconfig.Place{Store: "storage.backends.kv_default", Type: "kv_sqlite"}
	sql := serverconfig.Place{Store: "storage.backends.sql_default", Type: "sql_sqlite"}
	unset := serverconfig.Place{Store: "storage"}
	old := serverconfig.Place{Store: "metadata_store", Type: "sqlite"}
	faiss := serverconfig.Place{API: "vector_io", ID: "faiss", Type: "inline::faiss"}
	long := serverconfig.Place{API: "vector_io", ID: strings.Repeat("i", 128), Type: "inline::faiss"}
	all := func(places ...serverconfig.Place) []serverconfig.Place { return places }
	// state is that of a server that declares this, in YAML, with these places in its base.
	state := func(server string, found inputs.Declared, local ...serverconfig.Place) status.State {
		GinkgoHelper()
		spec := v1alpha1.ServerSpec{}
		Expect(yaml.UnmarshalStrict([]byte(server), &spec)).To(Succeed())
		if spec.UserConfig == nil {
			return gather.StateWith(status.State{}, gather.Places{}, found, &spec)
		}
		milvus := serverconfig.Place{API: "vector_io", ID: "m", Type: "remote::milvus"}
		return gather.StateWith(status.State{Known: true}, gather.Places{Local: local, Forgotten: all(milvus)}, found, &spec)
	}
	const user = "userConfig: {configMapName: a}\nconfig: "
	const postgres = "storage: {postgres: {uriSecretRef: {name: a, key: b}}}"

	DescribeTable("of a user's configuration leaves of its places", func(config string, local, want []serverconfig.Place) {
		got := state(user+config, inputs.Declared{}, local...)
		Expect(got.Known).To(BeTrue())
		Expect(got.Local).To(HaveLen(len(want)))
		for i := range want {
			Expect(got.Local[i]).To(Equal(want[i].String()))
		}
		Expect(got.Forgotten).To(HaveExactElements("providers.vector_io.m (remote::milvus)"))
	},
		Entry("all, where nothing is declared of them", "{apis: [a]}", all(kv, sql, faiss), all(kv, sql, faiss)),
		Entry("providers, where there is a database", "{"+postgres+"}", all(kv, sql, faiss, unset, old), all(faiss)),
		Entry("other stores than those of keys, with Redis", "{storage: {redis: {host: r}}}", all(kv, sql), all(sql)),
		Entry("others than the provider that is taken away", "{providers: [{api: vector_io, id: faiss, disabled: true}]}", all(kv, faiss), all(kv)),
		Entry("the provider that another has the name of", "{providers: [{api: vector_io, id: faiss-2, type: 'remote::x'}]}", all(faiss), all(faiss)),
		Entry("the provider that is merged into", "{providers: [{api: vector_io, id: faiss}]}", all(faiss), all(faiss)),
		Entry("the provider with a long id that is taken away, without it", "{providers: [{api: vector_io, id: "+long.ID+", disabled: true}]}", all(faiss, long), all(faiss)),
	)

	It("has what is declared in addition", func() {
		got := state(user+"{"+postgres+"}", inputs.Declared{Local: all(faiss), Forgotten: all(faiss)}, faiss, kv)
		Expect(got.Local).To(Equal([]string{faiss.String()}))
		Expect(got.Forgotten).To(HaveLen(2))
	})

	pg := serverconfig.Place{API: "vector_io", ID: "pg", Type: "remote::pgvector"}
	q := serverconfig.Place{API: "vector_io", ID: "q", Type: "remote::qdrant"}
	const pgText, qText = "providers.vector_io.pg (remote::pgvector)", "providers.vector_io.q (remote::qdrant)"
	DescribeTable("of a user's configuration has lists of vector stores in each process", func(config string, found []serverconfig.Place, all, separate []string) {
		spec := v1alpha1.ServerSpec{}
		Expect(yaml.UnmarshalStrict([]byte(user+config), &spec)).To(Succeed())
		in := gather.Places{Vectors: []serverconfig.Place{pg}, Separate: []serverconfig.Place{pg}}
		got := gather.StateWith(status.State{Known: true}, in, inputs.Declared{Vectors: found}, &spec)
		Expect(got.Vectors).To(ConsistOf(all))
		Expect(got.Separate).To(ConsistOf(separate))
	},
		Entry("as it has, where nothing is declared of them", "{apis: [a]}", nil, []string{pgText}, []string{pgText}),
		Entry("but not of the provider that is merged into", "{providers: [{api: vector_io, id: pg}]}", nil, []string{pgText}, nil),
		Entry("but not of the provider that is replaced", "{providers: [{api: vector_io, id: pg, type: 'remote::pgvector'}]}", all(pg), []string{pgText}, nil),
		Entry("but not of the provider that is taken away", "{providers: [{api: vector_io, id: pg, disabled: true}]}", nil, nil, nil),
		Entry("also of what is declared besides", "{providers: [{api: vector_io, id: q, type: 'remote::qdrant'}]}", all(q), []string{pgText, qText}, []string{pgText}),
	)

	It("of the image is not known, and not with a database either", func() {
		Expect(state("config: {apis: [a]}", inputs.Declared{})).To(Equal(status.State{}))
		Expect(state("config: {"+postgres+"}", inputs.Declared{})).To(Equal(status.State{Unread: true}))
		Expect(state("config: {storage: {sqlite: {}}}", inputs.Declared{Local: all(kv)}).Local).To(Equal([]string{kv.String()}))
	})

	It("of an empty base is known, unless it is too large", func() {
		Expect(state("config: {base: Empty, patch: {}}", inputs.Declared{Local: all(kv)})).To(Equal(status.State{Known: true, Local: []string{kv.String()}}))
		got := state("config: {base: Empty, patch: {}}", inputs.Declared{Unread: true})
		Expect(got.Known).To(BeFalse())
		Expect(got.Unread).To(BeTrue())
	})
})
