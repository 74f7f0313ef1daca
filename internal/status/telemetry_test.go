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

var _ = Describe("A server with metrics", func() {
	measured := func(version string, enabled bool) *fixture {
		return newFixture().with(func(in *status.Input) { in.Server.Version = version }).
			spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
				spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: enabled}}
			})
	}

	DescribeTable("is Ready, and the message names a version without an endpoint:", func(version string, enabled bool, message string) {
		got := condition(measured(version, enabled).compute(), v1alpha1.ConditionReady)

		Expect(got.Status).To(Equal(metav1.ConditionTrue))
		Expect(got.Message).To(Equal(message))
	},
		Entry("0.7.3", "0.7.3", true, "The server is ready; spec.server.telemetry.metrics has no effect: "+
			"version 0.7.3 of the server has no metrics endpoint, use 1.2.0 or later"),
		Entry("but not 0.7.3 without metrics", "0.7.3", false, "The server is ready"),
		Entry("but not 1.2.0", "1.2.0", true, "The server is ready"),
		Entry("but not an unknown one", "", true, "The server is ready"),
	)

	It("has one worker, so that it shares its state with nobody", func() {
		configured := func(in *status.Input) {
			in.State = status.State{Known: true, Local: []string{"a"}, Workers: new(int32(2))}
		}

		Expect(measured("1.5.0", true).with(configured).compute().Conditions).NotTo(ContainElement(HaveField("Type", "StateShared")))
		Expect(condition(measured("0.7.3", true).with(configured).compute(), v1alpha1.ConditionStateShared).Message).To(HavePrefix("There are 2 workers"))
	})
})
