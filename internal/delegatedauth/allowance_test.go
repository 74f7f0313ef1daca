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

package delegatedauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/llamastack/llama-stack-k8s-operator/internal/delegatedauth"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// attempts is how many tokens somebody tries.
const attempts = 300

var _ = Describe("Who tries many tokens", func() {
	const attacker, monitoring = "192.0.2.66", "192.0.2.1"
	var (
		api     *apiServer
		now     *clocktesting.FakePassiveClock
		handler http.Handler
	)

	// flood tries tokens, all at once, and returns how often it was answered how.
	flood := func(from func(try int) string) map[int]int {
		GinkgoHelper()
		var mu sync.Mutex
		var all sync.WaitGroup
		codes := map[int]int{}
		for try := range attempts {
			all.Go(func() {
				code := callFrom(from(try), handler, "GET", "/metrics", fmt.Sprintf("Bearer random-%d-%d", try, now.Now().UnixNano())).Code
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		all.Wait()
		return codes
	}
	one := func(int) string { return attacker + ":40000" }
	many := func(try int) string { return fmt.Sprintf("192.0.3.%d:40000", try%250) }

	BeforeEach(func() {
		api = newAPIServer()
		for _, token := range []string{"reader-token", "new-token"} {
			api.users[token] = authenticationv1.UserInfo{Username: "reader"}
		}
		api.allowed["reader"] = true
		now = clocktesting.NewFakePassiveClock(time.Now())
		handler = guarded(api, now)
	})

	It("has few of its tokens reviewed, and is answered at once that these are too many", func() {
		codes := flood(one)

		Expect(codes).To(Equal(map[int]int{http.StatusUnauthorized: 10, http.StatusTooManyRequests: attempts - 10}))
		Expect(api.asked().tokens).To(Equal(10))
		Expect(callFrom(one(0), handler, "GET", "/metrics", "Bearer more").Header().Get("Retry-After")).To(Equal("1"))
	})

	It("does not lock out an unknown token from another address", func() {
		flood(one)

		Expect(callFrom(monitoring+":1", handler, "GET", "/metrics", "Bearer new-token").Code).To(Equal(http.StatusOK))
	})

	It("does not lock out others at the same address for longer than a second", func() {
		flood(one)
		Expect(callFrom(one(0), handler, "GET", "/metrics", "Bearer new-token").Code).To(Equal(http.StatusTooManyRequests))
		now.SetTime(now.Now().Add(time.Second))

		Expect(callFrom(one(0), handler, "GET", "/metrics", "Bearer new-token").Code).To(Equal(http.StatusOK))
	})

	It("does not lock out a token that was accepted, from any number of addresses, even if its answers are old", func() {
		Expect(callFrom(monitoring+":1", handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusOK))
		for range 12 {
			now.SetTime(now.Now().Add(5*time.Minute + time.Second))
			Expect(flood(many)).To(HaveKey(http.StatusTooManyRequests))
			Expect(callFrom(monitoring+":1", handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusOK))
		}
	})

	It("writes at most one line in ten seconds to the log", func() {
		var lines []string
		var mu sync.Mutex
		log := funcr.New(func(_, line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}, funcr.Options{})
		server := httptest.NewServer(api)
		DeferCleanup(server.Close)
		filter, err := delegatedauth.FilterAt(now, &rest.Config{Host: server.URL}, server.Client())
		Expect(err).NotTo(HaveOccurred())
		handler = behind(filter, log)

		flood(one)
		Expect(lines).To(HaveLen(1))
		now.SetTime(now.Now().Add(10 * time.Second))
		call(handler, "GET", "/"+strings.Repeat("x", 4096), "")
		Expect(lines).To(HaveExactElements(ContainSubstring("refused a request"), And(
			ContainSubstring(fmt.Sprintf(`"notLogged"=%d`, attempts-1)), WithTransform(func(line string) int { return len(line) }, BeNumerically("<", 1024)))))
	})
})
