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

// Command images creates the archives of container images that a node can import:
//
//	images operator   the operator, from its binary
//	images stand-in   the stand-in server and inference backend, from their binary
//	images servers    real Llama Stack servers, from a registry or from their Python packages
//	images database   PostgreSQL with pgvector, from a registry or from Debian's packages
//	images scorecard  the project's scorecard tests, from their binary and the catalog
//	images scorecard-test   the tests that come with operator-sdk, from their binary
//	images scorecard-untar  the program that unpacks the bundle for a test, from a static busybox
//	images olm        the Operator Lifecycle Manager, from its programs
//	images opm        opm, which serves catalogs and unpacks bundles, from its program
//	images catalog    a file-based catalog, from its files and the image of opm
//	images bundle     an operator's bundle, from its files
//
// It prints a line for each image, the name and the archive's path, and reports its progress on the error output.
// NAME.tar in the same folder is a link to the newest archive. Images that have not changed are not created again.
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

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/servers"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
	// exitUnavailable means that a real server's image can neither be pulled nor built here.
	exitUnavailable = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()

	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, new(*servers.UnavailableError)):
		return exitUnavailable
	default:
		return exitFailure
	}
}

// usageError is a wrong command line.
type usageError struct{ error }

// job is one run of the program.
type job struct {
	store *store.Store
	log   *progress.Log
	// result gets the names and paths of the archives.
	result io.Writer
}

// run is the whole program. The arguments are those after the program's name.
func run(ctx context.Context, args []string, result, messages io.Writer) error {
	kinds := map[string]func(*flag.FlagSet) func(context.Context, job) error{
		"operator": operator, "stand-in": standIn, "servers": realServers, "database": database,
		"olm": olmImage, "opm": opmImage, "catalog": catalogImage, "bundle": bundleImage,
		"scorecard": scorecardTests, "scorecard-test": scorecardDefaults, "scorecard-untar": scorecardUntar,
	}
	usage := "write one of: images " + strings.Join(slices.Sorted(maps.Keys(kinds)), ", images ")
	if len(args) == 0 {
		return usageError{errors.New(usage)}
	}
	kind, known := kinds[args[0]]
	if !known {
		return usageError{fmt.Errorf("unknown kind of image %q: %s", args[0], usage)}
	}

	set := flag.NewFlagSet("images "+args[0], flag.ContinueOnError)
	set.SetOutput(messages)
	folder := set.String("out", "bin/images", "folder for the archives")

	do := kind(set)
	if err := set.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return err //nolint:wrapcheck // It is no failure.
	} else if err != nil {
		return usageError{err}
	}

	log := &progress.Log{Out: messages}
	archives, err := store.Open(*folder, log)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, job{store: archives, log: log, result: result}), archives.Close())
}

// report prints an image that is available now.
func (j job) report(ref, path string) error {
	if _, err := fmt.Fprintln(j.result, ref, path); err != nil {
		return fmt.Errorf("failed to print the result: %w", err)
	}
	return nil
}
