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

package llamastack_test

import (
	"net/http"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// hangUp ends a connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

var _ = Describe("Prober", func() {
	Context("the pace", func() {
		It("is 15 s while the server starts, whatever it answers", func() {
			f := started()
			f.watch("1", false)
			f.waits(1, 15*time.Second)
			f.answer(healthy().with("/v1/health", refuses(401)))
			f.waits(2, 15*time.Second)
			f.answer(routes{})
			f.waits(3, 15*time.Second)
		})

		It("is 5 minutes when its Pods are ready and it is healthy", func() {
			f := started()
			f.watch("1", true)
			f.waits(1, 5*time.Minute)
			f.waits(2, 5*time.Minute)
		})

		DescribeTable("is 5 minutes when the server requires a token", func(code int) {
			f := started()
			f.answer(healthy().with("/v1/health", refuses(code)))
			f.watch("1", true)
			f.waits(1, 5*time.Minute)
		}, Entry(nil, 401), Entry(nil, 403))

		It("is 15 s for as long as the server says that it is unhealthy", func() {
			f := started()
			f.answer(healthy().with("/v1/health", says(`{"status":"Error"}`)))
			f.watch("1", true)
			for i := range 10 {
				f.waits(i+1, 15*time.Second)
			}
		})

		It("is 15 s for 8 tries without a usable answer, then 5 minutes, and starts over after one", func() {
			f := started()
			f.answer(routes{})
			f.watch("1", true)
			for i := range 7 {
				f.waits(i+1, 15*time.Second)
			}
			f.waits(8, 5*time.Minute)
			f.answer(healthy())
			f.waits(9, 5*time.Minute)
			f.answer(routes{})
			f.waits(10, 5*time.Minute)
			f.waits(11, 15*time.Second)
		})

		It("is 15 s when it is healthy and a later request gets no answer, until all get one", func() {
			f := started()
			f.answer(healthy().with("/v1/version", hangUp))
			f.watch("1", true)
			for i := range 7 {
				f.waits(i+1, 15*time.Second)
			}
			f.waits(8, 5*time.Minute)
			f.answer(healthy())
			f.waits(9, 5*time.Minute)
		})

		It("is a second at first when the server does not answer although its Pods are ready, and doubles up to 15 s", func() {
			f := started()
			f.answer(http.HandlerFunc(hangUp))
			f.watch("1", true)
			for i, seconds := range []int{1, 2, 4, 8, 15, 15, 15, 300} {
				f.waits(i+1, time.Duration(seconds)*time.Second)
			}
		})

		It("counts the tries from when the Pods are ready", func() {
			f := started()
			f.answer(routes{})
			f.watch("1", false)
			for i := range 10 {
				f.waits(i+1, 15*time.Second)
			}
			f.watch("1", true)
			f.waits(12, 15*time.Second)
			f.waits(13, 15*time.Second)
		})

		It("doubles up to an hour while a quota is used up, and starts over afterwards", func() {
			f := started()
			f.answer(routes{"/v1/health": refuses(429)})
			f.watch("1", true)
			for i, minutes := range []int{10, 20, 40, 60, 60} {
				f.waits(i+1, time.Duration(minutes)*time.Minute)
			}
			f.answer(healthy())
			f.waits(6, time.Hour)
			f.waits(7, 5*time.Minute)
		})

		It("doubles for a starting server and for any of the requests", func() {
			f := started()
			f.answer(healthy().with("/v1/providers", refuses(429)))
			f.watch("1", false)
			f.waits(1, 30*time.Second)
			f.waits(2, time.Minute)
			f.waits(3, 2*time.Minute)
		})

		It("becomes slow with a probe as soon as the Pods are ready", func() {
			f := started()
			f.watch("1", false)
			f.probed(1)
			Eventually(f.clock.HasWaiters).Should(BeTrue())
			f.watch("1", true)
			f.waits(2, 5*time.Minute)
		})

		It("becomes fast at once when the Pods are no longer ready", func() {
			f := newFixture(llamastack.ProberOptions{})
			f.watch("1", true)
			f.start()
			Eventually(f.changed).Should(Equal(1))
			Eventually(f.clock.HasWaiters).Should(BeTrue())
			f.watch("1", false)
			Eventually(func() int32 {
				if f.clock.HasWaiters() { // it sleeps: a probe under way takes none of this time
					f.clock.Step(time.Second)
				}
				return f.probes.Load()
			}).Should(BeNumerically("==", 2))
			Expect(f.clock.Since(time.Unix(1_700_000_000, 0))).To(BeNumerically("<", 2*time.Minute))
		})

		DescribeTable("differs by up to a tenth", func(random float64, want time.Duration) {
			f := newFixture(llamastack.ProberOptions{Rand: func() float64 { return random }})
			f.start()
			f.watch("1", true)
			f.waits(1, want)
		},
			Entry("less", 0.0, 270*time.Second),
			Entry("more", 1.0, 330*time.Second),
		)
	})
})
