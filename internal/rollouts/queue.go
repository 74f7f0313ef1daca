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

package rollouts

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// inFlight is how long a turn counts that no Deployment shows. Caches are late by milliseconds.
	inFlight = time.Minute
	// patience is how long a server that was called may take to come. One that does not, because its worker is stuck or it
	// has changed its mind, must not hold up those behind it.
	patience = 10 * time.Second
)

// Server is a LlamaStackDistribution.
type Server struct {
	UID types.UID
	Key types.NamespacedName
}

// ServerOf identifies a LlamaStackDistribution.
func ServerOf(instance *v1alpha1.LlamaStackDistribution) Server {
	return Server{UID: instance.UID, Key: types.NamespacedName{Namespace: instance.Namespace, Name: instance.Name}}
}

// Holder is a server whose Deployment shows that it has a turn, and since when.
type Holder struct {
	Server

	Turn time.Time
}

// Cluster is what the Deployments show.
type Cluster interface {
	// Holders lists those who roll in a turn of theirs. Turns that have ended by their time may be among them.
	Holders() ([]Holder, error)
	// Shows says whether the Deployment of a server shows a turn, or there is no such server any more.
	Shows(server Server, turn string) bool
}

// Limits are how many servers may roll at once because of the operator.
type Limits struct {
	// AtOnce is in the whole cluster, PerNamespace in each namespace. Both are 1 or more.
	AtOnce, PerNamespace int
}

// Grant is a turn, as it was granted.
type Grant struct {
	// Turn is since when, as a Record has it.
	Turn string
	// Author is what the author had asked for then.
	Author string
}

// Asker asks for a turn.
type Asker struct {
	Server

	// Author identifies what its author asks for.
	Author string
	// Cause of the change that it waits with.
	Cause Cause
}

// Answer to an Asker.
type Answer struct {
	// Granted says that it need not wait any longer, and Turn is the turn that it got; empty where its author has changed
	// something while it waited, which needs none.
	Granted bool
	Turn    string
	// Ends is when the first of the turns that others hold ends by its time; zero where Granted.
	Ends time.Time
}

// Queue is who waits. It is safe for concurrent use. The zero value is not usable; see NewQueue.
type Queue struct {
	wake    func(types.NamespacedName)
	observe func(Cause, int)

	mu      sync.Mutex
	waiting []place
	counts  map[Cause]int
	granted map[types.UID]flight
}

// place is a server that waits. called is when it was last woken because it is its turn; zero where it was not.
type place struct {
	Asker

	called time.Time
}

// flight is a turn that its Deployment does not show yet.
type flight struct {
	Grant

	server Server
	at     time.Time
}

// NewQueue is empty. wake requeues a server, and observe receives the number of waiting servers for a cause when it
// changes.
func NewQueue(wake func(types.NamespacedName), observe func(Cause, int)) *Queue {
	q := &Queue{wake: wake, observe: observe, counts: map[Cause]int{}, granted: map[types.UID]flight{}}
	for _, cause := range Causes() {
		observe(cause, 0)
	}
	return q
}

// Ask grants a turn, or keeps a place in the queue. First come, first served, but for those in whose namespace too many
// roll already.
func (q *Queue) Ask(asker Asker, in Cluster, limits Limits, now time.Time) (Answer, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	held, err := q.held(in, now)
	if err != nil {
		return Answer{}, err
	}
	if q.join(asker) {
		return Answer{Granted: true}, nil
	}
	answer := Answer{Ends: held.ends}
	for _, next := range q.next(held, limits, now) {
		if next == asker.Key {
			grant := Grant{Turn: now.UTC().Format(time.RFC3339Nano), Author: asker.Author}
			q.granted[asker.UID] = flight{Grant: grant, server: asker.Server, at: now}
			answer = Answer{Granted: true, Turn: grant.Turn}
			continue
		}
		q.call(next, now)
	}
	if answer.Granted {
		q.leave(asker.Key)
	}
	return answer, nil
}

// Granted is the turn of a server that its Deployment does not show yet, or nil.
func (q *Queue) Granted(uid types.UID, now time.Time) *Grant {
	q.mu.Lock()
	defer q.mu.Unlock()
	granted, ok := q.granted[uid]
	if !ok || now.Sub(granted.at) >= inFlight {
		return nil
	}
	return &granted.Grant
}

