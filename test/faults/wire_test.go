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

package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// fault is what happens to one call.
type fault struct {
	name string
	// lost is a connection that breaks: after the API server has done what it was asked for, or before.
	lost, done bool
	// code is an answer that the API server did not give; zero for none.
	code   int
	reason metav1.StatusReason
	// ends the process as well.
	ends bool
}

// The faults of a call.
var (
	dies          = fault{name: "the process ends before it", ends: true}
	diesAfter     = fault{name: "the process ends after it", done: true, ends: true}
	timesOut      = fault{name: "a time-out, and it was not done", lost: true}
	timesOutDone  = fault{name: "a time-out, though it was done", lost: true, done: true}
	conflicts     = fault{name: "409", code: http.StatusConflict, reason: metav1.StatusReasonConflict}
	throttled     = fault{name: "429", code: http.StatusTooManyRequests, reason: metav1.StatusReasonTooManyRequests}
	fails         = fault{name: "500", code: http.StatusInternalServerError, reason: metav1.StatusReasonInternalError}
	failsDone     = fault{name: "500, though it was done", code: http.StatusInternalServerError, reason: metav1.StatusReasonInternalError, done: true}
	unavailable   = fault{name: "503", code: http.StatusServiceUnavailable, reason: metav1.StatusReasonServiceUnavailable}
	surviveFaults = []fault{timesOut, timesOutDone, conflicts, throttled, fails, failsDone, unavailable}
)

var (
	errLost = errors.New("failed to read the answer: connection reset by peer")
	// errEnded is not a connection error: a client would retry those, for seconds, for a process that has ended.
	errEnded = errors.New("failed to send: the process has ended")
)

// wire is one process's connection to the API server, or the test's own. Everything that is written through it is seen by
// the mirror.
type wire struct {
	mirror *mirror
	next   http.RoundTripper
	// choose returns the fault of a call, by its number from 1 and what it is; nil is none.
	choose func(call int, line string) *fault

	mutex sync.Mutex
	calls []string
	// made are the writes among the calls that the API server made, by the number of the call.
	made map[int]string
	dead bool
}

// client makes a client that talks through the wire and reads from a cache, if there is one.
func (w *wire) client(base *rest.Config, cached client.Reader) client.Client {
	GinkgoHelper()
	config := asJSON(base)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	})
	options := client.Options{Scheme: w.mirror.reader.Scheme(), Mapper: w.mirror.reader.RESTMapper()}
	if cached != nil {
		options.Cache = &client.CacheOptions{Reader: cached}
	}
	made, err := client.New(config, options)
	Expect(err).NotTo(HaveOccurred())
	return made
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + r.URL.Path
	call, chosen := w.decide(line)
	if chosen != nil && !chosen.done {
		return chosen.answer(r)
	}
	response, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && response.StatusCode < http.StatusMultipleChoices {
		w.note(call, line)
		if err := w.observe(r, response); err != nil {
			return nil, err
		}
	}
	if chosen != nil {
		_ = response.Body.Close()
		return chosen.answer(r)
	}
	return response, nil
}

func (w *wire) decide(line string) (int, *fault) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.dead {
		return 0, &dies
	}
	w.calls = append(w.calls, line)
	if w.choose == nil {
		return len(w.calls), nil
	}
	chosen := w.choose(len(w.calls), line)
	w.dead = chosen != nil && chosen.ends
	return len(w.calls), chosen
}

func (w *wire) note(call int, line string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.made == nil {
		w.made = map[int]string{}
	}
	w.made[call] = line
}

// count is the number of calls so far.
func (w *wire) count() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return len(w.calls)
}

func (w *wire) isDead() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.dead
}

// writes are the calls after one that the API server made a change for. What it refuses changes nothing.
func (w *wire) writes(since int) []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var found []string
	for call, line := range w.made {
		if call > since {
			found = append(found, line)
		}
	}
	return found
}

// begin forgets the calls so far.
func (w *wire) begin() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.calls, w.made = nil, nil
}

func (f *fault) answer(r *http.Request) (*http.Response, error) {
	if f.ends {
		return nil, errEnded
	}
	if f.lost {
		return nil, errLost
	}
	text, err := json.Marshal(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Code: int32(f.code), Reason: f.reason, Message: "the test answers " + f.name, //nolint:gosec // an HTTP status fits
	})
	if err != nil {
		return nil, fmt.Errorf("failed to answer: %w", err)
	}
	return &http.Response{
		StatusCode: f.code, Request: r, Body: io.NopCloser(bytes.NewReader(text)), Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// observe reports to the mirror what happened to an object. Only a read shows what is left after a deletion.
func (w *wire) observe(r *http.Request, response *http.Response) error {
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("failed to read the answer: %w", err)
	}
	if r.Method == http.MethodDelete || !strings.Contains(response.Header.Get("Content-Type"), "json") {
		return w.check(r) // a client of metadata uses protobuf, whatever it is configured to use
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(body); err != nil {
		return fmt.Errorf("failed to read the answer: %w", err)
	}
	return w.mirror.see(object)
}

func (w *wire) check(r *http.Request) error {
	id, err := w.mirror.named(r.URL.Path)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(id.gvk)
	err = w.mirror.reader.Get(r.Context(), id.key, object)
	if apierrors.IsNotFound(err) {
		w.mirror.gone(id.identity)
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to read what was written: %w", err)
	}
	return w.mirror.see(object)
}
