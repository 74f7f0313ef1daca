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

// Package podwatch finds out why the Pods and the PVC of a server are not ready, without keeping the objects: it watches Pods
// and keeps a few words of each, and reads Events and ReplicaSets only while something is in trouble.
package podwatch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
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

// Pods is a source of the controller. It watches the Pods of all servers, and requests a reconcile of a server when the
// reason why its Pods do not run changes. It does not keep a Pod: it needs a hundredth of what a cache would hold.
type Pods struct {
	watched toolscache.ListerWatcher
	synced  chan struct{}
	once    sync.Once

	mu sync.Mutex
	// states of the Pods of each server, by the Pod's name.
	states map[types.NamespacedName]map[string]podState
	wake   func(server types.NamespacedName)

	// homes are the servers of the Pods that are known, which a Pod leaves when its label is changed.
	homes map[types.NamespacedName]string

	tickets uint64

	events     *poller
	now        func() time.Time
	background *sources.Background
}

// podState is what is kept of a Pod.
type podState struct {
	template string
	created  time.Time
	// trouble is what the Pod itself shows, and fromEvents what the Events about it add.
	trouble, fromEvents status.Trouble
	// asks is what the Pod does not show, and ticket the number of that question: the same one may come up again.
	asks   status.Question
	ticket uint64
	uid    types.UID
	// leaving is what keeps a Pod that is being deleted, to be reported once it is late.
	leaving status.Trouble
	// ready is a Pod that serves, over one that has failed for good.
	ready, over bool
	// warnings are those of the init container that compiles the configuration, once it is configured.
	warnings   string
	configured bool
}

// reason is why a Pod does not run.
func (s *podState) reason() string {
	switch {
	case s.trouble.Reason == "":
		return s.fromEvents.String()
	case s.fromEvents.Reason == "":
		return s.trouble.String()
	default:
		return s.trouble.String() + "; " + s.fromEvents.String()
	}
}

// Pods are asked about when they have not got on for a while.
const (
	firstMountLook = 10 * time.Second
	firstReadyLook = 20 * time.Second
	firstEndedLook = 5 * time.Second
)

// mostFailed is how many Pods of a server are kept that have failed for good, which are as many as the cluster keeps: a
// node that does not take a Pod can make hundreds.
const mostFailed = 4

// New watches with a client of its own, because a cache would keep all that it sees.
func New(mgr manager.Manager, namespaces []string) (*Pods, error) {
	gvk := corev1.SchemeGroupVersion.WithKind("Pod")
	rest, err := apiutil.RESTClientForGVK(gvk, false, false, mgr.GetConfig(), serializer.NewCodecFactory(mgr.GetScheme()), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("failed to make the client that watches Pods: %w", err)
	}
	ours := labels.Set{v1alpha1.LabelApp: v1alpha1.AppName}.String() + "," + v1alpha1.LabelInstance
	watched := listwatch.In(namespaces, func(namespace string) *toolscache.ListWatch {
		return toolscache.NewFilteredListWatchFromClient(rest, "pods", namespace, func(options *metav1.ListOptions) { options.LabelSelector = ours })
	})
	return emptyPods(listwatch.Interruptible(watched), readEvents(rest)), nil
}

func emptyPods(watched toolscache.ListerWatcher, events eventReader) *Pods {
	return &Pods{
		watched: watched, synced: make(chan struct{}), states: map[types.NamespacedName]map[string]podState{}, wake: func(types.NamespacedName) {},
		homes: map[types.NamespacedName]string{}, events: newPoller(events), now: time.Now, background: sources.NewBackground(),
	}
}

// Start implements source.Source.
func (p *Pods) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = func(server types.NamespacedName) {
		sources.EnqueueSoon(queue, reconcile.Request{NamespacedName: server})
	}
	p.events.later = func(pause time.Duration, do func(context.Context)) { p.background.After(ctx, pause, do) }
	reflector := toolscache.NewReflectorWithOptions(p.watched, &corev1.Pod{}, p, toolscache.ReflectorOptions{Name: "pods"})
	p.background.Run(ctx, reflector.RunWithContext)
	return nil
}

