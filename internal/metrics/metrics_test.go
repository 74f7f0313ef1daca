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
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden file instead of comparing with it")

func TestMetrics(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Metrics")
}

var _ = Describe("The operator's metrics", func() {
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
	expectSeries := func(name string, lines ...string) {
		GinkgoHelper()
		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		head := ""
		for _, family := range families {
			if family.GetName() == name {
				head = "# HELP " + name + " " + family.GetHelp() + "\n# TYPE " + name + " " + strings.ToLower(family.GetType().String()) + "\n"
			}
		}
		Expect(testutil.GatherAndCompare(registry, strings.NewReader(head+strings.Join(lines, "\n")+"\n"), name)).To(Succeed())
	}

	It("follow the conventions of Prometheus", func() {
		counted.Applied("Service", "Created")
		counted.LiveRead("ConfigMap")
		counted.Rendered(true)
		counted.Probed("ok")
		counted.ConfigMalformed("featureFlags", true)
		counted.Phase("ns", "a", v1alpha1.PhaseReady)
		problems, err := testutil.GatherAndLint(registry)
		Expect(err).NotTo(HaveOccurred())
		Expect(problems).To(BeEmpty())
		Expect(testutil.GatherAndCount(registry)).To(Equal(6), "one series of each metric")
	})

	It("are those of the recorded page", func() {
		counted.Applied("Deployment", "Updated")
		counted.LiveRead("ReplicaSet")
		counted.Rendered(false)
		counted.Probed("healthy")
		counted.ConfigMalformed("featureFlags", false)
		counted.Phase("apps", "demo", v1alpha1.PhaseReady)
		response := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		page := response.Body
		const file = "testdata/metrics.txt"
		if *update {
			Expect(os.WriteFile(file, page.Bytes(), 0o600)).To(Succeed())
		}

		want, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(page.String()).To(Equal(string(want)))
	})

	It("can be counted by several goroutines", func() {
		var group sync.WaitGroup
		for i := range 8 {
			name := string(rune('a' + i))
			group.Go(func() {
				counted.Applied("Service", "Created")
				counted.Phase("apps", name, v1alpha1.PhaseFailed)
				counted.Phase("apps", name, v1alpha1.PhaseReady)
				if i%2 == 0 {
					counted.Forget("apps", name)
				}
			})
		}
		group.Wait()

		expectSeries("llama_stack_operator_applies_total", `llama_stack_operator_applies_total{action="Created",kind="Service"} 8`)
		Expect(testutil.GatherAndCount(registry, "llama_stack_operator_llamastackdistribution_phase")).To(Equal(4))
	})

	It("forget one of several in a namespace, and of several namespaces", func() {
		for _, key := range [][2]string{{"apps", "a"}, {"apps", "b"}, {"other", "a"}} {
			counted.Phase(key[0], key[1], v1alpha1.PhasePending)
		}

		counted.Forget("apps", "a")
		counted.Forget("apps", "never-seen")

		expectSeries("llama_stack_operator_llamastackdistribution_phase",
			`llama_stack_operator_llamastackdistribution_phase{exported_namespace="apps",llamastackdistribution="b",phase="Pending"} 1`,
			`llama_stack_operator_llamastackdistribution_phase{exported_namespace="other",llamastackdistribution="a",phase="Pending"} 1`)
	})

	It("have no series of servers or of the configuration after the process stops leading, and continue to count", func() {
		counted.Phase("apps", "a", v1alpha1.PhaseFailed)
		counted.ConfigMalformed("image-overrides", true)
		counted.Rendered(false)

		counted.Reset()

		Expect(testutil.GatherAndCount(registry, "llama_stack_operator_llamastackdistribution_phase", "llama_stack_operator_config_malformed")).To(BeZero())
		expectSeries("llama_stack_operator_renders_total", `llama_stack_operator_renders_total{source="rendered"} 1`)
	})

	It("cannot be registered twice", func() {
		_, err := metrics.Register(registry)
		Expect(err).To(MatchError(HavePrefix("failed to register")))
	})

	It("count writes and reads by kind", func() {
		counted.Applied("Service", "Created")
		counted.Applied("Service", "Created")
		counted.LiveRead("Pod")
		expectSeries("llama_stack_operator_applies_total", `llama_stack_operator_applies_total{action="Created",kind="Service"} 2`)
		expectSeries("llama_stack_operator_live_reads_total", `llama_stack_operator_live_reads_total{kind="Pod"} 1`)
	})

	It("distinguish a render from a reconcile without work", func() {
		counted.Rendered(false)
		counted.Rendered(true)
		counted.Rendered(true)
		expectSeries("llama_stack_operator_renders_total",
			`llama_stack_operator_renders_total{source="remembered"} 2`, `llama_stack_operator_renders_total{source="rendered"} 1`)
	})

	It("count probes by result", func() {
		counted.Probed("unreachable")
		expectSeries("llama_stack_operator_probes_total", `llama_stack_operator_probes_total{result="unreachable"} 1`)
	})

	It("show a malformed key until it is fixed", func() {
		counted.ConfigMalformed("image-overrides", true)
		expectSeries("llama_stack_operator_config_malformed", `llama_stack_operator_config_malformed{key="image-overrides"} 1`)
		counted.ConfigMalformed("image-overrides", false)
		expectSeries("llama_stack_operator_config_malformed", `llama_stack_operator_config_malformed{key="image-overrides"} 0`)
	})

	It("show a LlamaStackDistribution in one phase, and not at all when it is gone", func() {
		counted.Phase("ns", "a", v1alpha1.PhaseInitializing)
		counted.Phase("ns", "a", v1alpha1.PhaseReady)
		expectSeries("llama_stack_operator_llamastackdistribution_phase",
			`llama_stack_operator_llamastackdistribution_phase{exported_namespace="ns",llamastackdistribution="a",phase="Ready"} 1`)
		counted.Phase("ns", "b", v1alpha1.PhaseFailed)
		counted.Forget("ns", "a")
		expectSeries("llama_stack_operator_llamastackdistribution_phase",
			`llama_stack_operator_llamastackdistribution_phase{exported_namespace="ns",llamastackdistribution="b",phase="Failed"} 1`)
	})
})
