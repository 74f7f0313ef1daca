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

package rollouts_test

import (
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestRollouts(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Rollouts")
}

var now = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// turnAt is a turn that began so long ago.
func turnAt(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339Nano) }

// deployment is one that has rolled out, with a record.
func deployment(record rollouts.Record) *appsv1.Deployment {
	GinkgoHelper()
	annotations, err := record.Annotations(podtemplate.Packed{Hash: record.Template, Text: "packed"})
	Expect(err).NotTo(HaveOccurred())
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 2, Annotations: annotations}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(2))},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2},
	}
}

func status(change func(*appsv1.Deployment)) *appsv1.Deployment {
	GinkgoHelper()
	d := deployment(rollouts.Record{Author: "a", Template: "t", Turn: turnAt(time.Minute)})
	change(d)
	return d
}

func progressing(d *appsv1.Deployment, status corev1.ConditionStatus, reason string) {
	d.Status.Conditions = append(d.Status.Conditions, appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: status, Reason: reason})
}

var _ = DescribeTable("A Deployment",
	func(change func(*appsv1.Deployment), rolling, broken bool) {
		d := status(change)
		Expect(rollouts.Rolling(d)).To(Equal(rolling), "rolling")
		Expect(rollouts.Holding(d)).To(Equal(rolling), "holding")
		Expect(rollouts.Broken(d)).To(Equal(broken), "broken")
	},
	Entry("that has rolled out", func(*appsv1.Deployment) {}, false, false),
	Entry("whose template is new", func(d *appsv1.Deployment) { d.Generation++ }, true, false),
	Entry("with new and old Pods", func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 3, 1 }, true, false),
	Entry("whose old Pods are still there", func(d *appsv1.Deployment) { d.Status.Replicas = 3 }, true, false),
	Entry("whose new Pods are not available yet", func(d *appsv1.Deployment) {
		d.Status.AvailableReplicas = 0
		progressing(d, corev1.ConditionTrue, "ReplicaSetUpdated")
	}, true, false),
	Entry("without a Pod, as Recreate has it", func(d *appsv1.Deployment) { d.Status = appsv1.DeploymentStatus{ObservedGeneration: 2} }, true, false),
	Entry("that lost a Pod after its rollout", func(d *appsv1.Deployment) {
		d.Status.AvailableReplicas = 1
		progressing(d, corev1.ConditionTrue, "NewReplicaSetAvailable")
	}, false, false),
	Entry("that lost all Pods after its rollout", func(d *appsv1.Deployment) {
		d.Status.AvailableReplicas = 0
		progressing(d, corev1.ConditionTrue, "NewReplicaSetAvailable")
	}, false, true),
	Entry("whose rollout exceeded its deadline", func(d *appsv1.Deployment) {
		d.Status.UpdatedReplicas = 1
		progressing(d, corev1.ConditionFalse, "ProgressDeadlineExceeded")
	}, false, true),
	Entry("whose Pods are refused", func(d *appsv1.Deployment) {
		d.Status.UpdatedReplicas = 0
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue}}
	}, false, true),
	Entry("whose earlier rollout exceeded its deadline, and whose template is new", func(d *appsv1.Deployment) {
		d.Generation++
		progressing(d, corev1.ConditionFalse, "ProgressDeadlineExceeded")
	}, true, false),
	Entry("that is paused", func(d *appsv1.Deployment) { d.Spec.Paused, d.Status.UpdatedReplicas = true, 0 }, false, false),
	Entry("that is scaled to 0", func(d *appsv1.Deployment) {
		d.Spec.Replicas, d.Status = new(int32(0)), appsv1.DeploymentStatus{ObservedGeneration: 2}
	}, false, false),
	Entry("without a number of replicas", func(d *appsv1.Deployment) {
		d.Spec.Replicas, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas = nil, 1, 1, 1
	}, false, false),
)

