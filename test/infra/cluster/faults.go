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
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/network"
)

// The commands with which tests break a node. All of them are about the cluster that this program started.

// kill ends one part of the cluster.
func kill(ctx context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if len(o.args) != 1 {
		return fmt.Errorf("failed to kill: %w", errPart)
	}

	if err := manager.Kill(ctx, o.args[0]); err != nil {
		return fmt.Errorf("failed to break the cluster: %w", err)
	}

	return nil
}

// startPart starts one part of the cluster that has ended.
func startPart(ctx context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if len(o.args) != 1 {
		return fmt.Errorf("failed to start: %w", errPart)
	}

	if err := manager.Start(ctx, o.args[0]); err != nil {
		return fmt.Errorf("failed to restore the cluster: %w", err)
	}

	return nil
}

// execute becomes a command in the node's network.
func execute(_ context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if len(o.args) == 0 {
		return fmt.Errorf("failed to run in the node's network: %w", errCommand)
	}

	line := append(network.Enter(manager.Node), o.args...)

	program, err := exec.LookPath(line[0])
	if err != nil {
		return fmt.Errorf("failed to run in the node's network: %w", err)
	}

	if err := syscall.Exec(program, line, os.Environ()); err != nil {
		return fmt.Errorf("failed to run in the node's network: %w", err)
	}

	return nil
}
