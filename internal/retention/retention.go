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

// Package retention keeps the PVC that outlives a LlamaStackDistribution: it frees the PVC of the owner references and the label for which
// a garbage collector or another tool would delete it.
package retention

import (
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/outcomes"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Releaser patches what keeps an object from outliving its owner, as apply.Engine does.
type Releaser interface {
	Release(ctx context.Context, object client.Object, what apply.Release) (client.Object, error)
}

// Keeper retains PVCs.
type Keeper struct {
	// Cached has the LlamaStackDistributions, and the PVCs with the operator's label. Live is the API server.
	Cached   client.Reader
	Live     client.Reader
	Releaser Releaser
	// Contents remembers which PVCs were found.
	Contents *inputs.Contents
	// LiveRead counts the reads from the API server.
	LiveRead func(kind string)

	departed departed
}

// Kept is the result for the PVC that outlives a LlamaStackDistribution.
type Kept struct {
	// PVC; nil where there is none, and where the cache has none. It is not to be changed.
	PVC *corev1.PersistentVolumeClaim
	// Released means that the PVC is the API server's last response.
	Released bool
	Err      error
}

// Retain removes from the PVC that outlives a LlamaStackDistribution what would delete it. It runs first and only
// depends on these two objects: data to retain is safe at once, whatever else is wrong with the spec, the cluster or
// the operator's configuration, and also while the server is paused, waits for its turn or is being deleted.
func (k *Keeper) Retain(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) Kept {
	name := outliving(instance)
	if name == "" {
		return Kept{}
	}
	pvc, err := k.readPVC(ctx, instance, name)
	if pvc == nil || err != nil {
		return Kept{Err: err}
	}
	return k.Release(ctx, instance, pvc)
}

// outliving is the name of the PVC that outlives a LlamaStackDistribution: its own under Retain, or another's, which the operator
// never deletes; "" where none does.
func outliving(instance *v1alpha1.LlamaStackDistribution) string {
	if instance.Spec.Server.Storage.Retains() {
		return children.PVCName(instance.Name)
	}
	return instance.Spec.Server.Storage.Existing()
}

// readPVC reads a PVC from the cache, nil where it has none. The server's own is read from the API server where the
// status shows that there was one: somebody may have removed its label, without which the cache does not have it.
func (k *Keeper) readPVC(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, name string) (*corev1.PersistentVolumeClaim, error) {
	pvc, key := &corev1.PersistentVolumeClaim{}, client.ObjectKey{Namespace: instance.Namespace, Name: name}
	err := k.Cached.Get(ctx, key, pvc, client.UnsafeDisableDeepCopy)
	if client.IgnoreNotFound(err) == nil && err != nil && instance.Spec.Server.Storage.Retains() && observed.HadPVC(instance) {
		k.LiveRead(children.PersistentVolumeClaim)
		err = k.Live.Get(ctx, key, pvc)
	}
	switch {
	case err == nil:
		return pvc, nil
	case client.IgnoreNotFound(err) == nil:
		return nil, nil //nolint:nilnil // absence is an answer here, not an error
	}
	return nil, fmt.Errorf("failed to read PersistentVolumeClaim %s: %w", key, err)
}

// Release patches a PVC where something would delete it.
func (k *Keeper) Release(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, pvc *corev1.PersistentVolumeClaim) Kept {
	what, needed := releaseOf(instance, pvc, func(owner metav1.OwnerReference) bool { return k.exists(ctx, instance.Namespace, owner) })
	if !needed {
		return Kept{PVC: pvc}
	}
	object, err := k.Releaser.Release(ctx, pvc, what)
	released, ok := object.(*corev1.PersistentVolumeClaim)
	if err != nil || !ok {
		return Kept{PVC: pvc, Err: err}
	}
	log.FromContext(ctx).Info("released the PersistentVolumeClaim, which outlives the server", "claim", pvc.Name, "owners", len(what.Owners))
	return Kept{PVC: released, Released: true}
}

// exists is whether an owner does, as far as the cache shows.
func (k *Keeper) exists(ctx context.Context, namespace string, owner metav1.OwnerReference) bool {
	found := &v1alpha1.LlamaStackDistribution{}
	err := k.Cached.Get(ctx, client.ObjectKey{Namespace: namespace, Name: owner.Name}, found, client.UnsafeDisableDeepCopy)
	return err == nil && found.UID == owner.UID
}

// releaseOf is what frees a PVC, and whether it needs that. The garbage collector deletes it for the owner reference to its server, and
// for one to a server that is gone, as a restored PVC has it. Argo CD prunes it for the label with the server's name, once it has no
// owner. The owner reference to another server that exists is that one's.
func releaseOf(
	instance *v1alpha1.LlamaStackDistribution, pvc *corev1.PersistentVolumeClaim, exists func(metav1.OwnerReference) bool,
) (apply.Release, bool) {
	what := apply.Release{Labels: map[string]*string{}, Annotations: map[string]string{v1alpha1.AnnotationSyncOptions: v1alpha1.SyncOptionsKeep}}
	if pvc.DeletionTimestamp != nil {
		return what, false // which nobody can take back
	}
	theirs := false
	for _, owner := range pvc.OwnerReferences {
		switch {
		case !children.IsServer(&owner):
		case owner.Name == instance.Name || !exists(owner):
			what.Owners = append(what.Owners, owner.UID)
		default:
			theirs = true
		}
	}
	marked := !theirs && prunable(pvc)
	if marked {
		what.Labels[v1alpha1.LabelInstance] = nil
	}
	if pvc.Name == children.PVCName(instance.Name) && pvc.Labels[v1alpha1.LabelManagedBy] == "" && len(what.Owners) > 0 {
		what.Labels[v1alpha1.LabelManagedBy] = new(v1alpha1.ManagedBy) // nothing else shows any more that it is ours
	}
	return what, marked || len(what.Owners) > 0
}

// prunable is whether a PVC of the operator's carries the label that it was made with. Once it has the annotation, the label is
// somebody else's, and does no harm.
func prunable(pvc *corev1.PersistentVolumeClaim) bool {
	return pvc.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy &&
		pvc.Labels[v1alpha1.LabelInstance] != "" && pvc.Labels[v1alpha1.LabelInstance] == children.OwnerOfPVC(pvc.Name) &&
		pvc.Annotations[v1alpha1.AnnotationSyncOptions] != v1alpha1.SyncOptionsKeep
}

// found is remembered of a PVC that was found.
type found struct{}

// Weight implements inputs.Finding.
func (found) Weight() int { return 0 }

// Named reads the PVC that existingClaim names and that the cache does not have, and frees one that was the operator's and has lost
// its label. It reports whether the PVC is missing, which otherwise only the Events about the Pods show, late. The PVC is not watched:
// a server that runs has it, and one that was found is not read again.
func (k *Keeper) Named(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, deployment *appsv1.Deployment) (Kept, bool) {
	name := instance.Spec.Server.Storage.Existing()
	running := deployment != nil && deployment.Status.AvailableReplicas > 0
	if name == "" || running && name != children.PVCName(instance.Name) {
		return Kept{}, false
	}
	memory := inputs.Subject{Key: "claim/" + string(instance.UID), Version: name}
	if _, ok := inputs.Recall[found](k.Contents, memory); ok {
		return Kept{}, false
	}
	k.LiveRead(children.PersistentVolumeClaim)
	pvc := &corev1.PersistentVolumeClaim{}
	if err := k.Live.Get(ctx, client.ObjectKey{Namespace: instance.Namespace, Name: name}, pvc); err != nil {
		return Kept{}, apierrors.IsNotFound(err)
	}
	kept := k.Release(ctx, instance, pvc)
	if kept.Err == nil {
		k.Contents.Remember(memory, found{})
	}
	return kept, false
}

// Problem returns whose problem a PVC is that cannot be released.
func Problem(err error) status.Problem {
	return outcomes.Problem(apply.Outcome{Ref: apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind(children.PersistentVolumeClaim)}, Err: err})
}
