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
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/process"
	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/render"
)

// ErrNoPart is returned for a part that the node does not have.
var ErrNoPart = errors.New("the cluster has no such part")

// killPatience is how long a killed daemon may take to be gone.
const killPatience = 10 * time.Second

// Kill ends one daemon at once, as a crash would. Whatever it has started, such as containers, runs on.
func (m *Manager) Kill(name string) error {
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

// Start starts one daemon, unless it runs, and waits until the whole cluster is healthy.
func (m *Manager) Start(ctx context.Context, name string) error {
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

func (m *Manager) partNames() string {
	daemons := render.All(m.Node, m.Self)

	names := make([]string, 0, len(daemons))
	for _, daemon := range daemons {
		names = append(names, daemon.Name)
	}

	return "there are " + strings.Join(names, ", ")
}
