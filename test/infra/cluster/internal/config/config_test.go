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

package config_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func node(state string) config.Node {
	GinkgoHelper()

	made, err := config.New(state, "example", "10.9.8.0/24", []string{"A"})
	Expect(err).NotTo(HaveOccurred())

	return made
}

var _ = Describe("New", func() {
	It("derives every address and name", func() {
		made := node("/nowhere/state")
		Expect(made.IP().String()).To(Equal("10.9.8.1"))
		Expect(made.HostIP().String()).To(Equal("10.9.8.2"))
		Expect(made.Server()).To(Equal("https://10.9.8.1:6443"))
		Expect(made.Registry()).To(Equal("10.9.8.1:5000"))
		Expect(made.HostInterface()).To(Equal("example0"))
		Expect(made.Kubeconfig()).To(Equal("/nowhere/state/kubeconfig"))
	})

	It("gives each further node a name, an address, a range and a folder of its own", func() {
		made := node("/nowhere/state")
		Expect(made.Nodes).To(Equal(1))
		Expect(made.Others()).To(BeEmpty())
		Expect(made.NodeName()).To(Equal("node"))
		Expect(made.PodCIDR()).To(Equal("10.244.0.0/24"))

		made.Nodes = config.MaxNodes
		Expect(made.Others()).To(HaveLen(2))
		Expect(made.ControlPlane()).To(Equal(made))

		for i, other := range made.Others() {
			name := fmt.Sprintf("node-%d", i+2)
			Expect(other.NodeName()).To(Equal(name))
			Expect(other.State).To(Equal("/nowhere/state/" + name))
			Expect(other.Name).To(Equal("example-" + name))
			Expect(other.IP().String()).To(Equal(fmt.Sprintf("10.9.8.%d", i+3)))
			Expect(other.PodCIDR()).To(Equal(fmt.Sprintf("10.244.%d.0/24", i+1)))
			Expect(other.Server()).To(Equal(made.Server()))
			Expect(other.Registry()).To(Equal(made.Registry()))
			Expect(other.HostIP()).To(Equal(made.HostIP()))
			Expect(other.ControlPlane()).To(Equal(made))
		}
	})

	It("takes the network of an address", func() {
		made, err := config.New("/nowhere/state", "example", "10.9.8.77/24", nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(made.Subnet.String()).To(Equal("10.9.8.0/24"))
	})

	It("resolves links above the state folder, as the kernel does in its list of mounts", func() {
		folder, err := filepath.EvalSymlinks(GinkgoT().TempDir())
		Expect(err).NotTo(HaveOccurred())
		Expect(os.Mkdir(filepath.Join(folder, "real"), 0o755)).To(Succeed())
		Expect(os.Symlink("real", filepath.Join(folder, "link"))).To(Succeed())
		Expect(node(filepath.Join(folder, "link", "state")).State).To(Equal(filepath.Join(folder, "real", "state")))
	})

	DescribeTable("refuses", func(name, subnet, message string) {
		_, err := config.New("/nowhere/state", name, subnet, nil)
		Expect(err).To(MatchError(ContainSubstring(message)))
	},
		Entry("no name", "", "10.9.8.0/24", "use 1 to 14 characters"),
		Entry("a name that is not valid for an interface", "a-name-too-long", "10.9.8.0/24", "use 1 to 14 characters"),
		Entry("no network", "example", "10.9.8.1", "such as 10.250.0.0/24"),
		Entry("a network that is too small", "example", "10.9.8.0/30", "at least 8 addresses"),
		Entry("another IP version", "example", "fd00::/64", "IPv4"),
	)
})

var _ = Describe("Save and Load", func() {
	It("return the same node", func() {
		saved := node(filepath.Join(GinkgoT().TempDir(), "state"))
		saved.Binaries, saved.Snapshotter = "/opt/node", "native"
		Expect(saved.Save()).To(Succeed())

		loaded, err := config.Load(saved.State)
		Expect(err).NotTo(HaveOccurred())
		Expect(loaded).To(Equal(saved))
		Expect(loaded.PKI()).To(BeADirectory())
		Expect(loaded.Logs()).To(BeADirectory())
		Expect(loaded.Volumes()).To(BeADirectory())
	})

	It("hide keys from others", func() {
		saved := node(filepath.Join(GinkgoT().TempDir(), "state"))
		Expect(saved.Save()).To(Succeed())

		info, err := os.Stat(saved.PKI())
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode().Perm()).To(Equal(fs.FileMode(0o700)))
	})

	It("report where there is no cluster", func() {
		_, err := config.Load("/nowhere/state")
		Expect(err).To(MatchError(fs.ErrNotExist))
	})

	It("report where the description is broken", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "cluster.json"), []byte("{"), 0o600)).To(Succeed())

		_, err := config.Load(folder)
		Expect(err).To(MatchError(ContainSubstring("failed to parse " + filepath.Join(folder, "cluster.json"))))
	})
})

var _ = Describe("Remove", func() {
	It("removes a state folder", func() {
		saved := node(filepath.Join(GinkgoT().TempDir(), "state"))
		Expect(saved.Save()).To(Succeed())
		Expect(saved.Remove()).To(Succeed())
		Expect(saved.State).NotTo(BeAnExistingFile())
	})

	It("accepts that there is none", func() {
		Expect(node(filepath.Join(GinkgoT().TempDir(), "state")).Remove()).To(Succeed())
	})

	It("does not remove another folder", func() {
		folder := GinkgoT().TempDir()
		precious := filepath.Join(folder, "thesis.txt")
		Expect(os.WriteFile(precious, nil, 0o600)).To(Succeed())

		Expect(node(folder).Remove()).To(MatchError(config.ErrNotState))
		Expect(precious).To(BeAnExistingFile())
	})
})

var _ = Describe("SameChoice", func() {
	It("compares the user's options, not what the start adds", func() {
		one, other := node("/nowhere/state"), node("/nowhere/state")
		other.Binaries, other.Snapshotter, other.Nodes = "/elsewhere", "native", 2
		Expect(one.SameChoice(other)).To(BeTrue())

		other.AdmissionPlugins = nil
		Expect(one.SameChoice(other)).To(BeFalse())
	})
})
