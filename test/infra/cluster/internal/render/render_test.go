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

package render_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/render"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func example(admissionPlugins ...string) config.Node {
	GinkgoHelper()

	node, err := config.New("/var/lib/example", "example", "10.9.8.0/24", admissionPlugins)
	Expect(err).NotTo(HaveOccurred())

	node.Binaries, node.Snapshotter, node.NetworkPolicies = "/opt/node", "overlayfs", true

	return node
}

// expectGolden compares content with a file in testdata, or rewrites the file when -update is given.
func expectGolden(name, content string) {
	GinkgoHelper()

	path := filepath.Join("testdata", name)

	if *update {
		Expect(os.MkdirAll(filepath.Dir(path), 0o755)).To(Succeed())
		Expect(os.WriteFile(path, []byte(content), 0o644)).To(Succeed())
	}

	golden, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(content).To(Equal(string(golden)), "%s differs; if that is intended, run: go test ./internal/render -update", path)
}

var _ = Describe("Files", func() {
	It("renders every configuration file", func() {
		files, err := render.Files(example())
		Expect(err).NotTo(HaveOccurred())
		Expect(slices.Sorted(maps.Keys(files))).To(Equal([]string{
			"Corefile", "audit-policy.yaml", "certs.d/_default/hosts.toml", "cni/bridge.conflist",
			"containerd.toml", "kube-proxy.yaml", "kubelet.yaml", "resolv.conf",
		}))

		for path, content := range files {
			expectGolden(path, string(content))
		}
	})

	It("renders well-formed YAML and JSON", func() {
		files, err := render.Files(example())
		Expect(err).NotTo(HaveOccurred())

		for _, path := range []string{"audit-policy.yaml", "kubelet.yaml", "kube-proxy.yaml", "cni/bridge.conflist"} {
			var parsed map[string]any
			Expect(yaml.UnmarshalStrict(files[path], &parsed)).To(Succeed(), path)
			Expect(parsed).NotTo(BeEmpty(), path)
		}
	})
})

// lines writes daemons one argument a line.
func lines(daemons []process.Daemon) string {
	var text strings.Builder

	for _, daemon := range daemons {
		text.WriteString(daemon.Name + ":\n  " + strings.Join(daemon.Args, "\n  ") + "\n  env: " + strings.Join(daemon.Env, " ") + "\n")
	}

	return text.String()
}

var _ = Describe("the command lines", func() {
	It("are those of the golden file", func() {
		node := example()
		expectGolden("daemons.txt", lines(render.All(node, "/opt/cluster")))
	})

	It("start etcd before the API server that needs it", func() {
		names := make([]string, 0, 4)
		for _, daemon := range render.Foundation(example(), "/opt/cluster") {
			names = append(names, daemon.Name)
		}

		Expect(slices.Index(names, "etcd")).To(BeNumerically("<", slices.Index(names, "kube-apiserver")))
	})

	It("enable the configured admission plugins", func() {
		node := example("OwnerReferencesPermissionEnforcement", "AlwaysPullImages")
		Expect(lines(render.Foundation(node, "/opt/cluster"))).
			To(ContainSubstring("--enable-admission-plugins=OwnerReferencesPermissionEnforcement,AlwaysPullImages\n"))
		Expect(lines(render.Foundation(example(), "/opt/cluster"))).NotTo(ContainSubstring("admission-plugins"))
	})

	It("are, on a node without the control plane, those that run Pods", func() {
		node := example()
		node.Nodes = 2
		other := node.Others()[0]
		all := lines(render.All(other, "/opt/cluster"))

		names := make([]string, 0, 4)
		for _, daemon := range render.All(other, "/opt/cluster") {
			names = append(names, daemon.Name)
		}

		Expect(names).To(Equal([]string{"containerd", "kubelet", "kube-proxy", "kube-router"}))
		Expect(all).To(ContainSubstring("--hostname-override=node-2\n  --node-ip=10.9.8.3\n  --root-dir=/var/lib/example/node-2/kubelet"))

		files, err := render.Files(other)
		Expect(err).NotTo(HaveOccurred())
		Expect(files).NotTo(SatisfyAny(HaveKey("Corefile"), HaveKey("audit-policy.yaml")))
		Expect(string(files["resolv.conf"])).To(Equal("nameserver 10.9.8.1\n"))
		Expect(string(files["cni/bridge.conflist"])).To(ContainSubstring("10.244.1.0/24"))
		Expect(string(files["kube-proxy.yaml"])).To(SatisfyAll(ContainSubstring("10.244.0.0/16"), ContainSubstring("hostnameOverride: node-2")))
		Expect(string(files["certs.d/_default/hosts.toml"])).To(ContainSubstring("http://10.9.8.1:5000"))
	})

	It("only enforce NetworkPolicies if that is configured", func() {
		node := example()
		Expect(lines(render.All(node, "/opt/cluster"))).To(ContainSubstring("--run-firewall"))

		node.NetworkPolicies = false
		Expect(lines(render.All(node, "/opt/cluster"))).NotTo(ContainSubstring("kube-router"))
	})

	It("hide the user's environment from the daemons", func() {
		GinkgoT().Setenv("HTTPS_PROXY", "http://proxy.example.com")
		Expect(lines(render.Foundation(example(), "/opt/cluster"))).NotTo(ContainSubstring("proxy.example.com"))
	})
})

var _ = Describe("the identities", func() {
	It("let the API server be reached by address, by Service and by name", func() {
		Expect(render.Serving(example())["apiserver"].Hosts).To(ContainElements("10.9.8.1", "10.96.0.1", "kubernetes.default.svc"))
	})

	It("give each client a user of its own", func() {
		users := map[string]string{}
		for file, subject := range render.Clients(example()) {
			Expect(users).NotTo(HaveKey(subject.User), "two clients are %s", subject.User)
			users[subject.User] = file
		}

		Expect(users).To(HaveKeyWithValue("admin", "kubeconfig"))
	})

	It("of another node are its own alone", func() {
		node := example()
		node.Nodes = 2
		other := node.Others()[0]
		Expect(render.Serving(other)).To(And(HaveLen(1), HaveKeyWithValue("kubelet", And(
			HaveField("User", "system:node:node-2"), HaveField("Hosts", ConsistOf("node-2", "10.9.8.3"))))))
		Expect(render.Clients(other)).To(HaveKeyWithValue("kubelet.kubeconfig", HaveField("User", "system:node:node-2")))
		Expect(render.Clients(other)).NotTo(HaveKey("kubeconfig"))
	})

	DescribeTable("provide every kubeconfig and certificate that a file or a command line names", func(number int) {
		node := example()
		if number > 1 {
			node = node.Other(number)
		}

		files, err := render.Files(node)
		Expect(err).NotTo(HaveOccurred())

		parts := []string{lines(render.All(node, "/opt/cluster"))}
		for _, content := range files {
			parts = append(parts, string(content))
		}

		text := strings.Join(parts, "")

		for file := range render.Clients(node) {
			if file != "kubeconfig" && file != "provisioner.kubeconfig" && file != "cluster.kubeconfig" { // read by this program
				Expect(text).To(ContainSubstring(node.Path(file)))
			}
		}

		for name := range render.Serving(node) {
			Expect(text).To(ContainSubstring(node.Path("pki", name+".crt")))
		}
	},
		Entry("of the first node", 1),
		Entry("of another node", 2),
	)
})
