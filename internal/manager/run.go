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
	"os"
	"runtime/debug"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/delegatedauth"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	firstRetry = time.Second
	// lastRetry is short: an attempt while nobody answers costs next to nothing, and all servers wait for the first that succeeds.
	lastRetry = 5 * time.Second
	// retryJitter keeps several operators from coming back at the same moment.
	retryJitter = 0.1
	// steadyAfter is how long a manager must have run for its end to be a new outage rather than the same one.
	steadyAfter = time.Minute
	// gcPercent is half of Go's default.
	gcPercent = 50
)

// Run serves health and metrics and keeps a manager running until the context ends. It returns an error only when the
// process cannot do its work at all: an address that is taken, a configuration that names no API server.
func Run(ctx context.Context, options Options) error {
	limitGarbage(os.Getenv)
	options.identity = newIdentity()
	health := &Health{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Serve(ctx, options.HealthAddress) })
	group.Go(func() error { return serveMetrics(ctx, options) })
	group.Go(func() error {
		supervise(ctx, func(ctx context.Context) error { return runOnce(ctx, options, health) }, newBackoff)
		return nil
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("failed to run the operator: %w", err)
	}
	return nil
}

// limitGarbage has memory collected when half of what is in use has become garbage, unless GOGC says when: the operator
// is idle nearly always, and what it holds matters more than the time of a collection.
func limitGarbage(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

func runOnce(ctx context.Context, options Options, health *Health) error {
	defer health.SetReady(false)
	mgr, err := build(ctx, options, health)
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("failed to keep the manager running: %w", err)
	}
	return nil
}

func newBackoff() *wait.Backoff {
	return &wait.Backoff{Duration: firstRetry, Factor: 2, Jitter: retryJitter, Steps: 10, Cap: lastRetry}
}

// supervise runs work again and again until the context ends, with a growing pause that a long run resets.
func supervise(ctx context.Context, work func(context.Context) error, backoff func() *wait.Backoff) {
	log := ctrl.Log.WithName("manager")
	pause := backoff()
	for ctx.Err() == nil {
		started := time.Now()
		err := work(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(started) > steadyAfter || errors.Is(err, errPlatformChanged) {
			pause = backoff()
		}
		delay := pause.Step()
		log.Error(err, "the manager ended; building the next one", "after", delay.String())
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

func serveMetrics(ctx context.Context, options Options) error {
	restConfig, err := options.RESTConfig()
	if err != nil {
		return fmt.Errorf("failed to find the API server: %w", err)
	}
	httpClient, err := rest.HTTPClientFor(restConfig)
	if err != nil {
		return fmt.Errorf("failed to make a client for the API server: %w", err)
	}
	serverOptions := metricsserver.Options{BindAddress: options.MetricsAddress, SecureServing: options.MetricsSecure}
	if options.MetricsSecure {
		serverOptions.FilterProvider = delegatedauth.Filter
	}
	server, err := metricsserver.NewServer(serverOptions, restConfig, httpClient)
	if err != nil {
		return fmt.Errorf("failed to make the metrics server: %w", err)
	}
	if server == nil {
		return nil
	}
	if err := server.Start(ctx); err != nil {
		return fmt.Errorf("failed to serve metrics on %s: %w", options.MetricsAddress, err)
	}
	return nil
}
