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
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pass is what one reconcile knows, filled from left to right along the line.
type pass struct {
	input    render.Input
	resolved distribution.Resolved
	// target is the image that the name stands for now; input.Image lags behind it while a rollout waits its turn.
	target    string
	available map[string]string
	children  children
	user      userConfig
	state     status.State
	bundle    caBundle
	// problems keep everything from being applied; remarks are problems that keep nothing else from it.
	problems []status.Problem
	remarks  []status.Problem
	notices  []string
	// held leaves the children as they are for now, and waits says that it is for a turn of the rollouts, as it may be for the
	// image alone.
	held, waits bool
	// needed are the ConfigMaps that the template mounts which a rollback would bring back.
	needed    []string
	podReason string
	// behind says that the children are, in part, as they were before the last writes of the operator.
	behind bool
	server llamastack.Observation
	probed bool
	result ctrl.Result
	err    error
}

func (p *pass) blamef(reason v1alpha1.Reason, format string, args ...any) {
	p.problems = append(p.problems, status.Problem{Reason: reason, Kind: status.User, Message: fmt.Sprintf(format, args...)})
}

func (p *pass) noticef(format string, args ...any) {
	p.notices = append(p.notices, fmt.Sprintf(format, args...))
}

// children are the objects of a LlamaStackDistribution as the cache has them; nil is absent, or not ours.
type children struct {
	// gathered are those that were looked for, each of a kind that is kept.
	gathered []render.Child

	deployment    *appsv1.Deployment
	claim         *corev1.PersistentVolumeClaim
	service       *corev1.Service
	ingress       *networkingv1.Ingress
	httpRoute     *unstructured.Unstructured
	route         *unstructured.Unstructured
	autoscaler    *autoscalingv2.HorizontalPodAutoscaler
	networkPolicy *networkingv1.NetworkPolicy
	bundle        *corev1.ConfigMap
}

