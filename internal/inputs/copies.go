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

package inputs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keptGenerations is how many copies of a user's configuration are kept whatever refers to them, so that a rollback
// by hand finds the last one.
const keptGenerations = 2

// A copy that a quota refuses is retried this soon after copies were deleted, and no longer after lastQuotaRetry.
const (
	firstQuotaRetry = 2 * time.Second
	lastQuotaRetry  = time.Minute
)

// Copies removes the copies of users' configurations that no Pod can ask for any more.
type Copies struct {
	cached   client.Reader
	live     client.Reader
	writer   client.Client
	liveRead func(kind string)

	mu sync.Mutex
	// settled is the set of copies that was found to be in use, so that it is not read again until it changes.
	settled map[types.UID]string
	// freed is when copies of a server were last deleted for a quota that refused a new one.
	freed map[types.UID]time.Time
}

// NewCopies lists copies from the cache, reads and deletes with the others, and counts each read with liveRead.
func NewCopies(cached client.Client, live client.Reader, liveRead func(kind string)) *Copies {
	return &Copies{
		cached: cached, live: live, writer: cached, liveRead: liveRead,
		settled: map[types.UID]string{}, freed: map[types.UID]time.Time{},
	}
}

// Forget a server that no longer exists.
func (c *Copies) Forget(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.settled, uid)
	delete(c.freed, uid)
}

func (c *Copies) isSettled(uid types.UID, set string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled[uid] == set
}

func (c *Copies) settle(uid types.UID, set string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled[uid] = set
}

// InUse is what a server needs of its copies.
type InUse struct {
	Deployment *appsv1.Deployment
	// Names of the copies that are about to be mounted, and of those that a rollback would mount.
	Names []string
}

// Prune keeps the newest copies, those that Pods mount and those that are in use otherwise, and deletes the rest. It waits
// until the server has rolled out, because only then do the ReplicaSets show what Pods need.
func (c *Copies) Prune(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, inUse InUse) error {
	if inUse.Deployment == nil || !status.RolledOut(inUse.Deployment) {
		return nil
	}
	names, err := c.owned(ctx, instance)
	if err != nil || len(names) <= keptGenerations {
		return nil //nolint:nilerr // the next rollout prunes them
	}
	set := strings.Join(names, ",")
	if c.isSettled(instance.UID, set) {
		return nil
	}
	if _, err := c.deleteUnused(ctx, instance, names, keptGenerations, inUse); err != nil {
		return err
	}
	c.settle(instance.UID, set)
	return nil
}

// PruneForQuota deletes the copies that are kept for a rollback by hand, where a quota refuses a new one. The cluster lowers
// what the quota counts some time after that, and no watch of the operator shows it: PruneForQuota returns after what time
// to retry the new copy (2, 4, 8 … seconds), 0 for the usual one.
func (c *Copies) PruneForQuota(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, inUse InUse, now time.Time) (time.Duration, error) {
	if inUse.Deployment == nil {
		return 0, nil
	}
	names, err := c.owned(ctx, instance)
	if err != nil || len(names) == 0 {
		return 0, nil //nolint:nilerr // the quota stays the problem to report
	}
	deleted, err := c.deleteUnused(ctx, instance, names, 0, inUse)
	if since := c.sinceFreed(instance.UID, now, deleted > 0); since < lastQuotaRetry {
		return max(since, firstQuotaRetry), err
	}
	return 0, err
}

// sinceFreed is how long ago copies of a server were last deleted for a quota. The deletion itself wakes the server before the
// quota is lowered, so that one reconcile alone cannot know.
func (c *Copies) sinceFreed(uid types.UID, now time.Time, again bool) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if again {
		c.freed[uid] = now
	}
	at, ok := c.freed[uid]
	if !ok {
		return lastQuotaRetry
	}
	return now.Sub(at)
}

