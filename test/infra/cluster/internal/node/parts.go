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

package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/render"
)

// ErrNoPart is returned for a part that the node does not have.
var ErrNoPart = errors.New("the cluster has no such part")

// killPatience is how long a killed daemon may take to be gone.
const killPatience = 10 * time.Second

// Kill ends one daemon at once, as a crash would. Whatever it has started, such as containers, runs on. The name of a node
// other than the first one stands for all daemons and containers of that node.
func (m *Manager) Kill(ctx context.Context, name string) error {
	if node, rest := m.split(name); node != m {
		if rest == "" {
			return node.crash(ctx)
		}

		return node.Kill(ctx, rest)
	}

	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	index := slices.IndexFunc(records, func(r process.Record) bool { return r.Name == name })
	if index < 0 {
		return fmt.Errorf("failed to kill %q: %w: %s", name, ErrNoPart, m.partNames())
	}

	if err := process.Stop(records[index:index+1], 0, killPatience); err != nil {
		return fmt.Errorf("failed to kill %s: %w", name, err)
	}

	return nil
}

// Start starts one daemon, or all of a node other than the first one, unless it runs, and waits until everything is healthy.
func (m *Manager) Start(ctx context.Context, name string) error {
	if node, rest := m.split(name); node != m {
		if rest == "" {
			return node.revive(ctx)
		}

		return node.Start(ctx, rest)
	}

	all := render.All(m.Node, m.Self)

	index := slices.IndexFunc(all, func(d process.Daemon) bool { return d.Name == name })
	if index < 0 {
		return fmt.Errorf("failed to start %q: %w: %s", name, ErrNoPart, m.partNames())
	}

	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	if !slices.ContainsFunc(records, func(r process.Record) bool { return r.Name == name && r.Alive() }) {
		if err := m.start(all[index : index+1]); err != nil {
			return err
		}
	}

	return m.wait(ctx, name, m.Healthy)
}

// split finds the node of NODE or NODE/PART, and what of it is meant. Without a node, it is this one.
func (m *Manager) split(name string) (*Manager, string) {
	node, part, _ := strings.Cut(name, "/")

	for _, other := range m.others() {
		if other.NodeName() == node {
			return other, part
		}
	}

	return m, name
}

func (m *Manager) partNames() string {
	daemons := render.All(m.Node, m.Self)

	names := make([]string, 0, len(daemons)+m.Nodes)
	for _, daemon := range daemons {
		names = append(names, daemon.Name)
	}

	for _, other := range m.Others() {
		names = append(names, other.NodeName())
	}

	return "there are " + strings.Join(names, ", ")
}

// Log is the path of a part's log; the part of a node other than the first one is called NODE/PART.
func (m *Manager) Log(name string) string {
	node, part := m.split(name)

	return filepath.Join(node.Logs(), filepath.Base(part)+".log")
}
