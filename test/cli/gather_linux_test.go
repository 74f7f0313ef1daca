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

package cli_test

import (
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("gather", func() {
	It("is in the folder that must-gather reads, of all servers and without a secret", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		plantedServers(ctx, namespace)
		root := GinkgoT().TempDir()
		gather := gatherIn(ctx, root)

		output, err := gather.CombinedOutput()

		Expect(err).NotTo(HaveOccurred(), "%s", output)
		Expect(string(output)).To(ContainSubstring("Wrote /must-gather with "))
		files := readFolder(filepath.Join(root, "must-gather"))
		expectNoSecret(files)
		folder := path.Join("namespaces", namespace)
		Expect(files).To(And(HaveKeyWithValue("version", HavePrefix("kubectl llamastack report\n")), HaveKey("index.json"), HaveKey("cluster/crd.yaml"),
			HaveKey("operator/deployment-planted.yaml"), HaveKey("operator/planted-operator/manager.log"),
			HaveKey(folder+"/demo/llamastackdistribution-demo.yaml"), HaveKey(folder+"/declared/llamastackdistribution-declared.yaml"),
			HaveKey(folder+"/demo/demo-a/llama-stack.log"), HaveKey(folder+"/events.yaml")))
	}, NodeTimeout(5*time.Minute))
})

// gatherIn is the program as "oc adm must-gather" runs it: under its other name, without arguments, and with a root of its own.
func gatherIn(ctx context.Context, root string) *exec.Cmd {
	GinkgoHelper()
	binary, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	for _, folder := range []string{"usr/bin", "must-gather", "tmp"} {
		Expect(os.MkdirAll(filepath.Join(root, folder), 0o700)).To(Succeed())
	}
	for from, to := range map[string]string{binary: "usr/bin/gather", kubeconfig: "kubeconfig"} {
		content, err := os.ReadFile(from)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(root, to), content, 0o700)).To(Succeed())
	}
	gather := exec.CommandContext(ctx, "/usr/bin/gather")
	gather.Env = []string{asProgram + "=true", "KUBECONFIG=/kubeconfig"}
	gather.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() != 0 {
		gather.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		gather.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		gather.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return gather
}
