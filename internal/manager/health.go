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

package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

const (
	readHeaderTimeout = 5 * time.Second
	shutdownTimeout   = 5 * time.Second
)

// errNotReady is what /readyz says while no manager has synchronised its caches.
var errNotReady = errors.New("the caches are not synchronised with the API server")

// errStuck is why a process has to begin anew.
var errStuck = errors.New("a worker is stuck")

// Health serves /healthz and /readyz for the life of the process. It is alive while no worker is stuck; it is ready while
// a manager runs with synchronised caches. Losing the API server therefore takes readiness away and never a liveness
// probe, because a restart would not bring the API server back.
type Health struct {
	ready   atomic.Bool
	workers workers
}

// SetReady says whether a manager runs with synchronised caches.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

func (h *Health) check(*http.Request) error {
	if h.ready.Load() {
		return nil
	}
	return errNotReady
}

func (h *Health) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", http.StripPrefix("/healthz", &healthz.Handler{Checks: map[string]healthz.Checker{"ping": healthz.Ping, "workers": h.workers.check}}))
	mux.Handle("/readyz", http.StripPrefix("/readyz", &healthz.Handler{Checks: map[string]healthz.Checker{"caches": h.check}}))
	return mux
}

// Serve listens on address ("host:port"; "0" or "" serves nothing) until the context ends.
func (h *Health) Serve(ctx context.Context, address string) error {
	if address == "" || address == "0" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("failed to listen for health probes on %s: %w", address, err)
	}
	return serveUntil(ctx, listener, h.handler())
}

func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: readHeaderTimeout}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(stopCtx) // what is still open after the timeout ends with the process
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("failed to serve on %s: %w", listener.Addr(), err)
	}
	<-stopped
	return nil
}
