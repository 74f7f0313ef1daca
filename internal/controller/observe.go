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
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// observe collects the state of the children and the last results of the prober and of the watch of the Pods. A server
// that cannot answer is not probed.
func (r *Reconciler) observe(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	r.reportReuse(instance, s)
	r.reportNamed(ctx, instance, s)
	key := client.ObjectKeyFromObject(instance)
	if s.partial { // how to probe the server may be unknown
		s.server, s.probed = r.prober.Observation(key)
		r.explain(ctx, instance, s)
		return
	}
	deployment := s.Children.Deployment()
	if deployment == nil || deployment.Status.AvailableReplicas == 0 || s.Children.Service() == nil {
		r.prober.Forget(key)
	} else if why := misdirected(s.Children.Service(), deployment); why != "" {
		r.prober.Forget(key)
		s.server, s.probed = llamastack.Observation{Problem: why}, true
	} else {
		r.prober.Watch(key, llamastack.Target{
			Endpoint: s.endpoint(instance),
			Revision: revision(deployment),
			Settled:  status.RolledOut(deployment) && !status.Leaving(deployment), // no earlier server answers any more
			Wanted:   llamastack.Want(status.ModelIDs(&instance.Spec.Server)),
		})
		s.server, s.probed = r.prober.Observation(key)
	}
	r.explain(ctx, instance, s)
}

// explain is what a rollout in progress waits for.
func (r *Reconciler) explain(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	s.podReason, s.leavingPod = r.podTrouble(ctx, instance, s)
	s.pvcReason = status.Advised(r.pvcs.Follow(client.ObjectKeyFromObject(instance), awaitedPVC(instance, s)).String())
}

// misdirected returns why the Service may not select the server's Pods, or an empty string. A Service that is not kept
// as it is declared, as while the operator is paused, may have become anything: with the name or the address of another
// namespace's server, the operator would send requests there for the author.
func misdirected(service *corev1.Service, deployment *appsv1.Deployment) string {
	const remedy = ": delete the Service, and the operator, unless it is paused, makes it again"
	switch {
	case service.Spec.Type != corev1.ServiceTypeClusterIP:
		return "its Service has the type " + string(service.Spec.Type) + " and not ClusterIP" + remedy
	case !clusterIP(service).IsValid():
		return "its Service has no cluster IP" + remedy
	case deployment.Spec.Selector == nil || !maps.Equal(service.Spec.Selector, deployment.Spec.Selector.MatchLabels):
		return "its Service selects other Pods than the Deployment" + remedy
	}
	return ""
}

// clusterIP of a Service, of either family; the zero address is none.
func clusterIP(service *corev1.Service) netip.Addr {
	address, err := netip.ParseAddr(service.Spec.ClusterIP)
	if err != nil { // empty, or None
		return netip.Addr{}
	}
	return address
}

// podTrouble returns why the Pods of the newest template do not run, and what to do if that is known; and which Pod of
// any template does not terminate. Pods of an earlier template that are about to be replaced do not matter.
func (r *Reconciler) podTrouble(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) (string, string) {
	found := r.pods.Summary(client.ObjectKeyFromObject(instance))
	newest := found.Newest
	if len(found.Troubles) > 0 && found.Templates > 1 && s.Children.Deployment() != nil {
		hash, err := r.templates.Newest(ctx, instance.UID, s.Children.Deployment())
		if err != nil {
			log.FromContext(ctx).Info("the newest ReplicaSet could not be found; the newest Pod counts as its Pod", "error", err.Error())
		}
		newest = cmp.Or(hash, newest)
	}
	return status.Advised(withAdvice(found.Troubles[newest], s.Input.Serving)), found.Leaving
}