// owned are the names of an instance's copies, newest first.
func (c *Copies) owned(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) ([]string, error) {
	list := &corev1.ConfigMapList{}
	err := c.cached.List(ctx, list, client.InNamespace(instance.Namespace), client.MatchingLabels{
		v1alpha1.LabelInstance: instance.Name, render.LabelComponent: render.ComponentUserConfig,
	}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("failed to list the copies of the user configuration from the cache: %w", err)
	}
	items := slices.DeleteFunc(slices.Clone(list.Items), func(item corev1.ConfigMap) bool {
		return !metav1.IsControlledBy(&item, instance) || !render.IsConfigCopyName(instance.Name, item.Name)
	})
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

// deleteUnused keeps what Pods mount, what is about to be mounted, what a rollback would bring back, and a number of generations, and
// says how many it deleted.
func (c *Copies) deleteUnused(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, names []string, generations int, inUse InUse) (int, error) {
	used, all, err := c.mounted(ctx, inUse.Deployment, generations)
	if err != nil || !all {
		return 0, err // while it is not known what is in use, nothing is deleted
	}
	used.Insert(inUse.Names...)
	used.Insert(names[:min(generations, len(names))]...)
	deleted := 0
	for _, name := range names {
		if used.Has(name) {
			continue
		}
		gone, err := c.delete(ctx, instance, name)
		if err != nil {
			return deleted, err
		}
		if gone {
			deleted++
		}
	}
	return deleted, nil
}

// delete deletes a copy, as it was when it proved to be one, and says whether it did.
func (c *Copies) delete(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, name string) (bool, error) {
	copied, key := &corev1.ConfigMap{}, client.ObjectKey{Namespace: instance.Namespace, Name: name}
	c.liveRead("ConfigMap")
	if err := c.live.Get(ctx, key, copied); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return false, nil
		}
		return false, fmt.Errorf("failed to read ConfigMap %s: %w", key, err)
	}
	if !isCopy(copied, instance) {
		return false, nil
	}
	uid, version := copied.UID, copied.ResourceVersion
	if err := client.IgnoreNotFound(c.writer.Delete(ctx, copied, client.Preconditions{UID: &uid, ResourceVersion: &version})); err != nil {
		return false, fmt.Errorf("failed to delete ConfigMap %s: %w", key, err)
	}
	return true, nil
}

// isCopy is whether the operator made a ConfigMap for this server. Labels, annotations and owner references come along when a person
// clones a copy under another name. The name that matches the content does not, and neither does the field manager of the operator.
func isCopy(configMap *corev1.ConfigMap, instance *v1alpha1.LlamaStackDistribution) bool {
	applied := slices.ContainsFunc(configMap.ManagedFields, func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == apply.FieldOwner && e.Operation == metav1.ManagedFieldsOperationApply
	})
	return applied && metav1.IsControlledBy(configMap, instance) && configMap.Immutable != nil && *configMap.Immutable &&
		configMap.Name == render.ConfigCopyName(instance.Name, ContentHash(configMap))
}

// replicaSetPages is more than a Deployment has: it keeps at most 100 ReplicaSets that are not in use.
const replicaSetPages = 15

// mounted are the ConfigMaps that the Deployment mounts, and its ReplicaSets that have Pods or are of the last revisions; and whether
// these are all: others can make more ReplicaSets than are read.
func (c *Copies) mounted(ctx context.Context, deployment *appsv1.Deployment, revisions int) (sets.Set[string], bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return nil, false, fmt.Errorf("failed to read the selector of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	names, byRevision := sets.New[string](), map[int64]sets.Set[string]{}
	mountedBy(&deployment.Spec.Template, names)
	all, err := listwatch.Pages(ctx, c.live, replicaSetPages, func() *appsv1.ReplicaSetList { return &appsv1.ReplicaSetList{} }, func(page *appsv1.ReplicaSetList) {
		c.liveRead("ReplicaSet")
		for i := range page.Items {
			set := &page.Items[i]
			into := names
			if set.Status.Replicas == 0 && ptr.Deref(set.Spec.Replicas, 1) == 0 {
				into = sets.New[string]()
				byRevision[revisionOf(set)] = into
			}
			mountedBy(&set.Spec.Template, into)
		}
	}, client.InNamespace(deployment.Namespace), client.MatchingLabelsSelector{Selector: selector})
	if err != nil {
		return nil, false, fmt.Errorf("failed to list the ReplicaSets of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	last := slices.Sorted(maps.Keys(byRevision))
	for _, revision := range last[max(0, len(last)-revisions):] {
		names = names.Union(byRevision[revision])
	}
	return names, all, nil
}

// revisionOf is the number that the Deployment's controller gives a ReplicaSet, 0 where there is none.
func revisionOf(set *appsv1.ReplicaSet) int64 {
	number, err := strconv.ParseInt(set.Annotations["deployment.kubernetes.io/revision"], 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// Mounted are the ConfigMaps that a Pod template mounts.
func Mounted(template *corev1.PodTemplateSpec) sets.Set[string] {
	names := sets.New[string]()
	mountedBy(template, names)
	return names
}

func mountedBy(template *corev1.PodTemplateSpec, into sets.Set[string]) {
	for i := range template.Spec.Volumes {
		if source := template.Spec.Volumes[i].ConfigMap; source != nil {
			into.Insert(source.Name)
		}
	}
}
