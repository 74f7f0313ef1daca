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

package status_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("StateShared", func() {
	shared := status.State{Known: true}
	local := status.State{Known: true, Local: []string{"storage.backends.kv (kv_sqlite)", "providers.vector_io.faiss (inline::faiss)"}}
	replicas := func(n int32, state status.State) *fixture {
		return newFixture().wanting(n).with(func(in *status.Input) { in.State = state })
	}
	workers := func(n int32, state status.State) *fixture {
		return replicas(1, state).spec(func(spec *v1alpha1.LlamaStackDistributionSpec) { spec.Server.Workers = &n })
	}
	storage := func(f *fixture, storage v1alpha1.StorageSpec) *fixture {
		return f.spec(func(spec *v1alpha1.LlamaStackDistributionSpec) { spec.Server.Storage = &storage })
	}

	DescribeTable("does not apply to one process", func(f *fixture) {
		Expect(f.compute().Conditions).NotTo(ContainElement(HaveField("Type", "StateShared")))
	},
		Entry("without a configuration", replicas(1, status.State{})),
		Entry("with local state", replicas(1, local)),
		Entry("with one worker", workers(1, local)),
		Entry("with storage", storage(replicas(1, local), v1alpha1.StorageSpec{})),
		Entry("that is stopped", replicas(0, local)),
		Entry("that is stopped, of many workers", workers(4, local).wanting(0)),
		Entry("of an autoscaler that cannot add another", replicas(1, local).spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
			spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: 1}
		})),
	)

	DescribeTable("tells", func(f *fixture, value metav1.ConditionStatus, reason v1alpha1.Reason, texts ...string) {
		got := condition(f.compute(), v1alpha1.ConditionStateShared)

		Expect(got.Status).To(Equal(value))
		Expect(got.Reason).To(Equal(string(reason)))
		for _, text := range texts {
			Expect(got.Message).To(ContainSubstring(text))
		}
		Expect(got.ObservedGeneration).To(Equal(int64(generation)))
	},
		Entry("replicas with shared stores", replicas(2, shared), metav1.ConditionTrue, v1alpha1.ReasonSharedState),
		Entry("replicas with local stores", replicas(3, local), metav1.ConditionFalse, v1alpha1.ReasonLocalState,
			"up to 3 replicas, ", "storage.backends.kv (kv_sqlite), providers.vector_io.faiss (inline::faiss)"),
		Entry("workers with local stores", workers(4, local), metav1.ConditionFalse, v1alpha1.ReasonLocalState, "4 workers, "),
		Entry("both", workers(4, local).wanting(2), metav1.ConditionFalse, v1alpha1.ReasonLocalState, "up to 2 replicas with 4 workers each"),
		Entry("workers that the configuration asks for", replicas(1, status.State{Known: true, Local: local.Local, Workers: new(int32(2))}),
			metav1.ConditionFalse, v1alpha1.ReasonLocalState, "2 workers"),
		Entry("replicas that an autoscaler may add", replicas(1, local).spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
			spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: 5}
		}), metav1.ConditionFalse, v1alpha1.ReasonLocalState, "up to 5 replicas"),
		Entry("replicas with the image's own configuration", replicas(2, status.State{}), metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown,
			"Set spec.server.config.storage to a database", "or spec.server.userConfig"),
		Entry("replicas on a PVC of one node", storage(replicas(2, shared), v1alpha1.StorageSpec{}), metav1.ConditionFalse, v1alpha1.ReasonLocalState, "one node at a time"),
		Entry("replicas on a PVC of many nodes", storage(replicas(2, shared), v1alpha1.StorageSpec{AccessModes: []v1alpha1.AccessMode{"ReadWriteMany"}}),
			metav1.ConditionTrue, v1alpha1.ReasonSharedState),
		Entry("replicas with a directory each", storage(replicas(2, shared), v1alpha1.StorageSpec{Ephemeral: &v1alpha1.EphemeralStorage{}}),
			metav1.ConditionTrue, v1alpha1.ReasonSharedState),
		Entry("workers on a PVC of one node", storage(workers(2, shared), v1alpha1.StorageSpec{}), metav1.ConditionTrue, v1alpha1.ReasonSharedState),
	)

	It("advises to declare a database, unless one is declared", func() {
		undeclared := replicas(2, local)
		Expect(condition(undeclared.compute(), v1alpha1.ConditionStateShared).Message).To(
			HaveSuffix(". Keep state in a database that they share, for example by spec.server.config.storage, or run one replica with one worker"))
		declared := undeclared.spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
			spec.Server.Config = &v1alpha1.ServerConfig{Storage: &v1alpha1.ConfigStorage{Postgres: &v1alpha1.ConfigPostgres{}}}
		})
		Expect(condition(declared.compute(), v1alpha1.ConditionStateShared).Message).To(
			HaveSuffix(". Keep state in a database that they share, or run one replica with one worker"))
	})

	forgetful := status.State{Known: true, Forgotten: []string{"providers.vector_io.milvus (remote::milvus)"}}
	running := func(f *fixture, version string) *fixture {
		return f.with(func(in *status.Input) { in.Server.Version = version })
	}

	DescribeTable("reports by the server's version what is lost at a restart", func(f *fixture, value metav1.ConditionStatus, texts ...string) {
		got := condition(f.compute(), v1alpha1.ConditionStateShared)

		Expect(got.Status).To(Equal(value))
		for _, text := range texts {
			Expect(got.Message).To(ContainSubstring(text))
		}
	},
		Entry("of one replica", running(replicas(1, forgetful), "1.3.0"), metav1.ConditionFalse,
			"version 1.3.0 loses", "providers.vector_io.milvus (remote::milvus)", "use 1.4.0 or later"),
		Entry("of the earlier era", running(replicas(1, forgetful), "0.7.3"), metav1.ConditionFalse, "version 0.7.3 loses"),
		Entry("of many", running(replicas(2, forgetful), "1.3.1"), metav1.ConditionFalse, "version 1.3.1 loses"),
		Entry("of many that keep it", running(replicas(2, forgetful), "1.4.0"), metav1.ConditionTrue),
		Entry("of many that keep it, later", running(replicas(2, forgetful), "1.10.0"), metav1.ConditionTrue),
		Entry("of many of which it is not known yet", running(replicas(2, forgetful), ""), metav1.ConditionUnknown, "before version 1.4.0", "not known yet"),
	)

	const pgvector = "providers.vector_io.pgvector (remote::pgvector)"
	listed := status.State{Known: true, Vectors: []string{pgvector}}
	separate := status.State{Known: true, Vectors: []string{pgvector}, Separate: []string{pgvector}}
	both := status.State{Known: true, Vectors: []string{pgvector}, Forgotten: forgetful.Forgotten}

	DescribeTable("reports by the server's version whether replicas share their vector stores", func(f *fixture, value metav1.ConditionStatus, texts ...string) {
		got := condition(f.compute(), v1alpha1.ConditionStateShared)

		Expect(got.Status).To(Equal(value))
		for _, text := range texts {
			Expect(got.Message).To(ContainSubstring(text))
		}
	},
		Entry("with a list in a database", running(replicas(2, listed), "1.0.0"), metav1.ConditionTrue),
		Entry("of a release that has none", running(replicas(2, listed), "0.7.3"), metav1.ConditionFalse,
			"up to 2 replicas, ", "before version 1.0.0, each process only knows the vector stores of "+pgvector),
		Entry("of several workers of such a release", running(workers(2, listed), "0.8.0"), metav1.ConditionFalse, "2 workers, ", pgvector),
		Entry("of which it is not known yet", running(replicas(2, listed), ""), metav1.ConditionUnknown,
			"before version 1.0.0, they do not share the vector stores of "+pgvector, "not known yet"),
		Entry("that forget others besides", running(replicas(2, both), ""), metav1.ConditionUnknown, "before version 1.4.0", "before version 1.0.0"),
		Entry("without such a list", running(replicas(2, separate), "1.5.0"), metav1.ConditionFalse, "a metadata_store is missing: "+pgvector),
		Entry("without such a list, of any version", running(replicas(2, separate), ""), metav1.ConditionFalse, "a metadata_store is missing: "+pgvector),
		Entry("of a version that cannot be compared", running(replicas(2, listed), "main"), metav1.ConditionTrue),
	)

	DescribeTable("says nothing of one replica", func(f *fixture) {
		Expect(f.compute().Conditions).NotTo(ContainElement(HaveField("Type", "StateShared")))
	},
		Entry("that needs no list of vector stores for others", running(replicas(1, separate), "0.7.3")),
		Entry("that keeps what is registered", running(replicas(1, forgetful), "1.5.0")),
		Entry("of a version that cannot be compared", running(replicas(1, forgetful), "main")),
		Entry("of which the version is not known yet", running(replicas(1, forgetful), "")),
	)

	It("knows the version from the last answer, until the image is another", func() {
		before := running(replicas(1, forgetful), "1.3.0")
		computed := before.compute()
		Expect(condition(running(before.after(computed), "").compute(), v1alpha1.ConditionStateShared).Status).To(Equal(metav1.ConditionFalse))
		Expect(running(before.after(computed), "").with(func(in *status.Input) { in.Image = "other" }).compute().Conditions).NotTo(
			ContainElement(HaveField("Type", "StateShared")))
	})

	It("reports other servers on the same PVC, also if everything else is shared", func() {
		one := storage(replicas(1, shared), v1alpha1.StorageSpec{ExistingClaim: "data"}).with(func(in *status.Input) {
			in.ExistingClaim, in.PVCSharers = "data", []string{"other"}
		})
		Expect(condition(one.compute(), v1alpha1.ConditionStateShared)).To(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Reason", string(v1alpha1.ReasonLocalState)),
			HaveField("Message", HavePrefix("LlamaStackDistribution other also uses PersistentVolumeClaim data, and"))))

		several := newFixture().pvc("Bound").with(func(in *status.Input) { in.PVCSharers = []string{"a", "b"} })
		Expect(condition(several.compute(), v1alpha1.ConditionStateShared).Message).To(
			HavePrefix("several other LlamaStackDistributions also use PersistentVolumeClaim demo-pvc, and"))
	})

	It("does not keep the server from being ready", func() {
		f := replicas(2, local).deployed(2, 2, 2)

		Expect(condition(f.compute(), v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
	})

	It("is removed when one process is left", func() {
		before := replicas(2, local)

		Expect(before.after(before.compute()).wanting(1).compute().Conditions).NotTo(ContainElement(HaveField("Type", "StateShared")))
	})
})

