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
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
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
	// shutdownLimit is how long all that a manager has started may take to end. It is less than the Pod's
	// terminationGracePeriodSeconds.
	shutdownLimit = 20 * time.Second
	// gcPercent is half of Go's default.
	gcPercent = 50
)

// errLeftOver ends the process: the next manager must not begin beside what is left of the last one.
var errLeftOver = errors.New("something that the manager had started did not end in time")

// Run serves health and metrics and keeps a manager running until the context ends. It returns an error only when the
// process cannot do its work at all: an address that is taken, a configuration that names no API server, a manager of
// which something is left that does not end.
func Run(ctx context.Context, options Options) error {
	limitGarbage(os.Getenv)
	outlivePanics()
	options.identity = newIdentity()
	health := &Health{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Serve(ctx, options.HealthAddress) })
	group.Go(func() error { return serveMetrics(ctx, options) })
	group.Go(func() error {
		return supervise(ctx, func(ctx context.Context) error { return runOnce(ctx, options, health) }, newBackoff)
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

// outlivePanics has client-go log a panic in what it calls, such as the handler of a watch, and go on with the next event.
// Controllers do so of their own, and HTTP servers: no object of one tenant's ends the process for all.
func outlivePanics() {
	utilruntime.ReallyCrash = false
}

func runOnce(ctx context.Context, options Options, health *Health) error {
	defer health.SetReady(false)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	options.newCache = newInterruptibleCaches(ctx)
	mgr, err := build(ctx, options, health, func() { end(errOutOfTouch) })
	if err != nil {
		return err
	}
	if options.Ended != nil {
		defer options.Ended()
	}
	err = mgr.Start(ctx)
	switch {
	case isLeftOver(err):
		return errors.Join(errLeftOver, err)
	case errors.Is(context.Cause(ctx), errOutOfTouch):
		err = errors.Join(errOutOfTouch, err)
	}
	if err != nil {
		return fmt.Errorf("failed to keep the manager running: %w", err)
	}
	return nil
}

// isLeftOver is whether a manager gave up to wait for what it had started, which it says in its text alone.
func isLeftOver(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && strings.Contains(err.Error(), "within grace period")
}

func newBackoff() *wait.Backoff {
	return &wait.Backoff{Duration: firstRetry, Factor: 2, Jitter: retryJitter, Steps: 10, Cap: lastRetry}
}

// supervise runs work again and again until the context ends, with a growing pause that a long run resets. Its error is
// that of work after which there must be no next.
func supervise(ctx context.Context, work func(context.Context) error, backoff func() *wait.Backoff) error {
	log := ctrl.Log.WithName("manager")
	pause := backoff()
	for ctx.Err() == nil {
		started := time.Now()
		err := work(ctx)
		switch {
		case errors.Is(err, errLeftOver):
			return err
		case ctx.Err() != nil:
			return nil //nolint:nilerr // this is how it is to end
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
	return nil
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
	serverOptions, err := metricsOptions(options)
	if err != nil {
		return err
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
