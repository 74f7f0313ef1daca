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
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// HoldAnnotation on a namespace stops the stand-in of StartKubelet from rolling out the Deployments in it.
const HoldAnnotation = "test.llamastack.io/hold"

// kubelet is a stand-in for the controllers and nodes of a cluster.
type kubelet struct {
	admin  client.Client
	caches cache.Cache
}

// StartKubelet rolls out every Deployment, and binds its PVCs, as soon as it sees it, until the suite ends. It creates
// no Pods, and only writes the status of both. It does nothing in namespaces with HoldAnnotation. It also finds every
// configuration valid that a Job checks, except in namespaces with HoldChecksAnnotation.
func (c *ControlPlane) StartKubelet() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	caches, err := cache.New(c.Config, cache.Options{Scheme: c.Admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer GinkgoRecover()
		Expect(caches.Start(ctx)).To(Succeed())
	}()
	k := &kubelet{admin: c.Admin, caches: caches}
	_, err = caches.GetInformer(ctx, &corev1.Namespace{})
	Expect(err).NotTo(HaveOccurred())
	informer, err := caches.GetInformer(ctx, &appsv1.Deployment{})
	Expect(err).NotTo(HaveOccurred())
	jobs, err := caches.GetInformer(ctx, &batchv1.Job{})
	Expect(err).NotTo(HaveOccurred())
	_, err = jobs.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		if job, ok := object.(*batchv1.Job); ok {
			k.answer(ctx, job)
		}
	}})
	Expect(err).NotTo(HaveOccurred())
	see := func(object any) {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			k.see(ctx, deployment)
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: see, UpdateFunc: func(_, object any) { see(object) }})
	Expect(err).NotTo(HaveOccurred())
}

func (k *kubelet) see(ctx context.Context, deployment *appsv1.Deployment) {
	status := rolledOut(deployment)
	if isRolledOut(deployment.Status, status) || k.has(ctx, deployment.Namespace, HoldAnnotation) {
		return
	}
	var both sync.WaitGroup // at once, so that the operator sees them together
	both.Go(func() { k.bindPVCs(ctx, deployment) })
	updated := deployment.DeepCopy()
	updated.Status = status
	// A conflict is followed by another event; any other failure is not.
	_ = retry.OnError(retry.DefaultBackoff, isTransient, func() error { return k.admin.Status().Update(ctx, updated) })
	both.Wait()
}

// has reports whether the namespace has an annotation. The annotation can be removed, so it is read from the API server.
func (k *kubelet) has(ctx context.Context, name, annotation string) bool {
	namespace := &corev1.Namespace{}
	if err := k.caches.Get(ctx, client.ObjectKey{Name: name}, namespace); err == nil && namespace.Annotations[annotation] == "" {
		return false
	}
	err := retry.OnError(retry.DefaultBackoff, isTransient, func() error { return k.admin.Get(ctx, client.ObjectKey{Name: name}, namespace) })
	return err != nil || namespace.Annotations[annotation] != ""
}

// isTransient reports whether the next attempt can succeed with the same object.
func isTransient(err error) bool { return !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) }

func rolledOut(deployment *appsv1.Deployment) appsv1.DeploymentStatus {
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	return appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation, Replicas: wanted, UpdatedReplicas: wanted, ReadyReplicas: wanted, AvailableReplicas: wanted,
	}
}

func isRolledOut(is, wanted appsv1.DeploymentStatus) bool {
	return is.ObservedGeneration == wanted.ObservedGeneration && is.Replicas == wanted.Replicas &&
		is.UpdatedReplicas == wanted.UpdatedReplicas && is.AvailableReplicas == wanted.AvailableReplicas
}

// bindPVCs binds the PVCs that the Pods of a Deployment mount, as most StorageClasses do: when there is a Pod.
func (k *kubelet) bindPVCs(ctx context.Context, deployment *appsv1.Deployment) {
	for _, volume := range deployment.Spec.Template.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		key := client.ObjectKey{Namespace: deployment.Namespace, Name: volume.PersistentVolumeClaim.ClaimName}
		_ = retry.RetryOnConflict(retry.DefaultRetry, func() error { return BindPVC(ctx, k.admin, key) })
	}
}

// BindPVC binds a PVC, unless it is bound.
func BindPVC(ctx context.Context, kube client.Client, key client.ObjectKey) error {
	pvc := &corev1.PersistentVolumeClaim{}
	if err := kube.Get(ctx, key, pvc); err != nil || pvc.Status.Phase == corev1.ClaimBound {
		return err
	}
	pvc.Status.Phase = corev1.ClaimBound
	pvc.Status.Capacity = pvc.Spec.Resources.Requests
	return kube.Status().Update(ctx, pvc)
}