var _ = Describe("A turn that a Deployment shows", func() {
	rolling := func(record rollouts.Record) *appsv1.Deployment {
		d := deployment(record)
		d.Generation++
		return d
	}

	It("is that of its record", func() {
		d := rolling(rollouts.Record{Author: "a", Template: "t", Turn: turnAt(time.Minute)})
		Expect(rollouts.Holding(d)).To(BeTrue())
		Expect(rollouts.TurnOf(d)).To(Equal(now.Add(-time.Minute)))
		d.DeletionTimestamp = new(metav1.NewTime(now))
		Expect(rollouts.Holding(d)).To(BeFalse(), "it is being deleted")
	})

	It("is none where there is no record, no turn in it, or nothing that can be read", func() {
		Expect(rollouts.Holding(rolling(rollouts.Record{Author: "a", Template: "t"}))).To(BeFalse())
		Expect(rollouts.Holding(rolling(rollouts.Record{Author: "a", Template: "t", Turn: "yesterday"}))).To(BeFalse())
		d := rolling(rollouts.Record{Author: "a", Template: "t", Turn: turnAt(0)})
		d.Annotations[v1alpha1.AnnotationAppliedFor] = "{"
		Expect(rollouts.Holding(d)).To(BeFalse())
		Expect(rollouts.Read(d)).To(BeZero())
		delete(d.Annotations, v1alpha1.AnnotationAppliedFor)
		Expect(rollouts.Read(d)).To(BeZero())
		Expect(rollouts.Read(nil)).To(BeZero())
	})

	It("ends after 15 minutes, and does not begin in the future", func() {
		Expect(rollouts.Counts(now, now)).To(BeTrue())
		Expect(rollouts.Counts(now.Add(time.Second), now)).To(BeTrue(), "clocks differ")
		Expect(rollouts.Counts(now.Add(-rollouts.MaxTurn+time.Second), now)).To(BeTrue())
		Expect(rollouts.Counts(now.Add(-rollouts.MaxTurn), now)).To(BeFalse())
		Expect(rollouts.Counts(now.Add(time.Hour), now)).To(BeFalse())
		Expect(rollouts.Counts(time.Time{}, now)).To(BeFalse())
	})
})

var _ = Describe("A record", func() {
	It("is read as it was written, from the cache and from the Deployment itself", func() {
		record := rollouts.Record{Author: "a", Template: "hash", Image: "i", Turn: turnAt(0)}
		d := deployment(record)
		Expect(rollouts.Read(d)).To(Equal(record))
		Expect(rollouts.Applied(d)).To(Equal(podtemplate.Packed{Hash: "hash", Text: "packed"}))
		d.Annotations[v1alpha1.AnnotationAppliedTemplate] = "hash" // as the cache has it
		Expect(rollouts.Read(d)).To(Equal(record))
	})
})

