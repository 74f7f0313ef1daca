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

package manager_test

import (
	"context"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The namespaces that are watched", func() {
	DescribeTable("are read", func(text string, names ...string) {
		var read []string
		Expect(manager.ReadNamespaces(&read)(text)).To(Succeed())
		Expect(read).To(Equal(names))
	},
		Entry("one", "a", "a"),
		Entry("several, each once and in order", "b, a,b", "a", "b"),
	)

	DescribeTable("are refused", func(text string) {
		var read []string
		Expect(manager.ReadNamespaces(&read)(text)).To(MatchError(ContainSubstring("names of namespaces, separated by commas")))
	},
		Entry("no namespace, which would be all of them", ""),
		Entry("a comma too many", "a,"),
		Entry("capitals", "A"),
		Entry("a pattern", "team-*"),
	)

	It("are all that the caches hold, without cluster-scoped objects", func() {
		options := manager.MainCacheOptions(apply.CacheTransform, allServed(), []string{"a", "b"})
		Expect(options.DefaultNamespaces).To(And(HaveLen(2), HaveKey("a"), HaveKey("b")))
		Expect(options.ByObject).To(HaveLen(len(manager.MainCacheOptions(apply.CacheTransform, allServed(), nil).ByObject) - 1))
	})

	It("have a new kind checked from time to time, which ends the manager", func(ctx context.Context) {
		built := manager.Optional{}
		found := manager.Optional{}
		for kind := range allServed() {
			built[kind], found[kind] = manager.Missing, manager.Served
		}
		Expect(manager.PollOptional(ctx, built, time.Millisecond, func(context.Context) manager.Optional { return found })).To(MatchError(ContainSubstring("is Served now")))
	})

	It("stay unchanged while a kind does not answer", func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		asked := 0
		silent := func(context.Context) manager.Optional {
			if asked++; asked == 3 {
				cancel()
			}
			found := manager.Optional{}
			for kind := range allServed() {
				found[kind] = manager.Unavailable
			}
			return found
		}
		Expect(manager.PollOptional(ctx, allServed(), time.Millisecond, silent)).To(Succeed())
	})
})
