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

package cluster_test

import (
	"context"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// deed is something that an operator does for a new server.
type deed func(context.Context, *v1alpha1.LlamaStackDistribution) error

// operator runs its deeds for every new server of a namespace, in their order, until the spec ends.
func operator(namespace string, deeds ...deed) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- watch(ctx, namespace, deeds) }()
	DeferCleanup(func() {
		stop()
		Expect(<-done).To(Succeed())
	})
}

func watch(ctx context.Context, namespace string, deeds []deed) error {
	seen := map[string]bool{}
	for tick := time.Tick(20 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
		servers := &v1alpha1.LlamaStackDistributionList{}
		if err := admin.List(ctx, servers, client.InNamespace(namespace)); err != nil {
			return client.IgnoreNotFound(ignoreCanceled(ctx, err))
		}
		for i := range servers.Items {
			if seen[servers.Items[i].Name] {
				continue
			}
			seen[servers.Items[i].Name] = true
			for _, do := range deeds {
				if err := do(ctx, &servers.Items[i]); err != nil {
					return ignoreCanceled(ctx, err)
				}
			}
		}
	}
}

func ignoreCanceled(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// report writes the condition Ready.
func says(status metav1.ConditionStatus, reason, message string) deed {
	return func(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
		server.Status.Conditions = []metav1.Condition{{
			Type: string(v1alpha1.ConditionReady), Status: status, Reason: reason, Message: message,
			ObservedGeneration: server.Generation, LastTransitionTime: metav1.Now(),
		}}
		return admin.Status().Update(ctx, server)
	}
}

// saysOfAnother writes a condition about a generation that is not the current one.
func saysOfAnother(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
	server.Status.Conditions = []metav1.Condition{{
		Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionTrue, Reason: "Ready",
		ObservedGeneration: server.Generation - 1, LastTransitionTime: metav1.Now(),
	}}
	return admin.Status().Update(ctx, server)
}

// pvcs creates a PVC with a server's name.
func pvcs(namespace, server string) error {
	return admin.Create(context.Background(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: server + "-pvc",
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			},
		},
	})
}

func createsPVC(_ context.Context, server *v1alpha1.LlamaStackDistribution) error {
	return pvcs(server.Namespace, server.Name)
}

// makesDeployment creates one whose Pods are changed.
func makesDeployment(change func(*corev1.PodSpec)) deed {
	return func(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
		labels := map[string]string{"app": server.Name}
		template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: restrictedPod()}
		change(&template.Spec)
		return admin.Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace, Name: server.Name},
			Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		})
	}
}

// makesPod creates the Pod that a ReplicaSet would create, changed.
func makesPod(change func(*corev1.PodSpec)) deed {
	return func(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace, Name: server.Name, Labels: map[string]string{"app": server.Name}},
			Spec:       restrictedPod(),
		}
		change(&pod.Spec)
		return admin.Create(ctx, pod)
	}
}

// restrictedPod passes the standard restricted.
func restrictedPod() corev1.PodSpec {
	yes, no := true, false
	return corev1.PodSpec{
		AutomountServiceAccountToken: &no, // Nothing makes ServiceAccounts here.
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "llama-stack", Image: "example.com/server:1",
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
}

func unchanged(*corev1.PodSpec) {}

func privileged(pod *corev1.PodSpec) {
	yes := true
	pod.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: &yes}
}
