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
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// schemaOf is an OpenAPI document with an HTTPRoute whose rules have these fields, beside another kind.
func schemaOf(rules string) string {
	return `{"openapi":"3.0.0","components":{"schemas":{
		"a.Gateway":{"x-kubernetes-group-version-kind":[{"group":"gateway.networking.k8s.io","kind":"Gateway","version":"v1"}]},
		"a.HTTPRoute":{"x-kubernetes-group-version-kind":[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute","version":"v1"}],
			"properties":{"spec":{"properties":{"rules":{"type":"array","items":{"properties":{` + rules + `}}}}}}}}}}`
}

var _ = Describe("The fields of HTTPRoutes", func() {
	DescribeTable("follow from the schema of the API server", func(code int, body string, want bool, failure OmegaMatcher) {
		var path string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.Path
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}))
		DeferCleanup(server.Close)
		client, err := discovery.NewDiscoveryClientForConfig(&rest.Config{Host: server.URL})
		Expect(err).NotTo(HaveOccurred())

		found, err := manager.RoutesHaveTimeouts(context.Background(), client.RESTClient())
		Expect(err).To(failure)
		Expect(found).To(Equal(want))
		Expect(path).To(Equal("/openapi/v3/apis/gateway.networking.k8s.io/v1"))
	},
		Entry("with timeouts", http.StatusOK, schemaOf(`"matches":{},"timeouts":{"type":"object"}`), true, Succeed()),
		Entry("without", http.StatusOK, schemaOf(`"matches":{}`), false, Succeed()),
		Entry("without any HTTPRoute", http.StatusOK, "{}", false, Succeed()),
		Entry("that is cut off", http.StatusOK, schemaOf(`"timeouts":{}`)[:100], false, MatchError(ContainSubstring("failed to read the schema of HTTPRoutes"))),
		Entry("that is not there", http.StatusServiceUnavailable, "", false, MatchError(ContainSubstring("failed to read the schema of HTTPRoutes"))),
	)

	type course struct {
		timeouts, known bool
		news            bool
		finds           func(check int) (bool, error)
		checks          int
		ends            bool
	}
	down := errors.New("down")
	DescribeTable("end the manager when they differ from those that it was built for", func(c course) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var checks atomic.Int32
		news, done := make(chan struct{}, 1), make(chan error, 1)
		if c.news {
			news <- struct{}{}
		}
		go func() {
			done <- manager.FollowRouteFields(ctx, c.timeouts, c.known, news, func() (bool, error) { return c.finds(int(checks.Add(1))) }, quickBackoff)
		}()

		if c.ends {
			Eventually(done).Should(Receive(MatchError(manager.ErrPlatformChanged)))
			return
		}
		Eventually(checks.Load).Should(BeNumerically("==", c.checks))
		Consistently(done).WithTimeout(50 * time.Millisecond).ShouldNot(Receive())
		Expect(checks.Load()).To(BeNumerically("==", c.checks))
		cancel()
		Eventually(done).Should(Receive(BeNil()))
	},
		Entry("not without news", course{known: true, timeouts: true, finds: func(int) (bool, error) { return true, nil }, checks: 3}),
		Entry("when it was built from the description of the definition before",
			course{known: true, timeouts: true, finds: func(check int) (bool, error) { return check < 2, nil }, ends: true}),
		Entry("not by news of something else", course{known: true, timeouts: true, news: true, finds: func(int) (bool, error) { return true, nil }, checks: 3}),
		Entry("when the definition gets timeouts", course{known: true, news: true, finds: func(check int) (bool, error) { return check > 2, nil }, ends: true}),
		Entry("when the definition loses them", course{known: true, timeouts: true, news: true, finds: func(int) (bool, error) { return false, nil }, ends: true}),
		Entry("when they could not be read, and can be", course{finds: func(check int) (bool, error) {
			if check < 20 {
				return false, down
			}
			return true, nil
		}, ends: true}),
	)
})
