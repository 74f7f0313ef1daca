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
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const routeGroup = "route.openshift.io"

var _ = Describe("A kind of another API", func() {
	DescribeTable("follows from the response of the API server", func(code int, want manager.Availability) {
		var path, query string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, query = r.URL.Path, r.URL.RawQuery
			w.WriteHeader(code)
		}))
		DeferCleanup(server.Close)
		client, err := discovery.NewDiscoveryClientForConfig(&rest.Config{Host: server.URL})
		Expect(err).NotTo(HaveOccurred())

		Expect(manager.Check(context.Background(), client.RESTClient(), routeGroup)).To(Equal(want))
		Expect(path).To(Equal("/apis/route.openshift.io/v1/routes"))
		Expect(query).To(ContainSubstring("limit=1"))
	},
		Entry("it is there", http.StatusOK, manager.Served),
		Entry("it is not", http.StatusNotFound, manager.Missing),
		Entry("its server is down", http.StatusServiceUnavailable, manager.Unavailable),
		Entry("it may not be read", http.StatusForbidden, manager.Unavailable),
	)

	It("is unavailable if the API server does not answer", func() {
		client, err := discovery.NewDiscoveryClientForConfig(&rest.Config{Host: "https://127.0.0.1:1"})
		Expect(err).NotTo(HaveOccurred())
		Expect(manager.Check(context.Background(), client.RESTClient(), routeGroup)).To(Equal(manager.Unavailable))
	})

	It("is passed on unless it is served", func() {
		http, route := children.Of(children.HTTPRoute).GroupKind(), children.Of(children.Route).GroupKind()
		Expect(manager.Optional{http: manager.Served, route: manager.Served}.Unserved()).To(BeEmpty())
		Expect(manager.Optional{http: manager.Missing, route: manager.Unavailable}.Unserved()).
			To(Equal(map[schema.GroupKind]bool{http: false, route: true}))
	})
})

var _ = Describe("The watch of a kind of another API", func() {
	type course struct {
		built     manager.Availability
		announced bool
		found     []manager.Availability
		checks    int
		ends      bool
	}
	DescribeTable("ends the manager when it was built for another state, with as few checks as possible", func(c course) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var checks atomic.Int32
		check := func() manager.Availability {
			i := int(checks.Add(1)) - 1
			return c.found[min(i, len(c.found)-1)]
		}
		pause := func() *wait.Backoff { return &wait.Backoff{Duration: time.Millisecond, Factor: 1, Steps: 5} }
		done := make(chan error, 1)
		go func() { done <- manager.Follow(ctx, c.built, nil, func() bool { return c.announced }, check, pause) }()

		if c.ends {
			Eventually(done).Should(Receive(MatchError(manager.ErrPlatformChanged)))
		} else {
			Eventually(checks.Load).Should(BeNumerically(">=", c.checks))
			Consistently(done).WithTimeout(100 * time.Millisecond).ShouldNot(Receive())
			cancel()
			Eventually(done).Should(Receive(BeNil()))
		}
		if len(c.found) == 0 || c.found[len(c.found)-1] != manager.Unavailable {
			Expect(checks.Load()).To(BeNumerically("==", c.checks))
		}
	},
		Entry("served, as announced", course{built: manager.Served, announced: true}),
		Entry("missing, and nobody announced it", course{built: manager.Missing}),
		Entry("announced, and served a moment later", course{
			built: manager.Missing, announced: true, found: []manager.Availability{manager.Missing, manager.Missing, manager.Served}, checks: 3, ends: true,
		}),
		Entry("announced, and never served in our version", course{
			built: manager.Missing, announced: true, found: []manager.Availability{manager.Missing}, checks: 6,
		}),
		Entry("gone", course{built: manager.Served, found: []manager.Availability{manager.Served, manager.Missing}, checks: 2, ends: true}),
		Entry("no longer announced, and no answer", course{
			built: manager.Served, found: []manager.Availability{manager.Unavailable}, checks: 10,
		}),
		Entry("down when the manager was built, and for a long time", course{
			built: manager.Unavailable, announced: true, found: []manager.Availability{manager.Unavailable}, checks: 10,
		}),
		Entry("down when the manager was built, and available again", course{
			built: manager.Unavailable, announced: true, found: []manager.Availability{manager.Unavailable, manager.Served}, checks: 2, ends: true,
		}),
		Entry("down when the manager was built, and removed", course{
			built: manager.Unavailable, found: []manager.Availability{manager.Missing}, checks: 1, ends: true,
		}),
	)

	It("checks again on news", func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var announced atomic.Bool
		news, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- manager.Follow(ctx, manager.Missing, news, announced.Load, func() manager.Availability { return manager.Served }, quickBackoff)
		}()
		news <- struct{}{} // says nothing new
		Consistently(done).WithTimeout(50 * time.Millisecond).ShouldNot(Receive())
		announced.Store(true)
		news <- struct{}{}
		Eventually(done).Should(Receive(MatchError(manager.ErrPlatformChanged)))
	})
})
