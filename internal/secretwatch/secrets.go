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

// Package secretwatch watches the Secrets that servers roll for: each by its name, and only its metadata, so that the
// permission to watch that one Secret is enough. The operator never reads the content of a Secret.
package secretwatch

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// firstAnswer is how long a server waits for the first answer about its Secret. No worker waits with it.
const firstAnswer = 5 * time.Second

// MaxPerNamespace is how many Secrets of one namespace are watched: each watch is a stream of the API server's and costs the
// operator some 50 KiB.
const MaxPerNamespace = 50

// A Secret that may not be watched is tried again after one to two times firstSecretRetry, then twice that, up to one to
// two times lastSecretRetry: nothing notifies the operator when it gets the permission. The pauses are short again when it
// went well for secretRetriesReset, which is longer than they get.
const (
	firstSecretRetry   = 2 * time.Second
	lastSecretRetry    = 150 * time.Second
	secretRetriesReset = 10 * time.Minute
)

func secretRetries() wait.Backoff {
	return wait.Backoff{Duration: firstSecretRetry, Factor: 2, Jitter: 1, Steps: math.MaxInt32, Cap: lastSecretRetry}
}

// Secrets is a source of the controller. It watches those Secrets alone that servers roll for, each by its name, so that
// it is enough to be allowed to watch that one: what of it changed is never asked for, only its metadata, of which the
// version is kept. Where no server rolls for a Secret nothing is watched, and no right is needed.
type Secrets struct {
	listed func(secret types.NamespacedName) toolscache.ListerWatcherWithContext

	clock      clock.PassiveClock
	background *sources.Background

	mu      sync.Mutex
	watches map[types.NamespacedName]*secretWatch
	// watched is how many there are in each namespace, and beyond has the servers for whose Secret there was no place.
	watched map[string]int
	beyond  map[string]sets.Set[types.NamespacedName]
	// follows has the Secrets of each server that follows some.
	follows map[types.NamespacedName]sets.Set[string]
	wake    func(server types.NamespacedName)
	// wakeNow is for what servers wait for.
	wakeNow func(server types.NamespacedName)
	// begin runs something until the operator stops, or what it returns is called.
	begin func(run func(context.Context)) context.CancelFunc
}

// State is what is known of a Secret.
type State struct {
	// Version is the last one seen; empty: none was.
	Version string
	// Denied is the user who may not watch it, as the API server calls the operator; empty: it may.
	Denied string
	// Beyond says that it is not watched, because of too many others in its namespace.
	Beyond bool
}

// New watches with a client of the manager's configuration, for metadata only.
func New(mgr manager.Manager, clock clock.PassiveClock) (*Secrets, error) {
	client, err := metadata.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("failed to make the client that watches Secrets: %w", err)
	}
	secrets := empty(func(secret types.NamespacedName) toolscache.ListerWatcherWithContext {
		return onlySecret(client, secret)
	})
	secrets.clock = clock
	return secrets, nil
}

// onlySecret lists and watches one Secret in a way that can be allowed for it alone. The list is the latest there is: an
// older one from the API server's cache would roll servers back and forth.
func onlySecret(client metadata.Interface, secret types.NamespacedName) toolscache.ListerWatcherWithContext {
	named := fields.OneTermEqualSelector(metav1.ObjectNameField, secret.Name).String()
	resource := client.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(secret.Namespace)
	return &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector, options.ResourceVersion = named, ""
			return resource.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = named
			return resource.Watch(ctx, options)
		},
	}
}

func empty(listed func(types.NamespacedName) toolscache.ListerWatcherWithContext) *Secrets {
	return &Secrets{
		listed: listed, clock: clock.RealClock{}, background: sources.NewBackground(),
		watches: map[types.NamespacedName]*secretWatch{}, follows: map[types.NamespacedName]sets.Set[string]{},
		watched: map[string]int{}, beyond: map[string]sets.Set[types.NamespacedName]{},
		wake: func(types.NamespacedName) {}, wakeNow: func(types.NamespacedName) {},
		begin: func(func(context.Context)) context.CancelFunc { return func() {} },
	}
}

