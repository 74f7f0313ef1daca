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

package weighted_test

import (
	"strconv"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/weighted"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestWeighted(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Weighted cache")
}

func recalled[V any](cache *weighted.Cache[V], key string) V {
	GinkgoHelper()
	found, ok := cache.Get(key)
	Expect(ok).To(BeTrue())
	return found
}

var _ = Describe("A weighted cache", func() {
	const limit = 10_000

	It("recalls what it was given, and knows nothing else", func() {
		cache := weighted.New[string](limit)
		cache.Add("a", "x", 1)

		found, ok := cache.Get("a")
		Expect(found).To(Equal("x"))
		Expect(ok).To(BeTrue())
		found, ok = cache.Get("b")
		Expect(found).To(BeEmpty())
		Expect(ok).To(BeFalse())
	})

	It("keeps one value of a key, and its weight alone", func() {
		cache := weighted.New[int](limit)
		for version := range 100 {
			cache.Add("same", version, 5_000)
		}

		Expect(cache.Len()).To(Equal(1))
		Expect(cache.Weight()).To(BeNumerically("<", 5_300))
		Expect(recalled(cache, "same")).To(Equal(99))
	})

	It("drops the least recently used when it gets too heavy", func() {
		cache := weighted.New[string](limit)
		cache.Add("first", "1", 4_000)
		cache.Add("second", "2", 4_000)
		_, _ = cache.Get("first")
		cache.Add("third", "3", 4_000)

		Expect(cache.Weight()).To(BeNumerically("<=", limit))
		_, ok := cache.Get("second")
		Expect(ok).To(BeFalse())
		Expect(recalled(cache, "first")).To(Equal("1"))
		Expect(recalled(cache, "third")).To(Equal("3"))
	})

	It("never exceeds its weight, however many small values it gets", func() {
		cache := weighted.New[int](limit)
		for i := range 10_000 {
			cache.Add(strconv.Itoa(i), i, i%300)
			Expect(cache.Weight()).To(BeNumerically("<=", limit))
		}
		Expect(cache.Len()).To(BeNumerically(">", 10))
	})

	It("does not keep a value that exceeds its weight, and drops the key's earlier value", func() {
		cache := weighted.New[string](limit)
		cache.Add("other", "x", 1)
		cache.Add("key", "small", 1)
		cache.Add("key", "large", limit)

		_, ok := cache.Get("key")
		Expect(ok).To(BeFalse())
		Expect(recalled(cache, "other")).To(Equal("x"))
	})
})
