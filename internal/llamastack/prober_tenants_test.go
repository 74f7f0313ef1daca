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
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Prober, of several tenants' servers,", func() {
	It("survives a panic, and probes the server that caused it again later", func() {
		f := newFixture(llamastack.ProberOptions{Workers: 1})
		f.explodes.Store(true)
		f.start()
		f.watch("1", false)
		f.waits(1, 15*time.Second)
		f.waits(2, 15*time.Second)
	})

	It("uses half of its workers for one namespace at most, and probes the other servers later", func() {
		release := make(chan struct{})
		var under, most atomic.Int32
		slow := serve(healthy().with("/v1/health", func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), under.Add(1)))
			<-release
			under.Add(-1)
			says(`{"status":"OK"}`)(w, r)
		}))
		answer := sync.OnceFunc(func() { close(release) })
		DeferCleanup(answer)
		f := newFixture(llamastack.ProberOptions{Workers: 4})
		hostile := func(i int) types.NamespacedName {
			return types.NamespacedName{Namespace: "hostile", Name: strconv.Itoa(i)}
		}
		for i := range 10 {
			f.prober.Watch(hostile(i), llamastack.Target{Endpoint: slow, Revision: "1"})
		}
		f.start()
		Eventually(under.Load).Should(Equal(int32(2)))
		f.watch("1", false)
		f.probed(1)
		f.prober.Forget(hostile(9))
		f.prober.Watch(hostile(8), llamastack.Target{Endpoint: slow, Revision: "2"})
		Expect(under.Load()).To(Equal(int32(2)))

		answer()
		for i := range 9 {
			Eventually(func() bool { _, known := f.prober.Observation(hostile(i)); return known }).Should(BeTrue(), "server %d", i)
		}
		Expect(most.Load()).To(Equal(int32(2)))
		_, known := f.prober.Observation(hostile(9))
		Expect(known).To(BeFalse())
	})
})
