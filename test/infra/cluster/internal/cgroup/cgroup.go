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

// Package cgroup gives the node's Pods a root of their own among the control groups, so that they differ from those of
// any other node on the machine. It knows version 1, version 2 and the two side by side.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
)

const (
	folderMode = 0o755
	fileMode   = 0o644
	// mountpointField is the index of the mount point in a line of /proc/self/mounts, typeField that of its type.
	mountpointField, typeField = 1, 2
	// controllers are what the kubelet demands of its root in version 2.
	controllers = "cpu cpuset io memory pids hugetlb"
)

// ErrNone is returned when the system shows no control groups.
var ErrNone = errors.New("no cgroup file system is mounted under /sys/fs/cgroup")

// Hierarchy is a mounted tree of control groups.
type Hierarchy struct {
	Path string
	// Unified is true for version 2.
	Unified bool
}

// Hierarchies finds the trees in the content of /proc/self/mounts. Beside trees of version 1, one of version 2
// controls nothing, yet has to be cleaned up as well.
func Hierarchies(mounts string) []Hierarchy {
	var found []Hierarchy

	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) <= typeField || !strings.HasPrefix(fields[mountpointField], "/sys/fs/cgroup") {
			continue
		}

		if kind := fields[typeField]; kind == "cgroup" || kind == "cgroup2" {
			found = append(found, Hierarchy{Path: fields[mountpointField], Unified: kind == "cgroup2"})
		}
	}

	return found
}

// Create makes the group name at the root of every tree and hands it the controllers.
func Create(name string) error {
	trees, err := mounted()
	if err != nil {
		return err
	}

	for _, tree := range trees {
		if tree.Unified && len(trees) == 1 {
			if err := delegate(tree.Path); err != nil {
				return err
			}
		}

		group := filepath.Join(tree.Path, name)
		if err := os.MkdirAll(group, folderMode); err != nil {
			return fmt.Errorf("failed to create a control group: %w", err)
		}

		if !tree.Unified {
			if err := inheritCPUs(tree.Path, group); err != nil {
				return err
			}
		}
	}

	return nil
}

// Processes returns the ids of all processes of Pods under the group name.
func Processes(name string) []int {
	return process.All(func(proc string) bool {
		content, err := os.ReadFile(filepath.Join(proc, "cgroup"))

		return err == nil && Holds(string(content), name)
	})
}

// Holds reports whether the content of a /proc/PID/cgroup names a group under NAME/kubepods.
func Holds(content, name string) bool {
	return strings.Contains(content, "/"+name+"/kubepods/") || strings.Contains(content, "/"+name+"/kubepods\n")
}

// Remove deletes the group name with everything under it from every tree. It fails while a process is left in it.
func Remove(name string) error {
	trees, err := mounted()
	if err != nil {
		return err
	}

	for _, tree := range trees {
		if err := removeTree(filepath.Join(tree.Path, name)); err != nil {
			return err
		}
	}

	return nil
}

func mounted() ([]Hierarchy, error) {
	content, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("failed to list the mounts: %w", err)
	}

	trees := Hierarchies(string(content))
	if len(trees) == 0 {
		return nil, ErrNone
	}

	return trees, nil
}

// delegate makes the root of a version 2 tree pass its controllers on. One that the kernel lacks is skipped; the
// kubelet reports an error if it needs it.
func delegate(root string) error {
	available, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("failed to list the cgroup controllers: %w", err)
	}

	for controller := range strings.FieldsSeq(controllers) {
		if !slices.Contains(strings.Fields(string(available)), controller) {
			continue
		}

		if err := os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), fileMode); err != nil {
			return fmt.Errorf("failed to enable the cgroup controller %s (in a container, move the processes of %s into a child group first): %w",
				controller, root, err)
		}
	}

	return nil
}

// inheritCPUs fills a new group of the version 1 controller cpuset: while its lists are empty, nothing can run in it.
func inheritCPUs(parent, group string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}

		if err == nil {
			err = os.WriteFile(filepath.Join(group, file), value, fileMode)
		}

		if err != nil {
			return fmt.Errorf("failed to hand %s to a control group: %w", file, err)
		}
	}

	return nil
}

// removeTree removes groups from the leaves up; their files vanish with them.
func removeTree(root string) error {
	var groups []string

	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}

		if err == nil && entry.IsDir() {
			groups = append(groups, path)
		}

		return err
	})
	if err != nil {
		return fmt.Errorf("failed to list the control groups: %w", err)
	}

	for _, group := range slices.Backward(groups) {
		if err := os.Remove(group); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("failed to remove a control group: %w", err)
		}
	}

	return nil
}
