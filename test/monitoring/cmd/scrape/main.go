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

// Command scrape scrapes the targets that a test discovers, with the monitors of config/monitoring, and evaluates the rules and all
// queries of the dashboards of the same folder. It reads targets from its input, as one JSON document for each change, and writes a
// report as a line of JSON after each evaluation, until its input ends.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/scraping"
)

// pause is the time between two evaluations.
const pause = 2 * time.Second

// options are the flags.
type options struct{ objects, token, namespace, server string }

func main() {
	var of options
	flag.StringVar(&of.objects, "objects", "", "a file with the monitors, rules and dashboards, as kustomize builds them")
	flag.StringVar(&of.token, "token", "", "a file with the token for targets that require one")
	flag.StringVar(&of.namespace, "namespace", "", "the namespace of the server that the dashboards show")
	flag.StringVar(&of.server, "server", "", "the name of that server")
	flag.Parse()
	if err := run(context.Background(), of, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, of options, input io.Reader, output io.Writer) (err error) {
	content, err := os.ReadFile(of.objects)
	if err != nil {
		return fmt.Errorf("failed to open the objects: %w", err)
	}
	objects, err := scraping.Read(content)
	if err != nil {
		return fmt.Errorf("failed to read the objects: %w", err)
	}
	folder, err := os.MkdirTemp("", "scrape-")
	if err != nil {
		return fmt.Errorf("failed to make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	server, err := scraping.Start(ctx, &objects, folder, of.token)
	if err != nil {
		return fmt.Errorf("failed to start: %w", err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	ended := make(chan error, 1)
	go func() { ended <- discover(server, input) }()
	return report(ctx, server, of, output, ended)
}

// discover passes targets on until the input ends.
func discover(server *scraping.Server, input io.Reader) error {
	decoder := json.NewDecoder(input)
	for {
		var found scraping.Discovered
		if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("failed to read the targets: %w", err)
		}
		server.Discover(found)
	}
}

// report evaluates again and again.
func report(ctx context.Context, server *scraping.Server, of options, output io.Writer, ended <-chan error) error {
	encoder, next := json.NewEncoder(output), time.NewTicker(pause)
	defer next.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-next.C:
			if err := encoder.Encode(server.Evaluate(ctx, grafana.Values{"namespace": of.namespace, "server": of.server})); err != nil {
				return fmt.Errorf("failed to write a report: %w", err)
			}
		}
	}
}