// gather reads, from caches alone unless a referenced ConfigMap has changed, everything that rendering depends on.
// What is wrong and the user's to mend becomes a problem of the pass; an error is the cluster's.
func (r *Reconciler) gather(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (*pass, error) {
	p := &pass{}
	if err := r.gatherChildren(ctx, instance, &p.children); err != nil {
		return nil, err
	}
	config := r.config.Current()
	p.input = r.input(instance, &p.children, config.NetworkPolicy)
	gatherClaim(instance, p)
	if err := render.CheckName(instance.Name); err != nil {
		p.blamef(v1alpha1.ReasonNameTooLong, "%v", err)
	}
	if err := r.gatherImage(ctx, instance, config, p); err != nil {
		return nil, err
	}
	if err := r.gatherUserConfig(ctx, instance, p); err != nil {
		return nil, err
	}
	r.gatherServing(ctx, instance, p)
	if err := r.gatherCABundle(ctx, instance, config, p); err != nil {
		return nil, err
	}
	return p, r.awaitTakeover(ctx, instance, p)
}

// input is what rendering depends on, as far as the instance itself, its children and the operator say.
func (r *Reconciler) input(instance *v1alpha1.LlamaStackDistribution, has *children, networkPolicy operatorconfig.Setting[bool]) render.Input {
	input := render.Input{
		Name: instance.Name, Namespace: instance.Namespace, Spec: instance.Spec,
		OpenShift: r.openShift, OperatorNamespace: r.namespace,
		NetworkPolicy: has.networkPolicy != nil,
		RestartedAt:   instance.Annotations[v1alpha1.AnnotationRestartedAt],
	}
	if secret := instance.Spec.Server.ServingSecret(); secret != "" {
		input.Serving = &render.Serving{SecretName: secret}
	}
	if networkPolicy.Known {
		input.NetworkPolicy = networkPolicy.Value
	}
	if network := instance.Spec.Network; network != nil && network.Policy != nil && network.Policy.Enabled != nil {
		input.NetworkPolicy = *network.Policy.Enabled
	}
	if deployment := has.deployment; deployment != nil && deployment.Spec.Selector != nil {
		input.Selector = deployment.Spec.Selector.MatchLabels
		input.Resuming = !instance.Spec.Suspend && deployment.Annotations[v1alpha1.AnnotationSuspended] != ""
	}
	return input
}

func (r *Reconciler) gatherChildren(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, into *children) error {
	into.gathered = slices.DeleteFunc(render.Children(instance.Name), func(child render.Child) bool {
		return into.of(child.GVK.Kind) == nil || !r.serves(child.GVK) || !told(child.GVK.Kind, instance.Spec.Network)
	})
	for _, child := range into.gathered {
		if err := r.gatherChild(ctx, instance, child, into); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) gatherChild(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, child render.Child, into *children) error {
	key := client.ObjectKey{Namespace: instance.Namespace, Name: child.Name}
	if err := into.of(child.GVK.Kind).read(ctx, r.cached, key, child.GVK, instance); err != nil {
		return fmt.Errorf("failed to read %s %s from the cache: %w", child.GVK.Kind, key, err)
	}
	return nil
}

// catchUp reads anew which child was read when the cache did not show yet what the operator itself had written: when it
// shows, that wakes nobody. Where the cache is still behind, the status waits for it.
func (r *Reconciler) catchUp(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) error {
	for _, child := range p.children.gathered {
		if !r.behind(instance, child, &p.children) {
			continue
		}
		if err := r.gatherChild(ctx, instance, child, &p.children); err != nil {
			return err
		}
		p.behind = p.behind || r.behind(instance, child, &p.children)
	}
	return nil
}

// behind says that a child is older than what the operator last wrote or found.
func (r *Reconciler) behind(instance *v1alpha1.LlamaStackDistribution, child render.Child, have *children) bool {
	ref := apply.Ref{GVK: child.GVK, Namespace: instance.Namespace, Name: child.Name}
	return r.engine.Ahead(instance.UID, ref, have.of(child.GVK.Kind).version())
}

// of is where the child of a kind is kept, nil for a kind of which none is.
func (c *children) of(kind string) keptChild { //nolint:ireturn // each kind has a field of its own type
	switch kind {
	case kindDeployment:
		return keep(&c.deployment)
	case kindClaim:
		return keep(&c.claim)
	case "Service":
		return keep(&c.service)
	case "Ingress":
		return keep(&c.ingress)
	case kindHTTPRoute:
		return keep(&c.httpRoute)
	case kindRoute:
		return keep(&c.route)
	case "HorizontalPodAutoscaler":
		return keep(&c.autoscaler)
	case "NetworkPolicy":
		return keep(&c.networkPolicy)
	case kindConfigMap:
		return keep(&c.bundle)
	}
	return nil
}

// keptChild is a field of children, whatever the type of its object.
type keptChild interface {
	// read fills the field, with nil for an object that is absent or that another controller owns.
	read(ctx context.Context, reader client.Reader, key client.ObjectKey, gvk schema.GroupVersionKind, owner client.Object) error
	// version is the object's resourceVersion, empty where there is none.
	version() string
}

// objectOf is a pointer to T that is an object.
type objectOf[T any] interface {
	*T
	client.Object
}

// kept is a field for objects of one type.
type kept[T any, P objectOf[T]] struct{ field *P }

func keep[T any, P objectOf[T]](field *P) kept[T, P] {
	return kept[T, P]{field: field}
}

func (k kept[T, P]) read(ctx context.Context, reader client.Reader, key client.ObjectKey, gvk schema.GroupVersionKind, owner client.Object) error {
	*k.field = nil
	object := P(new(T))
	object.GetObjectKind().SetGroupVersionKind(gvk) // which unstructured ones are read by
	if err := reader.Get(ctx, key, object); err != nil {
		return client.IgnoreNotFound(err) //nolint:wrapcheck // the caller says which object
	}
	if controller := metav1.GetControllerOf(object); controller == nil || controller.UID == owner.GetUID() {
		*k.field = object
	}
	return nil
}

func (k kept[T, P]) version() string {
	if *k.field == nil {
		return ""
	}
	return (*k.field).GetResourceVersion()
}

// reference is the identity of a ConfigMap, or nil where there is none.
func (r *Reconciler) reference(ctx context.Context, key client.ObjectKey) (*metav1.PartialObjectMetadata, error) {
	object := configMapMetadata()
	if err := r.references.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // absent is an answer, not an error
		}
		return nil, fmt.Errorf("failed to read ConfigMap %s from the cache: %w", key, err)
	}
	return object, nil
}

func configMapMetadata() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	return object
}