// Start implements source.Source.
func (s *Secrets) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = func(server types.NamespacedName) {
		sources.EnqueueSoon(queue, reconcile.Request{NamespacedName: server})
	}
	s.wakeNow = func(server types.NamespacedName) { queue.Add(reconcile.Request{NamespacedName: server}) }
	s.begin = func(run func(context.Context)) context.CancelFunc { return s.background.Run(ctx, run) }
	return nil
}

// Background is the runnable of the manager that the source needs.
func (s *Secrets) Background() *sources.Background { return s.background }

// Follow has a server woken when what is known of one of its Secrets changes, and returns what is, by the names of the
// Secrets, which are in its namespace. It ends what an earlier call began for others. Until the first answers it returns for
// how long these are still waited for, and each answer wakes the server: what a server is made with, or gets when the
// operator starts, is not to be put right a moment later by a rollout.
func (s *Secrets) Follow(server types.NamespacedName, secrets []string) (map[string]State, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(secrets) == 0 {
		s.leave(server, s.follows[server])
		return nil, 0
	}
	s.leave(server, s.follows[server].Difference(sets.New(secrets...)))
	known, longest := make(map[string]State, len(secrets)), time.Duration(0)
	for _, name := range secrets {
		state, wait := s.follow(server, name)
		known[name], longest = state, max(longest, wait)
	}
	return known, longest
}

func (s *Secrets) follow(server types.NamespacedName, name string) (State, time.Duration) {
	watched := s.watch(types.NamespacedName{Namespace: server.Namespace, Name: name})
	if watched == nil {
		s.turnAway(server)
		return State{Beyond: true}, 0
	}
	if s.follows[server] == nil {
		s.follows[server] = sets.New[string]()
	}
	s.follows[server].Insert(name)
	watched.servers.Insert(server)
	if !watched.answered {
		return State{}, max(firstAnswer-s.clock.Since(watched.began), 0)
	}
	return watched.state, 0
}

// watch is that of a Secret, which is begun where there is none; nil where there is no place for one more.
func (s *Secrets) watch(secret types.NamespacedName) *secretWatch {
	if watched, ok := s.watches[secret]; ok {
		return watched
	}
	if s.watched[secret.Namespace] >= MaxPerNamespace {
		return nil
	}
	watched := &secretWatch{of: s, servers: sets.New[types.NamespacedName](), began: s.clock.Now()}
	s.watches[secret] = watched
	s.watched[secret.Namespace]++
	from := s.listed(secret)
	watched.end = s.begin(func(ctx context.Context) { watched.run(ctx, from) })
	return watched
}

// turnAway remembers which server to reconcile when a watch ends.
func (s *Secrets) turnAway(server types.NamespacedName) {
	if s.beyond[server.Namespace] == nil {
		s.beyond[server.Namespace] = sets.New[types.NamespacedName]()
	}
	s.beyond[server.Namespace].Insert(server)
}

// Leave ends what Follow began.
func (s *Secrets) Leave(server types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(server, s.follows[server])
}

// leave ends that a server follows these.
func (s *Secrets) leave(server types.NamespacedName, secrets sets.Set[string]) {
	s.beyond[server.Namespace].Delete(server)
	for name := range secrets {
		s.follows[server].Delete(name)
		s.drop(server, types.NamespacedName{Namespace: server.Namespace, Name: name})
	}
	if s.follows[server].Len() == 0 {
		delete(s.follows, server)
	}
}

func (s *Secrets) drop(server, secret types.NamespacedName) {
	watched := s.watches[secret]
	watched.servers.Delete(server)
	if watched.servers.Len() > 0 {
		return
	}
	watched.end()
	delete(s.watches, secret)
	s.watched[secret.Namespace]--
	if s.watched[secret.Namespace] == 0 {
		delete(s.watched, secret.Namespace)
	}
	waiting := s.beyond[secret.Namespace]
	delete(s.beyond, secret.Namespace)
	for other := range waiting {
		s.wake(other)
	}
}

