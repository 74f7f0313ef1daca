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

package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// birth is when the servers of these specs are created, in seconds.
const birth = 1_700_000_000

const prefix = "llama_stack_operator_llamastackdistribution_"

// finding builds what a reconcile finds.
type finding metrics.Server

// found is a server of generation 1, ten seconds after its creation.
func found(namespace, name string) *finding {
	instance := llsdtest.Make(name).Namespace(namespace).Generation(1).Edit(func(l *v1alpha1.LlamaStackDistribution) {
		l.CreationTimestamp = metav1.Unix(birth, 0)
	}).Status(v1alpha1.LlamaStackDistributionStatus{
		ObservedGeneration: 1, Phase: v1alpha1.PhaseInitializing, Image: "quay.io/llamastack/starter:0.7.3", AvailableReplicas: 1,
		Version:            v1alpha1.VersionInfo{LlamaStackServerVersion: "0.7.3"},
		DistributionConfig: v1alpha1.DistributionConfig{ActiveDistribution: "starter"},
	}).Obj()
	return (&finding{Instance: instance, Wanted: 2, Settled: true}).after(10)
}

func (f *finding) server() *metrics.Server { return (*metrics.Server)(f) }

// after is so many seconds after the creation.
func (f *finding) after(seconds int64) *finding {
	f.Now = time.Unix(birth+seconds, 0)
	return f
}

func (f *finding) condition(kind v1alpha1.ConditionType, status metav1.ConditionStatus, reason v1alpha1.Reason) *finding {
	meta.SetStatusCondition(&f.Instance.Status.Conditions, metav1.Condition{
		Type: string(kind), Status: status, Reason: string(reason), LastTransitionTime: metav1.NewTime(f.Now),
	})
	return f
}

func (f *finding) phase(phase v1alpha1.DistributionPhase) *finding {
	f.Instance.Status.Phase = phase
	return f
}

func (f *finding) certificateEnds(at int64) *finding {
	f.CertificateEnds = at
	return f
}

func (f *finding) contested(kinds ...string) *finding {
	f.Contested = kinds
	return f
}

