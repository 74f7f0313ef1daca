//go:build perf

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

package perf_test

import (
	"context"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installRBAC applies the roles and bindings that make deploy would, and nothing else of it.
func installRBAC() {
	GinkgoHelper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join("..", "..", "config", "default"))
	Expect(err).NotTo(HaveOccurred())
	for _, resource := range built.Resources() {
		kind := resource.GetKind()
		if !strings.Contains(kind, "Role") && kind != "ServiceAccount" {
			continue
		}
		content, err := resource.Map()
		Expect(err).NotTo(HaveOccurred())
		Expect(admin.Create(context.Background(), &unstructured.Unstructured{Object: content})).To(Succeed())
	}
}

// startKubelet rolls out every Deployment and binds every claim as soon as it sees it.
func startKubelet() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	informers, err := cache.New(adminConfig, cache.Options{Scheme: admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer GinkgoRecover()
		Expect(informers.Start(ctx)).To(Succeed())
	}()
	react(ctx, informers, &appsv1.Deployment{}, func(object any) {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			rollOut(ctx, deployment.DeepCopy())
		}
	})
	react(ctx, informers, &corev1.PersistentVolumeClaim{}, func(object any) {
		if claim, ok := object.(*corev1.PersistentVolumeClaim); ok && claim.Status.Phase != corev1.ClaimBound {
			bind(ctx, claim.DeepCopy())
		}
	})
}

func react(ctx context.Context, informers cache.Cache, object client.Object, do func(any)) {
	GinkgoHelper()
	informer, err := informers.GetInformer(ctx, object)
	Expect(err).NotTo(HaveOccurred())
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: do, UpdateFunc: func(_, object any) { do(object) }})
	Expect(err).NotTo(HaveOccurred())
}

// rollOut writes the status of a Deployment that has rolled out. A conflict is followed by another event.
func rollOut(ctx context.Context, deployment *appsv1.Deployment) {
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	status := appsv1.DeploymentStatus{ObservedGeneration: deployment.Generation, Replicas: wanted, UpdatedReplicas: wanted, ReadyReplicas: wanted, AvailableReplicas: wanted}
	current := deployment.Status
	if current.ObservedGeneration == status.ObservedGeneration && current.AvailableReplicas == wanted && current.UpdatedReplicas == wanted && current.Replicas == wanted {
		return
	}
	deployment.Status = status
	_ = admin.Status().Update(ctx, deployment)
}

func bind(ctx context.Context, claim *corev1.PersistentVolumeClaim) {
	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = claim.Spec.Resources.Requests
	_ = admin.Status().Update(ctx, claim)
}