// secretWatch is the watch of one Secret, for those servers that follow it.
type secretWatch struct {
	of      *Secrets
	end     context.CancelFunc
	servers sets.Set[types.NamespacedName]
	state   State
	// answered is whether the API server has, since the watch began, be it that the watch is not allowed.
	answered bool
	began    time.Time
}

// run watches until the context ends.
func (w *secretWatch) run(ctx context.Context, from toolscache.ListerWatcherWithContext) {
	retries := secretRetries()
	reflector := toolscache.NewReflectorWithOptions(w.watchReporting(from), &metav1.PartialObjectMetadata{}, w, toolscache.ReflectorOptions{Name: "secret", Backoff: &retries})
	_ = retries.DelayWithReset(clock.RealClock{}, secretRetriesReset).Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		w.ended(ctx, reflector.ListAndWatchWithContext(ctx))
		return false, nil
	})
}

// watchReporting records when a watch is allowed: a list alone does not show that. It has the Secret listed before each
// watch, which is one request less where neither is allowed than to try whether a watch can begin with the list.
func (w *secretWatch) watchReporting(from toolscache.ListerWatcherWithContext) toolscache.ListerWatcher {
	return listwatch.ListsFirst{ListWatch: &toolscache.ListWatch{
		ListWithContextFunc: from.ListWithContext,
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			news, err := from.WatchWithContext(ctx, options)
			if err == nil {
				w.change(func(state *State) { state.Denied = "" })
				w.answer()
			}
			return news, err //nolint:wrapcheck // the reflector reads it
		},
	}}
}

// ended takes why a watch could not be begun, or did not go on.
func (w *secretWatch) ended(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if apierrors.IsForbidden(err) {
		w.change(func(state *State) { state.Denied = userIn(err.Error()) })
	} else if err != nil {
		log.FromContext(ctx).V(1).Info("a Secret could not be watched", "error", err.Error())
	}
	w.answer()
}

// UnknownUser stands for a user that the API server did not name.
const UnknownUser = "?"

var forbiddenUser = regexp.MustCompile(`User "([^"]+)"`)

// userIn is who is forbidden something, which the operator knows from nowhere else.
func userIn(message string) string {
	if found := forbiddenUser.FindStringSubmatch(message); found != nil {
		return found[1]
	}
	return UnknownUser
}

// answer wakes those who have waited for the first one.
func (w *secretWatch) answer() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if w.answered {
		return
	}
	w.answered = true
	for server := range w.servers {
		w.of.wakeNow(server)
	}
}

// change what is known, and wake the servers when it is something else.
func (w *secretWatch) change(do func(*State)) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	before := w.state
	do(&w.state)
	if w.state == before {
		return
	}
	for server := range w.servers {
		w.of.wake(server)
	}
}

// Add implements cache.ReflectorStore.
func (w *secretWatch) Add(object any) error { return w.Update(object) }

// Update implements cache.ReflectorStore.
func (w *secretWatch) Update(object any) error {
	secret, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return fmt.Errorf("failed to read the metadata of a Secret: it is a %T", object)
	}
	w.change(func(state *State) { state.Version = string(secret.UID) + "@" + secret.ResourceVersion })
	return nil
}

// Delete implements cache.ReflectorStore. There is nothing to roll to without a Secret: the version stays until another
// one is made, which has its own.
func (*secretWatch) Delete(any) error { return nil }

// Replace implements cache.ReflectorStore: it takes a list, which is how a watch begins.
func (w *secretWatch) Replace(list []any, _ string) error {
	for _, object := range list {
		if err := w.Update(object); err != nil {
			return err
		}
	}
	return nil
}

// Resync implements cache.ReflectorStore. There is nothing to do.
func (*secretWatch) Resync() error { return nil }
