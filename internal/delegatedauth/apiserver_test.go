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
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/go-logr/logr"
	"github.com/llamastack/llama-stack-k8s-operator/internal/delegatedauth"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// apiServer knows some tokens and lets some users do some things.
type apiServer struct {
	// users by token.
	users map[string]authenticationv1.UserInfo
	// allowed names the users who may get /metrics.
	allowed map[string]bool
	// denies is a user that one authorizer refuses although another allows it.
	denies map[string]bool

	mu sync.Mutex
	// broken answers every question with 500.
	broken  bool
	reviews []authorizationv1.SubjectAccessReviewSpec
	tokens  []string
}

func newAPIServer() *apiServer {
	return &apiServer{users: map[string]authenticationv1.UserInfo{}, allowed: map[string]bool{}, denies: map[string]bool{}}
}

// ServeHTTP answers reviews.
func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + " " + r.URL.Path {
	case "POST /apis/authentication.k8s.io/v1/tokenreviews":
		review := &authenticationv1.TokenReview{}
		_ = json.NewDecoder(r.Body).Decode(review)
		a.tokens = append(a.tokens, review.Spec.Token)
		user, known := a.users[review.Spec.Token]
		review.Status = authenticationv1.TokenReviewStatus{Authenticated: known, User: user}
		answer(w, review)
	case "POST /apis/authorization.k8s.io/v1/subjectaccessreviews":
		review := &authorizationv1.SubjectAccessReview{}
		_ = json.NewDecoder(r.Body).Decode(review)
		a.reviews = append(a.reviews, review.Spec)
		asked := review.Spec.NonResourceAttributes
		review.Status.Allowed = a.allowed[review.Spec.User] && asked.Verb == "get" && asked.Path == "/metrics"
		review.Status.Denied = a.denies[review.Spec.User]
		answer(w, review)
	default:
		http.NotFound(w, r)
	}
}

// answer writes a review with its verdict.
func answer(w http.ResponseWriter, review any) {
	text, err := json.Marshal(review)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text)
}

// asked is how often each question was put.
func (a *apiServer) asked() questions {
	a.mu.Lock()
	defer a.mu.Unlock()
	return questions{tokens: len(a.tokens), reviews: len(a.reviews)}
}

// questions are counted by what they are about.
type questions struct{ tokens, reviews int }

// set changes what the API server says.
func (a *apiServer) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// guarded is a handler behind the filter, which asks the API server.
func guarded(a *apiServer, now clock.PassiveClock) http.Handler {
	GinkgoHelper()
	server := httptest.NewServer(a)
	DeferCleanup(server.Close)
	filter, err := delegatedauth.FilterAt(now, &rest.Config{Host: server.URL}, server.Client())
	Expect(err).NotTo(HaveOccurred())
	return behind(filter, logr.Discard())
}

// behind is a handler behind a filter.
func behind(filter metricsserver.Filter, log logr.Logger) http.Handler {
	GinkgoHelper()
	handler, err := filter(log, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("metrics"))
	}))
	Expect(err).NotTo(HaveOccurred())
	return handler
}

// call is the handler's answer to a request with an Authorization header.
func call(handler http.Handler, method, path, authorization string) *httptest.ResponseRecorder {
	return callFrom("192.0.2.1:40000", handler, method, path, authorization)
}

// callFrom is call from an address.
func callFrom(address string, handler http.Handler, method, path, authorization string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(GinkgoT().Context(), method, path, http.NoBody)
	request.RemoteAddr = address
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}
