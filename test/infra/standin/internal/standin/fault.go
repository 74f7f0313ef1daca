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

package standin

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
)

// apply applies the fault to a request, or lets answer write the response if the fault allows one.
func (f Fault) apply(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	if !f.wait(r) {
		return
	}

	switch {
	case f.Redirect != "":
		http.Redirect(w, r, f.Redirect, http.StatusTemporaryRedirect)
	case f.Code != 0:
		openai.WriteError(w, f.Code, http.StatusText(f.Code))
	case f.Malformed:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status": "OK", "data": [`)
	default:
		pad(w, f.Padding)
		answer.ServeHTTP(w, r)
	}
}

// pad starts the body with white space, so that its JSON only comes after that many bytes.
func pad(w http.ResponseWriter, length int) {
	if length == 0 {
		return
	}

	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(bytes.Repeat([]byte(" "), length))
}

// wait waits for the fault's delay, or until the end of the request. It returns false when the client is gone.
func (f Fault) wait(r *http.Request) bool {
	var delay <-chan time.Time
	if !f.Hang {
		delay = time.After(time.Duration(f.Delay))
	}

	select {
	case <-delay:
		return true
	case <-r.Context().Done():
		return false
	}
}
