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
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	image      = "registry.example.com/starter:1.0"
	otherImage = "registry.example.com/starter:2.0"
	generation = 3
)

// start is when the tests' time begins, as the API server stores times: whole seconds.
func start() metav1.Time { return metav1.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC) }

// fixture builds an Input. newFixture gives a server of one replica that is as declared, and observed to be well.
type fixture struct{ in status.Input }

func newFixture() *fixture {
	f := &fixture{status.Input{
		Instance: llsdtest.Make("demo").Namespace("apps").Generation(generation).Replicas(1).Obj(), Now: start(), OperatorVersion: "1.0.0",
		Image: image, ActiveDistribution: "starter", Available: map[string]string{"starter": image},
		ServiceURL: "http://demo-service.apps.svc.cluster.local:8321",
		Service:    &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "demo-service"}},
	}}
	return f.deployed(1, 1, 1).healthy(provider("inference", "vllm", "OK"))
}

// with changes what no other method does.
func (f *fixture) with(change func(*status.Input)) *fixture {
	change(&f.in)
	return f
}

func (f *fixture) spec(change func(*v1alpha1.LlamaStackDistributionSpec)) *fixture {
	change(&f.in.Instance.Spec)
	return f
}

// wanting sets spec.replicas of the CR, and of the Deployment as the operator would.
func (f *fixture) wanting(replicas int32) *fixture {
	f.in.Instance.Spec.Replicas = &replicas
	if f.in.Deployment != nil {
		f.in.Deployment.Spec.Replicas = &replicas
	}
	return f
}

// deployed sets what the Deployment's controller counts.
func (f *fixture) deployed(replicas, updated, available int32) *fixture {
	wanted := f.in.Instance.WantedReplicas()
	f.in.Deployment = &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "demo", Generation: 2},
		Spec: appsv1.DeploymentSpec{
			Replicas: &wanted,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "llama-stack", "app.kubernetes.io/instance": "demo"}},
		},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 2, Replicas: replicas, UpdatedReplicas: updated, ReadyReplicas: available, AvailableReplicas: available,
		},
	}
	return f
}

// noReplicas takes spec.replicas to 0 where an autoscaler decides.
// unobserved has the Deployment's controller behind.
func (f *fixture) unobserved() *fixture {
	f.in.Deployment.Generation++
	return f
}

func (f *fixture) noReplicas() *fixture {
	f.in.Instance.Spec.Replicas = new(int32)
	return f
}

func (f *fixture) noService() *fixture {
	f.in.Service = nil
	return f
}

func (f *fixture) notDeployed() *fixture {
	f.in.Deployment = nil
	return f
}

func (f *fixture) deploymentCondition(kind appsv1.DeploymentConditionType, value corev1.ConditionStatus, reason, message string) *fixture {
	f.in.Deployment.Status.Conditions = append(f.in.Deployment.Status.Conditions,
		appsv1.DeploymentCondition{Type: kind, Status: value, Reason: reason, Message: message})
	return f
}

// stuck is a rollout of a second template whose Pod does not come up, while the first one's still serves.
func (f *fixture) stuck() *fixture {
	f.deployed(2, 1, 1)
	f.in.PodReason = "ImagePullBackOff: Back-off pulling image"
	return f.deploymentCondition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded",
		`ReplicaSet "demo-5d" has timed out progressing.`)
}

func (f *fixture) healthy(providers ...v1alpha1.ProviderInfo) *fixture {
	return f.server(status.Server{Probed: true, Reached: true, Health: "OK", Version: "0.7.3", Providers: append([]v1alpha1.ProviderInfo{}, providers...)})
}

func (f *fixture) server(server status.Server) *fixture {
	f.in.Server = server
	return f
}

func (f *fixture) unprobed() *fixture { return f.server(status.Server{}) }

func (f *fixture) unreachable() *fixture {
	return f.server(status.Server{Probed: true, Problem: "connection refused"})
}

func (f *fixture) limited(code int) *fixture {
	return f.server(status.Server{Probed: true, Reached: true, Limited: code, Problem: "no information"})
}

func (f *fixture) problem(kind status.ProblemKind, reason v1alpha1.Reason, message string) *fixture {
	return f.problemAbout("", kind, reason, message)
}

func (f *fixture) problemAbout(part v1alpha1.ConditionType, kind status.ProblemKind, reason v1alpha1.Reason, message string) *fixture {
	f.in.Problems = append(f.in.Problems, status.Problem{Reason: reason, Kind: kind, Message: message, About: part})
	return f
}

func (f *fixture) autoscaled(minReplicas, maxReplicas, now int32) *fixture {
	f.in.Instance.Spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: &minReplicas, MaxReplicas: maxReplicas}
	f.in.Autoscaler = &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "demo-hpa"}}
	f.in.Deployment.Spec.Replicas = &now
	return f
}

func (f *fixture) pvc(phase corev1.PersistentVolumeClaimPhase) *fixture {
	f.in.Instance.Spec.Server.Storage = &v1alpha1.StorageSpec{}
	f.in.PVCWanted = true
	f.in.PVC = &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "demo-pvc"},
		Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
		}},
		Status: corev1.PersistentVolumeClaimStatus{Phase: phase},
	}
	if phase == corev1.ClaimBound {
		f.in.PVC.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}
	}
	return f
}

func (f *fixture) deleted() *fixture {
	at := start()
	f.in.Instance.DeletionTimestamp = &at
	return f
}

// after is a later pass over the same objects, whose old status is the one given.
func (f *fixture) after(old v1alpha1.LlamaStackDistributionStatus) *fixture {
	f.in.Instance.Status = old
	f.in.Now = metav1.NewTime(f.in.Now.Add(time.Minute))
	return f
}

func (f *fixture) compute() v1alpha1.LlamaStackDistributionStatus { return status.Compute(f.in) }

// provider is one with a message that follows from its status.
func provider(api, id, health string) v1alpha1.ProviderInfo {
	info := v1alpha1.ProviderInfo{
		API: api, ProviderID: id, ProviderType: "remote::" + id, Config: &apiextensionsv1.JSON{Raw: []byte("{}")},
		Health: v1alpha1.ProviderHealthStatus{Status: health},
	}
	if health != "OK" {
		info.Health.Message = "says " + health
	}
	return info
}

// manyProviders all report an error.
func manyProviders(count int) []v1alpha1.ProviderInfo {
	providers := make([]v1alpha1.ProviderInfo, 0, count)
	for number := range count {
		providers = append(providers, provider("inference", fmt.Sprintf("p%03d", count-number), "Error"))
	}
	return providers
}

func condition(of v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType) metav1.Condition {
	GinkgoHelper()
	found := meta.FindStatusCondition(of.Conditions, string(kind))
	Expect(found).NotTo(BeNil(), "condition %s", kind)
	return *found
}

// be is a condition's status and reason.
func be(value metav1.ConditionStatus, reason v1alpha1.Reason) types.GomegaMatcher {
	return And(HaveField("Status", value), HaveField("Reason", string(reason)))
}