// awaitedPVC is the PVC that a rollout waits for: most StorageClasses bind a PVC only for a Pod.
func awaitedPVC(instance *v1alpha1.LlamaStackDistribution, s *scope) *corev1.PersistentVolumeClaim {
	pvc, deployment := s.Children.PVC(), s.Children.Deployment()
	stopped := deployment == nil || deployment.Spec.Replicas != nil && *deployment.Spec.Replicas == 0
	bound := pvc == nil || pvc.Status.Phase == corev1.ClaimBound || pvc.DeletionTimestamp != nil
	if bound || stopped || status.RolledOut(deployment) || !instance.Spec.Server.Storage.WantsPVC() {
		return nil
	}
	return pvc
}

// reportReuse reports that the PVC is older than the LlamaStackDistribution, so that the data in it is an earlier server's:
// always in the condition, and once as an Event.
func (r *Reconciler) reportReuse(instance *v1alpha1.LlamaStackDistribution, s *scope) {
	pvc := s.Children.PVC()
	if pvc == nil || !instance.Spec.Server.Storage.WantsPVC() || !pvc.CreationTimestamp.Before(&instance.CreationTimestamp) {
		return
	}
	s.Noticef("PersistentVolumeClaim %s was there before and is used again, with the data in it", pvc.Name)
	if instance.Status.ObservedGeneration == 0 {
		r.events.PVCReused(instance, pvc.Name)
	}
}

// revision names the server that answers: another for each template that the Deployment rolls to, the same whatever the
// number of replicas.
func revision(deployment *appsv1.Deployment) string {
	images := make([]string, 0, len(deployment.Spec.Template.Spec.Containers))
	for i := range deployment.Spec.Template.Spec.Containers {
		images = append(images, deployment.Spec.Template.Spec.Containers[i].Image)
	}
	return fmt.Sprintf("%s/%s/%s", deployment.UID, deployment.Annotations[podwatch.RevisionAnnotation], images)
}

// endpoint is how the operator reaches the server: by the Service's cluster IP, and under its short name.
func (s *scope) endpoint(instance *v1alpha1.LlamaStackDistribution) llamastack.Endpoint {
	scheme, port := s.address(instance)
	endpoint := llamastack.Endpoint{
		Scheme: scheme, Host: fmt.Sprintf("%s.%s.svc", children.ServiceName(instance.Name), instance.Namespace),
		Address: clusterIP(s.Children.Service()), Port: port,
	}
	if endpoint.Scheme == schemeHTTPS && s.Bundle.Roots != nil {
		endpoint.Roots = s.Bundle.Roots
	}
	return endpoint
}

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// address is where the Service answers: from the spec, or from the last status if the spec is not applied.
func (s *scope) address(instance *v1alpha1.LlamaStackDistribution) (string, int32) {
	scheme, port := schemeHTTP, instance.ServerPort()
	if s.Input.TLS() {
		scheme = schemeHTTPS
	}
	if !s.kept {
		return scheme, port
	}
	last, err := url.Parse(instance.Status.ServiceURL)
	if err != nil || last.Scheme != schemeHTTP && last.Scheme != schemeHTTPS {
		return scheme, port
	}
	number, err := strconv.ParseInt(last.Port(), 10, 32)
	if err != nil {
		return scheme, port
	}
	return last.Scheme, int32(number)
}

// models are what the server said about its models. It said so about the declared ones if no Pod with another configuration
// could answer.
func (s *scope) models() status.Models {
	said, deployment := s.server.Models, s.Children.Deployment()
	return status.Models{
		Known: said.Known, Total: said.Total, Items: said.Items, Problem: said.Problem, Lasting: said.Lasting,
		Declared: said.Settled && s.Input.Config != nil && deployment != nil &&
			status.RolledOut(deployment) && inputs.Mounted(&deployment.Spec.Template).Has(s.Input.Config.CopyName),
	}
}

// withAdvice adds to the trouble of the certificate's Secret what to do about it.
func withAdvice(trouble string, serving *render.Serving) string {
	if serving == nil || !strings.Contains(trouble, fmt.Sprintf("volume %q", render.ServingVolume)) {
		return trouble
	}
	return fmt.Sprintf("%s: create Secret %s, which spec.server.tlsConfig.serving names, with the keys %s and %s",
		trouble, serving.SecretName, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
}