// Leave gives up a place in the queue. A turn that was granted stays.
func (q *Queue) Leave(server Server) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leave(server.Key)
}

// Proceed records that a server continues without asking, with or without a turn. A turn that was granted and that its
// Deployment will never show, because its author has changed something since, is given back.
func (q *Queue) Proceed(server Server, turn string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.granted[server.UID].Turn != turn {
		delete(q.granted, server.UID)
	}
	q.leave(server.Key)
}

// Forget removes all state of a server: it is deleted, its Deployment shows the state, or it could not use its turn.
func (q *Queue) Forget(server Server) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.granted, server.UID)
	q.leave(server.Key)
}

// Advance calls those whose turn it is. It has to be called whenever a turn may have ended.
func (q *Queue) Advance(in Cluster, limits Limits, now time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	held, err := q.held(in, now)
	if err != nil {
		return err
	}
	for _, next := range q.next(held, limits, now) {
		q.call(next, now)
	}
	return nil
}

// turns are those that are held.
type turns struct {
	total int
	in    map[string]int
	ends  time.Time
}

func (t *turns) add(namespace string, ends time.Time) {
	t.total++
	t.in[namespace]++
	if t.ends.IsZero() || ends.Before(t.ends) {
		t.ends = ends
	}
}

// held counts every server once, by what its Deployment shows or else by what was granted a moment ago. What is shown
// meanwhile is counted as granted still, and never left out: the Deployments are listed last.
func (q *Queue) held(in Cluster, now time.Time) (*turns, error) {
	maps.DeleteFunc(q.granted, func(_ types.UID, granted flight) bool {
		return now.Sub(granted.at) >= inFlight || in.Shows(granted.server, granted.Turn)
	})
	holders, err := in.Holders()
	if err != nil {
		return nil, err
	}
	held := &turns{in: map[string]int{}}
	for _, holder := range holders {
		if _, flying := q.granted[holder.UID]; !flying && Counts(holder.Turn, now) {
			held.add(holder.Key.Namespace, holder.Turn.Add(MaxTurn))
		}
	}
	for _, granted := range q.granted {
		held.add(granted.server.Key.Namespace, granted.at.Add(inFlight))
	}
	return held, nil
}

// join gives a server a place, or says that its author has changed something since it got one: then it leaves.
func (q *Queue) join(asker Asker) bool {
	i := q.index(asker.Key)
	switch {
	case i < 0:
		q.waiting = append(q.waiting, place{Asker: asker})
		q.count(asker.Cause, 1)
	case q.waiting[i].UID == asker.UID && q.waiting[i].Author != asker.Author:
		q.leave(asker.Key)
		return true
	default:
		before := q.waiting[i].Cause
		q.waiting[i] = place{Asker: asker}
		if before != asker.Cause {
			q.count(before, -1)
			q.count(asker.Cause, 1)
		}
	}
	return false
}

// next are those whose turn it is, as many as there are turns. Who was called and did not come loses the place.
func (q *Queue) next(held *turns, limits Limits, now time.Time) []types.NamespacedName {
	var late, found []types.NamespacedName
	for _, waiting := range q.waiting {
		switch {
		case !waiting.called.IsZero() && now.Sub(waiting.called) >= patience:
			late = append(late, waiting.Key)
		case held.total < limits.AtOnce && held.in[waiting.Key.Namespace] < limits.PerNamespace:
			held.total++
			held.in[waiting.Key.Namespace]++
			found = append(found, waiting.Key)
		}
	}
	for _, key := range late {
		q.leave(key)
	}
	return found
}

func (q *Queue) call(key types.NamespacedName, now time.Time) {
	if i := q.index(key); i >= 0 && q.waiting[i].called.IsZero() {
		q.waiting[i].called = now
		q.wake(q.waiting[i].Key)
	}
}

func (q *Queue) leave(key types.NamespacedName) {
	if i := q.index(key); i >= 0 {
		cause := q.waiting[i].Cause
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.count(cause, -1)
	}
}

// index finds a place by name: who is deleted and made again takes over the place.
func (q *Queue) index(key types.NamespacedName) int {
	return slices.IndexFunc(q.waiting, func(p place) bool { return p.Key == key })
}

func (q *Queue) count(cause Cause, more int) {
	q.counts[cause] += more
	q.observe(cause, q.counts[cause])
}
