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

package checks

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// MostAtOnce is how many servers are checked at a time.
	MostAtOnce = 5
	// MostPerNamespace is how many servers of one namespace are checked while those of others wait.
	MostPerNamespace = 2
	// patience is how long a server that was called may take to come.
	patience = 10 * time.Second
)

// Queue is who waits for a check, and who has one. It is safe for concurrent use.
type Queue struct {
	wake func(types.NamespacedName)

	mu      sync.Mutex
	holding map[types.UID]types.NamespacedName
	waiting []place
}

type place struct {
	uid    types.UID
	key    types.NamespacedName
	called time.Time
}

// NewQueue is empty. wake requeues a server.
func NewQueue(wake func(types.NamespacedName)) *Queue {
	return &Queue{wake: wake, holding: map[types.UID]types.NamespacedName{}}
}

// Ask grants a slot, or keeps a place. First come, first served, but for those of whose namespace two are checked while
// others wait.
func (q *Queue) Ask(uid types.UID, key types.NamespacedName, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, has := q.holding[uid]; has {
		return true
	}
	if i := q.index(uid); i < 0 {
		q.waiting = append(q.waiting, place{uid: uid, key: key})
	} else {
		q.waiting[i].called = time.Time{}
	}
	granted := false
	for _, next := range q.next(now) {
		if next.uid == uid {
			granted = true
			continue
		}
		q.call(next.uid, now)
	}
	if granted {
		q.leave(uid)
		q.holding[uid] = key
	}
	return granted
}

// Hold records a slot of a Job that was found.
func (q *Queue) Hold(uid types.UID, key types.NamespacedName) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leave(uid)
	q.holding[uid] = key
}

// Release gives up a slot, or a place, and calls those whose turn it is.
func (q *Queue) Release(uid types.UID, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.holding, uid)
	q.leave(uid)
	for _, next := range q.next(now) {
		q.call(next.uid, now)
	}
}

// next are those whose turn it is. Who was called and did not come loses the place.
func (q *Queue) next(now time.Time) []place {
	q.waiting = slices.DeleteFunc(q.waiting, func(one place) bool { return !one.called.IsZero() && now.Sub(one.called) >= patience })
	free, in := MostAtOnce-len(q.holding), map[string]int{}
	for _, key := range q.holding {
		in[key.Namespace]++
	}
	var found, late []place
	for _, one := range q.waiting {
		if in[one.key.Namespace] >= MostPerNamespace {
			late = append(late, one)
			continue
		}
		if len(found) < free {
			in[one.key.Namespace]++
			found = append(found, one)
		}
	}
	if len(late) == len(q.waiting)-len(found) { // nobody of another namespace waits any longer
		found = append(found, late[:min(len(late), max(0, free-len(found)))]...)
	}
	return found
}

func (q *Queue) call(uid types.UID, now time.Time) {
	if i := q.index(uid); i >= 0 && q.waiting[i].called.IsZero() {
		q.waiting[i].called = now
		q.wake(q.waiting[i].key)
	}
}

func (q *Queue) leave(uid types.UID) {
	q.waiting = slices.DeleteFunc(q.waiting, func(one place) bool { return one.uid == uid })
}

func (q *Queue) index(uid types.UID) int {
	return slices.IndexFunc(q.waiting, func(one place) bool { return one.uid == uid })
}
