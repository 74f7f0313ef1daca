//go:build perf

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

package perf_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	outages = 5
	// growth is how much more of something there may be after all outages than after the first.
	growth = 1.1
)

// size is what must not grow.
type size struct{ resident, live, goroutines float64 }

func sizeNow() size {
	GinkgoHelper()
	live := operator.liveHeap()
	return size{resident: operator.resident("VmRSS"), live: live, goroutines: operator.counter("go_goroutines")}
}

func (s size) String() string {
	return fmt.Sprintf("%.1f MiB resident, %.1f MiB live heap, %.0f goroutines", s.resident/mebi, s.live/mebi, s.goroutines)
}

// describeOutages cuts the operator off from the API server again and again.
func describeOutages() {
	It("survives outages of the API server without growth", func(ctx context.Context) {
		newNamespace(ctx, "outages")
		process := operator.session.Command.Process.Pid
		sizes := []size{sizeNow()}
		for n := range outages {
			figuref(fmt.Sprintf("outage %d", n+1), "%s", outage(ctx, n))
			sizes = append(sizes, sizeNow())
		}
		Expect(operator.session.Command.Process.Pid).To(Equal(process))
		for n, s := range sizes {
			figuref(fmt.Sprintf("size after %d outages", n), "%s", s)
		}
		first, last := sizes[1], sizes[outages]
		Expect(last.goroutines).To(BeNumerically("<=", growth*first.goroutines))
		Expect(last.live).To(BeNumerically("<=", growth*first.live))
		Expect(last.resident).To(BeNumerically("<=", growth*first.resident))
	})
}

// outage lasts until the operator has stopped its manager, and ends with a new server that is Ready.
func outage(ctx context.Context, number int) string {
	GinkgoHelper()
	start := time.Now()
	wire.Cut()
	Eventually(func() int {
		Expect(operator.status("/healthz")).To(Equal(http.StatusOK))
		return operator.status("/readyz")
	}).Should(Equal(http.StatusInternalServerError))
	noticed := time.Since(start)
	Consistently(func(g Gomega) {
		g.Expect(operator.alive()).To(Succeed())
		g.Expect(operator.status("/healthz")).To(Equal(http.StatusOK))
		g.Expect(operator.status("/readyz")).To(Equal(http.StatusInternalServerError))
	}).WithTimeout(5 * time.Second).Should(Succeed())

	restored := time.Now()
	wire.Restore()
	instance := member("outages", number).Obj()
	create(ctx, userConfigOf(instance), instance)
	Eventually(operator.leads).Should(Succeed())
	leads := time.Since(restored)
	becomeReady(ctx, "outages", number+1)
	return fmt.Sprintf("not ready after %.1f s, leads again %.1f s after the API server is back", noticed.Seconds(), leads.Seconds())
}
