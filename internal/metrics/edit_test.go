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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// first has no status yet.
func (f *finding) first() *finding {
	f.First = true
	return f
}

// edited is of another generation, which the status describes.
func (f *finding) edited(generation int64) *finding {
	f.Instance.Generation, f.Instance.Status.ObservedGeneration = generation, generation
	return f
}

func (f *finding) ready() *finding {
	return f.condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

func (f *finding) waiting() *finding {
	return f.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
}

func (f *finding) stopped() *finding {
	return f.condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonScaledToZero)
}

func (f *finding) suspended() *finding {
	f.Instance.Spec.Suspend = true
	return f
}

func (f *finding) paused() *finding {
	metav1.SetMetaDataAnnotation(&f.Instance.ObjectMeta, v1alpha1.AnnotationPaused, "true")
	return f
}

// behind is a status that may be of earlier objects, or is not written.
func (f *finding) behind() *finding {
	f.Settled = false
	return f
}

// unobserved is a generation that the status does not describe.
func (f *finding) unobserved() *finding {
	f.Instance.Status.ObservedGeneration--
	return f
}

func at(seconds int64) *finding { return found("apps", "a").after(seconds) }

var _ = DescribeTable("The time from an edit until the server is Ready", func(want string, story ...*finding) {
	registry := prometheus.NewRegistry()
	counted, err := metrics.Register(registry)
	Expect(err).NotTo(HaveOccurred())
	for _, one := range story {
		counted.Concluded(one.server())
	}

	families, err := registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	got := ""
	for _, family := range families {
		if family.GetName() == "llama_stack_operator_time_to_ready_seconds" {
			histogram := family.GetMetric()[0].GetHistogram()
			got = fmt.Sprintf("%d in %g s", histogram.GetSampleCount(), histogram.GetSampleSum())
		}
	}
	Expect(got).To(Equal(want))
},
	Entry("is that from the creation", "1 in 40 s", at(1).first().waiting(), at(2).first().waiting(), at(40).ready(), at(50).ready()),
	Entry("is that from the creation, if the server is ready at once", "1 in 3 s", at(3).first().ready()),
	Entry("is not known for a server that the process finds", "0 in 0 s", at(10).waiting(), at(40).ready()),
	Entry("is not known for an edit that the process finds", "0 in 0 s", at(10).edited(2).waiting(), at(40).edited(2).ready()),
	Entry("is that from an edit", "1 in 5 s", at(10).ready(), at(20).edited(2).waiting(), at(25).edited(2).ready()),
	Entry("is nothing for an edit that needs no Pods", "1 in 0 s", at(10).ready(), at(20).edited(2).ready()),
	Entry("is that from the last of several edits", "1 in 3 s", at(1).first().waiting(), at(2).edited(2).waiting(), at(5).edited(2).ready()),
	Entry("is counted for each edit", "3 in 12 s", at(1).first().ready(), at(10).edited(2).waiting(), at(20).edited(2).ready(), at(30).edited(3).waiting(), at(31).edited(3).ready()),
	Entry("is not that of another problem", "1 in 3 s", at(3).first().ready(), at(10).waiting(), at(20).ready()),
	Entry("ends with the status of the current objects", "1 in 30 s", at(1).first().waiting(), at(20).ready().behind(), at(30).ready()),
	Entry("ends with the status of the edit", "1 in 20 s", at(1).ready(), at(10).edited(2).ready().unobserved(), at(30).edited(2).ready()),
	Entry("does not count without replicas", "0 in 0 s", at(1).first().stopped(), at(10).ready()),
	Entry("does not count while suspended, and counts the end of it", "1 in 5 s",
		at(1).edited(2).suspended().stopped(), at(10).edited(3).suspended().stopped(), at(20).edited(4).waiting(), at(25).edited(4).ready()),
	Entry("does not count while paused, nor afterwards", "0 in 0 s", at(1).ready(), at(10).edited(2).paused().waiting(), at(20).edited(2).waiting(), at(30).edited(2).ready()),
	Entry("is not negative, if clocks differ", "1 in 0 s", at(-5).first().ready()),
)
