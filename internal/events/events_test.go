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
		told     *events.Events
		instance = &v1alpha1.LlamaStackDistribution{}
	)
	BeforeEach(func() {
		recorder = clientevents.NewFakeRecorder(2)
		told = events.New(recorder)
	})

	DescribeTable("about conditions are warnings where a person must look", func(reason v1alpha1.Reason, kind string) {
		told.Condition(instance, reason, "so it is")
		Expect(recorder.Events).To(Receive(Equal(kind + " " + string(reason) + " so it is")))
	},
		Entry(nil, v1alpha1.ReasonReady, "Normal"),
		Entry(nil, v1alpha1.ReasonProgressing, "Normal"),
		Entry(nil, v1alpha1.ReasonNotObserved, "Normal"),
		Entry(nil, v1alpha1.ReasonScaledToZero, "Normal"),
		Entry(nil, v1alpha1.ReasonTerminating, "Normal"),
		Entry(nil, v1alpha1.ReasonDeploymentReady, "Normal"),
		Entry(nil, v1alpha1.ReasonDeploymentPending, "Normal"),
		Entry(nil, v1alpha1.ReasonHealthCheckPassed, "Normal"),
		Entry(nil, v1alpha1.ReasonStorageReady, "Normal"),
		Entry(nil, v1alpha1.ReasonStoragePending, "Normal"),
		Entry(nil, v1alpha1.ReasonServiceReady, "Normal"),
		Entry(nil, v1alpha1.ReasonServicePending, "Normal"),
		Entry(nil, v1alpha1.ReasonDeploymentFailed, "Warning"),
		Entry(nil, v1alpha1.ReasonUnhealthy, "Warning"),
		Entry(nil, v1alpha1.ReasonHealthCheckFailed, "Warning"),
		Entry(nil, v1alpha1.ReasonStorageFailed, "Warning"),
		Entry(nil, v1alpha1.ReasonServiceFailed, "Warning"),
		Entry(nil, v1alpha1.ReasonReconcileError, "Warning"),
		Entry("one that is new", v1alpha1.Reason("Novel"), "Warning"),
		Entry(nil, v1alpha1.ReasonUnknownDistribution, "Warning"),
		Entry(nil, v1alpha1.ReasonRolloutFailed, "Warning"),
		Entry(nil, v1alpha1.ReasonRolledBack, "Warning"),
		Entry(nil, v1alpha1.ReasonResourceConflict, "Warning"),
		Entry(nil, v1alpha1.ReasonResourceContested, "Warning"),
		Entry(nil, v1alpha1.ReasonProviderError, "Warning"),
	)

	It("take a message literally, and no longer than an Event may be", func() {
		told.Condition(instance, v1alpha1.ReasonRejected, "100%s "+strings.Repeat("x", 2000))
		var note string
		Expect(recorder.Events).To(Receive(&note))
		Expect(note).To(HavePrefix("Warning Rejected 100%s xxx"))
		Expect(note).To(HaveSuffix("..."))
		Expect(len(note) - len("Warning Rejected ")).To(Equal(1024))
	})

	It("tell that a claim is used again", func() {
		told.ClaimReused(instance, "a-pvc")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Normal ClaimReused"), ContainSubstring("a-pvc"))))
	})

	It("tell how to remove a binding of an earlier release", func() {
		told.LegacyBinding(instance, "RoleBinding", "a-rb", "kubectl delete rolebinding a-rb -n ns")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Warning LegacyBinding"), HaveSuffix("kubectl delete rolebinding a-rb -n ns"))))
	})

	It("tell where else there is a configuration of the operator", func() {
		told.ConfigElsewhere(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "config"}}, "elsewhere")
		Expect(recorder.Events).To(Receive(And(HavePrefix("Warning OperatorConfigElsewhere"), ContainSubstring("ConfigMap config in namespace elsewhere"))))
	})

	It("cut between characters, and tell no half ones", func() {
		told.Condition(instance, v1alpha1.ReasonRejected, strings.Repeat("ü", 2000))
		told.Condition(instance, v1alpha1.ReasonRejected, "a\xffb")

		note := <-recorder.Events
		Expect(utf8.ValidString(note)).To(BeTrue())
		Expect(note).To(HaveSuffix("ü..."))
		Expect(len(note) - len("Warning Rejected ")).To(BeNumerically("~", 1024, 1))
		Expect(recorder.Events).To(Receive(Equal("Warning Rejected a?b")))
	})

	It("tell what is malformed in the operator's ConfigMap", func() {
		told.ConfigMalformed(&corev1.ConfigMap{}, "featureFlags", "line 1: not a mapping")
		Expect(recorder.Events).To(Receive(Equal("Warning OperatorConfigMalformed featureFlags: line 1: not a mapping")))
	})

	It("say what they are about and what the operator was doing", func() {
		recorder.Verbose = true
		instance := &v1alpha1.LlamaStackDistribution{TypeMeta: metav1.TypeMeta{APIVersion: "llamastack.io/v1alpha1", Kind: "LlamaStackDistribution"}}
		told.Condition(instance, v1alpha1.ReasonReady, "so it is")
		told.ConfigMalformed(&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}}, "key", "why")

		Expect(recorder.Events).To(Receive(Equal("Normal Ready Reconcile so it is {kind=LlamaStackDistribution,apiVersion=llamastack.io/v1alpha1}")))
		Expect(recorder.Events).To(Receive(Equal("Warning OperatorConfigMalformed Configure key: why {kind=ConfigMap,apiVersion=v1}")))
	})
})
