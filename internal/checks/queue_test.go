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

package checks_test

import (
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The queue of checks", func() {
	var (
		queue  *checks.Queue
		called []types.NamespacedName
	)
	BeforeEach(func() {
		called = nil
		queue = checks.NewQueue(func(key types.NamespacedName) { called = append(called, key) })
	})
	key := func(namespace string, n int) types.NamespacedName {
		return types.NamespacedName{Namespace: namespace, Name: strconv.Itoa(n)}
	}
	ask := func(namespace string, n int, at time.Time) bool {
		return queue.Ask(types.UID(key(namespace, n).String()), key(namespace, n), at)
	}
	release := func(namespace string, n int) { queue.Release(types.UID(key(namespace, n).String()), now) }

	It("has five slots, also for one namespace", func() {
		for n := range 5 {
			Expect(ask("a", n, now)).To(BeTrue())
		}
		Expect(ask("a", 5, now)).To(BeFalse())
		Expect(ask("b", 0, now)).To(BeFalse())
		Expect(ask("a", 0, now)).To(BeTrue(), "it has one")
	})

	It("prefers namespaces with fewer than two", func() {
		for n := range 5 {
			ask("a", n, now)
		}
		ask("a", 5, now)
		ask("b", 0, now)
		release("a", 0)
		Expect(called).To(HaveExactElements(key("b", 0)))
		Expect(ask("b", 0, now)).To(BeTrue())
		release("a", 1)
		Expect(called).To(HaveExactElements(key("b", 0), key("a", 5)), "nobody else waits")
	})

	It("does not wait for a server that was called and does not come", func() {
		for n := range 5 {
			ask("a", n, now)
		}
		ask("b", 0, now)
		ask("c", 0, now)
		release("a", 0)
		Expect(ask("c", 0, now)).To(BeFalse(), "it is the turn of b")
		Expect(ask("c", 0, now.Add(time.Minute))).To(BeTrue())
	})

	It("counts a Job that was found", func() {
		for n := range 5 {
			queue.Hold(types.UID(key("a", n).String()), key("a", n))
		}
		Expect(ask("b", 0, now)).To(BeFalse())
		release("a", 0)
		Expect(called).To(HaveExactElements(key("b", 0)))
	})
})
