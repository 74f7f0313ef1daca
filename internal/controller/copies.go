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
	"slices"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keptGenerations is how many copies of a user's configuration are kept whatever refers to them, so that a rollback
// by hand finds the last one.
const keptGenerations = 2

// copies removes the copies of users' configurations that no Pod can ask for any more.
type copies struct {
	cached  client.Reader
	live    client.Reader
	writer  client.Client
	metrics *metrics.Metrics

	mu sync.Mutex
	// settled is the set of copies that was found to be in use, so that it is not looked at again until it changes.
	settled map[types.UID]string
}

func (c *copies) forget(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.settled, uid)
}

func (c *copies) isSettled(uid types.UID, set string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled[uid] == set
}

func (c *copies) settle(uid types.UID, set string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled[uid] = set
}

// prune keeps the newest copies and those that a ReplicaSet mounts, and deletes the rest. It waits until the server
// has rolled out, because only then do the ReplicaSets that remain tell what a rollback can need.
func (c *copies) prune(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	deployment := p.children.deployment
	if deployment == nil || !status.RolledOut(deployment) {
		return
	}
	names, err := c.owned(ctx, instance)
	if err != nil || len(names) <= keptGenerations {
		return
	}
	set := strings.Join(names, ",")
	if c.isSettled(instance.UID, set) {
		return
	}
	if err := c.deleteUnused(ctx, deployment, names, p); err != nil {
		p.err = err
		return
	}
	c.settle(instance.UID, set)
}

// owned are the names of an instance's copies, newest first.
func (c *copies) owned(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) ([]string, error) {
	list := &corev1.ConfigMapList{}
	err := c.cached.List(ctx, list, client.InNamespace(instance.Namespace), client.MatchingLabels{
		v1alpha1.LabelInstance: instance.Name, render.LabelComponent: render.ComponentUserConfig,
	}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("failed to list the copies of the user configuration from the cache: %w", err)
	}
	items := slices.DeleteFunc(slices.Clone(list.Items), func(item corev1.ConfigMap) bool { return !metav1.IsControlledBy(&item, instance) })
	slices.SortFunc(items, func(a, b corev1.ConfigMap) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), newerFirst(a.ResourceVersion, b.ResourceVersion))
	})
	names := make([]string, len(items))
	for i := range items {
		names[i] = items[i].Name
	}
	return names, nil
}

// newerFirst orders what was created in the same second. The copies are immutable, so that the version is mostly that of
// their creation.
func newerFirst(a, b string) int {
	order, err := resourceversion.CompareResourceVersion(b, a)
	if err != nil {
		return strings.Compare(b, a)
	}
	return order
}

func (c *copies) deleteUnused(ctx context.Context, deployment *appsv1.Deployment, names []string, p *pass) error {
	used, err := c.mounted(ctx, deployment)
	if err != nil {
		return err
	}
	if p.input.UserConfig != nil {
		used.Insert(p.input.UserConfig.CopyName)
	}
	used.Insert(p.needed...)
	for _, name := range names[keptGenerations:] {
		if used.Has(name) {
			continue
		}
		copied := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: deployment.Namespace, Name: name}}
		if err := client.IgnoreNotFound(c.writer.Delete(ctx, copied)); err != nil {
			return fmt.Errorf("failed to delete ConfigMap %s/%s: %w", deployment.Namespace, name, err)
		}
	}
	return nil
}

// mounted are the ConfigMaps that any ReplicaSet of the Deployment mounts.
func (c *copies) mounted(ctx context.Context, deployment *appsv1.Deployment) (sets.Set[string], error) {
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("failed to read the selector of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	list := &appsv1.ReplicaSetList{}
	c.metrics.LiveRead("ReplicaSet")
	if err := c.live.List(ctx, list, client.InNamespace(deployment.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("failed to list the ReplicaSets of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	names := sets.New[string]()
	for i := range list.Items {
		for _, volume := range list.Items[i].Spec.Template.Spec.Volumes {
			if volume.ConfigMap != nil {
				names.Insert(volume.ConfigMap.Name)
			}
		}
	}
	return names, nil
}
