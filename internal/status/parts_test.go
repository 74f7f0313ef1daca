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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("DeploymentReady",
	func(f *fixture, value metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
		got := condition(f.compute(), v1alpha1.ConditionDeploymentReady)

		Expect(got).To(be(value, reason))
		Expect(got.Message).To(Equal(message))
	},
	Entry("as declared", newFixture(), metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("rolling", newFixture().wanting(2).deployed(3, 1, 2), metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending,
		"Deployment is rolling out: 1 of 2 replicas updated, 2 available"),
	Entry("scaling down, with the others gone from the count", newFixture().wanting(1).deployed(1, 1, 1),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("more than wanted, all of them current", newFixture().wanting(1).deployed(2, 2, 2), metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("more updated than wanted, before the number is handed on",
		newFixture().deployed(3, 3, 3).with(func(in *status.Input) { three := int32(3); in.Deployment.Spec.Replicas = &three }),
		metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, "Deployment is rolling out: 1 of 1 replicas updated, 3 available"),
	Entry("a Deployment that declares no number", newFixture().with(func(in *status.Input) { in.Deployment.Spec.Replicas = nil }),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("not created because of a problem of the cluster", newFixture().notDeployed().problemAbout(v1alpha1.ConditionDeploymentReady, status.Cluster, "", "timeout"),
		metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, "Deployment is not created yet; timeout"),
	Entry("refused", newFixture().problemAbout(v1alpha1.ConditionDeploymentReady, status.User, v1alpha1.ReasonRejected, "spec.x: Invalid"),
		metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed, "spec.x: Invalid"),
	Entry("as declared, with a user's problem elsewhere", newFixture().problemAbout(v1alpha1.ConditionStorageReady, status.User, v1alpha1.ReasonImmutableField, "x"),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("as declared, with a problem of the cluster about it", newFixture().problemAbout(v1alpha1.ConditionDeploymentReady, status.Cluster, "", "timeout"),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("scaled to zero", newFixture().wanting(0).deployed(0, 0, 0), metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0"),
	Entry("being scaled to zero", newFixture().wanting(0), metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending,
		"The Deployment is being scaled to 0, and its Pods have not all terminated"),
	Entry("being scaled to zero, with a Pod that does not terminate", newFixture().wanting(0).with(func(in *status.Input) { in.LeavingPod = "Terminating: Pod demo-1" }),
		metav1.ConditionFalse, v1alpha1.ReasonDeploymentPending, "The Deployment is being scaled to 0, and its Pods have not all terminated; Terminating: Pod demo-1"),
	Entry("as declared, with a Pod of an earlier template that does not terminate", newFixture().with(lingering),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready; Terminating: Pod demo-1"),
	Entry("stuck", newFixture().stuck(), metav1.ConditionFalse, v1alpha1.ReasonDeploymentFailed,
		"The rollout does not progress: ImagePullBackOff: Back-off pulling image"),
	Entry("an autoscaler without metrics", newFixture().autoscaled(1, 5, 1).with(hpaCondition(autoscalingv2.ScalingActive, "FailedGetResourceMetric")),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready; HorizontalPodAutoscaler demo-hpa does not scale the Deployment (FailedGetResourceMetric)"),
	Entry("an autoscaler that cannot scale", newFixture().autoscaled(1, 5, 1).with(hpaCondition(autoscalingv2.AbleToScale, "FailedGetScale")),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready; HorizontalPodAutoscaler demo-hpa does not scale the Deployment (FailedGetScale)"),
	Entry("an autoscaler within its bounds", newFixture().autoscaled(1, 5, 1).with(hpaCondition(autoscalingv2.ScalingLimited, "DesiredWithinRange")),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
	Entry("an autoscaler that has just been suspended", newFixture().autoscaled(1, 5, 1).with(hpaCondition(autoscalingv2.ScalingActive, "ScalingDisabled")),
		metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Deployment is ready"),
)

var _ = Describe("A Deployment", func() {
	deployment := func(change func(*appsv1.Deployment)) *appsv1.Deployment {
		d := newFixture().wanting(2).deployed(2, 2, 2).in.Deployment
		change(d)
		return d
	}

	DescribeTable("has rolled out",
		func(change func(*appsv1.Deployment)) { Expect(status.RolledOut(deployment(change))).To(BeTrue()) },
		Entry("when all Pods are new and available", func(*appsv1.Deployment) {}),
		Entry("with more new ones than wanted, which are about to be deleted", func(d *appsv1.Deployment) {
			d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas = 3, 3, 3
		}),
		Entry("with the default of one replica", func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas = nil, 1, 1, 1
		}),
		Entry("with terminating Pods, which it does not count", func(d *appsv1.Deployment) { d.Status.TerminatingReplicas = new(int32(1)) }),
	)

	DescribeTable("has not rolled out",
		func(change func(*appsv1.Deployment)) { Expect(status.RolledOut(deployment(change))).To(BeFalse()) },
		Entry("before its controller has seen it", func(d *appsv1.Deployment) { d.Generation++ }),
		Entry("with old Pods left", func(d *appsv1.Deployment) { d.Status.Replicas = 3 }),
		Entry("with too few new ones", func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 }),
		Entry("while one is not available", func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 }),
	)

	It("is rolling until it has rolled out, failed or been stopped", func() {
		Expect(status.Rolling(deployment(func(*appsv1.Deployment) {}))).To(BeFalse())
		Expect(status.Rolling(deployment(func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 }))).To(BeTrue())
		Expect(status.Rolling(newFixture().stuck().in.Deployment)).To(BeFalse())
		Expect(status.Rolling(newFixture().stuck().with(func(in *status.Input) { in.Deployment.Generation++ }).in.Deployment)).To(BeTrue(), "the next one")
		refused := newFixture().deployed(0, 0, 0).deploymentCondition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate", "exceeded quota")
		Expect(status.Rolling(refused.in.Deployment)).To(BeFalse())
		Expect(status.Rolling(deployment(func(d *appsv1.Deployment) { d.Spec.Paused, d.Status.AvailableReplicas = true, 1 }))).To(BeFalse())
	})

	It("has terminating Pods while its status shows any", func() {
		Expect(status.Leaving(deployment(func(*appsv1.Deployment) {}))).To(BeFalse())
		Expect(status.Leaving(deployment(func(d *appsv1.Deployment) { d.Status.TerminatingReplicas = new(int32(0)) }))).To(BeFalse())
		Expect(status.Leaving(deployment(func(d *appsv1.Deployment) { d.Status.TerminatingReplicas = new(int32(1)) }))).To(BeTrue())
	})
})

func hpaCondition(kind autoscalingv2.HorizontalPodAutoscalerConditionType, reason string) func(*status.Input) {
	return func(in *status.Input) {
		in.Autoscaler.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: kind, Status: corev1.ConditionFalse, Reason: reason}}
	}
}

var _ = Describe("The numbers", func() {
	It("are the Deployment's", func() {
		got := newFixture().wanting(3).deployed(4, 2, 3).compute()

		Expect(got.Replicas).To(BeEquivalentTo(4))
		Expect(got.AvailableReplicas).To(BeEquivalentTo(3))
		Expect(got.Selector).To(Equal("app=llama-stack,app.kubernetes.io/instance=demo"))
	})

	It("are zero when the Deployment is gone", func() {
		got := newFixture().after(newFixture().compute()).notDeployed().compute()

		Expect(got.Replicas).To(BeZero())
		Expect(got.AvailableReplicas).To(BeZero())
		Expect(got.Selector).To(BeEmpty())
	})

	It("are still those of the old server when a user's problem keeps it from changing", func() {
		got := newFixture().problem(status.User, v1alpha1.ReasonCABundleInvalid, "x").compute()

		Expect(got.AvailableReplicas).To(BeEquivalentTo(1))
	})

	It("do not need a selector", func() {
		got := newFixture().with(func(in *status.Input) { in.Deployment.Spec.Selector = nil }).compute()

		Expect(got.Selector).To(BeEmpty())
	})
})

var _ = DescribeTable("StorageReady",
	func(f *fixture, value metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
		got := condition(f.compute(), v1alpha1.ConditionStorageReady)

		Expect(got).To(be(value, reason))
		Expect(got.Message).To(Equal(message))
	},
	Entry("bound", newFixture().pvc(corev1.ClaimBound), metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept),
	Entry("not there yet", newFixture().pvc("").with(func(in *status.Input) { in.PVC = nil }),
		metav1.ConditionFalse, v1alpha1.ReasonStoragePending, "PersistentVolumeClaim is being created"),
	Entry("not there, and why", newFixture().pvc("").with(func(in *status.Input) { in.PVC = nil }).problemAbout(v1alpha1.ConditionStorageReady, status.Cluster, "", "timeout"),
		metav1.ConditionFalse, v1alpha1.ReasonStoragePending, "PersistentVolumeClaim is being created; timeout"),
	Entry("waiting, for its first Pod perhaps", newFixture().pvc(corev1.ClaimPending), metav1.ConditionFalse, v1alpha1.ReasonStoragePending, "PVC is not bound: Pending"+kept),
	Entry("without a status yet", newFixture().pvc(""), metav1.ConditionFalse, v1alpha1.ReasonStoragePending, "PVC is not bound: Pending"+kept),
	Entry("lost", newFixture().pvc(corev1.ClaimLost), metav1.ConditionFalse, v1alpha1.ReasonStorageFailed,
		"PersistentVolumeClaim demo-pvc has lost its volume and the data on it"),
	Entry("being deleted under the server", newFixture().pvc(corev1.ClaimBound).with(func(in *status.Input) { at := start(); in.PVC.DeletionTimestamp = &at }),
		metav1.ConditionFalse, v1alpha1.ReasonStorageFailed, "PersistentVolumeClaim demo-pvc is being deleted, and is removed after the last Pod that uses it"),
	Entry("an immutable field",
		newFixture().pvc(corev1.ClaimBound).problemAbout(v1alpha1.ConditionStorageReady, status.User, v1alpha1.ReasonImmutableField, "spec.size: from 10Gi to 5Gi"),
		metav1.ConditionFalse, v1alpha1.ReasonStorageFailed, "spec.size: from 10Gi to 5Gi"+kept),
	Entry("growing", newFixture().pvc(corev1.ClaimBound).with(grow("20Gi")), metav1.ConditionTrue, v1alpha1.ReasonStorageReady,
		"Storage is ready"+kept+"; it is growing from 10Gi to 20Gi"),
	Entry("growing, the driver at work", newFixture().pvc(corev1.ClaimBound).with(grow("20Gi", corev1.PersistentVolumeClaimResizing)),
		metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept+"; it is growing from 10Gi to 20Gi"),
	Entry("growing, the file system to come", newFixture().pvc(corev1.ClaimBound).with(grow("20Gi", corev1.PersistentVolumeClaimFileSystemResizePending)),
		metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept+"; it is growing from 10Gi to 20Gi (FileSystemResizePending)"),
	Entry("growing, which fails", newFixture().pvc(corev1.ClaimBound).with(grow("20Gi", corev1.PersistentVolumeClaimControllerResizeError)),
		metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept+"; it is growing from 10Gi to 20Gi (ControllerResizeError)"),
	Entry("larger than requested", newFixture().pvc(corev1.ClaimBound).with(grow("5Gi")), metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept),
	Entry("of a volume without a known size", newFixture().pvc(corev1.ClaimBound).with(func(in *status.Input) { in.PVC.Status.Capacity = nil }),
		metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept),
	Entry("owned by the server", newFixture().pvc(corev1.ClaimBound).with(owned("demo-uid")), metav1.ConditionTrue, v1alpha1.ReasonStorageReady,
		"Storage is ready; when this is deleted, the PVC is deleted with it"),
	Entry("owned by the server, and waiting", newFixture().pvc(corev1.ClaimPending).with(owned("demo-uid")), metav1.ConditionFalse, v1alpha1.ReasonStoragePending,
		"PVC is not bound: Pending; when this is deleted, the PVC is deleted with it"),
	Entry("owned by another", newFixture().pvc(corev1.ClaimBound).with(owned("another")), metav1.ConditionTrue, v1alpha1.ReasonStorageReady,
		"Storage is ready; the PVC is deleted with LlamaStackDistribution other"),
	Entry("kept, whatever the spec asks for", newFixture().pvc(corev1.ClaimBound).spec(func(spec *v1alpha1.LlamaStackDistributionSpec) {
		spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionDelete
	}), metav1.ConditionTrue, v1alpha1.ReasonStorageReady, "Storage is ready"+kept),
)

// kept is what the conditions say of a PVC that nobody owns.
const kept = "; the PVC is kept when this is deleted"

// owned gives the PVC an owner.
func owned(uid types.UID) func(*status.Input) {
	return func(in *status.Input) {
		in.PVC.OwnerReferences = []metav1.OwnerReference{{Kind: v1alpha1.Kind, Name: "other", UID: uid}}
		in.Instance.UID = "demo-uid"
	}
}

func grow(size string, conditions ...corev1.PersistentVolumeClaimConditionType) func(*status.Input) {
	return func(in *status.Input) {
		in.PVC.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse(size)
		for _, kind := range conditions {
			in.PVC.Status.Conditions = append(in.PVC.Status.Conditions, corev1.PersistentVolumeClaimCondition{Type: kind, Status: corev1.ConditionTrue, Message: "at 12:00:01"})
		}
	}
}

var _ = Describe("StorageReady", func() {
	It("is absent without storage", func() {
		Expect(newFixture().compute().Conditions).NotTo(ContainElement(HaveField("Type", "StorageReady")))
	})

	It("is removed with the storage, although the PVC stays", func() {
		before := newFixture().pvc(corev1.ClaimBound)

		got := before.after(before.compute()).with(func(in *status.Input) { in.PVCWanted = false }).compute()

		Expect(got.Conditions).NotTo(ContainElement(HaveField("Type", "StorageReady")))
	})
})

var _ = DescribeTable("ServiceReady",
	func(f *fixture, value metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
		got := condition(f.compute(), v1alpha1.ConditionServiceReady)

		Expect(got).To(be(value, reason))
		Expect(got.Message).To(Equal(message))
	},
	Entry("there", newFixture(), metav1.ConditionTrue, v1alpha1.ReasonServiceReady, "Service is ready"),
	Entry("not there", newFixture().noService(), metav1.ConditionFalse, v1alpha1.ReasonServicePending, "Service is being created"),
	Entry("going", newFixture().with(func(in *status.Input) { at := start(); in.Service.DeletionTimestamp = &at }),
		metav1.ConditionFalse, v1alpha1.ReasonServicePending, "Service is being created"),
	Entry("not there, and why", newFixture().noService().problemAbout(v1alpha1.ConditionServiceReady, status.Wait, "", "the old one is being deleted"),
		metav1.ConditionFalse, v1alpha1.ReasonServicePending, "Service is being created; the old one is being deleted"),
	Entry("somebody else's", newFixture().noService().problemAbout(v1alpha1.ConditionServiceReady, status.User, v1alpha1.ReasonResourceConflict, "belongs to Team A"),
		metav1.ConditionFalse, v1alpha1.ReasonServiceFailed, "belongs to Team A"),
)

var _ = DescribeTable("The message of HealthCheck",
	func(f *fixture, message string) {
		Expect(condition(f.compute(), v1alpha1.ConditionHealthCheck).Message).To(Equal(message))
	},
	Entry("passed", newFixture(), "Health check passed"),
	Entry("passed, the rest refused", newFixture().server(status.Server{Probed: true, Reached: true, Health: "OK", Version: "1.0", Problem: "providers: HTTP 401"}),
		"Health check passed; providers: HTTP 401"),
	Entry("passed, a problem that took nothing away",
		newFixture().server(status.Server{Probed: true, Reached: true, Health: "OK", Version: "1.0", Providers: []v1alpha1.ProviderInfo{}, Problem: "x"}),
		"Health check passed"),
	Entry("providers sorted, each once", newFixture().healthy(provider("b", "x", "Error"), provider("a", "y", "Error"), provider("a", "x", "Error"), provider("a", "x", "Error")),
		"Providers report an error: a/x, a/y, b/x: see status.distributionConfig.providers"),
	Entry("many providers", newFixture().healthy(manyProviders(13)...),
		"Providers report an error: inference/p001, inference/p002, inference/p003, inference/p004, inference/p005, "+
			"inference/p006, inference/p007, inference/p008, inference/p009, inference/p010 and 3 more: see status.distributionConfig.providers"),
	Entry("a provider with a long name", newFixture().healthy(provider("inference", strings.Repeat("x", 300), "Error")),
		"Providers report an error: inference/"+strings.Repeat("x", 61)+"…: see status.distributionConfig.providers"),
)

var _ = Describe("HealthCheck over time", func() {
	broken := func() *fixture { return newFixture().healthy(provider("inference", "vllm", "Error")) }
	noList := status.Server{Probed: true, Reached: true, Health: "OK", Version: "0.7.3", Problem: "providers: no answer within 5s"}

	It("stays ProviderError while the list is not available", func() {
		got := newFixture().after(broken().compute()).server(noList).compute()

		Expect(condition(got, v1alpha1.ConditionHealthCheck)).To(be(metav1.ConditionFalse, v1alpha1.ReasonProviderError))
		Expect(got.DistributionConfig.Providers).To(HaveLen(1))
	})

	It("is over when a list says so", func() {
		got := newFixture().after(broken().compute()).compute()

		Expect(condition(got, v1alpha1.ConditionHealthCheck)).To(be(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
	})

	It("is forgotten when the server rolls", func() {
		rolling := newFixture().deployed(1, 1, 0).after(broken().compute()).unprobed().compute()

		got := newFixture().after(rolling).server(noList).compute()

		Expect(condition(got, v1alpha1.ConditionHealthCheck)).To(be(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
	})

	It("stays Unhealthy after a restart of the operator, until the server is probed", func() {
		sick := newFixture().server(status.Server{Probed: true, Reached: true, Health: "Error"}).compute()

		got := newFixture().after(sick).unprobed().compute()

		Expect(condition(got, v1alpha1.ConditionReady)).To(be(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy))
	})

	It("does not stay ScaledToZero when the server was started again", func() {
		stopped := newFixture().wanting(0).deployed(0, 0, 0).unprobed().compute()

		got := newFixture().after(stopped).unprobed().compute()

		Expect(condition(got, v1alpha1.ConditionHealthCheck)).To(be(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved))
	})
})
