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

package manager

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
)

// ManagedObjects are the kinds of Kubernetes' own that the operator makes, as they stand in the cache.
func ManagedObjects() []client.Object {
	return []client.Object{
		&corev1.ServiceAccount{}, &corev1.PersistentVolumeClaim{}, &corev1.Service{}, &corev1.ConfigMap{},
		&appsv1.Deployment{}, &networkingv1.NetworkPolicy{}, &networkingv1.Ingress{},
		&policyv1.PodDisruptionBudget{}, &autoscalingv2.HorizontalPodAutoscaler{},
	}
}

// MainCacheOptions are those of the manager's own cache: the LlamaStackDistributions whole, their children by label,
// those of other APIs as far as they are served, and the one CustomResourceDefinition that tells OpenShift. Reading a kind
// that is not listed here is an error.
func MainCacheOptions(optional Optional) cache.Options {
	transform := apply.SharingTransform()
	managed := cache.ByObject{
		Label:     labels.SelectorFromSet(labels.Set{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}),
		Transform: transform,
	}
	byObject := map[client.Object]cache.ByObject{
		&v1alpha1.LlamaStackDistribution{}: {Transform: transform},
		openShiftCRD():                     {Field: fields.OneTermEqualSelector("metadata.name", openShiftCRDName), Transform: keepIdentity},
	}
	for _, object := range append(ManagedObjects(), optional.served()...) {
		byObject[object] = managed
	}
	return cache.Options{ByObject: byObject, ReaderFailOnMissingInformer: true, NewInformer: newInformer}
}

// Caches are the three caches that hold ConfigMaps. Each can hold a kind in one form only, and ConfigMaps are needed
// in three: the children with everything but their content, the users' by identity alone, the operator's whole.
type Caches struct {
	// References has the identity and the resourceVersion of every ConfigMap in the cluster.
	References cache.Cache
	// OperatorConfig has the operator's own ConfigMap.
	OperatorConfig cache.Cache
}

func newCaches(of cluster.Cluster, namespace, configName string) (Caches, error) {
	references, err := cache.New(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(),
		DefaultTransform: keepIdentity, NewInformer: newInformer,
	})
	if err != nil {
		return Caches{}, fmt.Errorf("failed to make the cache of referenced ConfigMaps: %w", err)
	}
	operatorConfig, err := cache.New(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(),
		DefaultNamespaces:    map[string]cache.Config{namespace: {}},
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", configName),
		DefaultTransform:     cache.TransformStripManagedFields(),
		NewInformer:          newInformer,
	})
	if err != nil {
		return Caches{}, fmt.Errorf("failed to make the cache of the operator's ConfigMap: %w", err)
	}
	return Caches{References: references, OperatorConfig: operatorConfig}, nil
}

// standby lets a cache run from the start, whoever leads: a process that stands by fills its caches, and waits for
// them before it starts controllers. Of its own a cache with options by namespace would be started on leading only.
type standby struct{ cache.Cache }

// GetCache is what the manager tells a cache by.
func (s standby) GetCache() cache.Cache { return s.Cache }

// keepIdentity drops all metadata that nobody reads, so that a cluster's many ConfigMaps cost little memory.
func keepIdentity(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.ObjectMeta = metav1.ObjectMeta{
			Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, DeletionTimestamp: m.DeletionTimestamp,
		}
	}
	return object, nil
}
