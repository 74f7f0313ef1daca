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
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/util/cache"
)

const (
	// remembered is how many answers of a kind there may be at once; the one that was used longest ago goes first.
	remembered = 1024
	// patience is how long the API server may take for an answer.
	patience = 10 * time.Second
)

// memory has the answers to questions, each for a while.
type memory[K comparable, V any] struct {
	answers *cache.LRUExpireCache
	// underWay has a question that many put at once asked once.
	underWay singleflight.Group
}

func newMemory[K comparable, V any](now clock) *memory[K, V] {
	return &memory[K, V]{answers: cache.NewLRUExpireCacheWithClock(remembered, now)}
}

// recall is the answer that is remembered, or else the one that asking gives, which is remembered for the time that
// comes with it. Errors are not. One who goes away does not take the answer from others who wait for it.
func (m *memory[K, V]) recall(ctx context.Context, key K, ask func(context.Context) (V, time.Duration, error)) (V, error) {
	if answer, found := m.known(key); found {
		return answer, nil
	}
	result, err, _ := m.underWay.Do(fmt.Sprintf("%#v", key), func() (any, error) {
		if answer, found := m.known(key); found { // since the first check
			return answer, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		answer, lifetime, err := ask(ctx)
		if err == nil {
			m.answers.Add(key, answer, lifetime)
		}
		return answer, err
	})
	answer, _ := result.(V)
	return answer, err //nolint:wrapcheck // it is that of ask
}

func (m *memory[K, V]) known(key K) (V, bool) {
	answer, found := m.answers.Get(key)
	typed, _ := answer.(V)
	return typed, found
}