var _ = Describe("The metrics of servers", func() {
	var (
		registry *prometheus.Registry
		counted  *metrics.Metrics
	)
	BeforeEach(func() {
		registry = prometheus.NewRegistry()
		var err error
		counted, err = metrics.Register(registry)
		Expect(err).NotTo(HaveOccurred())
	})
	conclude := func(one *finding) { counted.Concluded(one.server()) }

	It("show the current phase, conditions and replicas, and nothing when the server is gone", func() {
		conclude(found("apps", "a").phase(v1alpha1.PhaseFailed).condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRejected))
		conclude(found("apps", "a").phase(v1alpha1.PhaseReady).condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady).
			condition(v1alpha1.ConditionServiceReady, metav1.ConditionTrue, v1alpha1.ReasonServiceReady))
		conclude(found("other", "a").phase(v1alpha1.PhaseFailed))
		counted.Forget(types.NamespacedName{Namespace: "other", Name: "a"})
		counted.Forget(types.NamespacedName{Namespace: "apps", Name: "never-seen"})

		of := `{exported_namespace="apps",llamastackdistribution="a",`
		expectSeries(registry, prefix+"phase", prefix+"phase"+of+`phase="Ready"} 1`)
		expectSeries(registry, prefix+"condition",
			prefix+"condition"+of+`reason="Ready",status="True",type="Ready"} 1`,
			prefix+"condition"+of+`reason="ServiceReady",status="True",type="ServiceReady"} 1`)
		expectSeries(registry, prefix+"last_transition_timestamp_seconds", prefix+"last_transition_timestamp_seconds"+of+`type="Ready"} 1.70000001e+09`)
		expectSeries(registry, prefix+"replicas", prefix+"replicas"+of+`state="ready"} 1`, prefix+"replicas"+of+`state="wanted"} 2`)
		expectSeries(registry, prefix+"info",
			prefix+`info{distribution="starter",exported_namespace="apps",image="quay.io/llamastack/starter:0.7.3",llamastackdistribution="a",version="0.7.3"} 1`)
	})

	It("show when a certificate ends, of servers that have one", func() {
		conclude(found("apps", "a").certificateEnds(birth + 90))
		conclude(found("apps", "b"))
		expectSeries(registry, prefix+"certificate_expiry_timestamp_seconds",
			prefix+`certificate_expiry_timestamp_seconds{exported_namespace="apps",llamastackdistribution="a"} 1.70000009e+09`)
	})

	It("count the objects that the operator may not write, by each kind", func() {
		conclude(found("apps", "a").contested("Service", "ConfigMap", "ConfigMap"))
		conclude(found("apps", "b").contested("Service"))
		conclude(found("apps", "c").contested("Deployment"))
		conclude(found("apps", "c"))

		var want []string
		for _, child := range children.All() {
			want = append(want, fmt.Sprintf(`llama_stack_operator_contested_objects{kind=%q} %d`, child.Kind, map[string]int{"Service": 2, "ConfigMap": 2}[child.Kind]))
		}
		expectSeries(registry, "llama_stack_operator_contested_objects", want...)
	})

	It("have no series of servers or of the configuration after the process stops leading, and continue to count", func() {
		all(counted)
		counted.Reset()

		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		for _, family := range families {
			Expect(family.GetType().String()).To(BeElementOf("COUNTER", "HISTOGRAM"), family.GetName())
		}
		expectSeries(registry, "llama_stack_operator_renders_total", `llama_stack_operator_renders_total{source="rendered"} 1`)
	})

	It("have labels of a bounded length and number, whatever servers and authors write", func() {
		one := found("apps", "a")
		one.Instance.Status.Image = strings.Repeat("ü", 10_000)
		one.Instance.Status.Version.LlamaStackServerVersion = "1\xff\n" + strings.Repeat("1", 10_000)
		one.Instance.Status.DistributionConfig.ActiveDistribution = strings.Repeat("d", 10_000)
		for i := range 100 {
			one.condition(v1alpha1.ConditionType(fmt.Sprintf("Foreign%d", i)), metav1.ConditionTrue, "Any")
		}
		conclude(one)

		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		for _, family := range families {
			Expect(len(family.GetMetric())).To(BeNumerically("<=", 32), family.GetName())
			for _, series := range family.GetMetric() {
				for _, label := range series.GetLabel() {
					Expect(len(label.GetValue())).To(BeNumerically("<=", 512), label.GetName())
					Expect(utf8.ValidString(label.GetValue())).To(BeTrue(), label.GetName())
				}
			}
		}
	})

	It("can be set and scraped by several goroutines", func() {
		var group sync.WaitGroup
		for i := range 8 {
			name := string(rune('a' + i))
			group.Go(func() {
				counted.Applied("Service", "Created")
				conclude(found("apps", name).phase(v1alpha1.PhaseFailed))
				conclude(found("apps", name).phase(v1alpha1.PhaseReady))
				_, _ = registry.Gather()
				if i%2 == 0 {
					counted.Forget(types.NamespacedName{Namespace: "apps", Name: name})
				}
			})
		}
		group.Wait()

		expectSeries(registry, "llama_stack_operator_applies_total", `llama_stack_operator_applies_total{action="Created",kind="Service"} 8`)
		Expect(testutil.GatherAndCount(registry, prefix+"phase")).To(Equal(4))
	})

	It("need little memory for each server", func() {
		const many = 1000
		before := heap()
		for i := range many {
			conclude(typical(i))
		}

		Expect((heap()-before)/many).To(BeNumerically("<", 1024), "bytes")
		runtime.KeepAlive(counted)
	})
})

// typical is a server with the conditions that most have.
func typical(number int) *finding {
	one := found(fmt.Sprintf("tenant-%d", number/10), fmt.Sprintf("server-%d", number)).phase(v1alpha1.PhaseReady)
	for _, kind := range []v1alpha1.ConditionType{
		v1alpha1.ConditionReady, v1alpha1.ConditionAvailable, v1alpha1.ConditionDeploymentReady, v1alpha1.ConditionHealthCheck,
		v1alpha1.ConditionStorageReady, v1alpha1.ConditionServiceReady, v1alpha1.ConditionConfigValid,
	} {
		one.condition(kind, metav1.ConditionTrue, v1alpha1.Reason(kind))
	}
	return one
}

// heap is the live heap, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc) //nolint:gosec // a heap is smaller
}

// BenchmarkScrape gathers the metrics of 1,000 servers.
func BenchmarkScrape(b *testing.B) {
	registry := prometheus.NewRegistry()
	counted, err := metrics.Register(registry)
	if err != nil {
		b.Fatal(err)
	}
	before := heap()
	for i := range 1000 {
		counted.Concluded(typical(i).server())
	}
	kept := heap() - before
	b.ReportAllocs()
	for b.Loop() {
		page := &httptest.ResponseRecorder{} // which drops what it gets
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", http.NoBody))
	}
	b.ReportMetric(float64(kept)/1000, "heap-B/server")
	b.ReportMetric(float64(scrape(registry, false).Body.Len()), "page-B")
	b.ReportMetric(float64(scrape(registry, true).Body.Len()), "gzip-B")
}
