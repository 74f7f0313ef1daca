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

package delegatedauth

import (
	"crypto/sha256"
	"net"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/util/flowcontrol"
)

// How often the API server is asked at most: reviews a second, and at once. Nobody waits for a turn, because whoever
// knocks often enough would have all others wait: a request beyond is refused, and can be repeated.
const (
	// acceptedQPS and acceptedBurst are for all tokens together that were accepted within acceptedFor.
	acceptedQPS, acceptedBurst = 20, 40
	// strangersQPS and strangersBurst are for all other tokens together.
	strangersQPS, strangersBurst = 20, 40
	// sourceQPS and sourceBurst are for those of one address: who tries many tokens locks nobody out who comes from elsewhere.
	sourceQPS, sourceBurst = 5, 10
)

const (
	// acceptedFor is how long a token counts as accepted after it was. Prometheus asks every minute or more often.
	acceptedFor = time.Hour
	// sourceFor is how long an address is remembered; its allowance is whole again long before.
	sourceFor = 10 * time.Minute
	// logged is how often a refusal is written to the log.
	logged = 10 * time.Second
)

// allowances say whether the API server may be asked.
type allowances struct {
	clock clock

	accepted  *cache.LRUExpireCache
	known     flowcontrol.PassiveRateLimiter
	strangers flowcontrol.PassiveRateLimiter

	mu      sync.Mutex
	sources *cache.LRUExpireCache
}

func newAllowances(now clock) *allowances {
	return &allowances{
		clock: now, accepted: cache.NewLRUExpireCacheWithClock(remembered, now), sources: cache.NewLRUExpireCacheWithClock(remembered, now),
		known:     flowcontrol.NewTokenBucketPassiveRateLimiterWithClock(acceptedQPS, acceptedBurst, now),
		strangers: flowcontrol.NewTokenBucketPassiveRateLimiterWithClock(strangersQPS, strangersBurst, now),
	}
}

// accept remembers a token whose request passed.
func (a *allowances) accept(token [sha256.Size]byte) { a.accepted.Add(token, struct{}{}, acceptedFor) }

// take is whether one question may be put for a token, and counts it.
func (a *allowances) take(token [sha256.Size]byte, address string) bool {
	if _, found := a.accepted.Get(token); found {
		return a.known.TryAccept()
	}
	return a.source(address).TryAccept() && a.strangers.TryAccept()
}

// source is the allowance of those who come from one address, whatever the port.
func (a *allowances) source(address string) flowcontrol.PassiveRateLimiter {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if found, ok := a.sources.Get(address); ok {
		if limiter, ok := found.(flowcontrol.PassiveRateLimiter); ok {
			return limiter
		}
	}
	limiter := flowcontrol.NewTokenBucketPassiveRateLimiterWithClock(sourceQPS, sourceBurst, a.clock)
	a.sources.Add(address, limiter, sourceFor)
	return limiter
}

// sparing lets one of many lines into the log.
type sparing struct {
	limiter flowcontrol.PassiveRateLimiter

	mu      sync.Mutex
	skipped int
}

func newSparing(now clock) *sparing {
	return &sparing{limiter: flowcontrol.NewTokenBucketPassiveRateLimiterWithClock(float32(1/logged.Seconds()), 1, now)}
}

// next is whether to write a line, and how many were left out since the last one.
func (s *sparing) next() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.limiter.TryAccept() {
		s.skipped++
		return 0, false
	}
	skipped := s.skipped
	s.skipped = 0
	return skipped, true
}
