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
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// HoldChecksAnnotation on a namespace stops the stand-in of StartKubelet from answering the Jobs in it.
const HoldChecksAnnotation = "test.llamastack.io/hold-checks"

// ValidReport is what the program of a check says of a configuration without a mistake.
const ValidReport = `{"result":"Valid","server":"1.5.0","package":"ogx","findings":[],"omitted":0}`

// Terminated is the state of a container that has ended with a message.
func Terminated(code int32, message string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Message: message}}
}

// answer succeeds the Job of a check as soon as it exists.
func (k *kubelet) answer(ctx context.Context, job *batchv1.Job) {
	if job.Labels[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy || k.has(ctx, job.Namespace, HoldChecksAnnotation) {
		return
	}
	// The Job may be gone by now, or its Pod there already.
	_ = retry.OnError(retry.DefaultBackoff, isTransient, func() error { return RunJob(ctx, k.admin, job, Terminated(0, ValidReport)) })
}

// RunJob gives a Job the Pod that its controller would, with the state of its container.
func RunJob(ctx context.Context, kube client.Client, job *batchv1.Job, state corev1.ContainerState) error {
	pod := &corev1.Pod{ObjectMeta: *job.Spec.Template.ObjectMeta.DeepCopy(), Spec: *job.Spec.Template.Spec.DeepCopy()}
	pod.Name, pod.Namespace = podName(job), job.Namespace
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[batchv1.JobNameLabel] = job.Name
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))}
	// Nothing here has these, and admission refuses a Pod without them.
	pod.Spec.ServiceAccountName, pod.Spec.RuntimeClassName, pod.Spec.PriorityClassName = "", nil, ""
	if err := kube.Create(ctx, pod); apierrors.IsAlreadyExists(err) {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodPending
	if ended := state.Terminated; ended != nil {
		pod.Status.Phase = corev1.PodSucceeded
		if ended.ExitCode != 0 {
			pod.Status.Phase = corev1.PodFailed
		}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: pod.Spec.Containers[0].Name, Image: pod.Spec.Containers[0].Image, State: state}}
	return kube.Status().Update(ctx, pod)
}

func podName(job *batchv1.Job) string { return job.Name + "-" + string(job.UID)[:5] }

// RemoveJob deletes a Job with its Pod, as the garbage collector does.
func RemoveJob(ctx context.Context, kube client.Client, job *batchv1.Job) {
	GinkgoHelper()
	Expect(client.IgnoreNotFound(kube.Delete(ctx, job.DeepCopy(), client.PropagationPolicy(metav1.DeletePropagationBackground)))).To(Succeed())
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: job.Namespace, Name: podName(job)}}
	Expect(client.IgnoreNotFound(kube.Delete(ctx, pod, client.GracePeriodSeconds(0)))).To(Succeed())
}