// Background is the runnable of the manager that the source needs.
func (p *Pods) Background() *sources.Background { return p.background }

// WaitForSync implements source.SyncingSource: after a restart of the operator, a server that is in trouble is not reported as well.
func (p *Pods) WaitForSync(ctx context.Context) error {
	select {
	case <-p.synced:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("failed to list Pods: %w", ctx.Err())
	}
}

// Summary is what the Pods of a server show.
type Summary struct {
	// Newest is the template of the Pod that was made last.
	Newest string
	// Templates is how many templates there are Pods of, where any is in trouble.
	Templates int
	// Troubles of the Pods of each template: the first in the alphabet, so that it stays the same while all stay the same.
	Troubles map[string]string
	// Leaving is a Pod that is being deleted for too long.
	Leaving string
	// Warnings about the configuration, from the Pod that was made last of those that have compiled it.
	Warnings string
}

// Summary of the Pods of a server.
func (p *Pods) Summary(server types.NamespacedName) Summary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return summarize(p.states[server])
}

// summarize allocates nothing while no Pod is in trouble, because each reconcile calls it.
func summarize(states map[string]podState) Summary {
	var found Summary
	var newest, configured namedState
	for name, state := range states {
		one := namedState{state, name}
		newest = newest.orNewer(one)
		if state.configured {
			configured = configured.orNewer(one)
		}
		switch said := state.reason(); {
		case said == "":
		case state.asks == status.WhyNotGone:
			found.Leaving = firstOf(found.Leaving, said)
		default:
			if found.Troubles == nil {
				found.Troubles = map[string]string{}
			}
			found.Troubles[state.template] = firstOf(found.Troubles[state.template], said)
		}
	}
	found.Newest, found.Warnings = newest.template, configured.warnings
	if len(found.Troubles) > 0 {
		found.Templates = countTemplates(states)
	}
	return found
}

// namedState is that of a Pod.
type namedState struct {
	podState

	name string
}

// orNewer is the Pod that was made later.
func (s namedState) orNewer(other namedState) namedState {
	if order := other.created.Compare(s.created); order > 0 || order == 0 && other.name > s.name {
		return other
	}
	return s
}

func countTemplates(states map[string]podState) int {
	templates := sets.New[string]()
	for _, state := range states {
		templates.Insert(state.template)
	}
	return len(templates)
}

// firstOf is the first in the alphabet of two texts, either of which may be empty.
func firstOf(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return min(a, b)
}

// equal says that nothing changed. Changes of Pods without trouble do not count.
func (w Summary) equal(other Summary) bool {
	quiet := len(w.Troubles) == 0 && len(other.Troubles) == 0
	return w.Leaving == other.Leaving && w.Warnings == other.Warnings &&
		(quiet || w.Templates == other.Templates && w.Newest == other.Newest && maps.Equal(w.Troubles, other.Troubles))
}

// Add implements cache.ReflectorStore.
func (p *Pods) Add(object any) error { return p.Update(object) }

// Update implements cache.ReflectorStore.
func (p *Pods) Update(object any) error {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return notAPod(object)
	}
	p.move(pod)
	var asks *podState
	p.change(serverOf(pod), func(states map[string]podState) {
		now := stateOf(pod, states)
		if now.asks != status.NoQuestion && now.ticket == 0 {
			p.tickets++
			now.ticket, asks = p.tickets, &now
		}
		states[pod.Name] = now
	})
	if asks != nil {
		p.ask(pod, *asks)
	}
	return nil
}

// move has a Pod leave the server that it was of before its label was changed.
func (p *Pods) move(pod *corev1.Pod) {
	key, server := client.ObjectKeyFromObject(pod), serverOf(pod)
	p.mu.Lock()
	before, known := p.homes[key]
	p.homes[key] = server.Name
	p.mu.Unlock()
	if known && before != server.Name {
		p.drop(types.NamespacedName{Namespace: pod.Namespace, Name: before}, pod.Name)
	}
}

