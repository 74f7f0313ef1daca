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

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// follower prints lines as they arrive. It finds Pods that start later, and containers that start again.
type follower struct {
	finder *logFinder
	out    io.Writer

	mu sync.Mutex
	// active are the sources that are followed, or were to their end.
	active map[string]bool
	// last is the time of the last line of each source, after which it continues.
	last map[string]time.Time
}

// run ends without an error when the context does.
func (f *follower) run(ctx context.Context) error {
	var streams sync.WaitGroup
	defer streams.Wait()
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		sources, err := f.finder.sources(ctx)
		if err != nil {
			return false, err
		}
		for i := range sources {
			if from := &sources[i]; started(from) && f.begin(from.key()) {
				streams.Go(func() { f.follow(ctx, from) })
			}
		}
		return false, nil
	})
	if err != nil && !errors.Is(err, context.Canceled) { // an interrupt is the normal end
		return fmt.Errorf("failed to follow the logs: %w", err)
	}
	return nil
}

// begin reports whether nobody follows the source yet.
func (f *follower) begin(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active[key] {
		return false
	}
	f.active[key] = true
	return true
}

// follow prints the lines of a source until its container ends. After an error, the next poll continues.
func (f *follower) follow(ctx context.Context, from *source) {
	key := from.key()
	f.mu.Lock()
	after := f.last[key]
	f.mu.Unlock()
	reader, err := f.finder.openOne(ctx, from, after)
	for err == nil {
		if err = reader.advance(); err == nil {
			f.mu.Lock()
			err = reader.write(f.out)
			f.last[key] = reader.at
			f.mu.Unlock()
		}
	}
	if !errors.Is(err, io.EOF) {
		f.mu.Lock()
		delete(f.active, key)
		f.mu.Unlock()
	}
}

// started says that the container of a source has started, so that it has a log.
func started(from *source) bool { return from.containerID() != "" }
