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

// Command manager is the operator of LlamaStackDistributions. It supports the flags and environment variables of 0.9.0,
// and some more.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operator"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

// buildVersion is set when the binary is linked.
var buildVersion = "dev" //nolint:gochecknoglobals // the linker sets variables only

func main() {
	if err := run(ctrl.SetupSignalHandler(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	options := manager.Options{RESTConfig: ctrl.GetConfig}
	controllers := controller.Options{Version: manager.Version(os.Getenv, buildVersion), Getenv: os.Getenv, Environ: os.Environ(), Stdout: stdout}
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&options.MetricsAddress, "metrics-bind-address", ":8443", "the address of the metrics endpoint; 0 disables it")
	flags.BoolVar(&options.MetricsSecure, "metrics-secure", true, "serve metrics over TLS, to clients that the API server authenticates and authorizes")
	flags.StringVar(&options.MetricsCertDir, "metrics-cert-dir", "", "the directory with tls.crt and tls.key for the metrics endpoint; if empty, the operator creates a certificate")
	flags.StringVar(&options.HealthAddress, "health-probe-bind-address", ":8081", "the address of /healthz and /readyz; 0 disables them")
	flags.StringVar(&options.PprofAddress, "pprof-bind-address", "0", "the address of profiles, without authentication, such as 127.0.0.1:6060; 0 disables them")
	flags.Func("watch-namespaces", "the namespaces to watch, separated by commas; all namespaces by default", manager.ReadNamespaces(&options.WatchNamespaces))
	flags.BoolVar(&options.LeaderElection, "leader-elect", false, "elect a leader, so that one of several processes is active")
	flags.BoolVar(&controllers.PrintDiffs, "print-diffs", false, "print the changes to objects after an edit of a LlamaStackDistribution to standard output")
	logs := zap.Options{}
	logs.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("failed to read the flags: %w", err)
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logs)))
	var err error
	if options.Namespace, err = manager.Namespace(os.Getenv); err != nil {
		return fmt.Errorf("failed to find the operator's namespace: %w", err)
	}
	if controllers.Metrics, err = metrics.Register(ctrlmetrics.Registry); err != nil {
		return fmt.Errorf("failed to register the metrics: %w", err)
	}
	return operator.Run(ctx, options, controllers)
}
