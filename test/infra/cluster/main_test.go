//go:build linux

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

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCommands(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "the cluster command")
}

var _ = Describe("the cluster command", Ordered, func() {
	var program, state string

	BeforeAll(func() {
		folder := GinkgoT().TempDir()
		program, state = filepath.Join(folder, "cluster"), filepath.Join(folder, "state")

		output, err := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", program, ".").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
	})

	// run returns what the command printed on standard output and on standard error.
	run := func(kubeconfig string, args ...string) (string, string, error) {
		GinkgoHelper()

		var stdout, stderr bytes.Buffer

		command := exec.CommandContext(GinkgoT().Context(), program, args...)
		command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "CLUSTER_STATE="+state)
		command.Stdout, command.Stderr = &stdout, &stderr
		err := command.Run()

		return stdout.String(), stderr.String(), err
	}

	DescribeTable("does not change the cluster of KUBECONFIG", func(command, message string) {
		stdout, stderr, err := run("/home/jane/.kube/config", command)
		Expect(err).NotTo(HaveOccurred())
		Expect(stdout).To(BeEmpty())
		Expect(stderr).To(Equal(message))
	},
		Entry("when starting", "up", "using the cluster of KUBECONFIG=/home/jane/.kube/config; nothing to start\n"),
		Entry("when stopping", "down", "the cluster of KUBECONFIG=/home/jane/.kube/config was not started here; nothing to stop\n"),
	)

	It("prints the kubeconfig of KUBECONFIG, alone on standard output", func() {
		stdout, stderr, err := run("/home/jane/.kube/config", "kubeconfig")
		Expect(err).NotTo(HaveOccurred())
		Expect(stdout).To(Equal("/home/jane/.kube/config\n"))
		Expect(stderr).To(BeEmpty())
	})

	It("cannot load images into a cluster that it did not start", func() {
		_, stderr, err := run("/home/jane/.kube/config", "load", "image.tar")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(ContainSubstring("kind load image-archive"))
	})

	It("installs OLM on its own cluster only", func() {
		_, stderr, err := run("/home/jane/.kube/config", "olm", "olm.tar", "opm.tar")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(HavePrefix("error: failed to install OLM: KUBECONFIG names a cluster that this program did not start"))

		_, stderr, err = run("", "olm", "olm.tar")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(ContainSubstring("name two archives"))
	})

	DescribeTable("says when there is no cluster", func(args ...string) {
		_, stderr, err := run("", args...)
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(Equal("error: failed to find the cluster: no cluster is running; start one with \"cluster up\" (state folder " + state + ")\n"))
	},
		Entry("to show", "status"),
		Entry("to take images", "load", "image.tar"),
		Entry("to push images to", "push", "image.tar"),
		Entry("to install OLM on", "olm", "olm.tar", "opm.tar"),
		Entry("to have a kubeconfig", "kubeconfig"),
		Entry("to have logs", "logs"),
		Entry("to break", "kill", "containerd"),
		Entry("to restore", "start", "containerd"),
		Entry("to run a command in", "exec", "ip", "--no-such-flag"),
		Entry("to talk to", "kubectl", "get", "nodes", "--no-such-flag"),
	)

	It("does not treat its own kubeconfig as another cluster", func() {
		_, stderr, err := run(filepath.Join(state, "kubeconfig"), "kubeconfig")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(ContainSubstring("no cluster is running"))
	})

	It("explains itself", func() {
		_, stderr, err := run("", "--help")
		Expect(err).NotTo(HaveOccurred())
		Expect(stderr).To(ContainSubstring("usage: cluster COMMAND"))

		_, stderr, err = run("", "upp")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(SatisfyAll(ContainSubstring("usage: cluster COMMAND"), ContainSubstring(`unknown command "upp"`)))
	})

	DescribeTable("refuses a number of nodes", func(number string) {
		_, stderr, err := run("", "up", "--nodes", number)
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(ContainSubstring("the number of nodes is from 1 to 3"))
		Expect(state).NotTo(BeAnExistingFile())
	}, Entry("of none", "0"), Entry("above the limit", "4"), Entry("that is none", "two"))

	It("refuses a broken option before it does anything", func() {
		_, stderr, err := run("", "up", "--subnet", "nonsense")
		Expect(err).To(HaveOccurred())
		Expect(stderr).To(ContainSubstring("such as 10.250.0.0/24"))
		Expect(state).NotTo(BeAnExistingFile())
	})
})
