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
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden file instead of comparing with it")

func TestMetrics(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Metrics")
}

// metricsInAll is how many metrics the operator has: change it with the tests of the new metric.
const metricsInAll = 16

// all gives every metric a series.
func all(counted *metrics.Metrics) {
	counted.Applied("Deployment", "Updated")
	counted.LiveRead("ReplicaSet")
	counted.Rendered(false)
	counted.Probed("healthy", 30*time.Millisecond)
	counted.Checked("Valid")
	counted.ConfigMalformed("featureFlags", false)
	counted.RolloutsWaiting("image", 1)
	counted.Concluded(found("apps", "demo").condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing).certificateEnds(birth + 90).server())
}

// scrape is the page of a registry.
func scrape(registry prometheus.Gatherer, compressed bool) *httptest.ResponseRecorder {
	response, request := httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", http.NoBody)
	if compressed {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(response, request)
	return response
}

// expectSeries expects the series of one metric, without its help and type.
func expectSeries(registry *prometheus.Registry, name string, lines ...string) {
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
		expectSeries(registry, name, lines...)
	}

	It("follow the conventions of Prometheus, in the registry of the process", func() {
		served, err := metrics.Register(ctrlmetrics.Registry)
		Expect(err).NotTo(HaveOccurred())
		all(served)

		problems, err := testutil.GatherAndLint(ctrlmetrics.Registry)
		Expect(err).NotTo(HaveOccurred())
		Expect(problems).To(BeEmpty())
	})

	It("are those of the documentation", func() {
		all(counted)
		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		var table strings.Builder
		table.WriteString("| metric | type | labels | help |\n| --- | --- | --- | --- |\n")
		for _, family := range families {
			var labels []string
			for _, label := range family.GetMetric()[0].GetLabel() {
				labels = append(labels, "`"+label.GetName()+"`")
			}
			row := fmt.Sprintf("| %#q | %s | %s | %s |\n", family.GetName(), strings.ToLower(family.GetType().String()),
				strings.Join(labels, ", "), family.GetHelp())
			table.WriteString(strings.ReplaceAll(row, "|  |", "| |"))
		}
		Expect(families).To(HaveLen(metricsInAll))

		const file = "../../docs/metrics.md"
		page, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		before, rest, found := strings.Cut(string(page), "| metric |")
		Expect(found).To(BeTrue())
		_, after, _ := strings.Cut(rest, "\n\n")
		if want := before + table.String() + "\n" + after; *update {
			Expect(os.WriteFile(file, []byte(want), 0o600)).To(Succeed())
		} else {
			Expect(string(page)).To(Equal(want), "run go test ./internal/metrics -update")
		}
	})

	It("are those of the recorded page", func() {
		all(counted)
		page := scrape(registry, false).Body
		const file = "testdata/metrics.txt"
		if *update {
			Expect(os.WriteFile(file, page.Bytes(), 0o600)).To(Succeed())
		}

		want, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(page.String()).To(Equal(string(want)))
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
		counted.Probed("unreachable", time.Second)
		expectSeries("llama_stack_operator_probes_total", `llama_stack_operator_probes_total{result="unreachable"} 1`)
	})

	It("show a malformed key until it is fixed", func() {
		counted.ConfigMalformed("image-overrides", true)
		expectSeries("llama_stack_operator_config_malformed", `llama_stack_operator_config_malformed{key="image-overrides"} 1`)
		counted.ConfigMalformed("image-overrides", false)
		expectSeries("llama_stack_operator_config_malformed", `llama_stack_operator_config_malformed{key="image-overrides"} 0`)
	})

	It("count checks of configurations by result", func() {
		counted.Checked("Invalid")
		counted.Checked("Invalid")
		expectSeries("llama_stack_operator_config_checks_total", `llama_stack_operator_config_checks_total{result="Invalid"} 2`)
	})
})
