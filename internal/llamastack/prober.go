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

package llamastack

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/utils/clock"
)

// DefaultWorkers is how many servers are asked at the same time. One that nobody answers keeps a worker for up to
// DefaultTimeout: six or more of such are asked in a second, and a thousand in less than three minutes, or in six where all
// are of one namespace.
const DefaultWorkers = 32

// share is which part of the workers the servers of one namespace may keep: its owner can have as many servers as there
// are workers, and each of them take as long as a server may.
const share = 2

// ProberOptions of a Prober; the zero value is good for use.
type ProberOptions struct {
	// Workers is how many servers are asked at the same time; 0 is DefaultWorkers.
	Workers int
	// OnChange is called when the observation of a server changed, the first one included; nil is none. It must
	// not block. It may call the Prober.
	OnChange func(key types.NamespacedName)
	// OnProbe is called with the Result of every probe and how long it took; nil is none. It must not block.
	OnProbe func(result string, took time.Duration)
	// Clock is the time; nil is the real one.
	Clock clock.WithTicker
	// Rand returns numbers from 0 up to 1, for the jitter; nil is math/rand. It is called by one goroutine at a time.
	Rand func() float64
}

// Target is a server to watch.
type Target struct {
	Endpoint

	// Revision stands for everything that makes this another server than before: a new template, a new address,
	// another trust. A change of it, or of scheme, host, address or port, forgets the observation and asks at once.
	Revision string
	// Settled is true when the server's Pods are all up. It slows the pace down.
	Settled bool
	// Wanted are models whose place in the list does not matter. A change of them changes Revision, too.
	Wanted Wanted
}

// Prober asks servers over and over, at the pace that pace.go describes. It is a runnable of the manager for the
// leader. Its methods are safe for concurrent use, before Start and after its end too.
type Prober struct {
	client  *Client
	options ProberOptions
	// wake ends the scheduler's sleep. One pending signal is enough.
	wake chan struct{}

	mu      sync.Mutex
	watched map[types.NamespacedName]*watched
	due     dueHeap
	// asking is how many servers of a namespace are being asked, and parked are those that are due and wait for one of them.
	asking map[string]int
	parked map[string][]*watched
}

// watched is one server. Its fields belong to the Prober's mutex.
type watched struct {
	key    types.NamespacedName
	target Target
	pace   pace
	// due is when to ask next, and index the place in the heap; -1 while a worker asks, or while it is parked.
	due    time.Time
	index  int
	parked bool
	// stale marks a probe under way whose answer is about an earlier revision.
	stale       bool
	known       bool
	observation Observation
}

// NewProber returns a Prober that watches nothing yet.
func NewProber(client *Client, options ProberOptions) *Prober {
	if options.Workers == 0 {
		options.Workers = DefaultWorkers
	}
	if options.OnChange == nil {
		options.OnChange = func(types.NamespacedName) {}
	}
	if options.OnProbe == nil {
		options.OnProbe = func(string, time.Duration) {}
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Rand == nil {
		options.Rand = rand.Float64
	}
	return &Prober{
		client: client, options: options, wake: make(chan struct{}, 1), watched: map[types.NamespacedName]*watched{},
		asking: map[string]int{}, parked: map[string][]*watched{},
	}
}

// NeedLeaderElection is true: a standby asks nobody.
func (p *Prober) NeedLeaderElection() bool {
	return true
}

// Watch starts to watch a server, or takes note of what changed about it. Where nothing did, it costs a lookup.
func (p *Prober) Watch(key types.NamespacedName, target Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.watched[key]
	switch {
	case !ok:
		w = &watched{key: key, target: target, due: p.first()}
		p.watched[key] = w
		p.schedule(w)
	case w.target == target:
		return
	default:
		p.retarget(w, target)
	}
}

func (p *Prober) retarget(w *watched, target Target) {
	now := p.options.Clock.Now()
	renewed := w.target.Revision != target.Revision || w.target.Scheme != target.Scheme ||
		w.target.Host != target.Host || w.target.Address != target.Address || w.target.Port != target.Port
	settled, unsettled := !w.target.Settled && target.Settled, w.target.Settled && !target.Settled
	w.target = target
	switch {
	case renewed:
		w.known, w.observation, w.pace = false, Observation{}, pace{}
		w.stale = w.index < 0 && !w.parked
		p.advance(w, p.first())
	case settled: // what answered while it was being rolled may have been the server before
		p.advance(w, now)
	case unsettled:
		p.advance(w, now.Add(p.jitter(startingPace)))
	}
}

// first is when a server of which nothing is known is due: before all that are asked again, however many of those wait
// because nobody answers them. Its first answer is reported with its readiness.
func (p *Prober) first() time.Time {
	return p.options.Clock.Now().Add(-longestPace)
}

// advance makes a server due at the given time, if that is earlier. One that is being asked is scheduled afterwards.
func (p *Prober) advance(w *watched, at time.Time) {
	if w.index >= 0 && at.Before(w.due) {
		heap.Remove(&p.due, w.index)
		w.due = at
		p.schedule(w)
	}
}

// schedule puts a server in the heap and wakes the scheduler when it is the first one there.
func (p *Prober) schedule(w *watched) {
	heap.Push(&p.due, w)
	if w.index != 0 {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Forget ends the watch of a server. The answer to a probe under way is dropped.
func (p *Prober) Forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.watched[key]
	if !ok {
		return
	}
	delete(p.watched, key)
	if w.index >= 0 {
		heap.Remove(&p.due, w.index)
	}
}

// Observation returns what a server last said, and false when it was not asked yet since it is watched or since its
// revision changed. The providers are shared: they are not to be changed.
func (p *Prober) Observation(key types.NamespacedName) (Observation, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.watched[key]
	if !ok || !w.known {
		return Observation{}, false
	}
	return w.observation, true
}

// Start asks until ctx ends, and returns when the last worker has ended. It returns no error.
func (p *Prober) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	defer workers.Wait()
	slots := make(chan struct{}, p.options.Workers)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		w, target, ok := p.next(ctx)
		if !ok {
			return nil
		}
		workers.Go(func() {
			p.probe(ctx, w, target)
			<-slots
		})
	}
}

