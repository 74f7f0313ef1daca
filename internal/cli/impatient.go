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

package cli

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
)

// answersWithin is how long the API server may take for an answer, unless --request-timeout says it.
const answersWithin = 10 * time.Second

// readyz is where the API server says how it is. Its answer needs no database.
const readyz = "/readyz"

// errImpatient is the error of a request that is not sent.
var errImpatient = errors.New("not sent, because the API server took too long to answer an earlier request")

// impatient is a connection that sends nothing more once an answer took too long, except to ask the API server how it is. When its
// database ends, each request would wait for a minute, and a command that reads all objects of servers sends many.
type impatient struct {
	http.RoundTripper

	gaveUp atomic.Bool
}

// limit makes the connection of a configuration impatient.
func (i *impatient) limit(config *rest.Config) {
	if config.Timeout == 0 {
		config.Timeout = answersWithin
	}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		i.RoundTripper = next
		return i
	})
}

// RoundTrip sends a request.
func (i *impatient) RoundTrip(request *http.Request) (*http.Response, error) {
	if i.gaveUp.Load() && request.URL.Path != readyz {
		return nil, errImpatient
	}
	response, err := i.RoundTripper.RoundTrip(request)
	// The error is another one if the client cancels the request before its context ends, at the same time.
	if deadline, ok := request.Context().Deadline(); err != nil && ok && !time.Now().Before(deadline) {
		i.gaveUp.Store(true)
	}
	return response, err //nolint:wrapcheck // as it is without this
}

// WrappedRoundTripper lets the client cancel requests, without a warning that it cannot.
func (i *impatient) WrappedRoundTripper() http.RoundTripper { return i.RoundTripper }
