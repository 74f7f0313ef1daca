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

// Package sources has what the sources of the controllers share: goroutines that end with the manager, a source that the
// operator itself triggers, and how a request is queued.
package sources

import (
	"context"
	"sync"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// Background is what a source of a controller runs beside it. It is a runnable of the manager, and ends when all that it
// runs has ended: the next manager must not start beside the remains of this one.
type Background struct {
	ended   context.Context //nolint:containedctx // it ends with the runnable, and what is run has a context of its own
	end     context.CancelFunc
	running sync.WaitGroup

	mu sync.Mutex
}

// NewBackground runs nothing yet.
func NewBackground() *Background {
	ended, end := context.WithCancel(context.Background())
	return &Background{ended: ended, end: end}
}

// Start implements manager.Runnable.
func (b *Background) Start(ctx context.Context) error {
	<-ctx.Done()
	b.mu.Lock()
	b.end()
	b.mu.Unlock()
	b.running.Wait()
	return nil
}

// NeedLeaderElection is false: sources start on a standby, too.
func (*Background) NeedLeaderElection() bool { return false }

// Run calls do in a goroutine until the context ends, the returned function is called, or the manager ends. A panic ends
// nothing else.
func (b *Background) Run(ctx context.Context, do func(context.Context)) context.CancelFunc {
	ctx, end := context.WithCancel(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended.Err() != nil {
		end()
		return end
	}
	stop := context.AfterFunc(b.ended, end) //nolint:contextcheck // what is run ends with either of the two
	b.running.Go(func() {
		defer utilruntime.HandleCrashWithContext(ctx)
		defer stop()
		defer end()
		do(ctx)
	})
	return end
}

// After calls do after a pause, unless the context or the manager ends before.
func (b *Background) After(ctx context.Context, pause time.Duration, do func(context.Context)) {
	b.Run(ctx, func(ctx context.Context) {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			do(ctx)
		}
	})
}
