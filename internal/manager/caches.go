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
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
)

// ManagedObjects are the children whose API every cluster has, as the cache holds them.
func ManagedObjects() []client.Object {
	var objects []client.Object
	for _, child := range children.All() {
		if !child.Optional() {
			objects = append(objects, child.New())
		}
	}
	return objects
}

// MainCacheOptions are those of the manager's own cache: the LlamaStackDistributions whole, their children by label,
// those of other APIs as far as they are served, and the one CustomResourceDefinition that identifies OpenShift. Reading a kind
// that is not listed here is an error. With namespaces it is these alone, and nothing that has none. The objects are kept
// as the transform returns them.
func MainCacheOptions(transform toolscache.TransformFunc, optional Optional, namespaces []string) cache.Options {
	managed := cache.ByObject{
		Label:     labels.SelectorFromSet(labels.Set{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}),
		Transform: transform,
	}
	byObject := map[client.Object]cache.ByObject{
		&v1alpha1.LlamaStackDistribution{}: {Transform: transform},
	}
	if len(namespaces) == 0 {
		byObject[openShiftCRD()] = cache.ByObject{Field: fields.OneTermEqualSelector("metadata.name", openShiftCRDName), Transform: keepIdentity}
	}
	for _, object := range append(ManagedObjects(), optional.served()...) {
		byObject[object] = managed
	}
	return cache.Options{ByObject: byObject, DefaultNamespaces: only(namespaces), ReaderFailOnMissingInformer: true, NewInformer: newInformer}
}

// Caches are the three caches that hold ConfigMaps. Each can hold a kind in one form only, and ConfigMaps are needed
// in three: the children with everything but their content, the users' by identity alone, the operator's whole.
type Caches struct {
	// References has the identity and the resourceVersion of every ConfigMap in the cluster, or in the namespaces that are
	// watched.
	References cache.Cache
	// OperatorConfig has the operator's own ConfigMap.
	OperatorConfig cache.Cache
}

func newCaches(of cluster.Cluster, options Options) (Caches, error) {
	references, err := options.newCache(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(), DefaultNamespaces: only(options.WatchNamespaces),
		DefaultTransform: keepIdentity, NewInformer: newInformer,
	})
	if err != nil {
		return Caches{}, fmt.Errorf("failed to make the cache of referenced ConfigMaps: %w", err)
	}
	operatorConfig, err := options.newCache(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(),
		DefaultNamespaces:    map[string]cache.Config{options.Namespace: {}},
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", options.OperatorConfigName),
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

// GetCache is how the manager recognizes a cache.
func (s standby) GetCache() cache.Cache { return s.Cache }

// interruptibleCache lets a manager end before its caches are synchronized. Without it, controller-runtime ignores the end
// while it waits for them, and uses a whole core meanwhile. If the API server is lost, that is until the process is killed.
type interruptibleCache struct {
	cache.Cache

	ended <-chan struct{}
}

// WaitForCacheSync returns true when the manager has ended, too: controller-runtime waits until it is true.
func (i interruptibleCache) WaitForCacheSync(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	synced := make(chan bool, 1)
	go func() { synced <- i.Cache.WaitForCacheSync(ctx) }()
	select {
	case ok := <-synced:
		return ok
	case <-i.ended:
		return true
	}
}

// newInterruptibleCaches makes caches of a manager that ends with the context.
func newInterruptibleCaches(ctx context.Context) cache.NewCacheFunc {
	return func(config *rest.Config, options cache.Options) (cache.Cache, error) {
		made, err := cache.New(config, options)
		if err != nil {
			return nil, fmt.Errorf("failed to make a cache: %w", err)
		}
		return interruptibleCache{Cache: made, ended: ctx.Done()}, nil
	}
}

// keepIdentity drops all metadata that nobody reads, so that a cluster's many ConfigMaps cost little memory.
func keepIdentity(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.ObjectMeta = metav1.ObjectMeta{
			Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, DeletionTimestamp: m.DeletionTimestamp,
		}
	}
	return object, nil
}
