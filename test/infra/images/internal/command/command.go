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

// Package command runs the system's programs. The error of a program that fails contains its output.
package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// patience is how long a program may take to clean up after the signal that ends it.
	patience = 20 * time.Second
	// tailLines is how many of the last lines of its output a failed program's error quotes.
	tailLines = 15
)

// Options say how a program runs.
type Options struct {
	// Environment has entries NAME=value that are added to this process's.
	Environment []string
	// End is the signal that ends the program when its context does; the default is SIGTERM.
	End syscall.Signal
}

// Run runs a program, with its output and errors going to out. The error of a program that fails ends with the
// last lines that it wrote.
func Run(ctx context.Context, out io.Writer, options Options, program string, args ...string) error {
	var output bytes.Buffer

	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(command.Environ(), options.Environment...)
	command.Stdout = io.MultiWriter(out, &output)
	command.Stderr = command.Stdout
	if options.End == 0 {
		options.End = syscall.SIGTERM
	}
	command.Cancel = func() error { return command.Process.Signal(options.End) }
	command.WaitDelay = patience

	if err := command.Run(); err != nil {
		return fmt.Errorf("failed to run %s: %w%s", program, err, quote(output.String()))
	}
	return nil
}

// quote is the end of a program's output, to be appended to an error.
func quote(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if lines[0] == "" {
		return ""
	}
	return "; its output ends with:\n  " + strings.Join(lines[max(0, len(lines)-tailLines):], "\n  ")
}
