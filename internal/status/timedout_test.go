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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("A rollout that was given up", func(condition appsv1.DeploymentCondition, generation int64, at string, current bool) {
	condition.LastTransitionTime = metav1.NewTime(start().In(time.FixedZone("east", 3600)))
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: generation}}
	deployment.Status = appsv1.DeploymentStatus{ObservedGeneration: 2, Conditions: []appsv1.DeploymentCondition{condition}}
	gotAt, gotCurrent := status.TimedOut(deployment)
	Expect(gotAt).To(Equal(at))
	Expect(gotCurrent).To(Equal(current))
},
	Entry("has its time", progressing(corev1.ConditionFalse, "ProgressDeadlineExceeded"), int64(2), "2026-11-23T09:00:00Z", true),
	Entry("may be that of an earlier generation", progressing(corev1.ConditionFalse, "ProgressDeadlineExceeded"), int64(3), "2026-11-23T09:00:00Z", false),
	Entry("is not one that progresses", progressing(corev1.ConditionTrue, "ReplicaSetUpdated"), int64(2), "", true),
	Entry("is not one that somebody paused", progressing(corev1.ConditionUnknown, "DeploymentPaused"), int64(2), "", true),
	Entry("is not one whose Pods are refused, which may pass",
		appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate"}, int64(2), "", true),
)

func progressing(is corev1.ConditionStatus, reason string) appsv1.DeploymentCondition {
	return appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: is, Reason: reason}
}
