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

package events_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientevents "k8s.io/client-go/tools/events"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestEvents(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Events")
}

var _ = Describe("Events", func() {
	var (
		recorder *clientevents.FakeRecorder
		reporter *events.Events
		instance = &v1alpha1.LlamaStackDistribution{}
	)
	BeforeEach(func() {
		recorder = clientevents.NewFakeRecorder(2)
		reporter = events.New(recorder)
	})

	DescribeTable("about conditions are warnings where a person must act", func(normal bool, kind string) {
		reporter.Condition(instance, normal, v1alpha1.ReasonStateUnknown, "so it is")
		Expect(recorder.Events).To(Receive(Equal(kind + " StateUnknown so it is")))
	},
		Entry("no problem, or progress", true, "Normal"),
		Entry("a problem", false, "Warning"),
	)

	It("use a message literally, up to the length that an Event may have", func() {
		reporter.Condition(instance, false, v1alpha1.ReasonRejected, "100%s "+strings.Repeat("x", 2000))
		var note string
		Expect(recorder.Events).To(Receive(&note))
		Expect(note).To(HavePrefix("Warning Rejected 100%s xxx"))
		Expect(note).To(HaveSuffix("…"))
		Expect(len(note) - len("Warning Rejected ")).To(Equal(1024))
	})

	It("report that a PVC is used again", func() {
		reporter.PVCReused(instance, "a-pvc")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Normal ClaimReused"), ContainSubstring("a-pvc"))))
	})

	It("report how to remove a binding of an earlier release", func() {
		reporter.LegacyBinding(instance, "RoleBinding", "a-rb", "kubectl delete rolebinding a-rb -n ns")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Warning LegacyBinding"), HaveSuffix("kubectl delete rolebinding a-rb -n ns"))))
	})

	It("report where another configuration of the operator is", func() {
		reporter.ConfigElsewhere(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "config"}}, "elsewhere")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Warning OperatorConfigElsewhere"), ContainSubstring("ConfigMap config in namespace elsewhere"))))
	})

	It("truncate between characters, and have only valid ones", func() {
		reporter.Condition(instance, false, v1alpha1.ReasonRejected, strings.Repeat("ü", 2000))
		reporter.Condition(instance, false, v1alpha1.ReasonRejected, "a\xffb")

		note := <-recorder.Events
		Expect(utf8.ValidString(note)).To(BeTrue())
		Expect(note).To(HaveSuffix("ü…"))
		Expect(len(note) - len("Warning Rejected ")).To(BeNumerically("~", 1024, 2))
		Expect(recorder.Events).To(Receive(Equal("Warning Rejected a\uFFFDb")))
	})

	It("report what is malformed in the operator's ConfigMap", func() {
		reporter.ConfigMalformed(&corev1.ConfigMap{}, "featureFlags", "line 1: not a mapping")
		Expect(recorder.Events).To(Receive(Equal("Warning OperatorConfigMalformed featureFlags: line 1: not a mapping")))
	})

	It("say what they are about and what the operator was doing", func() {
		recorder.Verbose = true
		instance := &v1alpha1.LlamaStackDistribution{TypeMeta: metav1.TypeMeta{APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution"}}
		reporter.Condition(instance, true, v1alpha1.ReasonReady, "so it is")
		reporter.ConfigMalformed(&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}}, "key", "why")

		Expect(recorder.Events).To(Receive(Equal("Normal Ready Reconcile so it is {kind=LlamaStackDistribution,apiVersion=llamastack.io/v1alpha1}")))
		Expect(recorder.Events).To(Receive(Equal("Warning OperatorConfigMalformed Configure key: why {kind=ConfigMap,apiVersion=v1}")))
	})
})
