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

// Command stand-in replaces servers that a test of the operator needs:
//
//	stand-in server     a Llama Stack server that misbehaves on demand
//	stand-in inference  an OpenAI-compatible inference backend that repeats its input
//	stand-in outside    a proxy that answers for the hosts of model providers
//	stand-in caller     a client in a Pod, which sends the requests of a test
//	stand-in collector  an OpenTelemetry collector, which counts traces
//	stand-in configure  the program that compiles and checks a declared configuration, which accepts everything
//
// Without a role it is the server, so that it can replace a real image in a custom resource. The environment can set
// every flag, because a custom resource can set the environment. Called as sh, it is what the scripts that the operator
// runs in a server's image would run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/serve"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	args, err := os.Args[1:], error(nil)
	if filepath.Base(os.Args[0]) == shellName {
		args, err = ofShell(args)
	}

	if err == nil {
		err = run(context.Background(), args, os.Getenv, signals, os.Stderr)
	}

	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}

	fmt.Fprintln(os.Stderr, "error:", err)

	if errors.As(err, new(usageError)) {
		os.Exit(exitUsage)
	}

	os.Exit(exitFailure)
}

// usageError is a wrong command line or environment.
type usageError struct{ error }

// run is the whole program. The arguments are those after the program's name.
func run(ctx context.Context, args []string, getenv func(string) string, signals <-chan os.Signal, output io.Writer) error {
	role, rest := "server", args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		role, rest = args[0], args[1:]
	}

	if role == configureRole {
		return configure(rest, output)
	}

	build, known := map[string]func(*flags) (http.Handler, serve.Options, error){
		"server": serverRole, "inference": inferenceRole, "outside": outsideRole, "caller": callerRole, "collector": collectorRole,
	}[role]
	if !known {
		return usageError{fmt.Errorf("unknown role %q: write server, inference, outside, caller, collector or configure", role)}
	}

	handler, options, err := build(newFlags(role, rest, getenv, output))
	if errors.Is(err, flag.ErrHelp) {
		return err
	}

	if err != nil {
		return usageError{err}
	}

	logger := log.New(output, "stand-in "+role+": ", log.LstdFlags|log.LUTC|log.Lmicroseconds)
	options.Log = logger.Printf

	if err := serve.Run(ctx, signals, logged(logger, handler), options); err != nil {
		return fmt.Errorf("failed to run the %s: %w", role, err)
	}

	return nil
}

// logged writes a line for each answered request, as a real server does.
func logged(logger *log.Logger, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		logger.Printf("%s %s", r.Method, r.URL.Path)
	})
}
