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

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/render"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ErrNotLast is returned for a node that cannot be removed: the first one, or one that another one follows.
var ErrNotLast = errors.New("only the last node can be removed, and the first one stays: \"cluster down\" stops the cluster")

// other returns the manager of another node.
func (m *Manager) other(described config.Node) *Manager {
	return &Manager{Node: described, Self: m.Self, Sayf: m.Sayf}
}

// others returns the managers of all nodes but the first.
func (m *Manager) others() []*Manager {
	managers := make([]*Manager, 0, m.Nodes)
	for _, described := range m.Others() {
		managers = append(managers, m.other(described))
	}

	return managers
}

// Grow adds nodes to the running cluster until there are as many as asked for. It removes none.
func (m *Manager) Grow(ctx context.Context, nodes int) error {
	for m.Nodes < nodes {
		other := m.other(m.Other(max(m.Nodes, 1) + 1))

		m.Sayf("adding %s ...", other.NodeName())

		if err := other.join(ctx); err != nil {
			return fmt.Errorf("failed to add %s (its logs are in %s): %w", other.NodeName(), other.Logs(), err)
		}

		m.Nodes = other.Number
		if err := m.Save(); err != nil {
			return fmt.Errorf("failed to record that there is %s: %w", other.NodeName(), err)
		}
	}

	return nil
}

// RemoveNode stops a node and everything on it, and removes it from the cluster. Drain it first: what Pods it has are lost.
func (m *Manager) RemoveNode(ctx context.Context, name string) error {
	others := m.others()
	if len(others) == 0 || others[len(others)-1].NodeName() != name {
		return fmt.Errorf("failed to remove %s: %w", name, ErrNotLast)
	}

	if err := others[len(others)-1].Down(ctx); err != nil {
		return err
	}

	client, err := m.client()
	if err != nil {
		return err
	}

	if err := client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("failed to delete the Node object: %w", err)
	}

	m.Nodes--
	if err := m.Save(); err != nil {
		return fmt.Errorf("failed to record that %s is gone: %w", name, err)
	}

	return nil
}

// join starts a node other than the first one, and waits until it runs Pods.
func (m *Manager) join(ctx context.Context) error {
	for _, step := range []func(context.Context) error{m.Down, m.prepare, m.startJoining, m.startGuards, m.finish} {
		if err := step(ctx); err != nil {
			return err
		}
	}

	return nil
}

// startJoining starts containerd first: the kubelet ends without it.
func (m *Manager) startJoining(ctx context.Context) error {
	daemons := render.Joining(m.Node)

	if err := m.start(daemons[:1]); err != nil {
		return err
	}

	if err := m.importPause(ctx); err != nil {
		return err
	}

	return m.start(daemons[1:])
}

// crash ends a node other than the first one with all that runs on it at once, as a power failure would.
func (m *Manager) crash(ctx context.Context) error {
	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	if err := process.Stop(records, 0, killPatience); err != nil {
		return fmt.Errorf("failed to kill %s: %w", m.NodeName(), err)
	}

	return m.stopContainers(ctx)
}

// revive starts a node that has crashed, and waits until it is healthy. One of which a part runs is left alone.
func (m *Manager) revive(ctx context.Context) error {
	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	if len(process.Dead(records)) == len(records) {
		if err := m.restart(ctx); err != nil {
			return fmt.Errorf("failed to start %s: %w", m.NodeName(), err)
		}
	}

	return m.wait(ctx, m.NodeName(), m.Healthy)
}

func (m *Manager) restart(ctx context.Context) error {
	if err := m.daemons().Forget(); err != nil {
		return fmt.Errorf("failed to forget the daemons that have ended: %w", err)
	}

	if err := m.startJoining(ctx); err != nil {
		return err
	}

	return m.start(render.Guards(m.Node))
}
