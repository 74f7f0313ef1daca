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

// Package serve runs an HTTP handler as the stand-ins need it: late on demand, over TLS on demand, and able to ignore
// SIGTERM.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// headerTimeout limits how long a client may take to send its headers.
const headerTimeout = 10 * time.Second

// Options say how to serve.
type Options struct {
	// Address is where to listen, such as :8321 for every address of both families.
	Address string
	// Delay is how long to wait before listening; until then connections are refused.
	Delay time.Duration
	// CertFile and KeyFile are PEM files; with both, TLS is served.
	CertFile, KeyFile string
	// Log receives one line for each thing that happens.
	Log func(format string, args ...any)
	// Listening, when set, gets the address once connections are accepted.
	Listening func(net.Addr)
	// Refuse, when set, decides at each SIGTERM whether to ignore it.
	Refuse func() bool
}

// Run serves handler until a signal on signals ends it (SIGTERM unless refused, SIGINT always) or ctx is done. It then
// aborts requests that are in progress: a stand-in has no data to lose.
func Run(ctx context.Context, signals <-chan os.Signal, handler http.Handler, options Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	go func() {
		options.awaitEnd(ctx, signals)
		cancel()
	}()

	if !options.delay(ctx) {
		return nil
	}

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", options.Address)
	if err != nil {
		return fmt.Errorf("failed to listen on %s: %w", options.Address, err)
	}

	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true) // for gRPC
	context.AfterFunc(ctx, func() { _ = server.Close() })

	options.Log("listening on %s", listener.Addr())

	if options.Listening != nil {
		options.Listening(listener.Addr())
	}

	err = options.serve(server, listener)
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("failed to serve: %w", err)
	}

	return nil
}

func (o Options) serve(server *http.Server, listener net.Listener) error {
	if o.CertFile != "" {
		return server.ServeTLS(listener, o.CertFile, o.KeyFile) //nolint:wrapcheck // Run wraps it.
	}

	return server.Serve(listener) //nolint:wrapcheck // Run wraps it.
}

// delay waits for the delay to pass; false means that the end came first.
func (o Options) delay(ctx context.Context) bool {
	if o.Delay > 0 {
		o.Log("listening in %s", o.Delay)
	}

	select {
	case <-time.After(o.Delay):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// awaitEnd returns at the signal, or the end of ctx, that ends the server.
func (o Options) awaitEnd(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case signal := <-signals:
			if signal != syscall.SIGTERM || o.Refuse == nil || !o.Refuse() {
				o.Log("ending at %s", signal)

				return
			}

			o.Log("ignoring %s, as configured", signal)
		}
	}
}
