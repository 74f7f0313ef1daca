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

package harness

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// reconciling says that a reconcile of this process is under way.
func reconciling() bool {
	GinkgoHelper()
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() != "controller_runtime_active_workers" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetGauge().GetValue() > 0 {
				return true
			}
		}
	}
	return false
}

// HeldReconciles is how many reconciles of this process blocked a worker: they took longer than a server has to answer
// a request.
func HeldReconciles() int {
	GinkgoHelper()
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	held, series, bounds := uint64(0), 0, 0
	for _, family := range families {
		if family.GetName() != "controller_runtime_reconcile_time_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			series++
			held += metric.GetHistogram().GetSampleCount()
			for _, bucket := range metric.GetHistogram().GetBucket() {
				if bucket.GetUpperBound() == llamastack.DefaultTimeout.Seconds() {
					held -= bucket.GetCumulativeCount()
					bounds++
				}
			}
		}
	}
	Expect(bounds).To(Equal(series), "the time limit of a request is a bound of the histogram")
	return int(held)
}
