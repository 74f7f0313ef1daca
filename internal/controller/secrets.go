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
	"math"
	"regexp"
	"sync"
	"time"

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

// firstAnswer is how long a server waits for the first answer about its Secret, as it does for what it reads.
const firstAnswer = 5 * time.Second

// A Secret that may not be watched is tried again after one to two times firstSecretRetry, then twice that, up to one to
// two times lastSecretRetry: nothing tells the operator that it was given the right. The pauses are short again when it
// went well for secretRetriesReset, which is longer than they get.
const (
	firstSecretRetry   = 2 * time.Second
	lastSecretRetry    = 150 * time.Second
	secretRetriesReset = 10 * time.Minute
)

func secretRetries() wait.Backoff {
	return wait.Backoff{Duration: firstSecretRetry, Factor: 2, Jitter: 1, Steps: math.MaxInt32, Cap: lastSecretRetry}
}

// secrets is a source of the controller. It watches those Secrets alone that servers roll for, each by its name, so that
// it is enough to be allowed to watch that one: what of it changed is never asked for, only its metadata, of which the
// version is kept. Where no server rolls for a Secret nothing is watched, and no right is needed.
type secrets struct {
	listed func(secret types.NamespacedName) toolscache.ListerWatcherWithContext

	mu      sync.Mutex
	watches map[types.NamespacedName]*secretWatch
	// follows has the Secret of each server that follows one.
	follows map[types.NamespacedName]types.NamespacedName
	wake    func(server types.NamespacedName)
	// begin runs something until the operator stops, or what it returns is called.
	begin func(run func(context.Context)) context.CancelFunc
}

// secretState is what is known of a Secret.
type secretState struct {
	// version is the last one seen; empty: none was.
	version string
	// denied is the user who may not watch it, as the API server calls the operator; empty: it may.
	denied string
}

func newSecrets(mgr manager.Manager) (*secrets, error) {
	client, err := metadata.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("failed to make the client that watches Secrets: %w", err)
	}
	return emptySecrets(func(secret types.NamespacedName) toolscache.ListerWatcherWithContext {
		return onlySecret(client, secret)
	}), nil
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

func emptySecrets(listed func(types.NamespacedName) toolscache.ListerWatcherWithContext) *secrets {
	return &secrets{
		listed: listed, watches: map[types.NamespacedName]*secretWatch{}, follows: map[types.NamespacedName]types.NamespacedName{},
		wake:  func(types.NamespacedName) {},
		begin: func(func(context.Context)) context.CancelFunc { return func() {} },
	}
}

// Start implements source.Source.
func (s *secrets) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = func(server types.NamespacedName) { addNews(queue, reconcile.Request{NamespacedName: server}) }
	s.begin = func(run func(context.Context)) context.CancelFunc {
		running, end := context.WithCancel(ctx)
		go run(running)
		return end
	}
	return nil
}

// follow has a server woken when what is known of a Secret changes, and returns what is. The first answer is waited for,
// so that what a server is made with, or gets when the operator starts, is not put right a moment later by a rollout.
func (s *secrets) follow(ctx context.Context, server, secret types.NamespacedName) secretState {
	watched := s.watch(server, secret)
	wait, done := context.WithTimeout(ctx, firstAnswer)
	defer done()
	select {
	case <-watched.answered:
	case <-wait.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return watched.state
}

func (s *secrets) watch(server, secret types.NamespacedName) *secretWatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.follows[server]; ok && before != secret {
		s.drop(server, before)
	}
	s.follows[server] = secret
	watched, ok := s.watches[secret]
	if !ok {
		watched = &secretWatch{of: s, servers: sets.New[types.NamespacedName](), answered: make(chan struct{})}
		s.watches[secret] = watched
		from := s.listed(secret)
		watched.end = s.begin(func(ctx context.Context) { watched.run(ctx, from) })
	}
	watched.servers.Insert(server)
	return watched
}

// leave ends what follow began.
func (s *secrets) leave(server types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret, ok := s.follows[server]; ok {
		s.drop(server, secret)
	}
}

func (s *secrets) drop(server, secret types.NamespacedName) {
	delete(s.follows, server)
	watched := s.watches[secret]
	watched.servers.Delete(server)
	if watched.servers.Len() == 0 {
		watched.end()
		delete(s.watches, secret)
	}
}

// secretWatch is the watch of one Secret, for those servers that follow it.
type secretWatch struct {
	of      *secrets
	end     context.CancelFunc
	servers sets.Set[types.NamespacedName]
	state   secretState
	// answered is closed when the API server has answered for the first time, be it that the watch is not allowed.
	answered chan struct{}
	once     sync.Once
}

// run watches until the context ends.
func (w *secretWatch) run(ctx context.Context, from toolscache.ListerWatcherWithContext) {
	retries := secretRetries()
	reflector := toolscache.NewReflectorWithOptions(w.telling(from), &metav1.PartialObjectMetadata{}, w, toolscache.ReflectorOptions{Name: "secret", Backoff: &retries})
	_ = retries.DelayWithReset(clock.RealClock{}, secretRetriesReset).Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		w.ended(ctx, reflector.ListAndWatchWithContext(ctx))
		return false, nil
	})
}

// telling tells when a watch is allowed: a list alone says nothing about that. It has the Secret listed before each
// watch, which is one request less where neither is allowed than to try whether a watch can begin with the list.
func (w *secretWatch) telling(from toolscache.ListerWatcherWithContext) toolscache.ListerWatcher {
	return listsFirst{&toolscache.ListWatch{
		ListWithContextFunc: from.ListWithContext,
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			news, err := from.WatchWithContext(ctx, options)
			if err == nil {
				w.change(func(state *secretState) { state.denied = "" })
				w.answer()
			}
			return news, err //nolint:wrapcheck // the reflector reads it
		},
	}}
}

type listsFirst struct{ *toolscache.ListWatch }

// IsWatchListSemanticsUnSupported is how a reflector asks.
func (listsFirst) IsWatchListSemanticsUnSupported() bool { return true }

// ended takes why a watch could not be begun, or did not go on.
func (w *secretWatch) ended(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if apierrors.IsForbidden(err) {
		w.change(func(state *secretState) { state.denied = userIn(err.Error()) })
	} else if err != nil {
		log.FromContext(ctx).V(1).Info("a Secret could not be watched", "error", err.Error())
	}
	w.answer()
}

// unknownUser stands for one whom the API server did not name.
const unknownUser = "?"

var forbiddenUser = regexp.MustCompile(`User "([^"]+)"`)

// userIn is who is forbidden something, which the operator knows from nowhere else.
func userIn(message string) string {
	if found := forbiddenUser.FindStringSubmatch(message); found != nil {
		return found[1]
	}
	return unknownUser
}

func (w *secretWatch) answer() { w.once.Do(func() { close(w.answered) }) }

// change what is known, and wake the servers when it is something else.
func (w *secretWatch) change(do func(*secretState)) {
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
	w.change(func(state *secretState) { state.version = string(secret.UID) + "@" + secret.ResourceVersion })
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
