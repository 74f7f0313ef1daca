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

// The operator of LlamaStackDistributions. Its flags and environment are those of 0.9.0, and a few more.
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
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
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
	options := manager.Options{RESTConfig: ctrl.GetConfig, OperatorConfigName: operatorconfig.Name}
	controllers := controller.Options{Version: manager.Version(os.Getenv, buildVersion), Getenv: os.Getenv}
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&options.MetricsAddress, "metrics-bind-address", ":8443", "where metrics are served; 0 for nowhere")
	flags.BoolVar(&options.MetricsSecure, "metrics-secure", true, "serve metrics over TLS to those whom the API server authenticates and authorizes")
	flags.StringVar(&options.HealthAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 for nowhere")
	flags.StringVar(&options.PprofAddress, "pprof-bind-address", "0", "where profiles are served to anybody, such as 127.0.0.1:6060; 0 for nowhere")
	flags.BoolVar(&options.LeaderElection, "leader-elect", false, "let one of several processes work and the others stand by")
	printDiffs := flags.Bool("print-diffs", false, "print what an edit of a LlamaStackDistribution changed on standard output")
	logs := zap.Options{}
	logs.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("failed to read the flags: %w", err)
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logs)))
	if *printDiffs {
		controllers.Diffs = stdout
	}
	var err error
	if options.Namespace, err = manager.Namespace(os.Getenv); err != nil {
		return fmt.Errorf("failed to find the operator's namespace: %w", err)
	}
	if controllers.Metrics, err = metrics.Register(ctrlmetrics.Registry); err != nil {
		return fmt.Errorf("failed to register the metrics: %w", err)
	}
	options.Setup = func(ctx context.Context, parts manager.Parts) error {
		return controller.Setup(ctx, controller.Parts{
			Manager: parts.Manager, References: parts.Caches.References, OperatorConfig: parts.Caches.OperatorConfig,
			Children: parts.Children, Unserved: parts.Unserved, OpenShift: parts.OpenShift, Namespace: parts.Namespace,
		}, controllers)
	}
	return manager.Run(ctx, options)
}
