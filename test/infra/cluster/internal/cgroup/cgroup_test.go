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

package cgroup_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/cgroup"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("Hierarchies", func(mounts string, expected []cgroup.Hierarchy) {
	Expect(cgroup.Hierarchies(mounts)).To(Equal(expected))
},
	Entry("version 2", `proc /proc proc rw 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0
`, []cgroup.Hierarchy{{Path: "/sys/fs/cgroup", Unified: true}}),
	Entry("version 1 beside version 2", `tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`, []cgroup.Hierarchy{
		{Path: "/sys/fs/cgroup/cpuset"}, {Path: "/sys/fs/cgroup/systemd"}, {Path: "/sys/fs/cgroup/unified", Unified: true},
	}),
	Entry("one that another program mounted for itself", "cgroup2 /run/other/cgroup cgroup2 rw 0 0\n", nil),
	Entry("none", "", nil),
)

var _ = DescribeTable("Holds", func(content string, expected bool) {
	Expect(cgroup.Holds(content, "example")).To(Equal(expected))
},
	Entry("a container of version 2", "0::/example/kubepods/burstable/pod1/abc\n", true),
	Entry("a container of version 1", "4:memory:/example/kubepods/pod1/abc\n3:cpuset:/\n", true),
	Entry("a container below a container", "0::/docker/123/example/kubepods/pod1/abc\n", true),
	Entry("the parent of all", "0::/example/kubepods\n", true),
	Entry("another node's container", "0::/kubepods/burstable/pod1/abc\n", false),
	Entry("a container of a node with a longer name", "0::/example-2/kubepods/pod1/abc\n", false),
	Entry("a container of a node whose name ends alike", "0::/an-example/kubepods/pod1/abc\n", false),
	Entry("something else in the group", "0::/example\n", false),
)

var _ = Describe("Processes", func() {
	It("are empty for a node that never existed", func() {
		Expect(cgroup.Processes("no-such-node")).To(BeEmpty())
	})
})