// next waits for the first server to be due, and takes it out of the heap; false when ctx ended.
func (p *Prober) next(ctx context.Context) (*watched, Target, bool) {
	for ctx.Err() == nil {
		w, target, wait := p.take()
		if w != nil {
			return w, target, true
		}
		p.sleep(ctx, wait)
	}
	return nil, Target{}, false
}

// take returns a server that is due, or else how long to wait for one; a negative time means without a limit.
func (p *Prober) take() (*watched, Target, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.due) > 0 {
		w := p.due[0]
		if wait := w.due.Sub(p.options.Clock.Now()); wait > 0 {
			return nil, Target{}, wait
		}
		heap.Remove(&p.due, 0)
		namespace := w.key.Namespace
		if p.asking[namespace] < max(p.options.Workers/share, 1) {
			p.asking[namespace]++
			return w, w.target, 0
		}
		w.parked = true
		p.parked[namespace] = append(p.parked[namespace], w)
	}
	return nil, Target{}, -1
}

// asked lets another server of the namespace be asked.
func (p *Prober) asked(namespace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking[namespace]--
	if p.asking[namespace] == 0 {
		delete(p.asking, namespace)
	}
	for len(p.parked[namespace]) > 0 {
		w := p.parked[namespace][0]
		p.parked[namespace] = p.parked[namespace][1:]
		w.parked = false
		if p.watched[w.key] == w {
			p.schedule(w)
			return
		}
	}
	delete(p.parked, namespace)
}

func (p *Prober) sleep(ctx context.Context, wait time.Duration) {
	var elapsed <-chan time.Time
	if wait > 0 {
		timer := p.options.Clock.NewTimer(wait)
		defer timer.Stop()
		elapsed = timer.C()
	}
	select {
	case <-elapsed:
	case <-p.wake:
	case <-ctx.Done():
	}
}

func (p *Prober) probe(ctx context.Context, w *watched, target Target) {
	defer p.asked(w.key.Namespace)
	observation, throttled := Observation{Problem: "the operator failed to read its answers"}, false
	begun := p.options.Clock.Now()
	outlive(ctx, func() { observation, throttled = p.client.observe(ctx, target.Endpoint, target.Wanted) })
	if ctx.Err() != nil {
		return
	}
	observation.Models.Settled = target.Settled && target.Wanted != ""
	took := p.options.Clock.Since(begun)
	outlive(ctx, func() { p.options.OnProbe(observation.Result(), took) })
	if p.record(w, target, observation, throttled) {
		outlive(ctx, func() { p.options.OnChange(w.key) })
	}
}

// outlive has a panic logged, and the server that was the cause of it asked again in its turn.
func outlive(ctx context.Context, do func()) {
	defer utilruntime.HandleCrashWithContext(ctx)
	do()
}

// record stores an observation, schedules the next probe, and reports whether the observation changed.
func (p *Prober) record(w *watched, asked Target, observation Observation, throttled bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watched[w.key] != w {
		return false
	}
	now := p.options.Clock.Now()
	if w.stale {
		w.stale, w.due = false, p.first()
		p.schedule(w)
		return false
	}
	w.due = now.Add(p.jitter(w.pace.next(w.target.Settled, observation, throttled)))
	if w.target.Settled && !asked.Settled && !throttled {
		w.due = now // what answered may have been the server before
	}
	p.schedule(w)
	if w.known && w.observation.Equal(observation) {
		return false
	}
	w.known, w.observation = true, observation
	return true
}

// jitter spreads the probes of servers that started together.
func (p *Prober) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + maxJitter*(2*p.options.Rand()-1)))
}
