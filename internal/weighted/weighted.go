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

// Package weighted has a cache with a limit in bytes. External texts differ in size by a factor of a thousand, so a
// limit of entries does not limit memory.
package weighted

import (
	"sync"

	"k8s.io/utils/lru"
)

// Cache is an LRU cache with a limit in bytes. It is safe for concurrent use.
type Cache[V any] struct {
	limit int

	mu     sync.Mutex
	recent *lru.Cache
	weight int
}

type entry[V any] struct {
	value  V
	weight int
}

// New returns a Cache whose entries have a total weight of at most limit, in bytes.
func New[V any](limit int) *Cache[V] {
	c := &Cache[V]{limit: limit}
	c.recent = lru.NewWithEvictionFunc(0, func(_ lru.Key, forgotten any) {
		if e, ok := forgotten.(entry[V]); ok {
			c.weight -= e.weight
		}
	})
	return c
}

// overhead is the weight of an entry in the list and in the map, in bytes.
const overhead = 200

// Add sets the value of a key, with a weight in bytes. It does not add a value that is heavier than the limit.
func (c *Cache[V]) Add(key string, value V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent.Remove(key)
	added := entry[V]{value: value, weight: weight + len(key) + overhead}
	if added.weight > c.limit {
		return
	}
	c.recent.Add(key, added)
	for c.weight += added.weight; c.weight > c.limit; {
		c.recent.RemoveOldest()
	}
}

// Get returns the value of a key.
func (c *Cache[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, _ := c.recent.Get(key)
	e, ok := found.(entry[V])
	return e.value, ok
}

// Weight returns the total weight of all entries, in bytes.
func (c *Cache[V]) Weight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.weight
}

// Len returns the number of entries.
func (c *Cache[V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}
