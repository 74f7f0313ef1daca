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

// Command scorecard-tests is one test of the operator's bundle for "operator-sdk scorecard":
//
//	scorecard-tests NAME
//
// It reads the bundle from where scorecard puts it, and prints what it found as scorecard reads it: a TestStatus of
// v1alpha3, and nothing else. It exits with 1 when the test does not pass. Tests that need the operator find the
// cluster through the ServiceAccount of their Pod.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/cluster"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	"github.com/sirupsen/logrus"
)

const (
	// defaultReady is how long one server may take: a real one has an image to be pulled, and packages to import.
	defaultReady = 10 * time.Minute
	objects      = time.Minute
	// cleanup is less than the grace period of a Pod.
	cleanup = 25 * time.Second
	poll    = time.Second
)

func main() {
	// scorecard stops a Pod after its time limit; the test still has to remove what it created.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	passed, err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	if !passed {
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	bundle, catalog string
	ready           time.Duration
	test            string
}

// tests are the tests by name.
func (o options) tests() map[string]checks.Check {
	online := func(check func(*cluster.Tester) checks.Check) checks.Check {
		return func(ctx context.Context, b *bundle.Bundle, r *report.Report) {
			tester, err := cluster.InCluster(cluster.Patience{Ready: o.ready, Objects: objects, Cleanup: cleanup, Poll: poll})
			if err != nil {
				r.Errorf("%v", err)
				return
			}
			check(tester)(ctx, b, r)
		}
	}
	return map[string]checks.Check{
		checks.FieldsHaveDescriptors: checks.Descriptors,
		checks.RelatedImagesCover:    checks.RelatedImages,
		checks.RightsAreLeast:        checks.Rights,
		checks.ChannelsAreConnected:  checks.Channels(o.catalog),
		cluster.ExamplesBecomeReady:  online(func(t *cluster.Tester) checks.Check { return t.Examples }),
		cluster.PodsAreRestricted:    online(func(t *cluster.Tester) checks.Check { return t.Restricted }),
	}
}

// run is the whole program. The arguments are those after the program's name. It returns whether the test passed.
func run(ctx context.Context, args []string, result io.Writer) (bool, error) {
	logrus.SetOutput(io.Discard) // Libraries must not write between the lines of the result.

	chosen, err := parse(args)
	if err != nil {
		return false, err
	}
	r := report.New(chosen.test)
	if test, known := chosen.tests()[chosen.test]; !known {
		r.Errorf("there is no test %q: name one of %s", chosen.test, strings.Join(slices.Sorted(maps.Keys(chosen.tests())), ", "))
	} else if b, err := bundle.Load(chosen.bundle); err != nil {
		r.Errorf("%v", err)
	} else {
		test(ctx, b, r)
	}
	return !r.Failed(), printReport(result, r)
}

func parse(args []string) (options, error) {
	var chosen options
	set := flag.NewFlagSet("scorecard-tests", flag.ContinueOnError)
	set.StringVar(&chosen.bundle, "bundle", "/bundle", "folder of the bundle")
	set.StringVar(&chosen.catalog, "catalog", "/catalog", "folder of the catalog")
	set.DurationVar(&chosen.ready, "ready", defaultReady, "how long one server may take to become Ready")
	if err := set.Parse(args); err != nil {
		return options{}, err //nolint:wrapcheck // The message is complete, and flag.ErrHelp is no failure.
	}
	chosen.test = set.Arg(0)
	return chosen, nil
}

// printReport prints the report in the form that scorecard reads.
func printReport(result io.Writer, r *report.Report) error {
	encoder := json.NewEncoder(result)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v1alpha3.TestStatus{Results: []v1alpha3.TestResult{r.Result()}}); err != nil {
		return fmt.Errorf("failed to print the result: %w", err)
	}
	return nil
}
