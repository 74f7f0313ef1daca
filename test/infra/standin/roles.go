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

package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/caller"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/collector"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/outside"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/serve"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/standin"
)

const (
	// serverPort is the default port of a Llama Stack server.
	serverPort = "8321"
	// inferencePort is vLLM's port.
	inferencePort = "8000"
	// outsidePort is a usual one of proxies.
	outsidePort = "3128"
	// callerPort differs from both others, since a caller can be in the same Pod.
	callerPort = "8500"
	// collectorPort is that of OpenTelemetry over HTTP.
	collectorPort = "4318"
)

// flags is a command line whose defaults come from the environment.
type flags struct {
	set    *flag.FlagSet
	args   []string
	getenv func(string) string
}

func newFlags(role string, args []string, getenv func(string) string, output io.Writer) *flags {
	set := flag.NewFlagSet("stand-in "+role, flag.ContinueOnError)
	set.SetOutput(output)

	return &flags{set: set, args: args, getenv: getenv}
}

// text defines a flag whose default is the first of the environment variables that is set, else fallback.
func (f *flags) text(name, fallback, usage string, variables ...string) *string {
	value := fallback

	for _, variable := range variables {
		if set := f.getenv(variable); set != "" {
			value = set

			break
		}
	}

	return f.set.String(name, value, fmt.Sprintf("%s (env %s)", usage, strings.Join(variables, ", ")))
}

func (f *flags) parse() error {
	if err := f.set.Parse(f.args); err != nil {
		return err //nolint:wrapcheck // flag.ErrHelp must be seen as such, and the message is complete.
	}

	if f.set.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.set.Arg(0))
	}

	return nil
}

// serverRole is the stand-in for a Llama Stack server. It reads its port from the variables of both eras.
func serverRole(f *flags) (http.Handler, serve.Options, error) {
	port := f.text("port", serverPort, "port to listen on", "LLAMA_STACK_PORT", "OGX_PORT")
	behaviour := f.text("behaviour", "", "behaviour: JSON, as POST /control accepts it", "STAND_IN_BEHAVIOUR")
	files := f.text("files", "/.llama/files", "folder of the files that clients upload", "STAND_IN_FILES")
	delay := f.text("start-delay", "0s", "how long to wait before listening", "STAND_IN_START_DELAY")
	cert := f.text("tls-cert", "", "PEM file of the certificate to serve TLS with", "STAND_IN_TLS_CERT")
	key := f.text("tls-key", "", "PEM file of the certificate's key", "STAND_IN_TLS_KEY")

	if err := f.parse(); err != nil {
		return nil, serve.Options{}, err
	}

	initial, err := standin.Parse(*behaviour)
	if err != nil {
		return nil, serve.Options{}, fmt.Errorf("failed to use --behaviour: %w", err)
	}

	wait, err := time.ParseDuration(*delay)
	if err != nil {
		return nil, serve.Options{}, fmt.Errorf("failed to use --start-delay: %w", err)
	}

	if (*cert == "") != (*key == "") {
		return nil, serve.Options{}, errors.New("give both --tls-cert and --tls-key, or neither")
	}

	server := standin.New(initial)
	server.KeepFiles(*files)
	options := serve.Options{Address: ":" + *port, Delay: wait, CertFile: *cert, KeyFile: *key}
	options.Refuse = func() bool { return server.Behaviour().IgnoreSIGTERM }

	return server, options, nil
}

// inferenceRole is the stand-in for an inference backend.
func inferenceRole(f *flags) (http.Handler, serve.Options, error) {
	port := f.text("port", inferencePort, "port to listen on", "INFERENCE_PORT")
	models := f.text("models", "echo", "ids of the models, separated by commas", "INFERENCE_MODELS")

	dimensions := f.text("dimensions", "8", "length of an embedding", "INFERENCE_DIMENSIONS")

	if err := f.parse(); err != nil {
		return nil, serve.Options{}, err
	}

	length, err := strconv.Atoi(*dimensions)
	if err != nil || length < 1 {
		return nil, serve.Options{}, fmt.Errorf("failed to use --dimensions=%s: write a number above 0", *dimensions)
	}

	mux := http.NewServeMux()
	openai.Backend{Models: strings.Split(*models, ","), Dimensions: length}.Register(mux)

	return mux, serve.Options{Address: ":" + *port}, nil
}

// outsideRole is a proxy that answers for the hosts of model providers.
func outsideRole(f *flags) (http.Handler, serve.Options, error) {
	port := f.text("port", outsidePort, "port to listen on", "OUTSIDE_PORT")
	models := f.text("models", "echo", "ids of the models, separated by commas", "OUTSIDE_MODELS")
	cert := f.text("tls-cert", "", "PEM file of the certificate for the hosts", "OUTSIDE_TLS_CERT")
	key := f.text("tls-key", "", "PEM file of the certificate's key", "OUTSIDE_TLS_KEY")

	if err := f.parse(); err != nil {
		return nil, serve.Options{}, err
	}

	certificate, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		return nil, serve.Options{}, fmt.Errorf("failed to use --tls-cert and --tls-key: %w", err)
	}

	return &outside.Proxy{Models: strings.Split(*models, ","), Certificate: certificate}, serve.Options{Address: ":" + *port}, nil
}

// callerRole is a client that sends requests from a Pod's network.
func callerRole(f *flags) (http.Handler, serve.Options, error) {
	port := f.text("port", callerPort, "port to listen on", "CALLER_PORT")

	if err := f.parse(); err != nil {
		return nil, serve.Options{}, err
	}

	mux := http.NewServeMux()
	caller.Register(mux)

	return mux, serve.Options{Address: ":" + *port}, nil
}

// collectorRole is an OpenTelemetry collector.
func collectorRole(f *flags) (http.Handler, serve.Options, error) {
	port := f.text("port", collectorPort, "port to listen on", "COLLECTOR_PORT")

	if err := f.parse(); err != nil {
		return nil, serve.Options{}, err
	}

	mux := http.NewServeMux()
	new(collector.Collector).Register(mux)

	return mux, serve.Options{Address: ":" + *port}, nil
}
