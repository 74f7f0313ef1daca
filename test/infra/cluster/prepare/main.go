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

// Command prepare installs the system packages that a cluster needs, and those to build its programs with --build. It
// is a separate command, because it compiles in seconds: a failed installation shows before minutes of builds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"
)

func main() {
	build := flag.Bool("build", false, "install what it takes to build the cluster's programs, too")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	if err := system.Ensure(ctx, sayf, system.Missing(ctx, system.Requirements(*build))); err != nil {
		sayf("error: failed to prepare the system: %v", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

// sayf reports progress.
func sayf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
