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
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// reconcileTimeout is when the context of a reconcile ends, so that nothing that is waited for holds a worker longer. A
	// reconcile takes milliseconds, or as long as the API server takes for some tens of requests.
	reconcileTimeout = time.Minute
	// stuckAfter is when a reconcile that does not end, although its context has, fails the liveness probe: only a new process
	// has all its workers again.
	stuckAfter = 5 * time.Minute
)

// workers knows for how long each of the reconciles that are under way has been.
type workers struct {
	// now is the time; nil is the real one.
	now func() time.Time

	mu    sync.Mutex
	next  int
	began map[int]time.Time
}

func (w *workers) time() time.Time {
	if w.now != nil {
		return w.now()
	}
	return time.Now()
}

// begin notes the beginning of a reconcile. What it returns notes the end.
func (w *workers) begin() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began == nil {
		w.began = map[int]time.Time{}
	}
	number := w.next
	w.next++
	w.began[number] = w.time()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.began, number)
	}
}

// check fails when one is stuck.
func (w *workers) check(*http.Request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, began := range w.began {
		if running := w.time().Sub(began); running > stuckAfter {
			return fmt.Errorf("failed to end a reconcile that began %s ago: %w", running.Round(time.Second), errStuck)
		}
	}
	return nil
}
