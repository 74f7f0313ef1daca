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

// Package caller sends requests for a test, from the network of the Pod that it runs in.
package caller

import (
	"context"
	"io"
	"net/http"
	"time"
)

const (
	// patience limits one request; a client that a policy blocks gets no answer at all.
	patience = 3 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 1 << 20
)

// Register adds GET /call?url=URL to mux: the response of URL, or 502 with the reason why there is none; and GET
// /health.
func Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /call", call)
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
}

func call(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.Query().Get("url"), http.NoBody) //nolint:gosec // the test says where to go
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)

		return
	}

	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // an old connection would survive a new policy

	response, err := client.Do(request) //nolint:gosec // see above
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)

		return
	}
	defer func() { _ = response.Body.Close() }()

	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(response.Body, maxAnswer))
}
