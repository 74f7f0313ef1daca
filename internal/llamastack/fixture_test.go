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
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ manager.LeaderElectionRunnable = (*llamastack.Prober)(nil)

// middle is what Rand returns where a test wants no jitter.
func middle() float64 { return 0.5 }

// fixture is a prober with a clock of its own and a server that answers what the test says.
type fixture struct {
	prober   *llamastack.Prober
	clock    *testingclock.FakeClock
	endpoint llamastack.Endpoint
	key      types.NamespacedName
	stop     context.CancelFunc
	ended    chan struct{}

	mu      sync.Mutex
	server  http.Handler
	changes []types.NamespacedName
	results []string
	// durations are those of the probes.
	durations []time.Duration
	// explodes has the report of a probe or a change end in a panic.
	explodes atomic.Bool
	// probes counts the requests for /v1/health.
	probes atomic.Int32
}

func newFixture(options llamastack.ProberOptions) *fixture {
	GinkgoHelper()
	f := &fixture{
		clock: testingclock.NewFakeClock(time.Unix(1_700_000_000, 0)), server: healthy(),
		key: types.NamespacedName{Namespace: "apps", Name: "a"}, ended: make(chan struct{}),
	}
	f.endpoint = serve(http.HandlerFunc(f.serveHTTP))
	options.Clock = f.clock
	options.OnChange = f.onChange
	options.OnProbe = f.onProbe
	if options.Rand == nil {
		options.Rand = middle
	}
	f.prober = llamastack.NewProber(newClient(llamastack.ClientOptions{}), options)
	return f
}

// started is a fixture whose prober runs until the spec ends.
func started() *fixture {
	GinkgoHelper()
	f := newFixture(llamastack.ProberOptions{})
	f.start()
	return f
}

func (f *fixture) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	go func() {
		defer GinkgoRecover()
		defer close(f.ended)
		Expect(f.prober.Start(ctx)).To(Succeed())
	}()
	DeferCleanup(func() {
		cancel()
		Eventually(f.ended).Should(BeClosed())
	})
}

func (f *fixture) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/health" {
		f.probes.Add(1)
	}
	f.mu.Lock()
	server := f.server
	f.mu.Unlock()
	server.ServeHTTP(w, r)
}

func (f *fixture) answer(server http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.server = server
}

func (f *fixture) onChange(key types.NamespacedName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, key)
	f.explode()
}

func (f *fixture) onProbe(result string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.results = append(f.results, result)
	f.durations = append(f.durations, took)
	f.explode()
}

func (f *fixture) explode() {
	if f.explodes.Load() {
		panic("a panic in the callback of a server")
	}
}

func (f *fixture) changed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.changes)
}

func (f *fixture) watch(revision string, settled bool) {
	f.prober.Watch(f.key, llamastack.Target{Endpoint: f.endpoint, Revision: revision, Settled: settled})
}

// waits expects that n probes were made and that the prober then sleeps for exactly d. With one server the clock has
// a waiter only while the prober sleeps until that server is due.
func (f *fixture) waits(n int, d time.Duration) {
	GinkgoHelper()
	f.probed(n)
	Eventually(f.clock.HasWaiters).Should(BeTrue())
	f.clock.Step(d - time.Nanosecond)
	Consistently(f.probes.Load, "20ms", "5ms").Should(BeNumerically("==", n), "asked before %s", d)
	f.clock.Step(time.Nanosecond)
	f.probed(n + 1)
}

// probed expects that n probes were made and recorded.
func (f *fixture) probed(n int) {
	GinkgoHelper()
	Eventually(func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.results)
	}).Should(BeNumerically(">=", n))
	Expect(f.probes.Load()).To(BeNumerically("==", n))
}