var _ = DescribeTable("A template that was rendered",
	func(change func(*rollouts.Seen, *rollouts.Record), want rollouts.Verdict) {
		seen := rollouts.Seen{Deployment: deployment(rollouts.Record{Author: "a", Template: "old", Image: "i"}), Now: now}
		wanted := rollouts.Record{Author: "a", Template: "new", Image: "i"}
		change(&seen, &wanted)
		Expect(rollouts.Judge(seen, wanted)).To(Equal(want))
	},
	Entry("by another release waits", func(*rollouts.Seen, *rollouts.Record) {}, rollouts.Verdict{Cause: rollouts.Rendering}),
	Entry("with another image waits", func(_ *rollouts.Seen, w *rollouts.Record) { w.Image = "j" }, rollouts.Verdict{Cause: rollouts.Image}),
	Entry("for a server of an earlier release waits", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment.Annotations, s.Earlier = nil, true
	}, rollouts.Verdict{Cause: rollouts.Takeover}),
	Entry("for a server of a release that kept no record waits", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment.Annotations = nil
	}, rollouts.Verdict{Cause: rollouts.Rendering}),
	Entry("for such a server that was edited does not wait", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment.Annotations, s.Edited = nil, true
	}, rollouts.Verdict{}),
	Entry("for the first time does not wait", func(s *rollouts.Seen, _ *rollouts.Record) { s.Deployment = nil }, rollouts.Verdict{}),
	Entry("as before does not wait", func(_ *rollouts.Seen, w *rollouts.Record) { w.Template = "old" }, rollouts.Verdict{}),
	Entry("as before keeps its turn", func(s *rollouts.Seen, w *rollouts.Record) {
		s.Deployment, w.Template = deployment(rollouts.Record{Author: "a", Template: "old", Turn: turnAt(time.Hour)}), "old"
	}, rollouts.Verdict{Turn: turnAt(time.Hour)}),
	Entry("after an edit does not wait, and gives up its turn", func(s *rollouts.Seen, w *rollouts.Record) {
		s.Deployment, w.Author = deployment(rollouts.Record{Author: "a", Template: "old", Turn: turnAt(0)}), "b"
		s.Deployment.Generation++
	}, rollouts.Verdict{}),
	Entry("again, which somebody has changed, does not wait", func(s *rollouts.Seen, _ *rollouts.Record) { s.Applied = true }, rollouts.Verdict{}),
	Entry("for a server that is stopped does not wait", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment.Spec.Replicas = new(int32(0))
	}, rollouts.Verdict{}),
	Entry("for a broken server does not wait", func(s *rollouts.Seen, _ *rollouts.Record) {
		progressing(s.Deployment, corev1.ConditionFalse, "ProgressDeadlineExceeded")
	}, rollouts.Verdict{}),
	Entry("for a server that is being edited waits", func(s *rollouts.Seen, _ *rollouts.Record) { s.Deployment.Generation++ }, rollouts.Verdict{Cause: rollouts.Rendering}),
	Entry("in the middle of its turn uses it for both", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment = deployment(rollouts.Record{Author: "a", Template: "old", Turn: turnAt(time.Minute)})
		s.Deployment.Generation++
	}, rollouts.Verdict{Turn: turnAt(time.Minute)}),
	Entry("in the middle of a turn that is over waits for another", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment = deployment(rollouts.Record{Author: "a", Template: "old", Image: "i", Turn: turnAt(rollouts.MaxTurn)})
		s.Deployment.Generation++
	}, rollouts.Verdict{Cause: rollouts.Rendering}),
	Entry("that got a turn which the cache does not show continues", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Granted = &rollouts.Grant{Turn: turnAt(0), Author: "a"}
	}, rollouts.Verdict{Turn: turnAt(0)}),
	Entry("after a turn that the Deployment shows, and in which it has rolled, waits", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment = deployment(rollouts.Record{Author: "a", Template: "old", Image: "i", Turn: turnAt(time.Minute)})
		s.Granted = &rollouts.Grant{Turn: turnAt(time.Minute), Author: "a"}
	}, rollouts.Verdict{Cause: rollouts.Rendering}),
	Entry("after such a turn, while the cache does not show the one granted since, continues", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment = deployment(rollouts.Record{Author: "a", Template: "old", Image: "i", Turn: turnAt(time.Minute)})
		s.Granted = &rollouts.Grant{Turn: turnAt(0), Author: "a"}
	}, rollouts.Verdict{Turn: turnAt(0)}),
	Entry("again, while the cache is late, keeps its turn", func(s *rollouts.Seen, _ *rollouts.Record) {
		s.Deployment, s.Applied = deployment(rollouts.Record{Author: "a", Template: "old", Turn: turnAt(time.Minute)}), true
	}, rollouts.Verdict{Turn: turnAt(time.Minute)}),
	Entry("for an edit after such a turn needs none", func(s *rollouts.Seen, w *rollouts.Record) {
		s.Granted, w.Author = &rollouts.Grant{Turn: turnAt(0), Author: "a"}, "b"
	}, rollouts.Verdict{}),
)
