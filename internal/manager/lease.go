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
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

const (
	// renewDeadline is controller-runtime's: a leader that could not renew its lease for so long stops.
	renewDeadline = 10 * time.Second
	// answerDeadline lets one request that hangs not be the end of it.
	answerDeadline = renewDeadline / 2
	// askAgain is how often controller-runtime requests the lease.
	askAgain = 2 * time.Second
)

// errOutOfTouch ends the manager of a standby, as a leader's ends when it cannot renew its lease.
var errOutOfTouch = errors.New("failed to reach the API server for 10 s: the caches are out of date, and their watches wait longer and longer")

// newIdentity is who a process is to the others, for as long as it lives: a manager that is built anew finds that the
// lease is its own, and need not wait for it to run out. That is safe, because what its predecessor did is awaited.
func newIdentity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // what follows is unique by itself
	}
	return host + "_" + string(uuid.NewUUID())
}

// lock is the lease. It notices when the API server no longer answers: whoever stands by asks for the lease every 2 s,
// so that nobody has to ask for anything else.
type lock struct {
	resourcelock.Interface

	clock clock.PassiveClock
	lost  func()

	mu      sync.Mutex
	failing time.Time
}

// newLock reaches the lease as a connection of its own, which does not wait behind the watches.
func newLock(config *rest.Config, namespace, identity string, lost func()) (*lock, error) {
	config = rest.AddUserAgent(rest.CopyConfig(config), "leader-election")
	config.Timeout = answerDeadline
	leases, err := coordinationv1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("failed to make a client for the lease: %w", err)
	}
	lease := &resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: LeaseName}, Client: leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
	return &lock{Interface: lease, clock: clock.RealClock{}, lost: lost}, nil
}

// Get implements resourcelock.Interface.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	return record, raw, l.note(err)
}

// Create implements resourcelock.Interface.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.note(l.Interface.Create(ctx, record))
}

// Update implements resourcelock.Interface.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.note(l.Interface.Update(ctx, record))
}

// note returns the error as it is.
func (l *lock) note(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	switch {
	case err == nil || refused(err):
		l.failing = time.Time{}
	case l.failing.IsZero():
		l.failing = now
	case now.Sub(l.failing) >= renewDeadline:
		l.lost()
	}
	return err
}

// keepAsking requests the lease until the context ends. While the manager waits for its caches, nobody else does.
func (l *lock) keepAsking(ctx context.Context) {
	wait.UntilWithContext(ctx, func(ctx context.Context) { _, _, _ = l.Get(ctx) }, askAgain) // note has seen the error
}

// refused distinguishes a refusal from an API server that does not answer, or that has lost its database.
func refused(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError
}