func (p *Pods) drop(server types.NamespacedName, pod string) {
	p.change(server, func(states map[string]podState) { delete(states, pod) })
}

// ask finds out what a Pod does not show: from the Events about it, or by waiting until it is late.
func (p *Pods) ask(pod *corev1.Pod, state podState) {
	server, name := serverOf(pod), pod.Name
	open := func() bool { return p.open(server, name, state) }
	pause := firstReadyLook
	switch state.asks {
	case status.WhyNotMounted:
		pause = firstMountLook
	case status.WhyEnded:
		pause = firstEndedLook
	case status.WhyNotGone:
		p.events.later(max(0, status.Late(pod).Sub(p.now())), func(context.Context) {
			p.learn(server, name, state, func(known podState) status.Trouble { return known.leaving })
		})
		return
	case status.WhyNotReady, status.NoQuestion:
	}
	p.events.poll(pod.Namespace, state.uid, pause, open, func(events []corev1.Event) {
		p.learn(server, name, state, func(known podState) status.Trouble {
			return status.Answer(state.asks, events).Like(known.fromEvents)
		})
	})
}

// open says that a Pod still asks the same.
func (p *Pods) open(server types.NamespacedName, name string, asked podState) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	state, ok := p.states[server][name]
	return ok && state.ticket == asked.ticket
}

// learn takes an answer, unless the Pod asks something else by now.
func (p *Pods) learn(server types.NamespacedName, name string, asked podState, answer func(podState) status.Trouble) {
	if !p.open(server, name, asked) { // a change would make the server known again
		return
	}
	p.change(server, func(states map[string]podState) {
		if state, ok := states[name]; ok && state.ticket == asked.ticket {
			state.fromEvents = answer(state)
			states[name] = state
		}
	})
}

// Delete implements cache.ReflectorStore.
func (p *Pods) Delete(object any) error {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return notAPod(object)
	}
	key := client.ObjectKeyFromObject(pod)
	p.mu.Lock()
	server, known := p.homes[key]
	delete(p.homes, key)
	p.mu.Unlock()
	if known {
		p.drop(types.NamespacedName{Namespace: pod.Namespace, Name: server}, pod.Name)
	}
	return nil
}

// Replace implements cache.ReflectorStore: it takes a list of all Pods, which is how a watch begins.
func (p *Pods) Replace(list []any, _ string) error {
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
	p.mu.Lock()
	maps.DeleteFunc(p.homes, func(pod types.NamespacedName, _ string) bool { return !listed.Has(pod) })
	p.mu.Unlock()
	p.once.Do(func() { close(p.synced) })
	return nil
}

// change what is kept of a server's Pods, and wake the server when its trouble is another.
func (p *Pods) change(server types.NamespacedName, do func(map[string]podState)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	states, ok := p.states[server]
	if !ok {
		states = map[string]podState{}
		p.states[server] = states
	}
	before := summarize(states)
	do(states)
	forgetFailed(states)
	if len(states) == 0 {
		delete(p.states, server)
	}
	if !summarize(states).equal(before) {
		p.wake(server)
	}
}

// servers that have Pods.
func (p *Pods) servers() []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.states))
}

// Resync implements cache.ReflectorStore. There is nothing to do.
func (p *Pods) Resync() error { return nil }

// Transformer implements cache.TransformingStore: what a long list holds until it is complete is as little as possible.
func (p *Pods) Transformer() toolscache.TransformFunc {
	return func(object any) (any, error) {
		if pod, ok := object.(*corev1.Pod); ok {
			pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName}
			pod.ManagedFields, pod.Annotations, pod.OwnerReferences = nil, nil, nil
		}
		return object, nil
	}
}

func notAPod(object any) error { return fmt.Errorf("failed to read a Pod: it is a %T", object) }

func serverOf(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[v1alpha1.LabelInstance]}
}
