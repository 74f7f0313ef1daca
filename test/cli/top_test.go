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

package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("top", func() {
	It("shows the load of servers with metrics, and says why others have none", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		demo := llsdtest.Make("demo").Namespace(namespace).Edit(func(s *v1alpha1.LlamaStackDistribution) {
			s.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}
		}).Obj()
		plain, idle := llsdtest.Make("plain").Namespace(namespace).Obj(), llsdtest.Make("idle").Namespace(namespace).Obj()
		harness.Create(ctx, admin, demo, plain, idle)
		node := startLogNode(ctx)
		node.pod(ctx, podOf(demo, "demo-a"), "")
		node.pod(ctx, podOf(plain, "plain-a"), "")
		var scrapes atomic.Int64
		answer := metricsOf(func(w http.ResponseWriter, request *http.Request) {
			Expect(request.URL.Path).To(HaveSuffix("/pods/demo-a:9464/proxy/metrics"))
			_, _ = fmt.Fprintf(w, "# TYPE ogx_requests_total counter\nogx_requests_total{status=\"success\"} %d\n"+
				"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 5.24288e+08\n", 1000*scrapes.Add(1))
		})

		found := run(ctx, answer, "top", "-n", namespace, "--interval=100ms")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(
			MatchRegexp(`demo +1 +[1-9]\d*\.\d +0\.0 +- +500Mi\n`), MatchRegexp(`plain +1 +- +- +- +-\n`),
			ContainSubstring("plain: it has no metrics; to turn them on, set spec.server.telemetry.metrics.enabled\n"), ContainSubstring("idle: no Pod runs; "),
		))
		Expect(scrapes.Load()).To(BeEquivalentTo(2))
		Expect(run(ctx, answer, "top", "demo", "-n", namespace, "--interval=100ms", "-o", "json").Out).To(ContainSubstring(`"memoryBytes": 524288000`))
		Expect(run(ctx, answer, "top", "--interval=1ms")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("too short"))))
	})

	It("says what a namespace without servers has", func(ctx context.Context) {
		namespace := newNamespace(ctx)

		Expect(asEditor(ctx, namespace, "top").Out).To(Equal("No LlamaStackDistributions in namespace " + namespace + ".\n"))
	})
})
