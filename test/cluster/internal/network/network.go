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

// Package network gives a node a network namespace of its own: nothing that runs in it can disturb the host's
// network or reach beyond the host.
package network

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/system"
)

// Create makes the namespace and the link to it: a veth pair, since not every kernel has dummy links.
// The host is the default gateway, but does not forward.
func Create(ctx context.Context, node config.Node) error {
	bits := strconv.Itoa(node.Subnet.Bits())
	inside := []string{"ip", "-n", node.Name}

	for _, command := range [][]string{
		{"ip", "netns", "add", node.Name},
		append(inside, "link", "set", "lo", "up"),
		{"ip", "link", "add", node.HostInterface(), "type", "veth", "peer", "name", "eth0", "netns", node.Name},
		{"ip", "addr", "add", node.HostIP().String() + "/" + bits, "dev", node.HostInterface()},
		{"ip", "link", "set", node.HostInterface(), "up"},
		append(inside, "addr", "add", node.IP().String()+"/"+bits, "dev", "eth0"),
		append(inside, "link", "set", "eth0", "up"),
		append(inside, "route", "add", "default", "via", node.HostIP().String()),
		append(Enter(node), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"),
	} {
		if _, err := system.Run(ctx, command...); err != nil {
			return fmt.Errorf("failed to make the node's network: %w", err)
		}
	}

	return nil
}

// Enter is the beginning of a command line that runs in the node's network. "ip netns exec" would not do: it mounts
// /sys anew, which hides the cgroups from the kubelet.
func Enter(node config.Node) []string {
	return []string{"nsenter", "--net=" + namespace(node), "--"}
}

// Exists tells whether anything of the node's network is there.
func Exists(node config.Node) bool {
	for _, path := range []string{namespace(node), "/sys/class/net/" + node.HostInterface()} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}

	return false
}

// Processes returns the ids of all processes in the namespace, Pods without host network excepted: these have
// namespaces of their own.
func Processes(ctx context.Context, node config.Node) ([]int, error) {
	if _, err := os.Stat(namespace(node)); err != nil {
		return nil, nil //nolint:nilerr // no namespace, no process
	}

	output, err := system.Run(ctx, "ip", "netns", "pids", node.Name)
	if err != nil {
		return nil, fmt.Errorf("failed to list the processes in the node's network: %w", err)
	}

	var pids []int

	for field := range strings.FieldsSeq(output) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}

	return pids, nil
}

// Delete removes the namespace and the link, if they are there. The link goes first: a process that somebody else
// runs in the namespace keeps the namespace alive, but must not keep the link.
func Delete(ctx context.Context, node config.Node) error {
	if _, err := os.Stat("/sys/class/net/" + node.HostInterface()); err == nil {
		if _, err := system.Run(ctx, "ip", "link", "del", node.HostInterface()); err != nil {
			return fmt.Errorf("failed to remove the link to the node: %w", err)
		}
	}

	if _, err := os.Stat(namespace(node)); err == nil {
		if _, err := system.Run(ctx, "ip", "netns", "del", node.Name); err != nil {
			return fmt.Errorf("failed to remove the node's network namespace: %w", err)
		}
	}

	return nil
}

func namespace(node config.Node) string { return "/run/netns/" + node.Name }
