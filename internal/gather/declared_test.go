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
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The state of a declared configuration", func() {
	const (
		kv    = "storage.backends.kv_default (kv_sqlite)"
		sql   = "storage.backends.sql_default (sql_sqlite)"
		unset = "storage (not set, which is sqlite)"
		faiss = "providers.vector_io.faiss (inline::faiss)"
	)
	// state is that of a server that declares this, in YAML, with these places in its base.
	state := func(server string, found inputs.Declared, local ...string) status.State {
		GinkgoHelper()
		spec := v1alpha1.ServerSpec{}
		Expect(yaml.UnmarshalStrict([]byte(server), &spec)).To(Succeed())
		base := status.State{}
		if spec.UserConfig != nil {
			base = status.State{Known: true, Local: local, Forgotten: []string{"providers.vector_io.m (remote::milvus)"}}
		}
		return gather.StateWith(base, found, &spec)
	}
	const user = "userConfig: {configMapName: a}\nconfig: "
	const postgres = "storage: {postgres: {uriSecretRef: {name: a, key: b}}}"

	DescribeTable("of a user's configuration leaves of its places", func(config string, local, want []string) {
		got := state(user+config, inputs.Declared{}, local...)
		Expect(got.Known).To(BeTrue())
		Expect(got.Local).To(ConsistOf(want))
		Expect(got.Forgotten).NotTo(BeEmpty())
	},
		Entry("all, where nothing is declared of them", "{apis: [a]}", []string{kv, sql, faiss}, []string{kv, sql, faiss}),
		Entry("providers, where there is a database", "{"+postgres+"}", []string{kv, sql, faiss, unset, "metadata_store (sqlite)"}, []string{faiss}),
		Entry("other stores than those of keys, with Redis", "{storage: {redis: {host: r}}}", []string{kv, sql}, []string{sql}),
		Entry("others than the provider that is taken away", "{providers: [{api: vector_io, id: faiss, disabled: true}]}", []string{kv, faiss}, []string{kv}),
		Entry("the provider that another has the name of", "{providers: [{api: vector_io, id: faiss-2, type: 'remote::x'}]}", []string{faiss}, []string{faiss}),
		Entry("the provider that is merged into", "{providers: [{api: vector_io, id: faiss}]}", []string{faiss}, []string{faiss}),
	)

	It("has what is declared in addition", func() {
		got := state(user+"{"+postgres+"}", inputs.Declared{Local: []string{faiss}, Forgotten: []string{"a"}}, faiss, kv)
		Expect(got.Local).To(Equal([]string{faiss}))
		Expect(got.Forgotten).To(HaveLen(2))
	})

	const vectors = "providers.vector_io.pg (remote::pgvector)"
	DescribeTable("of a user's configuration has lists of vector stores in each process", func(config string, found []string, all, separate []string) {
		spec := v1alpha1.ServerSpec{}
		Expect(yaml.UnmarshalStrict([]byte(user+config), &spec)).To(Succeed())
		base := status.State{Known: true, Vectors: []string{vectors}, Separate: []string{vectors}}
		got := gather.StateWith(base, inputs.Declared{Vectors: found}, &spec)
		Expect(got.Vectors).To(ConsistOf(all))
		Expect(got.Separate).To(ConsistOf(separate))
	},
		Entry("as it has, where nothing is declared of them", "{apis: [a]}", nil, []string{vectors}, []string{vectors}),
		Entry("but not of the provider that is merged into", "{providers: [{api: vector_io, id: pg}]}", nil, []string{vectors}, nil),
		Entry("but not of the provider that is replaced", "{providers: [{api: vector_io, id: pg, type: 'remote::pgvector'}]}", []string{vectors}, []string{vectors}, nil),
		Entry("but not of the provider that is taken away", "{providers: [{api: vector_io, id: pg, disabled: true}]}", nil, nil, nil),
		Entry("also of what is declared besides", "{providers: [{api: vector_io, id: q, type: 'remote::qdrant'}]}", []string{"q"}, []string{vectors, "q"}, []string{vectors}),
	)

	It("of the image is not known, and not with a database either", func() {
		Expect(state("config: {apis: [a]}", inputs.Declared{})).To(Equal(status.State{}))
		Expect(state("config: {"+postgres+"}", inputs.Declared{})).To(Equal(status.State{Unread: true}))
		Expect(state("config: {storage: {sqlite: {}}}", inputs.Declared{Local: []string{kv}}).Local).To(Equal([]string{kv}))
	})

	It("of an empty base is known, unless it is too large", func() {
		Expect(state("config: {base: Empty, patch: {}}", inputs.Declared{Local: []string{kv}})).To(Equal(status.State{Known: true, Local: []string{kv}}))
		got := state("config: {base: Empty, patch: {}}", inputs.Declared{Unread: true})
		Expect(got.Known).To(BeFalse())
		Expect(got.Unread).To(BeTrue())
	})
})
