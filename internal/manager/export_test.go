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
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	ctrlmanager "sigs.k8s.io/controller-runtime/pkg/manager"
)

// Supervise runs work under the supervision of Run, with a backoff of the test's own.
func Supervise(ctx context.Context, work func(context.Context) error, backoff func() *wait.Backoff) error {
	return supervise(ctx, work, backoff)
}

// ErrPlatformChanged ends a manager that was built for another platform.
var ErrPlatformChanged = errPlatformChanged

// ErrLeftOver ends the process.
var ErrLeftOver = errLeftOver

// ManagerOptions are those of every manager.
func ManagerOptions() ctrlmanager.Options {
	return managerOptions(Options{}, nil, ctrlmanager.Options{})
}

// HealthAt measures the time by a clock of the test's own. It returns what notes the beginning of a reconcile, too.
func HealthAt(now func() time.Time) (*Health, func() func()) {
	health := &Health{workers: workers{now: now}}
	return health, health.workers.begin
}

// Handler is what Serve serves.
func (h *Health) Handler() http.Handler { return h.handler() }

// ServeUntil serves on a listener of the test's own.
func ServeUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	return serveUntil(ctx, listener, handler)
}

// KeepIdentity is the transform of the cache of references.
func KeepIdentity(object any) (any, error) { return keepIdentity(object) }

// Check asks an API server for the kind of a group.
func Check(ctx context.Context, through rest.Interface, group string) Availability {
	for _, kind := range optionalKinds() {
		if kind.Group == group {
			return kind.check(ctx, through, nil)
		}
	}
	return ""
}

// Follow watches a kind that the manager was built for being served or not.
func Follow(ctx context.Context, built Availability, news <-chan struct{}, announced func() bool, check func() Availability, pause func() *wait.Backoff) error {
	watch := &optionalWatch{kind: optionalKinds()[0], built: built, pause: pause, check: func(context.Context) Availability { return check() }}
	return watch.follow(ctx, news, announced)
}

// Unserved are the kinds that are not to be watched.
func (o Optional) Unserved() map[schema.GroupKind]bool { return o.unserved() }

// IsOpenShift asks a discovery client.
var (
	IsOpenShift  = isOpenShift
	NewMapper    = newMapper
	LimitGarbage = limitGarbage
	NewInformer  = newInformer
	// IsLeftOver is whether something is left of a manager, and OutlivePanics has a process outlive panics.
	IsLeftOver    = isLeftOver
	OutlivePanics = outlivePanics
)

// Standby is how the caches beside the manager's own are added to it.
func Standby(of cache.Cache) ctrlmanager.Runnable { return standby{of} }

// NewWatchedLock is a lease that calls lost when nobody answers, and a function that requests it until a context ends.
func NewWatchedLock(inner resourcelock.Interface, clock clock.PassiveClock, lost func()) (resourcelock.Interface, func(context.Context)) {
	watched := &lock{Interface: inner, clock: clock, lost: lost}
	return watched, watched.keepAsking
}

// PollOptional checks the kinds of other APIs now and then, as an operator of some namespaces does.
func PollOptional(ctx context.Context, built Optional, every time.Duration, check func(context.Context) Optional) error {
	return (&optionalPoll{built: built, every: every, check: check}).Start(ctx)
}

// RoutesHaveTimeouts asks an API server.
var RoutesHaveTimeouts = routesHaveTimeouts

// FollowRouteFields watches the fields of HTTPRoutes for a manager that was built for them being so.
func FollowRouteFields(ctx context.Context, timeouts, known bool, news <-chan struct{}, check func() (bool, error), pause func() *wait.Backoff) error {
	watch := &routeFieldsWatch{
		built: routeFields{timeouts: timeouts, known: known}, pause: pause,
		check: func(context.Context) (bool, error) { return check() },
	}
	return watch.follow(ctx, news)
}
