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

// Package observed reads the children of a LlamaStackDistribution that its status or its next rendering depends on. The
// caches show them, apart from those that have lost their label, and those that the operator has just written.
package observed

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Children are the observed children of a LlamaStackDistribution. The zero value has none.
type Children struct {
	observed []*children.Child
	// live has the object of each of them; nil is absent, or not ours.
	live []client.Object
}

// Of is the child of a kind, nil where it is absent, not ours, or not observed.
func Of[T client.Object](c *Children, kind string) T {
	object, _ := c.find(kind).(T)
	return object
}

// Deployment is the live one.
func (c *Children) Deployment() *appsv1.Deployment {
	return Of[*appsv1.Deployment](c, children.Deployment)
}

// PVC is the live one.
func (c *Children) PVC() *corev1.PersistentVolumeClaim {
	return Of[*corev1.PersistentVolumeClaim](c, children.PersistentVolumeClaim)
}

// Service is the live one.
func (c *Children) Service() *corev1.Service {
	return Of[*corev1.Service](c, children.Service)
}

// Ingress is the live one.
func (c *Children) Ingress() *networkingv1.Ingress {
	return Of[*networkingv1.Ingress](c, children.Ingress)
}

// Autoscaler is the live one.
func (c *Children) Autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	return Of[*autoscalingv2.HorizontalPodAutoscaler](c, children.HorizontalPodAutoscaler)
}

// NetworkPolicy is the live one.
func (c *Children) NetworkPolicy() *networkingv1.NetworkPolicy {
	return Of[*networkingv1.NetworkPolicy](c, children.NetworkPolicy)
}

// CABundle is the live one.
func (c *Children) CABundle() *corev1.ConfigMap {
	return Of[*corev1.ConfigMap](c, children.ConfigMap)
}

func (c *Children) find(kind string) client.Object {
	for i, child := range c.observed {
		if child.Kind == kind {
			return c.live[i]
		}
	}
	return nil
}

// Set replaces the object of a kind that is observed.
func (c *Children) Set(kind string, object client.Object) {
	for i, child := range c.observed {
		if child.Kind == kind {
			c.live[i] = object
		}
	}
}

// Follow takes a child as the write that has just changed it returned it. The cache may still show the one before, and a
// status computed from that would call a server ready which is about to roll.
func (c *Children) Follow(outcome apply.Outcome, owner string) {
	child := children.Of(outcome.Ref.GVK.Kind)
	switch {
	case child == nil || outcome.Ref.Name != child.Name(owner): // a copy of the user's configuration
	case outcome.Action == apply.ActionDeleted:
		c.Set(child.Kind, nil)
	case outcome.Live != nil:
		c.Set(child.Kind, outcome.Live)
	}
}

// Version is the resourceVersion at which an object was read, empty for one that was not found, and whether it is a child that was read.
func (c *Children) Version(ref apply.Ref, owner string) (string, bool) {
	at := slices.IndexFunc(c.observed, func(child *children.Child) bool { return child.Kind == ref.GVK.Kind && child.Name(owner) == ref.Name })
	switch {
	case at < 0:
		return "", false
	case c.live[at] == nil:
		return "", true
	}
	return c.live[at].GetResourceVersion(), true
}

// Writes are what the operator remembers of its own writes, as apply.Engine does.
type Writes interface {
	// Awaited says that the cache does not show a child yet which the operator has created.
	Awaited(owner types.UID, ref apply.Ref) bool
	// Ahead says that the operator has written, or found, a later version than the one that was read.
	Ahead(owner types.UID, ref apply.Ref, read string) bool
}

// Reader reads children.
type Reader struct {
	// Cached has the children with the operator's label; Live is the API server.
	Cached client.Reader
	Live   client.Reader
	Writes Writes
	// Serves says that the cluster knows a kind and answers for it.
	Serves func(schema.GroupVersionKind) bool
	// LiveRead counts the reads from the API server.
	LiveRead func(kind string)
}

