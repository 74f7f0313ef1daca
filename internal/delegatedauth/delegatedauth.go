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

// Package delegatedauth lets those read the operator's metrics whom the API server knows and allows to: a TokenReview
// says whose token it is, a SubjectAccessReview whether that user may. It needs the right to create both.
//
// It is what controller-runtime's filters.WithAuthenticationAndAuthorization does. That one brings the libraries of a
// whole API server (CEL, gRPC, tracing) into the program, a third of its size, for two requests.
package delegatedauth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// How long an answer of the API server is remembered, as its own components do it.
const (
	knownFor   = time.Minute
	allowedFor = 5 * time.Minute
	deniedFor  = 30 * time.Second
)

// Filter asks the API server about each request before a handler sees it. Who does not say who they are, or is not
// known, gets 401; who may not use the method of the request on its path, 403; and 500 is for when the API server
// cannot be asked. Tokens are remembered by their hash only.
func Filter(config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	return filterAt(clock.RealClock{}, config, httpClient)
}

func filterAt(now cache.Clock, config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	api, err := newReviews(config, httpClient)
	if err != nil {
		return nil, err
	}
	return func(log logr.Logger, handler http.Handler) (http.Handler, error) {
		g := &gate{
			reviews: api, users: newMemory[[sha256.Size]byte, identity](now), verdicts: newMemory[question, bool](now),
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			code, err := g.judge(r)
			if code == http.StatusOK {
				handler.ServeHTTP(w, r)
				return
			}
			if code == http.StatusInternalServerError {
				log.Error(err, "failed to judge a request", "path", r.URL.Path)
			} else {
				log.V(1).Info("refused a request", "path", r.URL.Path, "code", code, "reason", err.Error())
			}
			http.Error(w, http.StatusText(code), code)
		}), nil
	}, nil
}

// gate remembers what the API server said.
type gate struct {
	reviews

	// users by the hash of their token.
	users    *memory[[sha256.Size]byte, identity]
	verdicts *memory[question, bool]
}

// identity is what a token stands for.
type identity struct {
	user  authenticationv1.UserInfo
	known bool
}

// question is whether somebody may do something.
type question struct {
	token      [sha256.Size]byte
	verb, path string
}

// judge is 200 for a request that may pass, and otherwise the status to answer with and why.
func (g *gate) judge(r *http.Request) (int, error) {
	token, found := bearerToken(r.Header)
	if !found {
		return http.StatusUnauthorized, errNoToken
	}
	asked := question{token: sha256.Sum256([]byte(token)), verb: strings.ToLower(r.Method), path: r.URL.Path}
	who, err := g.identify(r.Context(), asked.token, token)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	if !who.known {
		return http.StatusUnauthorized, errUnknownToken
	}
	allowed, err := g.decide(r.Context(), asked, who.user)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	if !allowed {
		return http.StatusForbidden, fmt.Errorf("failed to let %s %s %s: %w", who.user.Username, asked.verb, asked.path, errDenied)
	}
	return http.StatusOK, nil
}

func (g *gate) identify(ctx context.Context, hash [sha256.Size]byte, token string) (identity, error) {
	return g.users.recall(ctx, hash, func(ctx context.Context) (identity, time.Duration, error) {
		who, err := g.reviewToken(ctx, token)
		return who, knownFor, err
	})
}

func (g *gate) decide(ctx context.Context, asked question, user authenticationv1.UserInfo) (bool, error) {
	return g.verdicts.recall(ctx, asked, func(ctx context.Context) (bool, time.Duration, error) {
		allowed, err := g.reviewAccess(ctx, user, asked.verb, asked.path)
		return allowed, lifetime(allowed), err
	})
}

func lifetime(allowed bool) time.Duration {
	if allowed {
		return allowedFor
	}
	return deniedFor
}

// bearerToken is the token of an Authorization header, if it has one.
func bearerToken(header http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(header.Get("Authorization")), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "bearer") && token != ""
}
