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

package controller

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// observe looks at what became of the children and takes what the prober last found. A server that cannot answer is not
// asked.
func (r *Reconciler) observe(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	r.tellReuse(instance, p)
	r.lookForClaim(ctx, instance, p)
	key := client.ObjectKeyFromObject(instance)
	deployment := p.children.deployment
	if deployment == nil || deployment.Status.AvailableReplicas == 0 {
		r.prober.Forget(key)
	} else {
		r.prober.Watch(key, llamastack.Target{
			Endpoint: p.endpoint(instance),
			Revision: revision(deployment),
			Settled:  rolledOut(deployment),
		})
		p.server, p.probed = r.prober.Observation(key)
	}
	if deployment != nil && rolloutFailed(deployment) {
		p.podReason = r.podReason(ctx, deployment)
	}
}

// tellReuse says that the claim is older than the LlamaStackDistribution, so that the data in it is an earlier server's:
// always in the condition, and once as an Event.
func (r *Reconciler) tellReuse(instance *v1alpha1.LlamaStackDistribution, p *pass) {
	claim := p.children.claim
	if claim == nil || !instance.Spec.Server.Storage.WantsClaim() || !claim.CreationTimestamp.Before(&instance.CreationTimestamp) {
		return
	}
	p.noticef("PersistentVolumeClaim %s was there before and is used again, with the data in it", claim.Name)
	if instance.Status.ObservedGeneration == 0 {
		r.events.ClaimReused(instance, claim.Name)
	}
}

// revision names the server that answers: another for each template that the Deployment rolls to, the same whatever the
// number of replicas.
func revision(deployment *appsv1.Deployment) string {
	const annotation = "deployment.kubernetes.io/revision"
	images := make([]string, 0, len(deployment.Spec.Template.Spec.Containers))
	for i := range deployment.Spec.Template.Spec.Containers {
		images = append(images, deployment.Spec.Template.Spec.Containers[i].Image)
	}
	return fmt.Sprintf("%s/%s/%s", deployment.UID, deployment.Annotations[annotation], images)
}

// endpoint is how the operator reaches the server: by the Service's short name, which resolves in every cluster domain.
func (p *pass) endpoint(instance *v1alpha1.LlamaStackDistribution) llamastack.Endpoint {
	endpoint := llamastack.Endpoint{Scheme: p.scheme(), Host: fmt.Sprintf("%s.%s.svc", render.ServiceName(instance.Name), instance.Namespace), Port: instance.ServerPort()}
	if endpoint.Scheme == schemeHTTPS {
		endpoint.RootCAs = p.bundle.roots
	}
	return endpoint
}

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

func (p *pass) scheme() string {
	if p.input.UserConfig != nil && p.input.UserConfig.TLS {
		return schemeHTTPS
	}
	return schemeHTTP
}

// rolledOut says that all Pods are new and available, and that no old one is left that may still answer: one that is
// on its way out does so until it ends. Clusters before 1.35 do not count those.
func rolledOut(deployment *appsv1.Deployment) bool {
	wanted, status := int32(1), deployment.Status
	if status.TerminatingReplicas != nil && *status.TerminatingReplicas > 0 {
		return false
	}
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	return status.ObservedGeneration >= deployment.Generation && status.Replicas == wanted &&
		status.UpdatedReplicas == wanted && status.AvailableReplicas == wanted
}

func rolloutFailed(deployment *appsv1.Deployment) bool {
	for _, condition := range deployment.Status.Conditions {
		switch {
		case condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse,
			condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue:
			return true
		}
	}
	return false
}

// podReason asks the API server, once for each state of the Deployment, why its Pods do not run. Pods are not cached:
// only a rollout that has failed needs them.
func (r *Reconciler) podReason(ctx context.Context, deployment *appsv1.Deployment) string {
	memory := "pods/" + string(deployment.UID) + "/" + deployment.ResourceVersion
	if reason, ok := recall[string](r.contents, memory); ok {
		return reason
	}
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return ""
	}
	pods := &corev1.PodList{}
	r.metrics.LiveRead("Pod")
	if err := r.live.List(ctx, pods, client.InNamespace(deployment.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return ""
	}
	reason := ""
	for i := range pods.Items {
		if found := waitingReason(&pods.Items[i]); found != "" && (reason == "" || found < reason) {
			reason = found
		}
	}
	r.contents.found.Add(memory, reason)
	return reason
}

// waitingReason is why a Pod does not run, in the kubelet's or the scheduler's words.
func waitingReason(pod *corev1.Pod) string {
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "ContainerCreating" && waiting.Reason != "PodInitializing" {
			return describe(waiting.Reason, lastWords(container, waiting.Message))
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return describe(condition.Reason, condition.Message)
		}
	}
	return ""
}

// lastWords prefers how the container ended over how long the kubelet waits to start it again, which grows each time.
func lastWords(container corev1.ContainerStatus, message string) string {
	if ended := container.LastTerminationState.Terminated; ended != nil {
		return fmt.Sprintf("the container ended with exit code %d (%s)", ended.ExitCode, ended.Reason)
	}
	return message
}

func describe(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + ": " + message
}
