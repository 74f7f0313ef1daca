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
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// pods is a source of the controller. It watches the Pods of all servers, and wakes a server when the reason why its Pods
// do not run changes. A Pod itself is not kept: what is needed of it is a hundredth of what a cache would hold.
type pods struct {
	watched toolscache.ListerWatcher
	synced  chan struct{}
	once    sync.Once

	mu sync.Mutex
	// states of the Pods of each server, by the Pod's name.
	states map[types.NamespacedName]map[string]podState
	wake   func(server types.NamespacedName)

	events eventReader
	// later does something after a while, unless the operator has stopped by then.
	later func(time.Duration, func(context.Context))
}

// podState is what is kept of a Pod.
type podState struct {
	template string
	created  time.Time
	trouble  status.Trouble
	// mounting is the UID of a Pod whose volumes are not mounted yet.
	mounting types.UID
}

// newPods watches with a client of its own, because a cache would keep all that it sees.
func newPods(mgr manager.Manager) (*pods, error) {
	gvk := corev1.SchemeGroupVersion.WithKind("Pod")
	rest, err := apiutil.RESTClientForGVK(gvk, false, false, mgr.GetConfig(), serializer.NewCodecFactory(mgr.GetScheme()), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("failed to make the client that watches Pods: %w", err)
	}
	ours := labels.Set{v1alpha1.LabelApp: v1alpha1.AppName}.String() + "," + v1alpha1.LabelInstance
	watched := toolscache.NewFilteredListWatchFromClient(rest, "pods", metav1.NamespaceAll, func(options *metav1.ListOptions) { options.LabelSelector = ours })
	return emptyPods(watched, readEvents(rest)), nil
}

func emptyPods(watched toolscache.ListerWatcher, events eventReader) *pods {
	return &pods{
		watched: watched, synced: make(chan struct{}), states: map[types.NamespacedName]map[string]podState{}, wake: func(types.NamespacedName) {},
		events: events, later: func(time.Duration, func(context.Context)) {},
	}
}

// Start implements source.Source.
func (p *pods) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = func(server types.NamespacedName) {
		addNews(queue, reconcile.Request{NamespacedName: server})
	}
	p.later = func(pause time.Duration, do func(context.Context)) {
		time.AfterFunc(pause, func() {
			if ctx.Err() == nil {
				do(ctx)
			}
		})
	}
	reflector := toolscache.NewReflectorWithOptions(p.watched, &corev1.Pod{}, p, toolscache.ReflectorOptions{Name: "pods"})
	go reflector.RunWithContext(ctx)
	return nil
}

// WaitForSync implements source.SyncingSource: a server that was in trouble before a restart is not told to be out of it.
func (p *pods) WaitForSync(ctx context.Context) error {
	select {
	case <-p.synced:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("failed to list Pods: %w", ctx.Err())
	}
}

// trouble is why the Pods of a server do not run, of those of its newest template; empty where they do.
func (p *pods) trouble(server types.NamespacedName) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return troubleOf(p.states[server])
}

// troubleOf is the first in the alphabet, so that it stays the same while all stay the same. The Pod that was made last is
// of the newest template. Those of an older one, which are about to be replaced, are nobody's concern any more.
func troubleOf(states map[string]podState) string {
	var newest podState
	found, last := "", ""
	for name, state := range states {
		if order := state.created.Compare(newest.created); order > 0 || order == 0 && name > last {
			newest, last = state, name
		}
	}
	for _, state := range states {
		if told := state.trouble.String(); told != "" && state.template == newest.template && (found == "" || told < found) {
			found = told
		}
	}
	return found
}

// Add implements cache.ReflectorStore.
func (p *pods) Add(object any) error { return p.Update(object) }

// Update implements cache.ReflectorStore.
func (p *pods) Update(object any) error {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return notAPod(object)
	}
	var before, now types.UID
	p.change(serverOf(pod), func(states map[string]podState) {
		state := stateOf(pod, states[pod.Name])
		before, now = states[pod.Name].mounting, state.mounting
		states[pod.Name] = state
	})
	if now != "" && now != before {
		p.lookLater(serverOf(pod), pod.Name, now, firstLook)
	}
	return nil
}

// Delete implements cache.ReflectorStore.
func (p *pods) Delete(object any) error {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return notAPod(object)
	}
	p.change(serverOf(pod), func(states map[string]podState) { delete(states, pod.Name) })
	return nil
}

// Replace implements cache.ReflectorStore: it takes a list of all Pods, which is how a watch begins.
func (p *pods) Replace(list []any, _ string) error {
	listed := sets.New[types.NamespacedName]()
	for _, object := range list {
		if err := p.Update(object); err != nil {
			return err
		}
		if pod, ok := object.(*corev1.Pod); ok {
			listed.Insert(client.ObjectKeyFromObject(pod))
		}
	}
	for _, server := range p.servers() {
		p.change(server, func(states map[string]podState) {
			maps.DeleteFunc(states, func(name string, _ podState) bool {
				return !listed.Has(types.NamespacedName{Namespace: server.Namespace, Name: name})
			})
		})
	}
	p.once.Do(func() { close(p.synced) })
	return nil
}

// change what is kept of a server's Pods, and wake the server when its trouble is another.
func (p *pods) change(server types.NamespacedName, do func(map[string]podState)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	states, ok := p.states[server]
	if !ok {
		states = map[string]podState{}
		p.states[server] = states
	}
	before := troubleOf(states)
	do(states)
	if len(states) == 0 {
		delete(p.states, server)
	}
	if troubleOf(states) != before {
		p.wake(server)
	}
}

// servers that have Pods.
func (p *pods) servers() []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.states))
}

// Resync implements cache.ReflectorStore. There is nothing to do.
func (p *pods) Resync() error { return nil }

// Transformer implements cache.TransformingStore: what a long list holds until it is complete is as little as possible.
func (p *pods) Transformer() toolscache.TransformFunc {
	return func(object any) (any, error) {
		if pod, ok := object.(*corev1.Pod); ok {
			pod.Spec, pod.ManagedFields, pod.Annotations, pod.OwnerReferences = corev1.PodSpec{}, nil, nil, nil
		}
		return object, nil
	}
}

func notAPod(object any) error { return fmt.Errorf("failed to read a Pod: it is a %T", object) }

func serverOf(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[v1alpha1.LabelInstance]}
}

func stateOf(pod *corev1.Pod, before podState) podState {
	state := podState{
		template: pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], created: pod.CreationTimestamp.Time,
		trouble: status.PodTrouble(pod, before.trouble),
	}
	if status.Mounting(pod) {
		state.mounting = pod.UID
		if state.mounting == before.mounting {
			state.trouble = before.trouble
		}
	}
	return state
}
