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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// observe looks at what became of the children and takes what the prober and the watch of the Pods last found. A server
// that cannot answer is not asked.
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
			Settled:  status.RolledOut(deployment) && !status.Leaving(deployment), // no earlier server answers any more
		})
		p.server, p.probed = r.prober.Observation(key)
	}
	p.podReason = r.podTrouble(instance, p)
}

// podTrouble says why the Pods do not run, and what to do where we know.
func (r *Reconciler) podTrouble(instance *v1alpha1.LlamaStackDistribution, p *pass) string {
	return withAdvice(r.pods.trouble(client.ObjectKeyFromObject(instance)), p.input.Serving)
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
	if p.input.TLS() {
		return schemeHTTPS
	}
	return schemeHTTP
}