var _ = Describe("StorageReady of a PVC that is not the operator's", func() {
	using := func(f *fixture) *fixture {
		return f.with(func(in *status.Input) { in.ExistingClaim = "data" })
	}

	It("is True once a Pod has it", func() {
		got := condition(using(newFixture()).compute(), v1alpha1.ConditionStorageReady)

		Expect(got.Status).To(Equal(metav1.ConditionTrue))
		Expect(got.Message).To(ContainSubstring("PersistentVolumeClaim data"))
	})

	It("is pending until then", func() {
		for _, f := range []*fixture{using(newFixture()).notDeployed(), using(newFixture()).deployed(1, 1, 0)} {
			got := condition(f.compute(), v1alpha1.ConditionStorageReady)

			Expect(got.Status).To(Equal(metav1.ConditionFalse))
			Expect(got.Reason).To(Equal(string(v1alpha1.ReasonStoragePending)))
		}
	})

	It("reports that the PVC does not exist, as Ready does", func() {
		f := using(newFixture()).deployed(1, 1, 0).with(func(in *status.Input) {
			in.Problems = []status.Problem{{Reason: v1alpha1.ReasonClaimNotFound, Message: "create it", About: v1alpha1.ConditionStorageReady}}
		})

		Expect(condition(f.compute(), v1alpha1.ConditionStorageReady).Reason).To(Equal(string(v1alpha1.ReasonStorageFailed)))
		Expect(condition(f.compute(), v1alpha1.ConditionReady).Reason).To(Equal(string(v1alpha1.ReasonClaimNotFound)))
	})
})
