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

// Command release describes, signs and verifies what a release consists of. hack/release-sign.sh and hack/release-dry-run.sh run it.
package main

import (
	"context"
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

	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/verifying"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// action is what a command does once its flags are read, with its arguments.
type action func(ctx context.Context, args []string, result io.Writer) error

// commands are the names of the commands, and what declares their flags.
func commands() map[string]func(*flag.FlagSet) action {
	return map[string]func(*flag.FlagSet) action{
		"archive": pack, "attest": attest, "attest-blob": attestFiles, "can-publish": canPublish, "digest": digests, "key": newKey, "provenance": describeBuild, "registry": serve,
		"sbom": describeImage, "sbom-archive": describeArchive, "sign": signImages, "sign-blob": signFile, "stand-in": standIns, "vex": describeVulnerabilities,
	}
}

func run(ctx context.Context, args []string, result io.Writer) error {
	all := commands()
	usage := "write one of: release cosign, release " + strings.Join(slices.Sorted(maps.Keys(all)), ", release ")
	if len(args) == 0 {
		return errors.New(usage)
	}
	if args[0] == "cosign" {
		return verifying.Run(ctx, args[1:], result)
	}
	declare, known := all[args[0]]
	if !known {
		return fmt.Errorf("unknown command %q: %s", args[0], usage)
	}
	set := flag.NewFlagSet("release "+args[0], flag.ContinueOnError)
	do := declare(set)
	if err := set.Parse(args[1:]); err != nil {
		return fmt.Errorf("failed to read the flags: %w", err)
	}
	return do(ctx, set.Args(), result)
}
