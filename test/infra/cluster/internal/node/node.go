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

// Package node starts, checks and stops a one-node Kubernetes.
package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
)

// ErrDiffers is returned by Up when a healthy cluster with other options runs.
var ErrDiffers = errors.New("a cluster with other options runs")

// Manager works on one node. Its methods must not run at the same time in two processes; Lock ensures that.
type Manager struct {
	config.Node

	// Self is the path of this program, which also is the node's registry and its volume provisioner.
	Self string
	// Sayf gets a line about every step, with the arguments of fmt.Printf, without a line end.
	Sayf func(format string, args ...any)
}

// lockPoll is how often Lock tries again.
const lockPoll = 200 * time.Millisecond

// Lock waits until no other process works on a node of this name, and returns a function that ends the lock. The lock
// is an abstract socket: it leaves no file behind and ends with its process.
func (m *Manager) Lock(ctx context.Context) (func(), error) {
	const prefix = "@llama-stack-cluster-"

	var listening net.ListenConfig

	for reported := false; ; {
		listener, err := listening.Listen(ctx, "unix", prefix+m.Name)
		if err == nil {
			return func() { _ = listener.Close() }, nil
		}

		if !reported {
			m.Sayf("waiting for another command that starts or stops the cluster %s ...", m.Name)

			reported = true
		}

		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("failed to wait for another command: %w", ctx.Err())
		case <-time.After(lockPoll):
		}
	}
}

func (m *Manager) daemons() process.Folder { return process.Folder(m.Path("run")) }
