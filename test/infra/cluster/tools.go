//go:build linux

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
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"
)

var errNoTools = errors.New("cannot find hack/node-tools.sh; run this program inside the repository, or build it into the repository's bin/")

// tools is the path of the script that builds the node's programs.
type tools string

// findTools searches for the script upwards from the current folder, then from this program.
func findTools() (tools, error) {
	var starts []string

	if folder, err := os.Getwd(); err == nil {
		starts = append(starts, folder)
	}

	if self, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(self))
	}

	for _, folder := range starts {
		for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
			script := filepath.Join(folder, "hack", "node-tools.sh")
			if _, err := os.Stat(script); err == nil {
				return tools(script), nil
			}
		}
	}

	return "", errNoTools
}

// folder returns where the programs are or will be.
func (t tools) folder(ctx context.Context) (string, error) {
	output, err := system.Run(ctx, string(t), "--folder")
	if err != nil {
		return "", fmt.Errorf("failed to learn where the programs are: %w", err)
	}

	return strings.TrimSpace(output), nil
}

// provide downloads or builds the programs that are missing; the script reports its progress.
func (t tools) provide(ctx context.Context, networkPolicies bool) error {
	command := exec.CommandContext(ctx, string(t))
	if networkPolicies {
		command.Args = append(command.Args, "--network-policies")
	}

	command.Stderr = os.Stderr

	if err := command.Run(); err != nil {
		return fmt.Errorf("failed to provide the cluster's programs: %w", err)
	}

	return nil
}

// built reports whether the programs in folder are complete; only then is no compiler needed.
func built(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "runc"))

	return err == nil
}
