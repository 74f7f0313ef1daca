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
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/cgroup"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/network"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
)

const (
	// grace is what daemons get to end by themselves; their state is deleted anyway.
	grace = 2 * time.Second
	// patience is how long the kernel may take to end a killed process.
	patience = 10 * time.Second
	// mountPointField is the index of the mount point in a line of /proc/self/mountinfo.
	mountPointField = 4
)

// ErrLeft is returned by Down when something of the cluster is still there.
var ErrLeft = errors.New("the cluster did not stop completely")

// Down stops the cluster in m.State, whether it was started well or not, and deletes everything it made. Nothing
// else is touched: daemons are found by their recorded ids or by the network namespace, containers by the node's
// control group, shims by the node's socket, mounts by the state folder. The first node takes all others with it.
func (m *Manager) Down(ctx context.Context) error {
	if err := m.downOthers(ctx); err != nil {
		return err
	}

	if len(m.left(ctx)) > 0 {
		m.Sayf("stopping %s in %s ...", m.Name, m.State)
	}

	if err := m.stopProcesses(ctx); err != nil {
		return err
	}

	m.forgetSandboxes()

	if err := unmountBelow(m.State); err != nil {
		return err
	}

	if err := network.Delete(ctx, m.Node); err != nil {
		return fmt.Errorf("failed to remove the network: %w", err)
	}

	if err := removeGroups(m.Name); err != nil {
		return err
	}

	if left := m.left(ctx); len(left) > 0 {
		return fmt.Errorf("failed to clean up: %w; left in %s: %s", ErrLeft, m.State, strings.Join(left, ", "))
	}

	if err := m.Remove(); err != nil {
		return fmt.Errorf("failed to remove the cluster's files: %w", err)
	}

	return nil
}

// downOthers stops every node that may have been added, also one whose start failed.
func (m *Manager) downOthers(ctx context.Context) error {
	if !m.First() {
		return nil
	}

	for number := 2; number <= config.MaxNodes; number++ {
		if err := m.other(m.Other(number)).Down(ctx); err != nil {
			return err
		}
	}

	return nil
}

// left describes what of the cluster is there, files excepted.
func (m *Manager) left(ctx context.Context) []string {
	var found []string

	if records, err := m.daemons().Records(); err != nil || len(records) > len(process.Dead(records)) {
		found = append(found, "daemons")
	}

	if pids, err := network.Processes(ctx, m.Node); err != nil || len(pids) > 0 {
		found = append(found, fmt.Sprintf("processes %v in the network namespace", pids))
	}

	if pids := cgroup.Processes(m.Name); len(pids) > 0 {
		found = append(found, fmt.Sprintf("container processes %v", pids))
	}

	if pids := m.shims(); len(pids) > 0 {
		found = append(found, fmt.Sprintf("containerd shims %v", pids))
	}

	if mounts, err := mountsBelow(m.State); err != nil || len(mounts) > 0 {
		found = append(found, fmt.Sprintf("mounts %v", mounts))
	}

	if network.Exists(m.Node) {
		found = append(found, "the network "+m.Name)
	}

	return found
}

// stopProcesses ends daemons first, lest they start containers again, then containers, then their shims.
func (m *Manager) stopProcesses(ctx context.Context) error {
	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	if err := process.Stop(records, grace, patience); err != nil {
		return fmt.Errorf("failed to stop the daemons: %w", err)
	}

	return m.stopContainers(ctx)
}

func (m *Manager) stopContainers(ctx context.Context) error {
	for _, find := range []func() ([]int, error){
		func() ([]int, error) { return network.Processes(ctx, m.Node) },
		func() ([]int, error) { return cgroup.Processes(m.Name), nil },
		func() ([]int, error) { return m.shims(), nil },
	} {
		pids, err := find()
		if err != nil {
			return fmt.Errorf("failed to find what is to be stopped: %w", err)
		}

		if err := process.Stop(identify(pids), 0, patience); err != nil {
			return fmt.Errorf("failed to stop the containers: %w", err)
		}
	}

	return nil
}

func identify(pids []int) []process.Record {
	records := make([]process.Record, 0, len(pids))
	for _, pid := range pids {
		records = append(records, process.Identify(pid))
	}

	return records
}

// shims returns the processes that keep containers for this node's containerd.
func (m *Manager) shims() []int {
	return process.All(func(proc string) bool {
		content, err := os.ReadFile(filepath.Join(proc, "cmdline"))
		if err != nil {
			return false
		}

		args := bytes.Split(content, []byte{0})

		return strings.HasSuffix(string(args[0]), "containerd-shim-runc-v2") &&
			slices.ContainsFunc(args, func(arg []byte) bool { return string(arg) == m.ContainerdSocket() })
	})
}

// forgetSandboxes removes what containerd, its network library and the kubelet keep outside the state folder.
func (m *Manager) forgetSandboxes() {
	for _, path := range slices.Concat(m.shimSockets(), m.cachedAddresses(), m.logLinks()) {
		_ = os.Remove(path) // a file that stays does no harm
	}
}

// shimSockets reads where the shims listened; the place is fixed in containerd, the names are hashes.
func (m *Manager) shimSockets() []string {
	address := regexp.MustCompile(`unix://(/[^"\s]+)`)
	files, _ := filepath.Glob(m.Path("containerd-run", "io.containerd.runtime.v2.task", "*", "*", "bootstrap.json")) // well-formed

	var sockets []string

	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}

		if match := address.FindSubmatch(content); match != nil {
			sockets = append(sockets, string(match[1]))
		}
	}

	return sockets
}

// cachedAddresses lists the results that the CNI library keeps for each container, named after the network.
func (m *Manager) cachedAddresses() []string {
	files, _ := filepath.Glob("/var/lib/cni/results/" + m.Name + "-*") // well-formed

	return files
}

// logLinks lists the links to containers' logs that the kubelet makes for log collectors.
func (m *Manager) logLinks() []string {
	links, _ := filepath.Glob("/var/log/containers/*.log") // well-formed

	return slices.DeleteFunc(links, func(link string) bool {
		target, err := os.Readlink(link)

		return err != nil || !strings.HasPrefix(target, m.State+"/")
	})
}

func unmountBelow(folder string) error {
	mounts, err := mountsBelow(folder)
	if err != nil {
		return err
	}

	for _, mount := range slices.Backward(mounts) {
		if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("failed to unmount %s: %w", mount, err)
		}
	}

	return nil
}

// mountsBelow returns the mount points below a folder, in the order in which they were mounted.
func mountsBelow(folder string) ([]string, error) {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("failed to list the mounts: %w", err)
	}

	var mounts []string

	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) > mountPointField && strings.HasPrefix(unescape(fields[mountPointField]), folder+"/") {
			mounts = append(mounts, unescape(fields[mountPointField]))
		}
	}

	return mounts, nil
}

// unescape restores the characters that the kernel writes as octal numbers.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// removeGroups tries until the kernel has let go of the last process.
func removeGroups(name string) error {
	var err error

	if !process.Until(patience, func() bool {
		err = cgroup.Remove(name)

		return err == nil
	}) {
		return fmt.Errorf("failed to remove the control groups: %w", err)
	}

	return nil
}
