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
	"net/http"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	clocktesting "k8s.io/utils/clock/testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A request for metrics", func() {
	var (
		api     *apiServer
		now     *clocktesting.FakePassiveClock
		handler http.Handler
	)

	BeforeEach(func() {
		api = newAPIServer()
		api.users["reader-token"] = authenticationv1.UserInfo{
			Username: "reader", UID: "uid", Groups: []string{"monitoring"}, Extra: map[string]authenticationv1.ExtraValue{"scope": {"a", "b"}},
		}
		api.users["stranger-token"] = authenticationv1.UserInfo{Username: "stranger"}
		api.users["denied-token"] = authenticationv1.UserInfo{Username: "denied"}
		api.allowed["reader"], api.allowed["denied"], api.denies["denied"] = true, true, true
		now = clocktesting.NewFakePassiveClock(time.Now())
		handler = guarded(api, now)
	})

	DescribeTable("is answered by who asks and for what",
		func(method, path, authorization string, code int, body string) {
			response := call(handler, method, path, authorization)
			Expect(response.Code).To(Equal(code))
			Expect(response.Body.String()).To(ContainSubstring(body))
		},
		Entry("the metrics, to a user who may read them", "GET", "/metrics", "Bearer reader-token", 200, "metrics"),
		Entry("the metrics, however the scheme is written", "GET", "/metrics", "bearer  reader-token ", 200, "metrics"),
		Entry("401 without a token", "GET", "/metrics", "", 401, "Unauthorized"),
		Entry("401 with an empty token", "GET", "/metrics", "Bearer ", 401, "Unauthorized"),
		Entry("401 with another scheme", "GET", "/metrics", "Basic reader-token", 401, "Unauthorized"),
		Entry("401 with a scheme alone", "GET", "/metrics", "reader-token", 401, "Unauthorized"),
		Entry("401 with a token that the API server does not know", "GET", "/metrics", "Bearer other", 401, "Unauthorized"),
		Entry("403 for a user without permission", "GET", "/metrics", "Bearer stranger-token", 403, "Forbidden"),
		Entry("403 for a user that one authorizer denies", "GET", "/metrics", "Bearer denied-token", 403, "Forbidden"),
		Entry("403 on another path", "GET", "/debug", "Bearer reader-token", 403, "Forbidden"),
		Entry("403 for another method", "POST", "/metrics", "Bearer reader-token", 403, "Forbidden"),
	)

	It("sends nothing to the API server without a token", func() {
		call(handler, "GET", "/metrics", "")
		Expect(api.asked()).To(BeZero())
	})

	It("does not show the token or the user to others", func() {
		Expect(call(handler, "GET", "/metrics", "Bearer stranger-token").Body.String()).NotTo(Or(ContainSubstring("stranger"), ContainSubstring("token")))
	})

	It("sends the API server everything about the user", func() {
		call(handler, "GET", "/metrics", "Bearer reader-token")
		Expect(api.reviews).To(Equal([]authorizationv1.SubjectAccessReviewSpec{{
			User: "reader", UID: "uid", Groups: []string{"monitoring"}, Extra: map[string]authorizationv1.ExtraValue{"scope": {"a", "b"}},
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: "/metrics"},
		}}))
	})

	It("asks the API server once for the same token and question", func() {
		for _, token := range []string{"reader-token", "stranger-token", "other"} {
			for range 3 {
				call(handler, "GET", "/metrics", "Bearer "+token)
			}
		}
		Expect(api.asked()).To(Equal(questions{tokens: 3, reviews: 2}), "nobody asks what an unknown user may do")
	})

	It("is decided again when the answers are old, a refusal sooner", func() {
		call(handler, "GET", "/metrics", "Bearer reader-token")
		call(handler, "GET", "/metrics", "Bearer stranger-token")
		api.set(func() { api.allowed["reader"], api.allowed["stranger"] = false, true })

		now.SetTime(now.Now().Add(31 * time.Second))
		Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusOK))
		Expect(call(handler, "GET", "/metrics", "Bearer stranger-token").Code).To(Equal(http.StatusOK))
		now.SetTime(now.Now().Add(5 * time.Minute))
		Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusForbidden))
	})

	It("gets 401 a minute after its token was revoked", func() {
		call(handler, "GET", "/metrics", "Bearer reader-token")
		api.set(func() { delete(api.users, "reader-token") })

		now.SetTime(now.Now().Add(61 * time.Second))
		Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusUnauthorized))
	})

	It("gets 500 while the API server is not reachable, and an answer afterwards", func() {
		api.set(func() { api.broken = true })
		Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusInternalServerError))

		api.set(func() { api.broken = false })
		Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusOK))
	})

	It("is decided by its own token, however many there are at once", func() {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				defer GinkgoRecover()
				Expect(call(handler, "GET", "/metrics", "Bearer reader-token").Code).To(Equal(http.StatusOK))
				Expect(call(handler, "GET", "/metrics", "Bearer stranger-token").Code).To(Equal(http.StatusForbidden))
			})
		}
		all.Wait()
		Expect(api.asked()).To(Equal(questions{tokens: 2, reviews: 2}), "equal requests at the same time are one question")
	})
})