// Read reads the children of a LlamaStackDistribution. A child that is absent or not ours is nil.
func (r *Reader) Read(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (Children, error) {
	all, demand := children.All(), children.Demand{Spec: &instance.Spec}
	read := Children{observed: make([]*children.Child, 0, len(all)), live: make([]client.Object, 0, len(all))}
	for i := range all {
		child := &all[i]
		if !child.Observed || !r.Serves(child.GroupVersionKind) || child.Optional() && !child.IsWanted(demand) {
			continue
		}
		object, err := r.cached(ctx, instance, child)
		if err != nil {
			return Children{}, err
		}
		read.observed, read.live = append(read.observed, child), append(read.live, object)
	}
	if err := r.readUnlabelled(ctx, instance, &read); err != nil {
		return Children{}, err
	}
	return read, nil
}

// readUnlabelled asks the API server for a Deployment and a PVC that the cache does not have although there was one: it has what
// carries our label, which somebody may have taken away. Applying finds such an object and puts the label back, so what depends on the
// object must see it, too: a PVC is not asked to shrink, and what was rolled back not to roll again.
func (r *Reader) readUnlabelled(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, into *Children) error {
	for i, child := range into.observed {
		had := child.Kind == children.Deployment && instance.Status.Selector != "" ||
			child.Kind == children.PersistentVolumeClaim && HadPVC(instance) && instance.Spec.Server.Storage.WantsPVC()
		ref := RefOf(instance, child)
		if into.live[i] != nil || !had || r.Writes.Awaited(instance.UID, ref) {
			continue
		}
		r.LiveRead(child.Kind)
		object, err := readChild(ctx, r.Live, instance, child)
		if err != nil {
			return fmt.Errorf("failed to read %s: %w", ref, err)
		}
		into.live[i] = object
	}
	return nil
}

// HadPVC reports whether the status shows that there was a PVC with data in it.
func HadPVC(instance *v1alpha1.LlamaStackDistribution) bool {
	ready := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionStorageReady))
	return ready != nil && ready.Reason != string(v1alpha1.ReasonStoragePending)
}

// CatchUp reads anew which child was read when the cache did not show yet what the operator itself had written: when it
// shows, that wakes nobody. It reports whether the cache is still behind.
func (r *Reader) CatchUp(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, have *Children) (bool, error) {
	late := false
	for i, child := range have.observed {
		if !r.behind(instance, child, have.live[i]) {
			continue
		}
		object, err := r.cached(ctx, instance, child)
		if err != nil {
			return false, err
		}
		have.live[i] = object
		late = late || r.behind(instance, child, object)
	}
	return late, nil
}

// behind says that a child is older than what the operator last wrote or found.
func (r *Reader) behind(instance *v1alpha1.LlamaStackDistribution, child *children.Child, live client.Object) bool {
	version := ""
	if live != nil {
		version = live.GetResourceVersion()
	}
	return r.Writes.Ahead(instance.UID, RefOf(instance, child), version)
}

func (r *Reader) cached(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, child *children.Child) (client.Object, error) {
	object, err := readChild(ctx, r.Cached, instance, child)
	if err != nil {
		return nil, fmt.Errorf("failed to read %s %s/%s from the cache: %w", child.Kind, instance.Namespace, child.Name(instance.Name), err)
	}
	return object, nil
}

// readChild is nil for a child that is absent or not ours.
func readChild(ctx context.Context, reader client.Reader, instance *v1alpha1.LlamaStackDistribution, child *children.Child) (client.Object, error) {
	object := child.New()
	if err := reader.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: child.Name(instance.Name)}, object); err != nil {
		return nil, client.IgnoreNotFound(err) //nolint:wrapcheck // the caller says which object
	}
	controller := metav1.GetControllerOf(object)
	if controller == nil && object.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy || controller != nil && controller.UID == instance.UID {
		return object, nil
	}
	return nil, nil //nolint:nilnil // absent is an answer, not an error
}

// RefOf identifies a child of a LlamaStackDistribution.
func RefOf(instance *v1alpha1.LlamaStackDistribution, child *children.Child) apply.Ref {
	return apply.Ref{GVK: child.GroupVersionKind, Namespace: instance.Namespace, Name: child.Name(instance.Name)}
}
