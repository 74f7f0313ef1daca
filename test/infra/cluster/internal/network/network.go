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

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"
)

// add is the operation of ip(8) that makes something.
const add = "add"

// Create makes the node's namespace and the link to it: a veth pair, since not every kernel has dummy links.
func Create(ctx context.Context, node config.Node) error {
	commands := linkToHost(node)
	if !node.First() {
		commands = linkToFirst(node.ControlPlane(), node)
	}

	for _, command := range commands {
		if _, err := system.Run(ctx, command...); err != nil {
			return fmt.Errorf("failed to make the network of %s: %w", node.NodeName(), err)
		}
	}

	return nil
}

// linkToHost links the first node. The host is the default gateway, but does not forward. It has no route to Pods: what they
// send to it comes from the node's address.
func linkToHost(node config.Node) [][]string {
	bits := strconv.Itoa(node.Subnet.Bits())
	inside := []string{"ip", "-n", node.Name}

	return [][]string{
		{"ip", "netns", add, node.Name},
		append(inside, "link", "set", "lo", "up"),
		{"ip", "link", add, node.HostInterface(), "type", "veth", "peer", "name", "eth0", "netns", node.Name},
		{"ip", "addr", add, node.HostIP().String() + "/" + bits, "dev", node.HostInterface()},
		{"ip", "link", "set", node.HostInterface(), "up"},
		append(inside, "addr", add, node.IP().String()+"/"+bits, "dev", "eth0"),
		append(inside, "link", "set", "eth0", "up"),
		append(inside, "route", add, "default", "via", node.HostIP().String()),
		forward(node),
		append(Enter(node), "iptables", "--wait", "--table", "nat", "--append", "POSTROUTING",
			"--source", config.ClusterCIDR, "--out-interface", "eth0", "--jump", "MASQUERADE"),
	}
}

// linkToFirst links any other node to the first one, which is its way to everything else: to the host, to other nodes, and to
// their Pods. Pods of different nodes see each other's addresses, as NetworkPolicies need.
func linkToFirst(first, node config.Node) [][]string {
	outside, inside := []string{"ip", "-n", first.Name}, []string{"ip", "-n", node.Name}
	link, gateway, address := node.NodeName(), first.IP().String(), node.IP().String()

	return [][]string{
		{"ip", "netns", add, node.Name},
		append(inside, "link", "set", "lo", "up"),
		append(outside, "link", add, link, "type", "veth", "peer", "name", "eth0", "netns", node.Name),
		append(outside, "link", "set", link, "up"),
		append(inside, "addr", add, address+"/32", "dev", "eth0"),
		append(inside, "link", "set", "eth0", "up"),
		append(inside, "route", add, gateway, "dev", "eth0"),
		append(inside, "route", add, "default", "via", gateway),
		append(outside, "route", add, address, "dev", link, "src", gateway),
		append(outside, "route", add, node.PodCIDR(), "via", address, "dev", link, "src", gateway),
		{"ip", "route", add, address, "via", gateway, "dev", first.HostInterface()},
		forward(node),
	}
}

func forward(node config.Node) []string {
	return append(Enter(node), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
}

// Enter is the beginning of a command line that runs in the node's network. "ip netns exec" does not work: it mounts
// /sys again, which hides the cgroups from the kubelet.
func Enter(node config.Node) []string {
	return []string{"nsenter", "--net=" + namespace(node), "--"}
}

// Exists reports whether anything of the node's network is there.
func Exists(node config.Node) bool {
	return exists(namespace(node)) || node.First() && exists(hostInterface(node))
}

// Processes returns the ids of all processes in the namespace, Pods without host network excepted: these have
// namespaces of their own.
func Processes(ctx context.Context, node config.Node) ([]int, error) {
	if !exists(namespace(node)) {
		return nil, nil
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

// Delete removes the namespace and the link, if they are there. The link is deleted first: a process of somebody else
// in the namespace keeps the namespace, but must not keep the link.
func Delete(ctx context.Context, node config.Node) error {
	first := node.ControlPlane()

	switch {
	case node.First() && exists(hostInterface(node)):
		if _, err := system.Run(ctx, "ip", "link", "del", node.HostInterface()); err != nil {
			return fmt.Errorf("failed to remove the link to the node: %w", err)
		}
	case !node.First() && exists(hostInterface(first)) && exists(namespace(first)):
		// The routes of the first node go with its end of the link. Either may never have been made.
		_, _ = system.Run(ctx, "ip", "-n", first.Name, "link", "del", node.NodeName())
		_, _ = system.Run(ctx, "ip", "route", "del", node.IP().String(), "dev", first.HostInterface())
	}

	if exists(namespace(node)) {
		if _, err := system.Run(ctx, "ip", "netns", "del", node.Name); err != nil {
			return fmt.Errorf("failed to remove the node's network namespace: %w", err)
		}
	}

	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)

	return err == nil
}

func hostInterface(first config.Node) string { return "/sys/class/net/" + first.HostInterface() }

func namespace(node config.Node) string { return "/run/netns/" + node.Name }
