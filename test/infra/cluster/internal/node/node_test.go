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

package node_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/node"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Manager", func() {
	var (
		manager  *node.Manager
		reported []string
	)

	BeforeEach(func() {
		described, err := config.New(filepath.Join(GinkgoT().TempDir(), "state"), fmt.Sprintf("test-%d", os.Getpid()), "10.9.8.0/24", nil)
		Expect(err).NotTo(HaveOccurred())

		reported = nil
		manager = &node.Manager{Node: described, Sayf: func(format string, args ...any) { reported = append(reported, fmt.Sprintf(format, args...)) }}
	})

	// record pretends that a daemon was started: this very process, or one that has ended.
	record := func(name string, alive bool) {
		GinkgoHelper()
		Expect(manager.Save()).To(Succeed())

		own := process.Identify(os.Getpid())
		if !alive {
			own.Start++
		}

		Expect(os.WriteFile(manager.Path("run", name+".pid"), fmt.Appendf(nil, "%d %d\n", own.PID, own.Start), 0o600)).To(Succeed())
	}

	It("detects that nothing was started", func(ctx SpecContext) {
		Expect(manager.Running(ctx)).To(BeFalse())
		Expect(reported).To(BeEmpty())
	})

	It("detects what an earlier start left, and reports what is wrong with it", func(ctx SpecContext) {
		record("etcd", true)
		record("kubelet", false)
		Expect(manager.Healthy(ctx)).To(MatchError(node.ErrEnded))
		Expect(manager.Running(ctx)).To(BeFalse())
		Expect(reported).To(ConsistOf(ContainSubstring("has to be started anew: failed to keep all programs running: kubelet has ended; see " + manager.Logs())))
	})

	It("does not take a state folder without daemons for a cluster", func(ctx SpecContext) {
		Expect(manager.Save()).To(Succeed())
		Expect(manager.Healthy(ctx)).To(MatchError(node.ErrNotReady))
	})

	It("records that a running cluster enforces NetworkPolicies from now on, and does so once", func(ctx SpecContext) {
		record("kube-router", true)

		hurried, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()

		// There is no cluster to become healthy.
		Expect(manager.EnforceNetworkPolicies(hurried)).To(MatchError(ContainSubstring("failed to get kube-router ready")))
		Expect(config.Load(manager.State)).To(HaveField("NetworkPolicies", true))
		Expect(manager.EnforceNetworkPolicies(ctx)).To(Succeed())
	})

	It("shows every daemon and where things are", func() {
		record("etcd", true)
		record("kubelet", false)
		Expect(manager.Status()).To(SatisfyAll(
			MatchRegexp(`(?m)^etcd +running +process \d+$`),
			MatchRegexp(`(?m)^kubelet +ended`),
			ContainSubstring(manager.Kubeconfig()),
			ContainSubstring("10.9.8.1:5000"),
		))
	})

	It("has the parts of other nodes under the names of these", func(ctx SpecContext) {
		manager.Nodes = 2
		record("etcd", true)

		other := manager.Others()[0]
		Expect(other.Save()).To(Succeed())
		Expect(os.WriteFile(other.Path("run", "kubelet.pid"), fmt.Appendf(nil, "%d 1\n", os.Getpid()), 0o600)).To(Succeed())

		Expect(manager.Status()).To(SatisfyAll(MatchRegexp(`(?m)^etcd +running`), MatchRegexp(`(?m)^node-2/kubelet +ended`)))
		Expect(manager.Log("node-2/kubelet")).To(Equal(other.Path("logs", "kubelet.log")))
		Expect(manager.Log("kubelet")).To(Equal(manager.Path("logs", "kubelet.log")))
		Expect(manager.Kill(ctx, "node-2/etcd")).To(MatchError(node.ErrNoPart))

		err := manager.Kill(ctx, "node-3")
		Expect(err).To(MatchError(node.ErrNoPart))
		Expect(err).To(MatchError(ContainSubstring("provisioner, node-2")))
	})

	It("removes only the last node", func(ctx SpecContext) {
		Expect(manager.RemoveNode(ctx, "node")).To(MatchError(node.ErrNotLast))

		manager.Nodes = 3
		Expect(manager.RemoveNode(ctx, "node-2")).To(MatchError(node.ErrNotLast))
	})

	It("lets one command at a time work on a node", func(ctx SpecContext) {
		unlock, err := manager.Lock(ctx)
		Expect(err).NotTo(HaveOccurred())

		hurried, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()

		_, err = manager.Lock(hurried)
		Expect(err).To(MatchError(context.DeadlineExceeded))
		Expect(reported).To(ConsistOf(ContainSubstring("waiting for another command")))

		unlock()

		again, err := manager.Lock(ctx)
		Expect(err).NotTo(HaveOccurred())
		again()
	})
})
