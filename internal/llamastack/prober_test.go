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
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/onsi/gomega/gleak"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Prober", func() {
	It("only works for the leader", func() {
		Expect(newFixture(llamastack.ProberOptions{}).prober.NeedLeaderElection()).To(BeTrue())
	})

	It("probes at once, keeps the answer and reports it", func() {
		f := started()
		_, ok := f.prober.Observation(f.key)
		Expect(ok).To(BeFalse())
		f.watch("1", false)

		Eventually(f.changed).Should(Equal(1))
		got, ok := f.prober.Observation(f.key)
		Expect(ok).To(BeTrue())
		Expect(got.Health).To(Equal("OK"))
		Expect(f.changes).To(ConsistOf(f.key))
		Expect(f.results).To(ConsistOf("healthy"))
	})

	It("measures how long a probe takes", func() {
		f := newFixture(llamastack.ProberOptions{})
		slow := healthy()
		f.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/health" {
				f.clock.Step(3 * time.Second)
			}
			slow.ServeHTTP(w, r)
		}))
		f.start()
		f.watch("1", false)

		Eventually(f.changed).Should(Equal(1))
		Expect(f.durations).To(HaveExactElements(3 * time.Second))
	})

	It("probes servers that were watched before it started", func() {
		f := newFixture(llamastack.ProberOptions{})
		f.watch("1", true)
		f.start()
		f.probed(1)
	})

	It("has defaults", func() {
		prober := llamastack.NewProber(llamastack.NewClient(llamastack.ClientOptions{}), llamastack.ProberOptions{})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer GinkgoRecover()
			defer close(ended)
			Expect(prober.Start(ctx)).To(Succeed())
		}()
		key := types.NamespacedName{Name: "a"}
		prober.Watch(key, llamastack.Target{Endpoint: serve(healthy())})
		Eventually(func() bool {
			_, ok := prober.Observation(key)
			return ok
		}).Should(BeTrue())
		cancel()
		Eventually(ended).Should(BeClosed())
	})

	Context("a change", func() {
		It("is reported once", func() {
			f := started()
			f.watch("1", true)
			f.waits(1, 5*time.Minute)
			Expect(f.changed()).To(Equal(1))
			f.answer(healthy().with("/v1/health", says(`{"status":"Error"}`)))
			f.waits(2, 5*time.Minute)
			Eventually(f.changed).Should(Equal(2))
			f.waits(3, 15*time.Second)
			Expect(f.changed()).To(Equal(2))
			got, _ := f.prober.Observation(f.key)
			Expect(got.Health).To(Equal("Error"))
		})

		It("is not a new message of the same status, and the old message stays", func() {
			providers := func(message string) http.HandlerFunc {
				return says(`{"data":[{"api":"a","provider_id":"p","health":{"status":"Error","message":"` + message + `"}}]}`)
			}
			f := started()
			f.answer(healthy().with("/v1/providers", providers("port 1")))
			f.watch("1", true)
			f.waits(1, 5*time.Minute)
			f.answer(healthy().with("/v1/providers", providers("port 2")))
			f.waits(2, 5*time.Minute)

			Expect(f.changed()).To(Equal(1))
			got, _ := f.prober.Observation(f.key)
			Expect(got.Providers[0].Health.Message).To(Equal("port 1"))
		})
	})

	Context("a new revision", func() {
		It("drops the answer and probes at once", func() {
			f := started()
			f.watch("1", true)
			Eventually(f.changed).Should(Equal(1))
			f.answer(routes{})
			f.watch("2", true)

			Eventually(f.changed).Should(Equal(2))
			got, ok := f.prober.Observation(f.key)
			Expect(ok).To(BeTrue())
			Expect(got.Health).To(BeEmpty())
		})

		It("is probed again when it has rolled out, because an earlier Pod may have answered", func() {
			f := started()
			f.watch("1", false)
			Eventually(f.changed).Should(Equal(1))
			f.answer(healthy().with("/v1/version", says(`{"version":"9.9"}`)))
			f.watch("1", true)
			Eventually(func() string {
				got, _ := f.prober.Observation(f.key)
				return got.Version
			}).Should(Equal("9.9"))
		})

		It("reports the answer even if it is the same", func() {
			f := started()
			f.watch("1", true)
			Eventually(f.changed).Should(Equal(1))
			f.watch("2", true)
			Eventually(f.changed).Should(Equal(2))
		})

		It("restarts the count of tries", func() {
			f := started()
			f.answer(routes{"/v1/health": refuses(429)})
			f.watch("1", true)
			f.waits(1, 10*time.Minute)
			Eventually(f.clock.HasWaiters).Should(BeTrue())
			f.watch("2", true)
			f.waits(3, 10*time.Minute)
		})

		It("is also another address", func() {
			f := started()
			f.watch("1", true)
			Eventually(f.changed).Should(Equal(1))
			f.endpoint = serve(healthy().with("/v1/version", says(`{"version":"9.9"}`)))
			f.watch("1", true)
			Eventually(func() string {
				got, _ := f.prober.Observation(f.key)
				return got.Version
			}).Should(Equal("9.9"))
		})

		It("drops the answer to an earlier request", func() {
			asked, release := make(chan struct{}, 1), make(chan struct{})
			f := started()
			f.answer(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-release
				says(`{"status":"Error"}`)(w, r)
			}))
			f.watch("1", true)
			Eventually(asked).Should(Receive())
			f.watch("2", true)
			f.answer(healthy())
			close(release)

			Eventually(f.changed).Should(Equal(1))
			got, ok := f.prober.Observation(f.key)
			Expect(ok).To(BeTrue())
			Expect(got.Health).To(Equal("OK"))
		})
	})

	Context("Forget", func() {
		It("ends the watch", func() {
			f := started()
			f.watch("1", true)
			Eventually(f.changed).Should(Equal(1))
			Eventually(f.clock.HasWaiters).Should(BeTrue())
			f.prober.Forget(f.key)
			f.clock.Step(time.Hour)

			Consistently(f.probes.Load, "50ms", "5ms").Should(BeNumerically("==", 1))
			_, ok := f.prober.Observation(f.key)
			Expect(ok).To(BeFalse())
		})

		It("drops the answer to a probe under way", func() {
			asked, release := make(chan struct{}), make(chan struct{})
			f := started()
			f.answer(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
				close(asked)
				<-release
				says(`{"status":"OK"}`)(w, r)
			}))
			f.watch("1", true)
			Eventually(asked).Should(BeClosed())
			f.prober.Forget(f.key)
			close(release)

			f.probed(1)
			Consistently(f.changed, "50ms", "5ms").Should(BeZero())
			_, ok := f.prober.Observation(f.key)
			Expect(ok).To(BeFalse())
		})

		It("is nothing for a server that is not watched", func() {
			newFixture(llamastack.ProberOptions{}).prober.Forget(types.NamespacedName{Name: "nobody"})
		})
	})

	It("probes a limited number of servers at a time, and all of them in the end", func() {
		const servers, atATime = 20, 3
		var asking, most atomic.Int32
		release := make(chan struct{})
		f := newFixture(llamastack.ProberOptions{Workers: atATime})
		f.answer(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
			defer asking.Add(-1)
			if now := asking.Add(1); now > most.Load() {
				most.Store(now)
			}
			<-release
			says(`{"status":"OK"}`)(w, r)
		}))
		f.start()
		for i := range servers {
			f.prober.Watch(types.NamespacedName{Namespace: string(rune('a' + i)), Name: "a"}, llamastack.Target{Endpoint: f.endpoint})
		}

		Eventually(asking.Load).Should(BeNumerically("==", atATime))
		Consistently(asking.Load, "50ms", "5ms").Should(BeNumerically("==", atATime))
		close(release)
		Eventually(f.changed).Should(Equal(servers))
		Expect(most.Load()).To(BeNumerically("==", atATime))
	})

	It("probes first the server that is due first", func() {
		f := newFixture(llamastack.ProberOptions{Workers: 1})
		var order []string
		at := func(name string) llamastack.Target {
			return llamastack.Target{Endpoint: serve(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
				f.mu.Lock()
				order = append(order, name)
				f.mu.Unlock()
				says(`{"status":"OK"}`)(w, r)
			}))}
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			f.prober.Watch(types.NamespacedName{Name: name}, at(name))
			f.clock.Step(time.Millisecond)
		}
		f.prober.Forget(types.NamespacedName{Name: "b"})
		f.start()
		Eventually(f.changed).Should(Equal(3))
		Expect(order).To(Equal([]string{"a", "c", "d"}))
	})

	It("probes a new server before those that it probes again", func() {
		const again = 6 * time.Minute // is longer than the pace of a server that is well
		f := newFixture(llamastack.ProberOptions{Workers: 1})
		asked, release := make(chan string), make(chan struct{})
		watch := func(name string) {
			endpoint := serve(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
				asked <- name
				<-release
				says(`{"status":"OK"}`)(w, r)
			}))
			f.prober.Watch(types.NamespacedName{Name: name}, llamastack.Target{Endpoint: endpoint, Settled: true})
		}
		f.start()
		watch("a")
		Eventually(asked).Should(Receive(Equal("a")))
		watch("b")
		release <- struct{}{}
		Eventually(asked).Should(Receive(Equal("b")))
		f.clock.Step(again)
		release <- struct{}{}
		Eventually(asked).Should(Receive(Equal("a")))
		f.clock.Step(again)
		watch("c")
		close(release)

		Eventually(asked).Should(Receive(Equal("c")))
		Eventually(asked).Should(Receive(Equal("b")))
	})

	It("ends with its context, even during requests, and leaves nothing behind", func() {
		asked, release := make(chan struct{}), make(chan struct{})
		f := newFixture(llamastack.ProberOptions{Workers: 4})
		f.answer(healthy().with("/v1/health", func(http.ResponseWriter, *http.Request) {
			asked <- struct{}{}
			<-release
		}))
		before := gleak.Goroutines()
		f.start()
		for _, name := range []string{"a", "b", "c"} {
			f.prober.Watch(types.NamespacedName{Name: name}, llamastack.Target{Endpoint: f.endpoint})
		}
		Eventually(asked).Should(Receive())
		Eventually(asked).Should(Receive())
		f.stop()
		Eventually(f.ended).Should(BeClosed())
		close(release)

		Expect(f.changed()).To(BeZero())
		Expect(f.results).To(BeEmpty())
		Eventually(gleak.Goroutines).ShouldNot(gleak.HaveLeaked(before))
	})

	It("accepts calls after its end", func() {
		f := started()
		f.stop()
		Eventually(f.ended).Should(BeClosed())
		f.watch("1", true)
		f.watch("2", false)
		f.prober.Forget(f.key)
		Expect(f.probes.Load()).To(BeZero())
	})

	It("allocates nothing if nothing changed", func() {
		f := newFixture(llamastack.ProberOptions{})
		target := llamastack.Target{Endpoint: f.endpoint, Revision: "1", Settled: true}
		f.prober.Watch(f.key, target)
		Expect(testing.AllocsPerRun(100, func() {
			f.prober.Watch(f.key, target)
			f.prober.Observation(f.key)
		})).To(BeZero())
	})
})

// BenchmarkWatch is what a reconcile in which nothing changed pays, with 10,000 servers watched.
func BenchmarkWatch(b *testing.B) {
	prober := llamastack.NewProber(llamastack.NewClient(llamastack.ClientOptions{}), llamastack.ProberOptions{})
	target := llamastack.Target{Endpoint: llamastack.Endpoint{Scheme: "http", Host: "a-service.apps.svc", Port: 8321}, Revision: "1", Settled: true}
	keys := make([]types.NamespacedName, 10_000)
	for i := range keys {
		keys[i] = types.NamespacedName{Namespace: "apps", Name: time.Duration(i).String()}
		prober.Watch(keys[i], target)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		prober.Watch(keys[i%len(keys)], target)
	}
}
